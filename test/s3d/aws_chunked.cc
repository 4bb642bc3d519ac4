// SPDX-License-Identifier: Apache-2.0
#include "aws_chunked.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "text.h"

namespace s3d {
namespace {

constexpr std::size_t kMaxLine = 8192;

}  // namespace

AwsChunkedBody::AwsChunkedBody(std::unique_ptr<BodySource> inner, Identity identity)
    : inner_(std::move(inner)),
      identity_(std::move(identity)),
      previous_signature_(identity_.seed_signature) {}

bool AwsChunkedBody::is_signed() const {
  return identity_.payload == PayloadKind::kSignedChunks ||
         identity_.payload == PayloadKind::kSignedChunksTrailer;
}

ssize_t AwsChunkedBody::read(char* data, std::size_t size) {
  if (done_) return 0;
  if (left_ == 0) {
    ssize_t state = next_chunk();
    if (state <= 0) return state;
  }
  ssize_t got = read_inner(data, std::min<std::uint64_t>(size, left_));
  if (got <= 0) return got == 0 ? kBroken : got;
  left_ -= static_cast<std::uint64_t>(got);
  if (chunk_hash_) chunk_hash_->update(std::string_view(data, static_cast<std::size_t>(got)));
  if (left_ == 0) {
    ssize_t state = end_chunk();
    if (state < 0) return state;
  }
  return got;
}

ssize_t AwsChunkedBody::next_chunk() {
  std::string line;
  if (ssize_t state = read_line(line); state < 0) return state;
  std::size_t semicolon = line.find(';');
  std::string_view digits = std::string_view(line).substr(0, semicolon);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return kMalformed;
  if (is_signed()) {
    constexpr std::string_view kName = "chunk-signature=";
    std::size_t at = line.find(kName);
    if (at == std::string::npos) return kMalformed;
    chunk_signature_ = line.substr(at + kName.size());
    chunk_hash_ = std::make_unique<Hash>(HashKind::kSha256);
  }
  if (left_ > 0) return 1;
  if (is_signed() &&
      !check("AWS4-HMAC-SHA256-PAYLOAD", hex(sha256("")) + "\n", hex(chunk_hash_->finish())))
    return kBadSignature;
  done_ = true;
  return read_trailers();
}

ssize_t AwsChunkedBody::end_chunk() {
  std::array<char, 2> crlf{};
  for (char& c : crlf)
    if (ssize_t got = read_inner(&c, 1); got <= 0) return got == 0 ? kBroken : got;
  if (crlf[0] != '\r' || crlf[1] != '\n') return kMalformed;
  if (is_signed() &&
      !check("AWS4-HMAC-SHA256-PAYLOAD", hex(sha256("")) + "\n", hex(chunk_hash_->finish())))
    return kBadSignature;
  return 1;
}

bool AwsChunkedBody::check(std::string_view algorithm, std::string_view middle,
                           std::string_view hash) {
  std::string to_sign(algorithm);
  to_sign.append("\n").append(identity_.amz_date).append("\n").append(identity_.scope);
  to_sign.append("\n").append(previous_signature_).append("\n").append(middle).append(hash);
  previous_signature_ = hex(hmac_sha256(identity_.signing_key, to_sign));
  return previous_signature_ == chunk_signature_;
}

ssize_t AwsChunkedBody::read_trailers() {
  std::string line;
  std::string signed_text;
  for (;;) {
    ssize_t state = read_line(line);
    // Some senders stop right after the last header line.
    if (state == kBroken && buffer_.empty() && line.empty()) break;
    if (state < 0) return state;
    if (line.empty()) break;
    std::size_t colon = line.find(':');
    if (colon == std::string::npos) return kMalformed;
    std::string name = to_lower(trim(std::string_view(line).substr(0, colon)));
    std::string value(trim(std::string_view(line).substr(colon + 1)));
    if (name == "x-amz-trailer-signature") {
      chunk_signature_ = value;
      if (!check("AWS4-HMAC-SHA256-TRAILER", "", hex(sha256(signed_text)))) return kBadSignature;
      signed_text.clear();
      continue;
    }
    signed_text.append(name).append(":").append(value).append("\n");
    trailers_.add(std::move(name), std::move(value));
  }
  bool unsigned_trailer =
      identity_.payload == PayloadKind::kSignedChunksTrailer && !signed_text.empty();
  return unsigned_trailer ? kBadSignature : 0;
}

ssize_t AwsChunkedBody::read_inner(char* data, std::size_t size) {
  if (buffer_.empty()) return inner_->read(data, size);
  std::size_t take = std::min(size, buffer_.size());
  std::memcpy(data, buffer_.data(), take);
  buffer_.erase(0, take);
  return static_cast<ssize_t>(take);
}

ssize_t AwsChunkedBody::read_line(std::string& line) {
  for (;;) {
    std::size_t at = buffer_.find("\r\n");
    if (at != std::string::npos) {
      line = buffer_.substr(0, at);
      buffer_.erase(0, at + 2);
      return 1;
    }
    if (buffer_.size() > kMaxLine) return kMalformed;
    std::array<char, 1024> block;
    ssize_t got = inner_->read(block.data(), block.size());
    if (got <= 0) {
      line = std::exchange(buffer_, {});
      return got == 0 ? kBroken : got;
    }
    buffer_.append(block.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace s3d
