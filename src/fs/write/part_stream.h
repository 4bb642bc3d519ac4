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

/// Sends the parts of a new file to the store while the application is still writing it, or of what
/// is appended to a stored one, so that its close waits for the last part only. PartLedger decides
/// what is sent when; this is the threads and requests around it.
///
/// The bytes stay in the local file until the upload is complete, so that whatever goes wrong here
/// the file can be stored anew; when there is no more room for them, those go that the store has
/// confirmed to hold (law L2). Members may be called from any thread; those on writing
/// are called under Inode::content_mutex and wait for nothing, `finish` under Inode::object_mutex.
class PartStream final : public std::enable_shared_from_this<PartStream> {
 public:
  struct Target {
    std::string path;  ///< relative to the mount, for the report of uploads
    store::Key key;
    store::ObjectAttributes attributes;
    Stat stat;                  ///< what of it the attributes tell
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

  /// See PartLedger. What has become ready begins to be sent.
  void wrote(Range range, std::uint64_t front) EXCLUDES(mutex_);
  void truncated(std::uint64_t size) EXCLUDES(mutex_);

  /// Lets the local file drop what the store has confirmed, waiting for a part on its way if there
  /// is nothing else; false if that frees nothing. Under Inode::object_mutex.
  bool make_room(std::chrono::milliseconds patience) EXCLUDES(mutex_);

  /// Sends what is missing of the file, which no thread changes meanwhile, and completes the
  /// upload. May be called again after a failure. ESTALE when the object that is appended to is no
  /// longer the one that was copied (law L11).
  Result<store::ETag> finish(std::uint64_t size) EXCLUDES(mutex_);
  /// Begins no more parts and makes an end of the upload as soon as none is on its way.
  void give_up() EXCLUDES(mutex_);

  /// The store does not know the upload any more: whatever it held is gone. Nothing is dropped from
  /// the local file from then on.
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
  bool stopped_ GUARDED_BY(mutex_) = false;  ///< a part failed: the rest waits for finish
};

}  // namespace pailfs::fs
