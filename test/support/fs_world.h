// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/util/result.h"

#include "beside.h"
#include "fake_clock.h"
#include "fake_store.h"
#include "fault_store.h"

namespace pailfs::test {

/// A file system over a bucket in memory, and what its tests do again and again. A test derives
/// what is its own from it.
///
/// Verbs that are const make no assertion and may be called by any thread; the others, but for
/// those that add a fault, are the main thread's.
struct FsWorld {
  explicit FsWorld(const fs::Config& config = {}, const StoreLimits& limits = {});
  FsWorld(const FsWorld&) = delete;
  FsWorld& operator=(const FsWorld&) = delete;

  /// 0 when the name leads to nothing, or an error tells so.
  fs::InodeId look(std::string_view name, fs::InodeId parent = fs::kRootInode) const;
  fs::InodeId must_look(std::string_view name, fs::InodeId parent = fs::kRootInode);
  int look_error(std::string_view name, fs::InodeId parent = fs::kRootInode) const;
  /// 0 when it is refused.
  fs::HandleId open(fs::InodeId ino, int flags) const;
  fs::HandleId must_open(fs::InodeId ino, int flags);
  /// The handle, if there is one, is released.
  int open_error(fs::InodeId ino, int flags) const;
  /// A new file, of which the store does not know yet.
  fs::CreateResult create(std::string_view name, int flags = O_WRONLY,
                          fs::InodeId parent = fs::kRootInode);
  /// A new file that is stored and closed.
  void make(std::string_view name, std::string_view text, fs::InodeId parent = fs::kRootInode);
  /// Likewise; the verdict of the step that failed.
  Status try_make(std::string_view name, std::string_view text,
                  fs::InodeId parent = fs::kRootInode) const;
  /// What the flush says; the handle is released either way.
  Status close(fs::HandleId handle) const;
  Status rename(std::string_view from, std::string_view to) const;  ///< within the root
  /// ftruncate(2).
  Status cut(fs::InodeId ino, std::uint64_t size) const;

  /// "error N" when it fails.
  std::string read(fs::HandleId handle, std::size_t size = 100, std::uint64_t at = 0) const;
  /// Opened, read by one read and closed.
  std::string read_file(fs::InodeId ino) const;
  std::string read_file(std::string_view name) const { return read_file(look(name)); }
  /// All names but "." and "..", in the order in which they come.
  std::vector<std::string> list(fs::InodeId directory = fs::kRootInode);

  /// What the object holds, "none" when there is none.
  [[nodiscard]] std::string stored(const std::string& key) const;
  /// The requests that it causes.
  std::string cost(const std::function<void()>& act);

  static Error refused(int err, Refusal refusal);
  /// Each such request fails, or only the `nth`, and never reaches the store.
  void fail(Verb verb, const Error& error, int nth = 0);
  void fail(Verb verb, int nth = 0) { fail(verb, {EIO, "injected"}, nth); }
  /// Likewise, but it is made and its reply lost.
  void lose(Verb verb, const Error& error, int nth = 0);
  /// When the store is first asked for this: `before` it does it, or `after` it has.
  void when(Verb verb, std::function<void()> before, std::function<void()> after = {});
  /// The next such request stands at the gate: before the store does it, or after.
  void stop(Gate& gate, Verb verb, const std::string& key = "*", bool after = false);

  FakeClock clock;
  FakeStore store;
  FaultStore faults;
  std::unique_ptr<fs::FileSystem> files;
};

}  // namespace pailfs::test
