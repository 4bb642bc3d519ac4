// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pailfs/cache/block_file.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"

#include "fs/format/object_headers.h"
#include "fs/tree/inode_table.h"
#include "part_stream.h"

namespace pailfs::fs {

/// What the open handles of one file share: the stored version it started from, what was written
/// since, and whether the store knows. A state machine: events change it, queries tell what it is,
/// and `broken_rule` says what holds in between. It sends nothing; Uploader does, and reports here.
///
/// A byte at offset i < stat().size is: the local file's, if `local` has it; else the base
/// version's, if i < base_visible(); else zero.
///
/// Not thread-safe: Inode owns it and guards it by `content_mutex`, which clang checks at every use
/// of the pointer. What snapshot() tells is changed only by a thread that also holds
/// Inode::object_mutex, or the file's path alone, so an upload may go by a snapshot for as long as
/// it holds that.
class FileContent final {
 public:
  /// Of a file that is made here. `taken`: the attributes that the store takes beyond doubt.
  static ContentPtr of_new_file(const Stat& stat, store::ObjectAttributes attributes,
                                store::ObjectAttributes taken);
  /// Of the version that the store has.
  static ContentPtr of_stored(const Node& node);

  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;

  /// The last attempt to store it would have made this; its reply was lost.
  struct Doubt {
    store::ObjectAttributes attributes;
    std::uint64_t size = 0;
    std::uint64_t visible = 0;  ///< of its front, as base_visible()
  };
  /// What an upload goes by.
  struct Snapshot {
    Stat stat;
    store::ObjectAttributes attributes;
    store::ObjectAttributes taken;
    bool stored = false;
    store::ETag base;
    std::uint64_t base_size = 0;
    std::uint64_t base_visible = 0;
    std::shared_ptr<cache::BlockFile> local;
  };
  /// All that a change of attributes or of the size may have to take back.
  struct Before {
    Stat stat;
    store::ObjectAttributes attributes;
    std::uint64_t base_visible = 0;
    bool times_given = false;
    unsigned failures = 0;
  };

  // What it is.
  [[nodiscard]] const Stat& stat() const { return stat_; }  ///< as shown, with the size of now
  /// Of the object, foreign metadata included.
  [[nodiscard]] const store::ObjectAttributes& attributes() const { return attributes_; }
  /// As the store has them, or would take those of a new file beyond doubt.
  [[nodiscard]] const store::ObjectAttributes& taken() const { return taken_; }
  /// There is an object of this name, namely base().
  [[nodiscard]] bool is_stored() const { return stored_; }
  /// Not stored, but the name may lead to another object there.
  [[nodiscard]] bool hides_object() const { return hides_object_; }
  /// We removed or replaced its object: the bytes are its handles' only.
  [[nodiscard]] bool is_orphaned() const { return orphaned_; }
  /// The version that the bytes not in `local` belong to; its size; how much of its front shows.
  [[nodiscard]] const store::ETag& base() const { return base_; }
  [[nodiscard]] std::uint64_t base_size() const { return base_size_; }
  [[nodiscard]] std::uint64_t base_visible() const { return base_visible_; }
  [[nodiscard]] const std::optional<Doubt>& doubt() const { return doubt_; }
  /// Bytes or size, or mode, owner, times or attributes, differ from the store's.
  [[nodiscard]] bool has_unstored_bytes() const { return bytes_dirty_; }
  [[nodiscard]] bool has_unstored_attributes() const { return attributes_dirty_; }
  [[nodiscard]] bool is_dirty() const { return bytes_dirty_ || attributes_dirty_; }
  /// A later flush, or the unmount, has to store it.
  [[nodiscard]] bool must_be_stored() const { return is_dirty() && !orphaned_; }
  [[nodiscard]] bool is_being_stored() const { return being_stored_; }
  /// The last handle was closed with unstored bytes, for which the inode is pinned.
  [[nodiscard]] bool is_kept_unstored() const { return kept_unstored_; }
  /// As it would be found in the store, once it is stored.
  [[nodiscard]] Node node() const;
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] Before before_change() const;

  // Where its bytes are.
  /// Null until something is written.
  [[nodiscard]] const std::shared_ptr<cache::BlockFile>& local() const { return local_; }
  /// Of `local`, what was written since the base version was stored.
  [[nodiscard]] const RangeSet& changed() const { return changed_; }
  /// Sends the front of the file while the rest is being written; mostly null.
  [[nodiscard]] const std::shared_ptr<PartStream>& stream() const { return stream_; }
  /// Pieces of `range` that the base version has and the local file has not.
  [[nodiscard]] std::vector<Range> only_in_base(Range range) const;
  /// Some of `range` is in the upload that `stream` has begun and nowhere else.
  [[nodiscard]] bool lacks(Range range) const { return local_ && local_->lacks(range); }
  [[nodiscard]] bool is_all_here() const { return !local_ || !local_->lacks_any(); }
  /// The store has lost an upload that alone holds some bytes, as an administrator or a lifecycle
  /// rule may end one: the file can no longer be stored.
  [[nodiscard]] bool is_lost() const { return stream_ && stream_->is_lost() && !is_all_here(); }
  /// The local file has every byte of the base version, which is what the file is.
  [[nodiscard]] bool is_copy_of_base() const;

  // Who uses it.
  [[nodiscard]] bool has_users() const { return users_ > 0; }
  [[nodiscard]] bool has_writers() const { return writers_ > 0; }
  /// A handle, or a call that needs it for a while.
  void add_user(bool writer);
  void remove_user(bool writer);
  /// Its last user has gone, and it must be stored. True if the inode is to be pinned for that; it
  /// is not yet.
  bool keep_unstored();

  // What programs do.
  /// After a failure its size, and what of it is unstored, are as they were.
  Status write(std::uint64_t offset, std::span<const char> bytes, const cache::LocalSpace& space,
               WallTime now);
  /// Sets the size; times are the caller's. On failure nothing has changed.
  Status truncate(std::uint64_t size);
  /// O_TRUNC: no bytes, to be stored even if there were none.
  Status empty(WallTime now);
  /// Other mode, owner, times or attributes, of the same size.
  void change_attributes(const Stat& stat, store::ObjectAttributes attributes, bool times_given);
  /// The same, where the store's attributes say so already: nothing is to be stored.
  void confirm_attributes(const Stat& stat);
  void change_mode(mode_t mode);
  /// Space was allocated, which moves its times.
  void touch(WallTime now);
  /// A change of attributes is made later: they are again as they were.
  void take_back_attributes(const Before& before);
  /// Of a content that was not dirty before a change that could not be stored: it is clean again.
  void take_back(const Before& before);

  // What becomes of it in the store.
  /// Around an attempt to store it, during which the inode keeps it, users or not.
  void begin_storing() { being_stored_ = true; }
  void end_storing() { being_stored_ = false; }
  /// The local file, made if there is none.
  const std::shared_ptr<cache::BlockFile>& make_local(const cache::LocalSpace& space);
  /// Gives up the local file, if the store has all that it holds; false if it has not.
  bool give_up_local();
  /// Begins to send its front; `stream` is told all that it has.
  void begin_stream(std::shared_ptr<PartStream> stream);
  /// For the upload's end; null afterwards.
  std::shared_ptr<PartStream> take_stream();
  /// Some bytes are nowhere else, and the next attempt needs it.
  void put_back_stream(std::shared_ptr<PartStream> stream);
  /// Makes an end of the stream; all it was sent is still here, or not wanted any more.
  void drop_stream();
  /// The upload of `target`, begun early, is complete as `etag`: the bytes are stored, the
  /// attributes are not.
  void bytes_became_stored(const store::ETag& etag, const PartStream::Target& target);
  /// All of it is stored with these attributes.
  void became_stored(const store::ETag& etag, const store::ObjectAttributes& attributes);
  /// Storing it has failed, and may have succeeded all the same.
  void note_doubt(store::ObjectAttributes attributes);
  /// The doubt is over: `made` is the version that the attempt has made, null if it made none.
  void settle_doubt(const store::ETag* made);
  /// The base version is the same, under another name or key.
  void base_became(const store::ETag& etag) { base_ = etag; }
  /// It has another name, and its object with these attributes is `etag`.
  void renamed(const store::ETag& etag, WallTime ctime, const store::ObjectAttributes& attributes);
  /// It has another name, under which the store has it not; `hides`: it has another object there.
  void renamed_unstored(WallTime ctime, const std::string& content_type, bool hides);
  /// We removed or replaced its object. Its handles read what the local file has, if that is all;
  /// else it stays stored, of a version that can no longer be read, so that reads fail.
  void orphan(WallTime now);

  // Failures of storing it, counted, so that each handle reports each of them once (law L7).
  [[nodiscard]] unsigned failures() const { return failures_; }
  [[nodiscard]] const Error& last_failure() const { return last_failure_; }
  void failed(Error error);

  /// Which of the rules that hold between events is broken; null: none.
  [[nodiscard]] const char* broken_rule() const;

 private:
  friend struct ContentDeleter;
  FileContent() = default;
  ~FileContent() = default;

  Stat stat_;
  store::ObjectAttributes attributes_;
  store::ObjectAttributes taken_;
  bool stored_ = false;
  bool hides_object_ = false;
  bool orphaned_ = false;
  store::ETag base_;
  std::uint64_t base_size_ = 0;
  std::uint64_t base_visible_ = 0;
  std::optional<Doubt> doubt_;
  std::shared_ptr<cache::BlockFile> local_;
  RangeSet changed_;
  std::shared_ptr<PartStream> stream_;
  bool bytes_dirty_ = false;
  bool attributes_dirty_ = false;
  bool times_given_ = false;  ///< by a program, since the last write
  unsigned users_ = 0;
  unsigned writers_ = 0;
  bool kept_unstored_ = false;
  bool being_stored_ = false;
  unsigned failures_ = 0;
  Error last_failure_;
};

}  // namespace pailfs::fs
