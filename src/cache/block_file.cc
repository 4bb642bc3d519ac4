// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace pailfs::cache {

Result<std::unique_ptr<BlockFile>> BlockFile::create(const std::string& directory) {
  auto fd = open_unlinked(directory);
  if (!fd) return fd.error();
  return std::unique_ptr<BlockFile>(new BlockFile(std::move(*fd)));
}

Status BlockFile::write(std::uint64_t offset, std::span<const char> bytes) {
  Status written = write_fully(fd_.get(), bytes, offset);
  if (written) present_.add({offset, offset + bytes.size()});
  return written;
}

Status BlockFile::truncate(std::uint64_t size) {
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return system_error(errno, "truncate a local file");
  }
  present_.remove({size, UINT64_MAX});
  return {};
}

Status BlockFile::read(std::uint64_t offset, std::span<char> out) const {
  return read_sparse(fd_.get(), offset, out);
}

Status read_sparse(int fd, std::uint64_t offset, std::span<char> out) {
  const auto done = read_fully(fd, out, offset);
  if (!done) return done.error();
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(*done), out.end(), '\0');
  return {};
}

}  // namespace pailfs::cache
