// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "pailfs/s3/object_store.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

namespace pailfs::fs {

/// Bytes that all read streams together may hold ahead of their readers. Any thread.
class MemoryBudget final {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : left_(static_cast<std::int64_t>(bytes)) {}
  /// False when the budget is spent; `release` exactly what was reserved.
  bool reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes) { left_ += static_cast<std::int64_t>(bytes); }

 private:
  std::atomic<std::int64_t> left_;
};

/// The version of an object that reads are pinned to.
struct Version {
  s3::Key key;
  s3::ETag etag;
  std::uint64_t size = 0;
};

/// Reads one version of one object for one open handle. A random read fetches little; a sequential
/// reader gets a window that doubles with every hit, the next window being fetched while the reader
/// consumes this one. Several threads may call `read` at once (the kernel reads ahead out of
/// order); they take turns.
class ReadStream final {
 public:
  ReadStream(s3::ObjectStore& store, WorkerPool& pool, MemoryBudget& budget)
      : store_(store), pool_(pool), budget_(budget) {}

  /// Fills `out` from `offset`; offset + out.size() must not exceed version.size. ESTALE when the
  /// object is no longer that version.
  Status read(const Version& version, std::uint64_t offset, std::span<char> out) EXCLUDES(mutex_);

 private:
  struct Window;
  using WindowPtr = std::shared_ptr<Window>;

  WindowPtr window_with(std::uint64_t offset) REQUIRES(mutex_);
  WindowPtr begin_window(const Version& version, std::uint64_t begin, std::uint64_t at_least,
                         bool ahead) REQUIRES(mutex_);
  void fetch_ahead(const Version& version, const Window& current) REQUIRES(mutex_);

  s3::ObjectStore& store_;
  WorkerPool& pool_;
  MemoryBudget& budget_;
  Mutex mutex_;
  s3::ETag etag_ GUARDED_BY(mutex_);
  std::deque<WindowPtr> windows_ GUARDED_BY(mutex_);  // newest last
  std::uint64_t next_size_ GUARDED_BY(mutex_) = 0;
};

}  // namespace pailfs::fs
