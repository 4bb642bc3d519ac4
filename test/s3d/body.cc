// SPDX-License-Identifier: Apache-2.0
#include "body.h"

#include <algorithm>
#include <utility>

namespace s3d {

Body::Body(std::string text) {
  if (text.empty()) return;
  auto owner = std::make_shared<const std::string>(std::move(text));
  std::string_view bytes = *owner;
  append(Piece{std::move(owner), bytes});
}

void Body::append(Piece piece) {
  if (piece.bytes.empty()) return;
  starts_.push_back(size_);
  size_ += piece.bytes.size();
  pieces_.push_back(std::move(piece));
}

void Body::append(const Body& other) {
  for (const Piece& piece : other.pieces_) append(piece);
}

Body Body::slice(std::uint64_t offset, std::uint64_t length) const {
  Body out;
  if (offset >= size_) return out;
  length = std::min(length, size_ - offset);
  auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
  auto index = static_cast<std::size_t>(after - starts_.begin()) - 1;
  std::uint64_t skip = offset - starts_[index];
  while (length > 0) {
    std::string_view bytes = pieces_[index].bytes.substr(skip, length);
    out.append(Piece{pieces_[index].owner, bytes});
    length -= bytes.size();
    skip = 0;
    ++index;
  }
  return out;
}

std::string Body::to_string() const {
  std::string out;
  out.reserve(size_);
  for (const Piece& piece : pieces_) out += piece.bytes;
  return out;
}

}  // namespace s3d
