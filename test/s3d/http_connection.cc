// SPDX-License-Identifier: Apache-2.0
#include "http_connection.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "text.h"

namespace s3d {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kBuffer = 32 * 1024;

class LengthBody final : public BodySource {
 public:
  LengthBody(HttpConnection& connection, std::uint64_t length, Pace* pace)
      : connection_(connection), left_(length), pace_(pace) {}

  ssize_t read(char* data, std::size_t size) override {
    if (left_ == 0) return 0;
    std::uint64_t most = std::min<std::uint64_t>(size, left_);
    if (pace_ != nullptr) most = std::min(most, pace_->slice());
    ssize_t got = connection_.read(data, most);
    if (got <= 0) return kBroken;
    left_ -= static_cast<std::uint64_t>(got);
    if (pace_ != nullptr) pace_->wait(static_cast<std::uint64_t>(got));
    return got;
  }

 private:
  HttpConnection& connection_;
  std::uint64_t left_;
  Pace* pace_;
};

class ChunkedBody final : public BodySource {
 public:
  ChunkedBody(HttpConnection& connection, Pace* pace) : connection_(connection), pace_(pace) {}

  ssize_t read(char* data, std::size_t size) override {
    if (done_) return 0;
    if (left_ == 0) {
      ssize_t state = next_chunk();
      if (state <= 0) return state;
    }
    std::uint64_t most = std::min<std::uint64_t>(size, left_);
    if (pace_ != nullptr) most = std::min(most, pace_->slice());
    ssize_t got = connection_.read(data, most);
    if (got <= 0) return kBroken;
    left_ -= static_cast<std::uint64_t>(got);
    if (pace_ != nullptr) pace_->wait(static_cast<std::uint64_t>(got));
    return got;
  }

 private:
  /// 1: data follows, 0: that was the last chunk.
  ssize_t next_chunk() {
    std::string line;
    if (started_ && (!connection_.read_line(line, 2) || !line.empty())) return kMalformed;
    started_ = true;
    if (!connection_.read_line(line, 4096)) return kBroken;
    std::string_view digits = trim(std::string_view(line).substr(0, line.find(';')));
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
    if (error != std::errc() || end != digits.data() + digits.size()) return kMalformed;
    if (left_ > 0) return 1;
    do {  // trailers
      if (!connection_.read_line(line, 8192)) return kBroken;
    } while (!line.empty());
    done_ = true;
    return 0;
  }

  HttpConnection& connection_;
  Pace* pace_;
  std::uint64_t left_ = 0;
  bool started_ = false;
  bool done_ = false;
};

}  // namespace

HttpConnection::HttpConnection(Stream& stream) : stream_(stream), buffer_(kBuffer) {}

bool HttpConnection::fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size() && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  ssize_t got = stream_.read(buffer_.data() + end_, buffer_.size() - end_);
  if (got <= 0) return false;
  end_ += static_cast<std::size_t>(got);
  return true;
}

HttpConnection::HeadResult HttpConnection::read_head(RequestHead& head) {
  std::size_t searched = 0;
  for (;;) {
    std::string_view seen(buffer_.data() + begin_, end_ - begin_);
    // An empty line before a request is to be skipped (RFC 9112 2.2).
    if (seen.starts_with("\r\n")) {
      begin_ += 2;
      continue;
    }
    std::size_t at = seen.find("\r\n\r\n", searched > 3 ? searched - 3 : 0);
    if (at != std::string_view::npos) {
      auto parsed = parse_head(seen.substr(0, at + 4));
      begin_ += at + 4;
      if (!parsed) return HeadResult::kMalformed;
      head = *std::move(parsed);
      return HeadResult::kOk;
    }
    searched = seen.size();
    if (seen.size() > kMaxHead) return HeadResult::kMalformed;
    if (!fill()) return HeadResult::kEnd;
  }
}

std::unique_ptr<BodySource> HttpConnection::open_body(const RequestHead& head, Pace* pace) {
  if (head.expects_continue && head.has_body()) stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
  if (head.chunked) return std::make_unique<ChunkedBody>(*this, pace);
  return std::make_unique<LengthBody>(*this, head.content_length.value_or(0), pace);
}

ssize_t HttpConnection::read(char* data, std::size_t size) {
  if (begin_ == end_) return stream_.read(data, size);
  std::size_t take = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, take);
  begin_ += take;
  return static_cast<ssize_t>(take);
}

bool HttpConnection::read_line(std::string& line, std::size_t limit) {
  for (;;) {
    std::string_view seen(buffer_.data() + begin_, end_ - begin_);
    std::size_t at = seen.find("\r\n");
    if (at != std::string_view::npos) {
      line = seen.substr(0, at);
      begin_ += at + 2;
      return at <= limit;
    }
    if (seen.size() > limit + 2 || !fill()) return false;
  }
}

}  // namespace s3d
