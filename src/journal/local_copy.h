// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "pailfs/store/object_store.h"
#include "pailfs/util/file.h"

namespace pailfs::journal {

/// Takes an object's bytes into a file.
class FileSink final : public store::ByteSink {
 public:
  explicit FileSink(int file) : file_(file) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    written = write_fully(file_, bytes, offset);
    size = offset + bytes.size();
    return written.has_value();
  }
  Status written;
  std::uint64_t size = 0;

 private:
  int file_;
};

/// The first `size` bytes of a file.
class FileSource final : public ByteSource {
 public:
  FileSource(int file, std::uint64_t size) : file_(file), size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
    return read_fully(file_, out.first(std::min<std::uint64_t>(out.size(), size_ - offset)),
                      offset);
  }

 private:
  int file_;
  std::uint64_t size_;
};

}  // namespace pailfs::journal
