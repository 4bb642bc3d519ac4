// SPDX-License-Identifier: Apache-2.0
/// Bytes of an object or a message: a list of shared, immutable pieces. Copies and slices share the
/// memory, so a GET sends straight from what the PUT received, and a copied object costs nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace s3d {

class Body {
 public:
  struct Piece {
    std::shared_ptr<const void> owner;  ///< keeps the memory alive
    std::string_view bytes;
  };

  Body() = default;
  explicit Body(std::string text);

  void append(Piece piece);
  void append(const Body& other);
  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::vector<Piece>& pieces() const { return pieces_; }

  /// Bytes [offset, offset+length), cut off at the end; shares the memory.
  Body slice(std::uint64_t offset, std::uint64_t length) const;
  std::string to_string() const;

 private:
  std::vector<Piece> pieces_;
  std::vector<std::uint64_t> starts_;  ///< offset of each piece, for binary search
  std::uint64_t size_ = 0;
};

}  // namespace s3d
