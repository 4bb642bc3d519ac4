// SPDX-License-Identifier: Apache-2.0
#include "reply_head.h"

#include "pailfs/util/text.h"

namespace pailfs::http {

ReplyHead::State ReplyHead::refuse(std::string reason) {
  reason_ = std::move(reason);
  state_ = State::refused;
  return state_;
}

ReplyHead::State ReplyHead::feed(std::string_view line) {
  if (state_ != State::reading) return state_;
  bytes_ += line.size();
  if (bytes_ > kMaxBytes) {
    return refuse("more than " + std::to_string(kMaxBytes) + " bytes of reply headers");
  }
  const bool continues = line.starts_with(' ') || line.starts_with('\t');
  if (line == "\r\n" || line == "\n") return finish();
  const std::string_view text = trim(line);
  if (status_ == 0) {
    read_status_line(text);
    if (status_ == 0) return refuse("malformed status line");
  } else if (continues) {
    // obs-fold (RFC 9112 5.2): no S3 service sends it, and readers differ in its meaning.
    return refuse("folded reply header");
  } else {
    read_field(text);
  }
  return state_;
}

void ReplyHead::read_status_line(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (!line.starts_with("HTTP/") || blank == std::string_view::npos) return;
  const auto code = parse_uint(line.substr(blank + 1, 3));
  if (!code || *code < 100 || *code > 999) return;
  status_ = static_cast<int>(*code);
  announces_close_ = line.starts_with("HTTP/1.0");
}

void ReplyHead::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return;  // no name
  headers_.add(std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
}

ReplyHead::State ReplyHead::finish() {
  if (status_ == 0) return refuse("headers without a status line");
  if (status_ < 200) {
    if (++interim_ > kMaxInterim) return refuse("endless interim replies");
    status_ = 0;
    headers_ = Headers();
    announces_close_ = false;
    return state_;
  }
  std::string contradiction = find_contradiction();
  if (!contradiction.empty()) return refuse(std::move(contradiction));
  state_ = State::complete;
  return state_;
}

std::string ReplyHead::find_contradiction() {
  bool chunked = false;
  for (const Header& field : headers_.all()) {
    if (equals_ignoring_case(field.name, "transfer-encoding")) {
      if (!equals_ignoring_case(field.value, "chunked")) {
        return "Transfer-Encoding: " + printable(field.value, 64);
      }
      chunked = true;
    } else if (equals_ignoring_case(field.name, "content-length")) {
      const auto length = parse_uint(field.value);
      if (!length) return "Content-Length: " + printable(field.value, 64);
      if (content_length_ && *content_length_ != *length) return "two different Content-Length";
      content_length_ = length;
    } else if ((equals_ignoring_case(field.name, "connection") ||
                equals_ignoring_case(field.name, "proxy-connection")) &&
               to_lower(field.value).find("close") != std::string::npos) {
      announces_close_ = true;
    }
  }
  if (chunked && content_length_) return "both Content-Length and Transfer-Encoding";
  return {};
}

}  // namespace pailfs::http
