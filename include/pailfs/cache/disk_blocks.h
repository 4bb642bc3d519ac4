// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
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

class SharedUsage;

/// Blocks of object versions in a directory that outlives the mount (`use_cache`), shared by all
/// mounts of a user that are given it, of whatever buckets.
///
/// A version has two files, NAME with the object's bytes where they belong, and NAME.index with its
/// identity and a CRC-32C for every block that is there; NAME is a hash of the identity. A block is
/// written before its checksum and believed only when both agree, so that a block damaged by a
/// crash, a bad disk or two processes that write it at once counts as missing. No failure here
/// fails a read: a block that is not here is fetched again.
///
/// Bounded in bytes and in versions, over all processes (SharedUsage); the versions not used for
/// longest, by the times of their indexes, go first, and a version that alone is larger than the
/// bound keeps the blocks that came first. A process may remove files that another has open: what
/// that one still reads is right, and what it writes counts for nothing. Files are never cut or
/// used for another version. Any thread may call any member; none waits for another process, but
/// for a moment.
class DiskBlocks final {
 public:
  struct Config {
    std::string directory;  ///< made with mode 0700 if it is missing
    std::string store;      ///< names the bucket among those whose versions are there
    std::uint64_t limit = 0;
    DiskRoom room;
    std::uint64_t most_versions = 65536;
  };

  explicit DiskBlocks(Config config);
  ~DiskBlocks();
  DiskBlocks(const DiskBlocks&) = delete;
  DiskBlocks& operator=(const DiskBlocks&) = delete;

  /// The name of a version: equal identities mean equal bytes.
  struct Identity {
    std::string text;  ///< with Config::store at most 4,000 bytes, else nothing is kept
    std::uint64_t size = 0;
  };

  /// A file among all that there were, so that one made anew is told from the one before.
  struct FileId {
    std::uint64_t inode = 0;
    std::int64_t born = 0;  ///< nanoseconds since 1970; 0: the file system does not tell
    friend bool operator==(const FileId&, const FileId&) = default;
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
    /// Takes the right to fetch these blocks, among all who ask for it, in this process and in
    /// others; false while another Version has it for one of them. Ends with the Version, and with
    /// the process.
    bool claim(std::uint64_t first, std::uint64_t count);

   private:
    friend class DiskBlocks;
    Version(DiskBlocks& disk, std::string name, std::uint64_t size)
        : disk_(disk), name_(std::move(name)), size_(size) {}
    [[nodiscard]] std::uint64_t block_size(std::uint64_t index) const;
    [[nodiscard]] bool is_removed() const;
    bool take_room(std::uint64_t bytes);

    DiskBlocks& disk_;
    const std::string name_;
    const std::uint64_t size_;
    FileId file_;
    std::int64_t made_ = 0;  ///< when the files were made, in nanoseconds since 1970
    UniqueFd data_;
    UniqueFd index_;
    std::uint64_t credit_ = 0;  ///< bytes that are counted and not written yet
    bool full_ = false;         ///< there was no room, so the next block is not tried
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
  /// of a path, is forgotten, each version at its next use here; but for those with the identities
  /// `but`.
  void forget_below(const std::string& key, std::vector<std::string> but) EXCLUDES(mutex_);

  /// True when the key that `identity` begins with, up to its end or a NUL byte, is `key` or below
  /// it as a path; `key` may end in a slash or be empty.
  static bool is_below(std::string_view identity, std::string_view key);

  /// Removes all versions of Config::store.
  void clear();

  /// Takes the place of Config::limit; the versions not used for longest go at once.
  void set_limit(std::uint64_t bytes);

  /// How many blocks were not kept because other files have filled the file system.
  [[nodiscard]] std::uint64_t without_room() const { return without_room_; }
  /// Bytes on the disk, of all mounts that share the directory.
  [[nodiscard]] std::uint64_t size();

 private:
  struct Seen {
    FileId file;
    std::int64_t made = 0;
    std::vector<bool> blocks;
    std::uint64_t count = 0;
  };
  struct Forgotten {
    std::string key;
    std::int64_t time = 0;
    std::vector<std::string> but;
  };
  struct Need {
    std::string version;  ///< NAME of a version that stays
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] std::string full_text(const Identity& identity) const;
  [[nodiscard]] std::string path(const std::string& name) const;
  std::unique_ptr<Version> open(const Identity& identity);
  std::unique_ptr<Version> create(const Identity& identity);
  /// Marks the version as used now, for all processes.
  void touch(const Version& version) EXCLUDES(mutex_);
  [[nodiscard]] bool is_due(const Identity& identity, std::int64_t made) REQUIRES(mutex_);
  void remove(const std::string& name) EXCLUDES(mutex_);
  /// Counts at least so many bytes more as used; 0 when there is no room for them.
  std::uint64_t take_room(const Version& version, std::uint64_t bytes);
  /// Removes versions until there is room for `need`; false when there cannot be.
  bool sweep(const Need& need);
  void count_once();
  void unlink_files(const std::string& name) const;
  void saw(const Version& version, std::uint64_t index) EXCLUDES(mutex_);

  const Config config_;
  const std::unique_ptr<SharedUsage> usage_;
  std::atomic<std::uint64_t> limit_;
  std::atomic<std::uint64_t> without_room_ = 0;
  std::atomic<bool> counted_ = false;
  Mutex mutex_{lock_rank::kDiskBlocks};
  std::string last_used_ GUARDED_BY(mutex_);
  std::int64_t last_time_ GUARDED_BY(mutex_) = 0;
  std::vector<Forgotten> forgotten_ GUARDED_BY(mutex_);            // few
  std::unordered_map<std::string, Seen> seen_ GUARDED_BY(mutex_);  // of no more than kMostSeen
};

}  // namespace pailfs::cache
