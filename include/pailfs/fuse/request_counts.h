// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pailfs/util/sync.h"

namespace pailfs::fuse {

/// The kinds of requests of the kernel, by libfuse's names.
inline constexpr std::array<std::string_view, 33> kVerbs = {
    "lookup",    "forget",      "getattr",    "setattr",  "readlink",  "mknod",    "mkdir",
    "symlink",   "unlink",      "rmdir",      "rename",   "link",      "statfs",   "open",
    "create",    "read",        "write",      "flush",    "fsync",     "release",  "opendir",
    "readdir",   "readdirplus", "releasedir", "getxattr", "listxattr", "setxattr", "removexattr",
    "fallocate", "getlk",       "setlk",      "flock",    "other"};

/// A verb of kVerbs; its index is found when the program is compiled.
struct Verb {
  std::string_view name;
  std::size_t index;
  // Implicit: a verb is written as its name.
  template <std::size_t N>
  consteval Verb(const char (&text)[N]) : name(text, N - 1), index(kVerbs.size() - 1) {  // NOLINT
    for (std::size_t i = 0; i < kVerbs.size(); ++i) {
      if (kVerbs[i] == name) index = i;
    }
  }
};

/// The request that the kernel has not been answered for longest.
struct OldestRequest {
  std::string_view verb;
  std::string name;  ///< empty where the request has none
  pid_t thread = 0;  ///< that waits; 0: in a process namespace that we do not see
  std::chrono::seconds age{};
  std::string waits_for;  ///< a few words
};

/// How many requests of the kernel were answered how. Relaxed atomics: any thread counts, any
/// thread reads.
class RequestCounts final {
 public:
  void add(const Verb& verb, int errno_value) {
    const auto err = static_cast<std::size_t>(errno_value);
    answers_[verb.index][err < kErrnos ? err : 0].fetch_add(1, std::memory_order_relaxed);
  }

  struct Row {
    std::string_view verb;
    int errno_value = 0;
    std::uint64_t count = 0;
  };
  /// The oldest request among those that have taken a second or more, as of a moment ago.
  [[nodiscard]] std::optional<OldestRequest> oldest() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return oldest_;
  }
  void show_oldest(std::optional<OldestRequest> request) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    oldest_ = std::move(request);
  }
  /// The counts that are not zero, by verb and errno.
  [[nodiscard]] std::vector<Row> rows() const {
    std::vector<Row> rows;
    for (std::size_t verb = 0; verb < kVerbs.size(); ++verb) {
      for (std::size_t err = 0; err < kErrnos; ++err) {
        const std::uint64_t count = answers_[verb][err].load(std::memory_order_relaxed);
        if (count > 0) rows.push_back({kVerbs[verb], static_cast<int>(err), count});
      }
    }
    return rows;
  }

 private:
  static constexpr std::size_t kErrnos = 256;
  std::array<std::array<std::atomic<std::uint64_t>, kErrnos>, kVerbs.size()> answers_{};
  mutable Mutex mutex_;
  std::optional<OldestRequest> oldest_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::fuse
