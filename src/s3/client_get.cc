// SPDX-License-Identifier: Apache-2.0
// Reading: every byte that reaches the caller was announced by headers that answer the request.
#include <algorithm>
#include <utility>

#include "pailfs/util/text.h"

#include "body_digest.h"
#include "judge_content.h"
#include "reply_headers.h"
#include "service_client.h"

namespace pailfs::s3 {
namespace {

/// Objects up to this size are held back until they have been compared with the MD5 in their ETag.
/// Longer ones are read in ranges, for which the ETag proves nothing, and their readers wait for
/// each byte.
constexpr std::uint64_t kHeld = 256U << 10U;

/// Checks the head of every reply, then hands its bytes on, each exactly once and in order, over
/// all attempts.
class ResumingSink final : public http::BodySink {
 public:
  /// `compare`: whole small objects are handed on by deliver() only.
  ResumingSink(const GetRequest& request, ByteSink& sink, bool compare)
      : request_(request), sink_(sink), compare_(compare) {}

  /// Narrows an attempt to the bytes still missing, of the version that the first attempt began to
  /// read.
  Result<Built> build(const Site& site, Expectation& asked, const CustomerKey* read_key) {
    GetRequest rest = request_;
    if (has_first_) {
      if (first_.info.etag.empty() && delivered_ > 0)
        return Error{EIO, "cannot go on reading an object without an ETag"};
      rest.if_match = first_.info.etag;
      asked.pinned_size = first_.info.size;
      if (delivered_ > 0) rest.range = ByteRange{next(), left()};
    }
    if (!has_first_ && !rest.if_match.empty()) asked.pinned_size = rest.size;
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
      accept(got);
      if (delivered_ == 0) hold(told_md5(got.info.etag, head.headers));
    }
    // A wrong reply may be huge: refuse its first byte rather than collect it.
    return true;
  }

  bool write(std::span<const char> bytes) override {
    if (bytes.size() > accepted_) return false;
    if (md5_) {
      held_.append(bytes.data(), bytes.size());
    } else if (!sink_.write(next(), bytes)) {
      return false;
    }
    accepted_ -= bytes.size();
    delivered_ += bytes.size();
    return true;
  }

  [[nodiscard]] bool complete() const { return has_first_ && delivered_ == wanted(); }
  [[nodiscard]] const ObjectInfo& info() const { return first_.info; }
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  /// The MD5 of the ETag and that of the bytes; nothing when they are not compared.
  [[nodiscard]] std::optional<Md5s> md5s() const {
    if (!md5_) return std::nullopt;
    return Md5s{*md5_, digest(Digest::md5, held_)};
  }
  /// Hands on the bytes held back; false if the caller's sink refuses them.
  bool deliver() { return !md5_ || sink_.write(begin_offset(), std::span<const char>(held_)); }
  /// Forgets the bytes held back: the object is read again from the start.
  void begin_again() {
    held_.clear();
    has_first_ = false;
    delivered_ = 0;
  }
  /// A good reply without a body begins nothing: takes its description.
  void accept(const JudgedGet& got) {
    if (!has_first_) first_ = got;
    has_first_ = true;
  }

 private:
  void hold(std::optional<std::string> md5) {
    const std::uint64_t size = first_.info.size;
    const bool whole = begin_offset() == 0 && wanted() == size;
    md5_.reset();
    if (compare_ && whole && size > 0 && size <= kHeld) md5_ = std::move(md5);
  }
  [[nodiscard]] std::uint64_t begin_offset() const {
    return request_.range ? request_.range->begin : 0;
  }
  [[nodiscard]] std::uint64_t next() const { return begin_offset() + delivered_; }
  /// Number of bytes to read: less than asked only where the object ends.
  [[nodiscard]] std::uint64_t wanted() const {
    const std::uint64_t available = first_.info.size - begin_offset();
    return request_.range ? std::min(request_.range->length, available) : available;
  }
  [[nodiscard]] std::uint64_t left() const { return wanted() - delivered_; }

  const GetRequest& request_;
  ByteSink& sink_;
  const bool compare_;
  std::optional<std::string> md5_;  ///< of all bytes, which then go to `held_`
  std::string held_;
  Expectation asked_;
  bool has_first_ = false;
  JudgedGet first_;
  std::uint64_t accepted_ = 0;  ///< bytes that this reply may still bring
  std::uint64_t delivered_ = 0;
};

}  // namespace

Result<ObjectInfo> ServiceClient::get(const GetRequest& request, ByteSink& sink) {
  // TLS protects the bytes on their way.
  const bool compare = requester_.over_plain_http() && md5_etags_ != Support::refused;
  ResumingSink resuming(request, sink, compare);
  int short_replies = 0;
  std::string wrong_md5;
  for (;;) {
    const Outcome outcome = with_keys(request.key, [&](const CustomerKey* read_key) {
      Call call = start(Op::get, request.key);
      call.sink = &resuming;
      call.build = [&](const Site& site, Expectation& asked, const BodySums& /*sums*/) {
        return resuming.build(site, asked, read_key);
      };
      return requester_.run(std::move(call));
    });
    if (outcome.verdict.ok) resuming.accept(std::get<JudgedGet>(outcome.verdict.reply));
    // Complete also when the connection broke after the last byte.
    if (resuming.complete()) {
      const Result<bool> right = is_right(request.key, resuming.md5s(), wrong_md5);
      if (!right) return right.error();
      if (*right) {
        if (!resuming.info().etag.empty()) tells_etags_ = true;
        if (resuming.deliver()) return resuming.info();
        return Error{ECANCELED, "the reader has gone"};
      }
      resuming.begin_again();
      continue;
    }
    if (!outcome.verdict.ok) return outcome.verdict.error;
    // A shorter range than asked for is a good reply to its own part; the rest is asked for anew.
    if (++short_replies >= std::max(1, requester_.config().retries)) {
      Error error{EIO, "GET " + request.key + ": the service keeps returning less than asked for"};
      error.http_status = 206;
      error.refusal = Refusal::failed;
      return error;
    }
  }
}

Result<bool> ServiceClient::is_right(const Key& key, const std::optional<Md5s>& md5s,
                                     std::string& wrong) {
  if (!md5s) return true;
  if (md5s->told == md5s->came) {
    md5_etags_ = Support::works;
    return true;
  }
  if (wrong.empty()) {
    wrong = md5s->came;
    return false;
  }
  // Damage is random: the same bytes twice are those that the service has, so its ETags are no
  // MD5s, unless other ETags of the service were MD5s.
  if (md5s->came != wrong || md5_etags_ == Support::works)
    return Error{EIO,
                 "GET " + printable(key, 200) + ": the bytes are not those whose MD5 the ETag is"};
  if (md5_etags_.exchange(Support::refused) != Support::refused)
    requester_.notice("ETags of the service look like MD5s and are none (" + printable(key, 200) +
                      "); what is read is not compared with them");
  return true;
}

}  // namespace pailfs::s3
