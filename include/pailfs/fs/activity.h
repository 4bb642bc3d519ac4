// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::fs {

/// An upload under way.
struct UploadState {
  std::string path;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;
};

/// A file with bytes or attributes that the store does not have.
struct UnstoredFile {
  std::string path;  ///< empty: no name leads to it any more
  std::uint64_t bytes = 0;
  std::string failure;  ///< why the last attempt to store it failed; empty: none has
};

struct StoreFailure {
  WallTime time{};
  std::string path;
  Error error;
};

/// Bytes that a program wrote and that are not stored, because another client's version won.
struct LostRace {
  std::string path;
  std::string kept_in;  ///< a local file; empty: they could not be kept
  std::string why;
};

/// Locks that hold between machines.
struct LockCounts {
  std::size_t locked = 0;  ///< files with locks of this mount
  std::size_t lost = 0;    ///< files whose locks are lost, and which are still open
};

/// The work and the contents of the file system at this moment. Paths are relative to the mount.
struct Activity {
  std::size_t open_files = 0;
  std::vector<UnstoredFile> unstored;
  std::vector<UploadState> uploads;
  std::uint64_t store_failures = 0;  ///< attempts since the start
  std::optional<StoreFailure> last_failure;
  std::uint64_t lost_races = 0;           ///< since the start
  std::vector<LostRace> last_lost_races;  ///< at most kMostShown
  static constexpr std::size_t kMostShown = 100;
  std::optional<LockCounts> locks;  ///< with locks=bucket
  std::size_t cached_attributes = 0;
  std::size_t cached_listings = 0;
  std::optional<std::uint64_t> kept_bytes;  ///< on disk, with use_cache
  std::uint64_t blocks_without_room = 0;    ///< that use_cache did not keep: its disk is full

  [[nodiscard]] std::uint64_t unstored_bytes() const;
};

}  // namespace pailfs::fs
