// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/http/transport.h"
#include "pailfs/util/sync.h"

namespace pailfs::test {

/// A request as the transport got it, with every byte of its body.
struct RecordedRequest {
  http::Request request;
  std::string body;
  bool has_body = false;
};

/// A complete reply.
inline http::Exchange reply(int status, std::vector<http::Header> headers = {},
                            std::string body = {}) {
  http::Exchange exchange;
  exchange.status = status;
  for (http::Header& header : headers)
    exchange.headers.add(std::move(header.name), std::move(header.value));
  exchange.body = std::move(body);
  return exchange;
}

/// No complete reply: nothing at all, or (given `head`) its status, headers and first bytes.
inline http::Exchange failure(http::Failure kind, std::string detail = "it failed",
                              http::Exchange head = {}) {
  head.failure = kind;
  head.detail = std::move(detail);
  return head;
}

/// A Transport without a network: answers with the exchanges it was given, in order, then with
/// `otherwise`. An exchange's `body` is what the server sends; it goes to the sink when that
/// accepts it, as with a real transport. Running out of answers yields Failure::protocol with the
/// detail "no answer scripted". Any thread may use it.
class FakeTransport final : public http::Transport {
 public:
  using Handler = std::function<http::Exchange(const RecordedRequest&)>;

  /// Queues the next answer.
  FakeTransport& then(http::Exchange answer) {
    return then([answer = std::move(answer)](const RecordedRequest&) { return answer; });
  }
  FakeTransport& then(Handler handler) {
    MutexLock lock(mutex_);
    script_.push_back(std::move(handler));
    return *this;
  }
  /// Answers everything that the queue does not.
  FakeTransport& otherwise(Handler handler) {
    MutexLock lock(mutex_);
    fallback_ = std::move(handler);
    return *this;
  }

  http::Exchange perform(const http::Request& request, ByteSource* body,
                         http::BodySink* sink) override {
    RecordedRequest recorded{request, {}, body != nullptr};
    http::Exchange broken;
    if (!drain(body, recorded.body, broken)) {
      remember(recorded);
      return broken;
    }
    const Handler handler = remember(recorded);
    http::Exchange answer =
        handler ? handler(recorded) : failure(http::Failure::protocol, "no answer scripted");
    answer.sent = recorded.body.size();
    if (answer.status != 0) deliver(answer, sink);
    return answer;
  }

  [[nodiscard]] std::vector<RecordedRequest> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }
  /// Scripted answers that no request has taken.
  [[nodiscard]] std::size_t left_over() const {
    MutexLock lock(mutex_);
    return script_.size();
  }

 private:
  static bool drain(ByteSource* body, std::string& into, http::Exchange& broken) {
    std::array<char, 1000> buffer{};
    while (body != nullptr && into.size() < body->size()) {
      const Result<std::size_t> got = body->read(into.size(), buffer);
      if (!got || *got == 0) {
        broken = failure(http::Failure::body, got ? "body ended early" : got.error().text);
        if (!got) broken.body_error = got.error();
        return false;
      }
      into.append(buffer.data(), *got);
    }
    return true;
  }

  Handler remember(const RecordedRequest& recorded) {
    MutexLock lock(mutex_);
    requests_.push_back(recorded);
    if (script_.empty()) return fallback_;
    Handler handler = std::move(script_.front());
    script_.pop_front();
    return handler;
  }

  static void deliver(http::Exchange& answer, http::BodySink* sink) {
    const std::string bytes = std::exchange(answer.body, {});
    if (sink == nullptr || !sink->begin(answer)) {
      answer.body = bytes;
      answer.received = bytes.size();
      return;
    }
    constexpr std::size_t kChunk = 7;  // small, so that sinks meet many writes
    for (std::size_t at = 0; at < bytes.size(); at += kChunk) {
      const std::size_t length = std::min(kChunk, bytes.size() - at);
      answer.received += length;
      if (!sink->write(std::span(bytes.data() + at, length))) {
        answer.failure = http::Failure::cancelled;
        answer.detail = "the sink refused a byte";
        return;
      }
    }
  }

  // Bodies are read and callbacks are called while it is held.
  mutable Mutex mutex_{LockRank{350, "fake"}};
  std::deque<Handler> script_ GUARDED_BY(mutex_);
  Handler fallback_ GUARDED_BY(mutex_);
  std::vector<RecordedRequest> requests_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::test
