// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "fs/predict/name_walks.h"
#include "fs/predict/names_ahead.h"
#include "fs/predict/tree_walk.h"
#include "listed_names.h"
#include "listing_fetcher.h"
#include "node_fetcher.h"

namespace pailfs::fs {

/// Watches programs that walk through directories, and lets the fetchers bring attributes, small
/// files and listings of directories before the programs ask. It decides nothing itself: it looks
/// up the place of a name in its listing, tells NameWalks and TreeWalk (fs/predict), and hands
/// their advice to the two fetchers.
///
/// Any thread may call any member; none waits for a request. Must outlive the tasks of the
/// fetchers' pool.
class WalkWatch final {
 public:
  /// `small_files`: so many may be in memory before a program opens them.
  WalkWatch(ListedNames& names, NodeFetcher& nodes, ListingFetcher& listings,
            std::size_t small_files, const Clock& clock)
      : names_(names), nodes_(nodes), listings_(listings), clock_(clock), trees_(small_files) {}

  /// A program begins to read the directory's names.
  void on_listed(const std::string& directory) EXCLUDES(mutex_);
  /// A program asks about a name, whose attributes may be known already.
  void on_stat(const std::string& path) EXCLUDES(mutex_);
  /// A program asks about a name whose attributes are not known. Returns the size up to which its
  /// file is best fetched with its bytes.
  [[nodiscard]] std::uint64_t on_question(const std::string& path) EXCLUDES(mutex_);
  /// A program lists the directory of this name with attributes: it has come to this name, and will
  /// ask about the names that follow.
  void on_listed_with_attributes(const std::string& path) EXCLUDES(mutex_);
  /// A program opens the file to read it.
  void on_open(const std::string& path) EXCLUDES(mutex_);

  /// A program walks through the directory: attributes of its names will be asked for.
  [[nodiscard]] bool is_walked(const std::string& directory) EXCLUDES(mutex_);
  /// True when a program that lists the directory with attributes, and has come to `place`, uses
  /// them.
  [[nodiscard]] bool wants_attributes(const std::string& directory, std::size_t place)
      EXCLUDES(mutex_);

 private:
  using Event = NameWalk::Advice (NameWalks::*)(const std::string&, NameWalk::Name, MonoTime);
  /// Tells the walk through its directory of an event with the name, and fetches what it advises.
  NameWalk::Advice follow(const std::string& path, Event event) EXCLUDES(mutex_);
  void fetch(const std::string& directory, const NamesAhead& names);

  ListedNames& names_;
  NodeFetcher& nodes_;
  ListingFetcher& listings_;
  const Clock& clock_;
  Mutex mutex_;
  NameWalks walks_ GUARDED_BY(mutex_);
  TreeWalk trees_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fs
