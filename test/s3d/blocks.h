// SPDX-License-Identifier: Apache-2.0
/// Memory of received bodies, used again: a page that the kernel must clear first costs more than
/// receiving what goes into it. Thread-safe.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace s3d {

class Blocks : public std::enable_shared_from_this<Blocks> {
 public:
  /// Of a huge page and aligned to it.
  static constexpr std::size_t kSize = std::size_t{2} << 20U;
  /// So much stays with the process; what is freed beyond it goes back to the system.
  static constexpr std::size_t kKept = (std::size_t{1} << 30U) / kSize;

  Blocks() = default;
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  /// kSize bytes of any content. The block keeps this object alive and comes back by itself.
  std::shared_ptr<char[]> take();

 private:
  void give_back(char* block);

  std::mutex mutex_;
  std::vector<char*> free_;
};

}  // namespace s3d
