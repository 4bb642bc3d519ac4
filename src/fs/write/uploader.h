// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/worker_pool.h"

#include "abandoned_uploads.h"
#include "file_content.h"
#include "fs/format/content_type.h"
#include "fs/read/block_fetcher.h"
#include "fs/tree/inode_table.h"
#include "fs/tree/node_cache.h"
#include "object_copy.h"
#include "upload_plan.h"
#include "upload_progress.h"

namespace pailfs::fs {

/// Brings one file's object up to date with what was written and set since: one PUT, or one
/// multipart upload that sends what changed and lets the store copy the rest, or, when only
/// attributes changed, one in-place copy. Nothing unstored is let go before the store has confirmed
/// it (laws L1, L2).
class Uploader final {
 public:
  Uploader(const Config& config, const cache::LocalSpace& space, store::ObjectStore& store,
           InodeTable& inodes, NodeCache& cache, BlockFetcher& blocks, WorkerPool& pool,
           const ContentTypes& mime, const Clock& clock)
      : config_(config),
        space_(space),
        store_(store),
        inodes_(inodes),
        cache_(cache),
        blocks_(blocks),
        pool_(pool),
        mime_(mime),
        clock_(clock),
        copier_(config, store, pool),
        abandoned_(store) {}
  /// Aborts what uploads are left.
  ~Uploader() { sweep(); }
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  /// The caller holds inode->object_mutex, so that no thread writes meanwhile. On failure
  /// everything is as dirty as before, but for E2BIG: where the store takes the bytes without the
  /// new attributes, they are stored with the old ones, and the file is as it is in the store. A
  /// detached inode has nothing to store: success.
  Status store(const InodePtr& inode) REQUIRES(inode->object_mutex);

  /// After a write: begins to send the front of a large new file, which has not been stored before,
  /// or of what is appended to a stored one, while the rest is being written.
  void begin_early(const InodePtr& inode) REQUIRES(inode->object_mutex);
  [[nodiscard]] bool worth_beginning(const FileContent& content) const;
  /// Aborts the uploads whose files were removed or given up: on a thread of the pool, or, for the
  /// unmount, before it returns.
  void begin_sweep() { abandoned_.sweep_on(pool_); }
  void sweep() { abandoned_.sweep(); }

  /// The store says that the object is no longer the version that we stored last: before that is
  /// believed it is looked at once. Some services name the version that an upload has made
  /// otherwise than they do later (gofakes3). True: it is ours, and has its right name now.
  bool find_own_version(Inode& inode, const std::string& path) REQUIRES(inode.object_mutex);

  /// Content-Type, and the six headers, that a new object of this path gets.
  [[nodiscard]] store::ObjectAttributes new_attributes(const std::string& path,
                                                       const Stat& stat) const;

  /// Counts it, for its handles and for the status, and returns it.
  Error note_failure(FileContent& content, const std::string& path, const Error& error)
      EXCLUDES(failures_mutex_);

  /// Adds the uploads under way and the failures so far.
  void report(Activity& activity) EXCLUDES(failures_mutex_);

 private:
  using Snapshot = FileContent::Snapshot;
  /// One attempt to store a file.
  struct Attempt {
    std::string path;
    store::Key key;
    store::ETag before = {};   ///< the base version that it starts from
    bool sends_bytes = false;  ///< not only attributes
    /// What became of the upload that was begun early, and its attributes; nothing without one.
    std::optional<Result<store::ETag>> early = {};
    store::ObjectAttributes begun = {};
    store::ObjectAttributes attributes = {};  ///< tried last
    /// E2BIG for other attributes than those that were taken in the end.
    std::optional<Error> refused = {};

    [[nodiscard]] bool has_early_bytes() const { return early && *early; }
  };

  /// Nothing if there is something to store.
  std::optional<Status> without_request(Inode& inode, const std::optional<std::string>& path);
  Attempt begin_attempt(Inode& inode, const std::string& path) REQUIRES(inode.object_mutex);
  Result<store::ETag> attempt_to_store(Inode& inode, Attempt& attempt) REQUIRES(inode.object_mutex);
  Result<store::ETag> send(Inode& inode, const Attempt& attempt, bool again)
      REQUIRES(inode.object_mutex);
  Error note_not_stored(Inode& inode, const Attempt& attempt, const Error& error);
  Status note_stored(Inode& inode, const Attempt& attempt, const store::ETag& etag);

  [[nodiscard]] store::ObjectAttributes attributes_now(const Stat& stat,
                                                       store::ObjectAttributes attributes,
                                                       const std::string& path) const;
  [[nodiscard]] bool can_append(const FileContent& content) const;
  /// Nothing when the upload that was begun is of no use and everything has to be sent anew. After
  /// success the content's base is what was stored, with the attributes it began with.
  std::optional<Result<store::ETag>> finish_early(Inode& inode, const store::Key& key,
                                                  std::shared_ptr<PartStream> stream);
  Result<store::ETag> send_bytes(Inode& inode, const Snapshot& now, const Attempt& attempt,
                                 Upload& upload);
  Result<UploadPlan> plan(Inode& inode, const Snapshot& now, bool may_copy) const;
  Result<store::ETag> send_parts(const Snapshot& now, const Attempt& attempt,
                                 const std::vector<PlannedPart>& parts, Upload& upload);
  /// Before the next attempt: if the object is what a doubtful one would have made, it is the
  /// version from which this one starts.
  void settle_doubt(Inode& inode, const store::Key& key) REQUIRES(inode.object_mutex);
  Result<store::ETag> rewrite_attributes(const Snapshot& now, const Attempt& attempt);

  const Config& config_;
  const cache::LocalSpace& space_;
  store::ObjectStore& store_;
  InodeTable& inodes_;
  NodeCache& cache_;
  BlockFetcher& blocks_;
  WorkerPool& pool_;
  const ContentTypes& mime_;
  const Clock& clock_;
  ObjectCopier copier_;
  Uploads uploads_;
  AbandonedUploads abandoned_;
  Mutex failures_mutex_;  // innermost
  std::uint64_t failures_ GUARDED_BY(failures_mutex_) = 0;
  std::optional<StoreFailure> last_failure_ GUARDED_BY(failures_mutex_);
};

}  // namespace pailfs::fs
