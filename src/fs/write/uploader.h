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

/// Brings one file's object up to date with the bytes written and the attributes set since: by one
/// PUT, by one multipart upload that sends the changed bytes and lets the store copy the rest, or,
/// when only attributes changed, by one in-place copy. Nothing unstored is dropped before the store
/// has confirmed it (laws L1, L2). One for all files of a mount; any thread.
class Uploader final {
 public:
  Uploader(const Config& config, const cache::LocalSpace& space, store::ObjectStore& store,
           InodeTable& inodes, NodeCache& cache, BlockFetcher& blocks, WorkerPool& pool,
           const ContentTypes& mime, Clock& clock)
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
  /// Aborts the abandoned uploads that are left.
  ~Uploader() { sweep(); }
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  /// The caller holds inode->object_mutex, so that no thread writes meanwhile. On failure
  /// everything is as dirty as before, but for E2BIG: where the store takes the bytes without the
  /// new attributes, they are stored with the old ones, and the file is as it is in the store. A
  /// detached inode has nothing to store: success.
  Status store(const InodePtr& inode) REQUIRES(inode->object_mutex);

  /// After a write: begins to send the front of a large new file, which has not been stored before,
  /// or the bytes appended to a stored one, while the rest is being written.
  void begin_early(const InodePtr& inode) REQUIRES(inode->object_mutex);
  [[nodiscard]] bool worth_beginning(const FileContent& content) const;
  /// Aborts the uploads whose files were removed or given up: on a thread of the pool, or, for the
  /// unmount, before it returns.
  void begin_sweep() { abandoned_.sweep_on(pool_); }
  void sweep() { abandoned_.sweep(); }

  /// Looks at the object once, when the store says that it is no longer the version that we stored
  /// last: some services (gofakes3) reply to an upload with another ETag than they show later.
  /// True: the version is ours, and base() now has the right ETag.
  bool find_own_version(Inode& inode, const std::string& path) REQUIRES(inode.object_mutex);

  /// Content-Type, and the six headers, that a new object of this path gets.
  [[nodiscard]] store::ObjectAttributes new_attributes(const std::string& path,
                                                       const Stat& stat) const;

  /// Counts the failure, for the file's handles and for the status, and returns its error.
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
    /// The result of the upload that was begun early, and its attributes; nothing without one.
    std::optional<Result<store::ETag>> early = {};
    store::ObjectAttributes begun = {};
    store::ObjectAttributes attributes = {};  ///< those tried last
    /// E2BIG for other attributes than those that were taken in the end.
    std::optional<Error> refused = {};

    [[nodiscard]] bool has_early_bytes() const { return early && *early; }
  };

  // uploader_appends.cc
  /// After a lost race (`error`): makes the version that won the base of the bytes that were only
  /// appended, so that they can be stored behind it. False when they cannot, so that the race is
  /// lost for good.
  bool append_to_winner(Inode& inode, const Attempt& attempt, const Error& error)
      REQUIRES(inode.object_mutex);
  /// Bytes that were appended and are all that was changed.
  struct Appended {
    Snapshot now;
    std::vector<Range> shown;         ///< to readers, which the version that has won must have too
    std::uint64_t from = 0;           ///< where they begin
    std::vector<std::uint64_t> ends;  ///< of those that attempts without reply would have stored
  };
  /// Nothing when a program may write at places that mean something in the base version only.
  std::optional<Appended> appended_alone(Inode& inode, const Error& error);
  /// Whether the version that has won has what readers were shown of the base version.
  bool shows_the_same(const Attempt& attempt, const Appended& appended, const Node& winner);
  /// The version that has won. An attempt without reply that has made it, or one that it was
  /// appended to, moves `from` behind its bytes.
  Result<Node> find_winner(const Attempt& attempt, Appended& appended);
  /// Whether the object has our appended bytes where an attempt without reply would have put them:
  /// then it was made, and other clients have appended since.
  Result<bool> has_our_tail(const store::Key& key, const Node& node, Range tail,
                            cache::BlockFile* local);
  /// Waits before the attempt after the lost race number `round`.
  void pause_before(unsigned round);

  /// The result when no request is needed; nothing if the file must be stored.
  std::optional<Status> without_request(Inode& inode, const std::optional<std::string>& path);
  Attempt begin_attempt(Inode& inode, const std::string& path) REQUIRES(inode.object_mutex);
  Result<store::ETag> attempt_to_store(Inode& inode, Attempt& attempt) REQUIRES(inode.object_mutex);
  Result<store::ETag> send(Inode& inode, const Attempt& attempt, bool again)
      REQUIRES(inode.object_mutex);
  Error note_not_stored(Inode& inode, const Attempt& attempt, const Error& failure);
  Status note_stored(Inode& inode, const Attempt& attempt, const store::ETag& etag);

  [[nodiscard]] store::ObjectAttributes attributes_now(const Stat& stat,
                                                       store::ObjectAttributes attributes,
                                                       const std::string& path) const;
  [[nodiscard]] bool can_append(const FileContent& content) const;
  /// Nothing when the upload that was begun cannot be used and all bytes must be sent anew. After
  /// success the content's base is the version that was stored, with the attributes that the upload
  /// began with.
  std::optional<Result<store::ETag>> finish_early(Inode& inode, const store::Key& key,
                                                  std::shared_ptr<PartStream> stream);
  Result<store::ETag> send_bytes(Inode& inode, const Snapshot& now, const Attempt& attempt,
                                 Upload& upload);
  Result<UploadPlan> plan(Inode& inode, const Snapshot& now, bool may_copy) const;
  Result<store::ETag> send_parts(const Snapshot& now, const Attempt& attempt,
                                 const std::vector<PlannedPart>& parts,
                                 const store::Condition& condition, Upload& upload);
  /// Where the bytes begin that may follow any version; nothing while a handle that can write is
  /// bound to the base version.
  static std::optional<std::uint64_t> appended_from(Inode& inode);
  /// The condition of a request that makes the file's next version.
  store::Condition condition_of(Inode& inode) const;
  /// Before the next attempt: if an attempt whose reply was lost has made the object, that version
  /// becomes the base.
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
  Clock& clock_;
  ObjectCopier copier_;
  Uploads uploads_;
  AbandonedUploads abandoned_;
  Mutex failures_mutex_;  // innermost
  std::uint64_t failures_ GUARDED_BY(failures_mutex_) = 0;
  std::optional<StoreFailure> last_failure_ GUARDED_BY(failures_mutex_);
};

}  // namespace pailfs::fs
