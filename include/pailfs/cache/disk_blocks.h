// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pailfs/cache/disk_room.h"
#include "pailfs/cache/lock_ranks.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// Blocks of object versions in a directory that outlives the mount: what `use_cache` keeps.
///
/// A version has two files, NAME with the object's bytes where they belong, and NAME.index with who
/// it is and a CRC-32C for every block that is there; NAME is a hash of the identity. A
/// block is written before its checksum and believed only when both agree, so that whatever a
/// crash or a bad disk leaves behind is merely missing. Nothing here ever fails a read: what cannot
/// be kept is fetched again.
///
/// Bounded in bytes and in versions; those not used for longest go first, and a version that alone
/// is larger than the bound keeps what came first. The directory belongs to one mount at a time,
/// whose caller holds its lock. Any thread may call any member.
class DiskBlocks final {
 public:
  struct Config {
    std::string directory;  ///< made, mode 0700, where there is none
    std::uint64_t limit = 0;
    DiskRoom room;
    std::size_t most_versions = 65536;
  };

  explicit DiskBlocks(Config config);
  ~DiskBlocks() = default;
  DiskBlocks(const DiskBlocks&) = delete;
  DiskBlocks& operator=(const DiskBlocks&) = delete;

  /// What names a version: the same bytes whenever it is the same.
  struct Identity {
    std::string text;  ///< at most 3 KiB, else nothing is kept
    std::uint64_t size = 0;
  };

  /// The files of one version, open. One thread at a time; must not outlive the DiskBlocks.
  class Version final {
   public:
    ~Version();
    Version(const Version&) = delete;
    Version& operator=(const Version&) = delete;

    /// Puts the block there, kBlockSize bytes or the object's rest; false when it is not kept or is
    /// damaged.
    bool read(std::uint64_t index, char* bytes);
    /// Keeps the block if there is room for it.
    void write(std::uint64_t index, const char* bytes);

   private:
    friend class DiskBlocks;
    Version(DiskBlocks& disk, std::string name, std::uint64_t size)
        : disk_(disk), name_(std::move(name)), size_(size) {}
    [[nodiscard]] std::uint64_t block_size(std::uint64_t index) const;

    DiskBlocks& disk_;
    const std::string name_;
    const std::uint64_t size_;
    std::uint64_t serial_ = 0;  // of its entry when it was opened; 0: it had none
    UniqueFd data_;
    UniqueFd index_;
    bool full_ = false;     // there was no room: no use to try the next block
    bool written_ = false;  // its size is to be told
  };

  /// Null when nothing of it is kept.
  std::unique_ptr<Version> find(const Identity& identity) EXCLUDES(mutex_);
  /// The same, made if it is not there yet; null when it cannot be made, or when `wanted`, which is
  /// asked at the moment of making and calls nothing back, says no: what forget() has removed is
  /// not brought back by who fetched it before.
  std::unique_ptr<Version> make(
      const Identity& identity, const std::function<bool()>& wanted = [] { return true; })
      EXCLUDES(mutex_);

  /// The object's bytes as a file to read, if all of its blocks are there and have been read or
  /// written through this DiskBlocks, which has seen that they are right. What is pushed out stays
  /// with the descriptor.
  UniqueFd whole(const Identity& identity) EXCLUDES(mutex_);

  /// What is kept of that version is not its bytes any more.
  void forget(const Identity& identity) EXCLUDES(mutex_);

  /// Bytes on the disk.
  [[nodiscard]] std::uint64_t size() EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string name;
    std::uint64_t bytes = 0;
    std::uint64_t serial = 0;  ///< another for files that are made anew
  };
  struct Seen {
    std::vector<bool> blocks;
    std::uint64_t count = 0;
  };
  using Entries = std::list<Entry>;  // used longest ago first

  [[nodiscard]] std::string path(const std::string& name) const;
  std::unique_ptr<Version> open(const Identity& identity, bool create) REQUIRES(mutex_);
  void scan() EXCLUDES(mutex_);
  /// The entry of the files that `version` has open; null when they have been removed since.
  Entry* entry_of(const Version& version) REQUIRES(mutex_);
  void count(const Version& version, std::uint64_t bytes) EXCLUDES(mutex_);
  bool make_room(const Version& version, std::uint64_t bytes) EXCLUDES(mutex_);
  void remove_oldest() REQUIRES(mutex_);
  void unlink_files(const std::string& name) const;
  void saw(const Version& version, std::uint64_t index) EXCLUDES(mutex_);

  const Config config_;
  std::atomic<bool> scan_begun_ = false;
  Mutex mutex_{lock_rank::kDiskBlocks};
  Entries entries_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, Entries::iterator> by_name_ GUARDED_BY(mutex_);
  std::uint64_t bytes_ GUARDED_BY(mutex_) = 0;
  std::uint64_t last_serial_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, Seen> seen_ GUARDED_BY(mutex_);  // of no more than kMostSeen
};

}  // namespace pailfs::cache
