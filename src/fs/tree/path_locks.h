// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::fs {

/// Locks on paths relative to the mount, for changes and renames.
///
/// A change holds the path that it changes, beside any number of others: `change`. A rename holds
/// its two paths, and all below them, alone: `alone`, which waits for the changes and renames that
/// are under way there and keeps new ones out. Two paths that do not lie below each other do not
/// exclude each other. A path that is held keeps its meaning: no directory above it is renamed
/// meanwhile, for that would need a path above it alone.
///
/// Fair: requests that exclude each other are served in the order in which they came, so that a
/// rename waits only for earlier requests, is not starved by a stream of new changes, and holds up
/// only new changes below its own paths. A request gets all its paths at once, and a thread takes
/// no second hold while it has one, so no ring of waiting threads can form.
///
/// Any thread. A hold may be kept across requests to the store; `mutex_` is not, it is innermost.
/// Each wait has a limit and can be called off (law L8). Outside Inode::object_mutex: a thread that
/// holds that only tries (`try_change`). Clang cannot check which thread holds which path, which is
/// known at run time only; it checks everything under `mutex_`.
class PathLocks final {
  struct Request;
  using Requests = std::list<Request>;

 public:
  /// How long a request waits for its turn.
  struct Patience {
    std::chrono::nanoseconds limit = std::chrono::hours(24);
    /// True when no program waits for the answer any more. Called under the lock, every 0.2 s: it
    /// must take no lock and wait for nothing.
    std::function<bool()> called_off = {};
  };

  /// A place in the order of requests; an empty one has none. Destruction releases it.
  class Hold final {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept : locks_(std::exchange(other.locks_, nullptr)), own_(other.own_) {}
    Hold& operator=(Hold&& other) noexcept;
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { release(); }
    void release();

   private:
    friend class PathLocks;
    Hold(PathLocks& locks, Requests::iterator own) : locks_(&locks), own_(own) {}
    PathLocks* locks_ = nullptr;
    Requests::iterator own_{};
  };

  PathLocks() = default;
  PathLocks(const PathLocks&) = delete;
  PathLocks& operator=(const PathLocks&) = delete;
  /// All holds must have gone.
  ~PathLocks() = default;

  /// ETIMEDOUT when the limit has passed, EINTR when it is called off; then nothing is held.
  [[nodiscard]] Result<Hold> change(const std::string& path, const Patience& patience)
      EXCLUDES(mutex_);
  [[nodiscard]] Result<Hold> alone(const std::string& from, const std::string& to,
                                   const Patience& patience) EXCLUDES(mutex_);
  /// As `change`, but waits for nothing: empty if `change` would wait.
  [[nodiscard]] std::optional<Hold> try_change(const std::string& path) EXCLUDES(mutex_);
  /// True when a rename other than `own` is under way that moves the path or replaces it.
  [[nodiscard]] bool is_being_renamed(const std::string& path, const Hold* own = nullptr)
      EXCLUDES(mutex_);
  /// How many requests wait.
  [[nodiscard]] std::size_t waiting() EXCLUDES(mutex_);

 private:
  struct Request {
    std::vector<std::string> paths;
    bool alone = false;
    bool granted = false;
    CondVar wake;
  };

  static bool exclude_each_other(const Request& one, const Request& other);
  /// True when no earlier request excludes this one.
  [[nodiscard]] bool is_free(Requests::const_iterator own) const REQUIRES(mutex_);
  [[nodiscard]] Requests::iterator enqueue(std::vector<std::string> paths, bool alone)
      REQUIRES(mutex_);
  [[nodiscard]] Result<Hold> take(std::vector<std::string> paths, bool alone,
                                  const Patience& patience) EXCLUDES(mutex_);
  void drop(Requests::iterator own) REQUIRES(mutex_);

  Mutex mutex_;
  Requests requests_ GUARDED_BY(mutex_);      // in the order in which they came
  std::size_t alone_ GUARDED_BY(mutex_) = 0;  // of them
};

}  // namespace pailfs::fs
