// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pailfs::cache {
namespace {

Range block_at(std::uint64_t offset) {
  const std::uint64_t begin = offset - offset % kBlockSize;
  return {begin, begin + kBlockSize};
}

/// Reads exactly out.size() bytes at `offset` of a sparse file: missing bytes are zeros.
Status read_sparse(int fd, std::uint64_t offset, std::span<char> out) {
  const auto done = read_fully(fd, out, offset);
  if (!done) return done.error();
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(*done), out.end(), '\0');
  return {};
}

}  // namespace

BlockFile::~BlockFile() {
  for (const auto& [index, bytes] : blocks_) space_.memory->give(bytes);
}

Status BlockFile::write(std::uint64_t offset, std::span<const char> bytes) {
  const Range range{offset, offset + bytes.size()};
  // Who sends gets its turn after every block.
  while (!bytes.empty()) {
    const std::size_t n = std::min<std::uint64_t>(bytes.size(), block_at(offset).end - offset);
    MutexLock lock(mutex_);
    const Status written = write_piece(offset, bytes.first(n));
    if (!written) return written;
    offset += n;
    bytes = bytes.subspan(n);
  }
  present_.add(range);
  return {};
}

Status BlockFile::write_piece(std::uint64_t offset, std::span<const char> bytes) {
  const Range block = block_at(offset);
  const std::uint64_t at = offset - block.begin;
  auto found = blocks_.find(block.begin / kBlockSize);
  if (found == blocks_.end()) {
    if (space_.memory == nullptr || on_disk_.contains(block)) return write_to_disk(offset, bytes);
    char* const memory = space_.memory->take();
    if (memory == nullptr) return write_to_disk(offset, bytes);
    std::memset(memory, 0, at);
    std::memset(memory + at + bytes.size(), 0, kBlockSize - at - bytes.size());
    found = blocks_.emplace(block.begin / kBlockSize, memory).first;
  }
  std::memcpy(found->second + at, bytes.data(), bytes.size());
  return {};
}

Status BlockFile::write_to_disk(std::uint64_t offset, std::span<const char> bytes) {
  if (!fd_) {
    auto fd = open_unlinked(space_.directory);
    if (!fd) return fd.error();
    fd_ = std::move(*fd);
  }
  const Range block = block_at(offset);
  const bool more = !on_disk_.contains(block);
  const Status room = more ? check_room(space_.room, fd_.get(), kBlockSize) : Status();
  if (!room) return room;
  const Status written = write_fully(fd_.get(), bytes, offset);
  if (written && more) on_disk_.add(block);
  return written;
}

Status BlockFile::truncate(std::uint64_t size) {
  MutexLock lock(mutex_);
  present_.remove({size, UINT64_MAX});
  dropped_.remove({size, UINT64_MAX});
  for (auto it = blocks_.begin(); it != blocks_.end();) {
    const std::uint64_t begin = it->first * kBlockSize;
    if (begin >= size) {
      space_.memory->give(it->second);
      it = blocks_.erase(it);
      continue;
    }
    if (begin + kBlockSize > size) {
      std::memset(it->second + (size - begin), 0, begin + kBlockSize - size);
    }
    ++it;
  }
  on_disk_.remove({block_at(size + kBlockSize - 1).begin, UINT64_MAX});
  if (fd_ && ::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return system_error(errno, "truncate a local file");
  }
  return {};
}

Status BlockFile::read(std::uint64_t offset, std::span<char> out) {
  // A writer gets its turn after every block.
  while (!out.empty()) {
    const std::size_t n = std::min<std::uint64_t>(out.size(), block_at(offset).end - offset);
    MutexLock lock(mutex_);
    const Status read = read_piece(offset, out.first(n));
    if (!read) return read;
    offset += n;
    out = out.subspan(n);
  }
  return {};
}

Status BlockFile::read_piece(std::uint64_t offset, std::span<char> out) {
  const Range block = block_at(offset);
  const auto found = blocks_.find(block.begin / kBlockSize);
  if (found != blocks_.end()) {
    std::memcpy(out.data(), found->second + (offset - block.begin), out.size());
    return {};
  }
  if (on_disk_.contains(block)) return read_sparse(fd_.get(), offset, out);
  if (!dropped_.present({offset, offset + out.size()}).empty()) {
    return Error{EIO, "bytes that are only in an unfinished upload"};
  }
  std::fill(out.begin(), out.end(), '\0');
  return {};
}

void BlockFile::drop(Range range) {
  MutexLock lock(mutex_);
  range.begin = block_at(range.begin + kBlockSize - 1).begin;
  range.end -= range.end % kBlockSize;
  if (range.empty()) return;
  for (std::uint64_t at = range.begin; at < range.end; at += kBlockSize) {
    const auto found = blocks_.find(at / kBlockSize);
    if (found == blocks_.end()) continue;
    space_.memory->give(found->second);
    blocks_.erase(found);
  }
  if (fd_ && !on_disk_.present(range).empty()) {
    // Where the file system knows no holes the bytes stay on the disk until the end.
    static_cast<void>(::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  static_cast<off_t>(range.begin),
                                  static_cast<off_t>(range.size())));
    on_disk_.remove(range);
  }
  dropped_.add(range);
}

bool BlockFile::lacks(Range range) {
  MutexLock lock(mutex_);
  return !dropped_.present(range).empty();
}

}  // namespace pailfs::cache
