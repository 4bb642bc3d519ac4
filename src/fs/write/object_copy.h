// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/cache/block_file.h"
#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

#include "upload_plan.h"
#include "upload_progress.h"

namespace pailfs::fs {

/// One object to be copied within the bucket.
struct CopyJob {
  store::Key source;
  store::Key destination;
  store::ETag version;  ///< of the source; another one fails with ESTALE
  std::uint64_t size = 0;
  /// Present: the attributes of the copy. Absent: the source's own (needs a HEAD when the copy is
  /// made in parts).
  std::optional<store::ObjectAttributes> attributes;
  store::Condition condition = {};  ///< of the destination
};

/// Moves whole objects inside the store: in one request where the store takes it, in parts copied
/// side by side above `copy_part_size` (or from `copy_in_parts_from` on), through this machine
/// where `nocopyapi` says so or the store cannot copy. The source is never touched. Returns the
/// copy's ETag; after an error the destination is unchanged, or is the copy when the reply was
/// lost. Any thread may call it, except as told below.
class ObjectCopier final {
 public:
  ObjectCopier(const Config& config, store::ObjectStore& store, WorkerPool& pool)
      : config_(config), store_(store), pool_(pool) {}

  /// Not callable on a pool thread.
  Result<store::ETag> copy(const CopyJob& job, bool through_this_machine);
  /// One server-side request for any size (the store refuses above 5 GiB); callable on any thread.
  Result<store::ETag> copy_in_one(const CopyJob& job);
  [[nodiscard]] bool fits_one_request(std::uint64_t size) const;

 private:
  static store::Condition condition_of(const CopyJob& job);
  Result<store::ETag> copy_in_parts(const CopyJob& job);
  Result<store::ETag> copy_locally(const CopyJob& job);

  const Config& config_;
  store::ObjectStore& store_;
  WorkerPool& pool_;
};

/// Fetches `ranges` of one version of an object into `file`, in pieces side by side. `guard`
/// protects the file's account of its ranges and is taken for each piece that arrives. After ENOSPC
/// the file holds nothing of `ranges`, so that an incomplete download takes no room from other
/// files.
Status fetch_into(store::ObjectStore& store, WorkerPool& pool, std::size_t width,
                  const store::Key& key, const store::ETag& version,
                  const std::vector<Range>& ranges, cache::BlockFile& file, Mutex& guard);

/// A stretch of a local file, which outlives it, as a request body.
class FileSource final : public ByteSource {
 public:
  /// `upload`, if not null, is told how many bytes were sent.
  FileSource(cache::BlockFile& file, Range range, Upload* upload = nullptr)
      : file_(file), range_(range), upload_(upload) {}
  [[nodiscard]] std::uint64_t size() const override { return range_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override;
  Result<std::size_t> show(std::uint64_t offset, std::span<char> scratch,
                           const std::function<void(std::span<const char>)>& look) override;
  void taken(std::uint64_t end) override;

 private:
  cache::BlockFile& file_;
  Range range_;
  Upload* upload_;
  std::uint64_t taken_ = 0;
};

/// The first failure of several requests side by side. Any thread.
class FirstError final {
 public:
  void note(const Error& error) {
    MutexLock lock(mutex_);
    if (status_) status_ = error;
  }
  Status status() {
    MutexLock lock(mutex_);
    return status_;
  }

 private:
  Mutex mutex_;
  Status status_ GUARDED_BY(mutex_);
};

/// Runs one multipart upload: create, all parts side by side, complete; abort when anything fails,
/// so that the object is either new as a whole or unchanged.
Result<store::ETag> upload_in_parts(
    store::ObjectStore& store, WorkerPool& pool, std::size_t width, const store::Key& key,
    const store::ObjectAttributes& attributes, store::PartOrigin origin,
    const store::Condition& condition, std::size_t parts,
    const std::function<Result<store::UploadedPart>(const store::UploadId&, std::size_t)>&
        send_part);

}  // namespace pailfs::fs
