// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pailfs::fs {

/// The bytes of a read, in the memory that they were fetched into, so that nothing is copied on the
/// way to the kernel. The memory stays as long as this object. Not thread-safe.
class ReadBytes final {
 public:
  /// `owner` keeps `bytes` alive.
  void add(std::span<const char> bytes, std::shared_ptr<const void> owner) {
    size_ += bytes.size();
    pieces_.push_back(bytes);
    owners_.push_back(std::move(owner));
  }
  void append(ReadBytes more);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const std::vector<std::span<const char>>& pieces() const { return pieces_; }
  /// Copies all of it to the front of `out`, which is large enough.
  void copy_to(std::span<char> out) const;

 private:
  std::size_t size_ = 0;
  std::vector<std::span<const char>> pieces_;
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace pailfs::fs
