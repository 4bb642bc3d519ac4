// SPDX-License-Identifier: Apache-2.0
// Reading: every byte that reaches the caller was announced by headers that answer the request.
#include <algorithm>
#include <utility>

#include "service_client.h"

namespace pailfs::s3 {
namespace {

/// Checks the head of every reply, then hands its bytes on, each exactly once and in order, however
/// many attempts it takes.
class ResumingSink final : public http::BodySink {
 public:
  ResumingSink(const GetRequest& request, ByteSink& sink) : request_(request), sink_(sink) {}

  /// Narrows an attempt to what is still missing, of the version that began.
  Result<Built> build(const Site& site, Asked& asked, const CustomerKey* read_key) {
    GetRequest rest = request_;
    if (first_) {
      if (first_->info.etag.empty() && delivered_ > 0)
        return Error{EIO, "cannot go on reading an object without an ETag"};
      rest.if_match = first_->info.etag;
      asked.pinned_size = first_->info.size;
      if (delivered_ > 0) rest.range = ByteRange{next(), left()};
    }
    asked.range = rest.range;
    asked.pinned = rest.if_match;
    asked_ = asked;
    return build_get(site, rest, read_key);
  }

  bool begin(const http::Exchange& head) override {
    accepted_ = 0;
    if (head.status >= 300) return false;
    const Verdict verdict = judge_get_head(asked_, head);
    if (verdict.ok) {
      const auto& got = std::get<JudgedGet>(verdict.reply);
      accepted_ = got.length;
      if (!first_) first_ = got;
    }
    // A wrong reply may be huge: refuse its first byte rather than collect it.
    return true;
  }

  bool write(std::span<const char> bytes) override {
    if (bytes.size() > accepted_) return false;
    if (!sink_.write(next(), bytes)) return false;
    accepted_ -= bytes.size();
    delivered_ += bytes.size();
    return true;
  }

  [[nodiscard]] bool complete() const { return first_ && delivered_ == wanted(); }
  [[nodiscard]] const ObjectInfo& info() const { return first_->info; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// A good reply without a body begins nothing: takes its description.
  void accept(const JudgedGet& got) {
    if (!first_) first_ = got;
  }

 private:
  [[nodiscard]] std::uint64_t begin_offset() const {
    return request_.range ? request_.range->begin : 0;
  }
  [[nodiscard]] std::uint64_t next() const { return begin_offset() + delivered_; }
  /// Bytes that there are to read: less than asked only where the object ends.
  [[nodiscard]] std::uint64_t wanted() const {
    const std::uint64_t available = first_->info.size - begin_offset();
    return request_.range ? std::min(request_.range->length, available) : available;
  }
  [[nodiscard]] std::uint64_t left() const { return wanted() - delivered_; }

  const GetRequest& request_;
  ByteSink& sink_;
  Asked asked_;
  std::optional<JudgedGet> first_;
  std::uint64_t accepted_ = 0;  ///< bytes that this reply may still bring
  std::uint64_t delivered_ = 0;
};

}  // namespace

Result<ObjectInfo> ServiceClient::get(const GetRequest& request, ByteSink& sink) {
  ResumingSink resuming(request, sink);
  int short_replies = 0;
  for (;;) {
    const Outcome outcome = with_keys(request.key, [&](const CustomerKey* read_key) {
      Call call = start(Op::get, request.key);
      call.sink = &resuming;
      call.build = [&](const Site& site, Asked& asked, const BodySums& /*sums*/) {
        return resuming.build(site, asked, read_key);
      };
      return requester_.run(std::move(call));
    });
    if (outcome.verdict.ok) resuming.accept(std::get<JudgedGet>(outcome.verdict.reply));
    // Complete also when the connection broke after the last byte.
    if (resuming.complete()) return resuming.info();
    if (!outcome.verdict.ok) return outcome.verdict.error;
    // A shorter range than asked for is a good reply to its own part; the rest is asked for anew.
    if (++short_replies >= std::max(1, requester_.config().retries)) {
      Error error{EIO, "GET " + request.key + ": the service keeps returning less than asked for"};
      error.http_status = 206;
      return error;
    }
  }
}

}  // namespace pailfs::s3
