// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/cache/block_file.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

#include "abandoned_uploads.h"
#include "fs/format/object_headers.h"
#include "fs/lock_ranks.h"
#include "part_ledger.h"
#include "upload_progress.h"

namespace pailfs::fs {

/// Sends parts to the store while a program still writes a new file or appends to a stored one, so
/// that the close waits for the last part only. PartLedger decides which part is sent when; this
/// class has the threads and requests.
///
/// The bytes stay in the local file until the upload is complete, so that the file can be stored
/// anew after a failure. When there is no more room, those that the store has confirmed are dropped
/// (law L2). Members may be called from any thread; those on writing are called under
/// Inode::content_mutex and wait for nothing, `finish` under Inode::object_mutex.
class PartStream final : public std::enable_shared_from_this<PartStream> {
 public:
  struct Target {
    std::string path;  ///< relative to the mount, for the report of uploads
    store::Key key;
    store::ObjectAttributes attributes;
    Stat stat;                  ///< the part of `stat` that is in the attributes
    store::ETag version;        ///< of the object that is appended to
    std::vector<Range> copies;  ///< the parts that the store copies from that; none of a new file
  };
  struct Means {
    store::ObjectStore& store;
    WorkerPool& pool;
    std::size_t width;  ///< parts at once
    Uploads& uploads;
    AbandonedUploads& abandoned;
  };

  PartStream(const Means& means, Target target, std::shared_ptr<cache::BlockFile> file,
             std::uint64_t part_size);
  ~PartStream();
  PartStream(const PartStream&) = delete;
  PartStream& operator=(const PartStream&) = delete;

  /// Where the bytes begin that are sent; those before may not change.
  [[nodiscard]] std::uint64_t copied() const {
    return target_.copies.empty() ? 0 : target_.copies.back().end;
  }

  /// See PartLedger. Begins to send the parts that have become ready.
  void wrote(Range range, std::uint64_t front) EXCLUDES(mutex_);
  void truncated(std::uint64_t size) EXCLUDES(mutex_);

  /// Drops the bytes that the store has confirmed from the local file; if there are none, waits for
  /// a part on its way. False if that frees nothing. Under Inode::object_mutex.
  bool make_room(std::chrono::milliseconds patience) EXCLUDES(mutex_);

  /// Sends the missing parts of the file, which no thread changes meanwhile, and completes the
  /// upload. May be called again after a failure. ESTALE when the object that is appended to is no
  /// longer the one that was copied (law L11).
  Result<store::ETag> finish(std::uint64_t size, const store::Condition& condition)
      EXCLUDES(mutex_);
  /// Begins no more parts, and aborts the upload as soon as none is on its way.
  void give_up() EXCLUDES(mutex_);

  /// True when the store does not know the upload any more: the bytes in it are gone. The local
  /// file drops nothing from then on.
  [[nodiscard]] bool is_lost() EXCLUDES(mutex_);

  [[nodiscard]] const Target& target() const { return target_; }

 private:
  void submit_ready() REQUIRES(mutex_);
  void run(const PartLedger::Job& job) EXCLUDES(mutex_);
  Result<store::UploadId> upload_id() EXCLUDES(mutex_, creation_);
  Status send(const PartLedger::Job& job) EXCLUDES(mutex_);
  Status check_version() const;
  void note_loss(const Error& error) REQUIRES(mutex_);

  const Means means_;
  const Target target_;
  const std::shared_ptr<cache::BlockFile> file_;
  Upload upload_;
  Mutex creation_{lock_rank::kUploadCreation};  ///< held across CreateMultipartUpload, so that
                                                ///< there is one; outside mutex_
  Mutex mutex_{lock_rank::kPartStream};
  CondVar changed_;
  PartLedger ledger_ GUARDED_BY(mutex_);
  std::optional<store::UploadId> id_ GUARDED_BY(mutex_);
  bool completed_ GUARDED_BY(mutex_) = false;
  bool lost_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;  ///< a part failed: further parts wait for finish()
};

}  // namespace pailfs::fs
