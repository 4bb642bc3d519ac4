// SPDX-License-Identifier: Apache-2.0
/// An open file and memory for its blocks. What fails ends the program with one line: a benchmark
/// that goes on after an error measures nothing.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace bench {

[[noreturn]] inline void fail(const std::string& what, int err) {
  std::fprintf(stderr, "bench_io: %s: %s\n", what.c_str(), std::strerror(err));
  std::_Exit(1);
}

class File {
 public:
  File(const std::string& path, int flags) : path_(path), fd_(::open(path.c_str(), flags, 0644)) {
    if (fd_ < 0) fail("open " + path, errno);
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File(File&& other) noexcept : path_(other.path_), fd_(other.fd_) { other.fd_ = -1; }
  File& operator=(File&&) = delete;

  int fd() const { return fd_; }
  std::uint64_t size() const {
    const off_t end = ::lseek(fd_, 0, SEEK_END);
    if (end < 0) fail("lseek " + path_, errno);
    return static_cast<std::uint64_t>(end);
  }
  /// Bytes read; fewer than asked only at the end of the file.
  std::size_t read(char* data, std::size_t size, std::uint64_t offset) const {
    std::size_t have = 0;
    while (have < size) {
      const ssize_t got = ::pread(fd_, data + have, size - have, static_cast<off_t>(offset + have));
      if (got < 0) fail("read " + path_, errno);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    return have;
  }
  void write(const char* data, std::size_t size, std::uint64_t offset) const {
    while (size > 0) {
      const ssize_t put = ::pwrite(fd_, data, size, static_cast<off_t>(offset));
      if (put < 0) fail("write " + path_, errno);
      data += put;
      size -= static_cast<std::size_t>(put);
      offset += static_cast<std::uint64_t>(put);
    }
  }
  void sync() const {
    if (::fsync(fd_) != 0) fail("fsync " + path_, errno);
  }
  void close() {
    if (::close(fd_) != 0) fail("close " + path_, errno);
    fd_ = -1;
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace bench
