// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pailfs/cache/disk_room.h"
#include "pailfs/cache/lock_ranks.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cache {

/// Blocks of object versions in a directory that outlives the mount (`use_cache`).
///
/// A version has two files, NAME with the object's bytes where they belong, and NAME.index with its
/// identity and a CRC-32C for every block that is there; NAME is a hash of the identity. A block is
/// written before its checksum and believed only when both agree, so that a block damaged by a
/// crash or a bad disk counts as missing. No failure here fails a read: a block that is not here is
/// fetched again.
///
/// Bounded in bytes and in versions; the versions not used for longest go first, and a version that
/// alone is larger than the bound keeps the blocks that came first. The directory belongs to one
/// mount at a time, whose caller holds its lock. Any thread may call any member.
class DiskBlocks final {
 public:
  struct Config {
    std::string directory;  ///< made with mode 0700 if it is missing
    std::uint64_t limit = 0;
    DiskRoom room;
    std::size_t most_versions = 65536;
  };

  explicit DiskBlocks(Config config);
  ~DiskBlocks() = default;
  DiskBlocks(const DiskBlocks&) = delete;
  DiskBlocks& operator=(const DiskBlocks&) = delete;

  /// The name of a version: equal identities mean equal bytes.
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

    /// Copies the block to `bytes`, kBlockSize bytes or the object's rest; false when it is not
    /// kept or is damaged.
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
    std::uint64_t serial_ = 0;  // of its entry when it was opened; 0: there was no entry
    UniqueFd data_;
    UniqueFd index_;
    bool full_ = false;     // there was no room, so the next block is not tried
    bool written_ = false;  // its size must be counted
  };

  /// The files of the version; null when nothing of it is kept.
  std::unique_ptr<Version> find(const Identity& identity) EXCLUDES(mutex_);
  /// The same, made if missing; null when the files cannot be made, or when `wanted` returns false
  /// at the moment of making (it calls nothing back). With it a thread that fetched a version
  /// before forget() removed it does not bring it back.
  std::unique_ptr<Version> make(
      const Identity& identity, const std::function<bool()>& wanted = [] { return true; })
      EXCLUDES(mutex_);

  /// The object's bytes as a file to read, if all of its blocks are there and have been read or
  /// written through this DiskBlocks, which has seen that they are right. If the version is evicted
  /// later the descriptor still has all of it.
  UniqueFd whole(const Identity& identity) EXCLUDES(mutex_);

  /// Removes the blocks of that version, because they are not its bytes any more.
  void forget(const Identity& identity) EXCLUDES(mutex_);

  /// What was kept so far of the versions whose identity begins with `key`, up to the end of a part
  /// of a path, is forgotten, each version at its next use; but for those with the identities
  /// `but`. For the first caller this takes as long as a look at the directory.
  void forget_below(const std::string& key, std::vector<std::string> but) EXCLUDES(mutex_);

  /// True when the key that `identity` begins with, up to its end or a NUL byte, is `key` or below
  /// it as a path; `key` may end in a slash or be empty.
  static bool is_below(std::string_view identity, std::string_view key);

  /// Takes the place of Config::limit; the versions not used for longest go at once.
  void set_limit(std::uint64_t bytes) EXCLUDES(mutex_);

  /// How many blocks were not kept because other files have filled the file system.
  [[nodiscard]] std::uint64_t without_room() EXCLUDES(mutex_);
  /// Bytes on the disk.
  [[nodiscard]] std::uint64_t size() EXCLUDES(mutex_);

 private:
  struct Entry {
    std::string name;
    std::uint64_t bytes = 0;
    std::uint64_t serial = 0;  ///< files that are made anew get a new one
  };
  struct Seen {
    std::vector<bool> blocks;
    std::uint64_t count = 0;
  };
  using Entries = std::list<Entry>;  // used longest ago first
  struct Forgotten {
    std::string key;
    std::uint64_t serial = 0;  ///< of the last entry that there was
    std::vector<std::string> but;
  };

  [[nodiscard]] std::string path(const std::string& name) const;
  std::unique_ptr<Version> open(const Identity& identity, bool create) REQUIRES(mutex_);
  void forget_locked(const Identity& identity) REQUIRES(mutex_);
  /// Removes the version's files if forget_below() was called since they were made.
  void forget_if_due(const Identity& identity) REQUIRES(mutex_);
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
  std::uint64_t limit_ GUARDED_BY(mutex_) = 0;
  std::uint64_t last_serial_ GUARDED_BY(mutex_) = 0;
  std::uint64_t without_room_ GUARDED_BY(mutex_) = 0;
  std::vector<Forgotten> forgotten_ GUARDED_BY(mutex_);            // few
  std::unordered_map<std::string, Seen> seen_ GUARDED_BY(mutex_);  // of no more than kMostSeen
};

}  // namespace pailfs::cache
