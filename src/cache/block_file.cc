// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/block_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

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
  for (const auto& [index, block] : blocks_) space_.memory->give(block.bytes);
}

Status BlockFile::write(std::uint64_t offset, std::span<const char> bytes) {
  const Range range{offset, offset + bytes.size()};
  while (!bytes.empty()) {
    const std::size_t n = std::min<std::uint64_t>(bytes.size(), block_at(offset).end - offset);
    const Status written = write_piece(offset, bytes.first(n));
    if (!written) {
      give_back({range.begin, offset});
      return written;
    }
    offset += n;
    bytes = bytes.subspan(n);
  }
  present_.add(range);
  return {};
}

Status BlockFile::write_piece(std::uint64_t offset, std::span<const char> bytes) {
  const Range block = block_at(offset);
  const std::uint64_t index = block.begin / kBlockSize;
  const std::uint64_t at = offset - block.begin;
  {
    MutexLock lock(mutex_);
    if (char* const found = settled(index)) {
      std::memcpy(found + at, bytes.data(), bytes.size());
      return {};
    }
    if (space_.memory == nullptr || on_disk_.contains(block)) return write_to_disk(offset, bytes);
  }
  // Only the owner writes, so no other thread makes this block, and it is filled before it is
  // published.
  char* const memory = space_.memory->take();
  if (memory != nullptr) {
    std::memset(memory, 0, at);
    std::memcpy(memory + at, bytes.data(), bytes.size());
    std::memset(memory + at + bytes.size(), 0, kBlockSize - at - bytes.size());
  }
  MutexLock lock(mutex_);
  if (memory == nullptr) return write_to_disk(offset, bytes);
  blocks_[index].bytes = memory;
  return {};
}

void BlockFile::forget(Range range) {
  present_.remove(range);
  give_back(range);
}

/// Gives back the bytes of `range` that are not present; a block without present bytes as a whole.
void BlockFile::give_back(Range range) {
  MutexLock lock(mutex_);
  for (Range block = block_at(range.begin); block.begin < range.end; block = block_at(block.end)) {
    const std::uint64_t index = block.begin / kBlockSize;
    char* const bytes = settled(index);
    if (present_.present(block).empty()) {
      if (bytes != nullptr) {
        space_.memory->give(bytes);
        blocks_.erase(index);
      } else if (on_disk_.contains(block)) {
        punch(block);
        on_disk_.remove(block);
      }
      continue;
    }
    // A hole reads as zeros.
    const Range part{std::max(range.begin, block.begin), std::min(range.end, block.end)};
    for (const Range& hole : present_.missing(part)) {
      if (bytes != nullptr) {
        std::memset(bytes + (hole.begin - block.begin), 0, hole.size());
      } else if (on_disk_.contains(block)) {
        punch(hole);
      }
    }
  }
}

/// A file system without holes keeps the bytes on the disk until the file is closed.
void BlockFile::punch(Range range) {
  static_cast<void>(::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                static_cast<off_t>(range.begin), static_cast<off_t>(range.size())));
}

void BlockFile::leave(std::uint64_t index) {
  MutexLock lock(mutex_);
  --blocks_.find(index)->second.readers;
  if (waiting_ > 0) left_.notify_all();
}

char* BlockFile::settled(std::uint64_t index) {
  for (;;) {
    const auto found = blocks_.find(index);
    if (found == blocks_.end()) return nullptr;
    if (found->second.readers == 0) return found->second.bytes;
    ++waiting_;
    left_.wait(mutex_);
    --waiting_;
  }
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
  std::vector<std::uint64_t> cut;
  for (const auto& [index, block] : blocks_) {
    if ((index + 1) * kBlockSize > size) cut.push_back(index);
  }
  for (const std::uint64_t index : cut) {
    char* const bytes = settled(index);
    const std::uint64_t begin = index * kBlockSize;
    if (bytes == nullptr) continue;
    if (begin < size) {
      std::memset(bytes + (size - begin), 0, begin + kBlockSize - size);
    } else {
      space_.memory->give(bytes);
      blocks_.erase(index);
    }
  }
  on_disk_.remove({block_at(size + kBlockSize - 1).begin, UINT64_MAX});
  if (fd_ && ::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    return system_error(errno, "truncate a local file");
  }
  return {};
}

Status BlockFile::read(std::uint64_t offset, std::span<char> out) {
  while (!out.empty()) {
    const auto shown = show(offset, out, [&](std::span<const char> bytes) {
      if (bytes.data() != out.data()) std::memcpy(out.data(), bytes.data(), bytes.size());
    });
    if (!shown) return shown.error();
    offset += *shown;
    out = out.subspan(*shown);
  }
  return {};
}

Result<std::size_t> BlockFile::show(std::uint64_t offset, std::span<char> scratch,
                                    const Look& look) {
  const Range block = block_at(offset);
  const std::size_t n = std::min<std::uint64_t>(scratch.size(), block.end - offset);
  const std::uint64_t index = block.begin / kBlockSize;
  const char* bytes = nullptr;
  {
    MutexLock lock(mutex_);
    const auto found = blocks_.find(index);
    if (found != blocks_.end()) {
      ++found->second.readers;
      bytes = found->second.bytes + (offset - block.begin);
    } else {
      const Status read = read_elsewhere(offset, scratch.first(n));
      if (!read) return read.error();
    }
  }
  if (bytes == nullptr) {
    look(scratch.first(n));
  } else {
    look({bytes, n});
    leave(index);
  }
  return n;
}

Status BlockFile::read_elsewhere(std::uint64_t offset, std::span<char> out) {
  const Range block = block_at(offset);
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
    char* const bytes = settled(at / kBlockSize);
    if (bytes == nullptr) continue;
    space_.memory->give(bytes);
    blocks_.erase(at / kBlockSize);
  }
  if (fd_ && !on_disk_.present(range).empty()) {
    punch(range);
    on_disk_.remove(range);
  }
  dropped_.add(range);
}

bool BlockFile::lacks(Range range) {
  MutexLock lock(mutex_);
  return !dropped_.present(range).empty();
}

}  // namespace pailfs::cache
