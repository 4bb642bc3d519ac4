// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/cache/block_file.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"

#include "fs/format/object_headers.h"
#include "fs/read/shown.h"
#include "fs/tree/inode_table.h"
#include "part_stream.h"
#include "succession.h"

namespace pailfs::fs {

/// The content that the open handles of one file share: the stored version it started from, the
/// bytes and attributes changed since, and whether the store has them. A state machine: events
/// change it, queries tell its state, and `broken_rule` checks the rules that hold in between. It
/// sends nothing; Uploader does, and reports here.
///
/// A byte at offset i < stat().size is: the local file's, if `local` has it; else the base
/// version's, if i < base_visible(); else zero.
///
/// Not thread-safe: Inode owns it and guards it by `content_mutex`, which clang checks at every use
/// of the pointer. The parts of snapshot() are changed only by a thread that also holds
/// Inode::object_mutex, or the file's path alone, so an upload may go by a snapshot for as long as
/// it holds that.
class FileContent final {
 public:
  /// The content of a new file. `taken`: attributes that the store certainly takes.
  static ContentPtr of_new_file(const Stat& stat, store::ObjectAttributes attributes,
                                store::ObjectAttributes taken, Making making);
  /// The content of the version that the store has.
  static ContentPtr of_stored(const Node& node);

  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;

  /// The version that the last attempt to store the file would have made; its reply was lost.
  struct Doubt {
    store::ObjectAttributes attributes;
    std::uint64_t size = 0;
    std::uint64_t visible = 0;  ///< bytes of its front that show, as base_visible()
    /// The size that the file has if it was made: not that of now when the change was taken back.
    std::uint64_t shows = 0;
  };
  /// The state that an upload works from.
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
  /// Its bytes in the directory of conflicts, where a flush has put them that lost a race.
  struct Kept {
    std::string path;         ///< empty: they could not be kept
    bool is_current = false;  ///< they have not been changed since
  };
  /// The state before a change of attributes or of the size, to take it back.
  struct Before {
    Stat stat;
    store::ObjectAttributes attributes;
    std::uint64_t base_visible = 0;
    bool times_given = false;
    unsigned failures = 0;
    Succession succession;
  };

  // State.
  [[nodiscard]] const Stat& stat() const { return stat_; }  ///< as shown, with the size of now
  /// Attributes of the object, foreign metadata included.
  [[nodiscard]] const store::ObjectAttributes& attributes() const { return attributes_; }
  /// The attributes as the store has them; of a new file, those that the store certainly takes.
  [[nodiscard]] const store::ObjectAttributes& taken() const { return taken_; }
  /// There is an object of this name, namely base().
  [[nodiscard]] bool is_stored() const { return stored_; }
  /// True when the file is not stored, but the store may have another object of its name.
  [[nodiscard]] bool hides_object() const { return hides_object_; }
  /// We removed or replaced its object, so only its open handles see the bytes.
  [[nodiscard]] bool is_orphaned() const { return orphaned_; }
  /// The version that the bytes not in `local` belong to; its size; how much of its front shows.
  [[nodiscard]] const store::ETag& base() const { return base_; }
  [[nodiscard]] std::uint64_t base_size() const { return base_size_; }
  [[nodiscard]] std::uint64_t base_visible() const { return base_visible_; }
  [[nodiscard]] const std::optional<Doubt>& doubt() const { return doubt_; }
  /// What the next version may take the place of.
  [[nodiscard]] const Succession& succession() const { return succession_; }
  /// Bytes or size, or mode, owner, times or attributes, differ from the store's.
  [[nodiscard]] bool has_unstored_bytes() const { return bytes_dirty_; }
  [[nodiscard]] bool has_unstored_attributes() const { return attributes_dirty_; }
  [[nodiscard]] bool is_dirty() const { return bytes_dirty_ || attributes_dirty_; }
  /// A later flush, or the unmount, has to store it.
  [[nodiscard]] bool must_be_stored() const { return is_dirty() && !orphaned_; }
  [[nodiscard]] bool is_being_stored() const { return being_stored_; }
  /// The last handle was closed with unstored bytes, for which the inode is pinned.
  [[nodiscard]] bool is_kept_unstored() const { return kept_unstored_; }
  /// The node that a lookup in the store would find once the file is stored.
  [[nodiscard]] Node node() const;
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] Before before_change() const;

  // Places of its bytes.
  /// The local file; null until bytes are written.
  [[nodiscard]] const std::shared_ptr<cache::BlockFile>& local() const { return local_; }
  /// The ranges of `local` that were written since the base version was stored.
  [[nodiscard]] const RangeSet& changed() const { return changed_; }
  /// Sends the front of the file while the rest is being written; mostly null.
  [[nodiscard]] const std::shared_ptr<PartStream>& stream() const { return stream_; }
  /// Pieces of `range` that the base version has and the local file has not.
  [[nodiscard]] std::vector<Range> only_in_base(Range range) const;
  /// True when some of `range` is only in the upload that `stream` has begun.
  [[nodiscard]] bool lacks(Range range) const { return local_ && local_->lacks(range); }
  [[nodiscard]] bool is_all_here() const { return !local_ || !local_->lacks_any(); }
  /// The store has lost an upload that alone holds some bytes, as an administrator or a lifecycle
  /// rule may end one: the file can no longer be stored.
  [[nodiscard]] bool is_lost() const { return stream_ && stream_->is_lost() && !is_all_here(); }
  /// True when the file is equal to the base version and the local file has every byte of it.
  [[nodiscard]] bool is_copy_of_base() const;

  /// What its readers have seen of it.
  [[nodiscard]] Shown& shown() { return shown_; }
  [[nodiscard]] const Shown& shown() const { return shown_; }
  /// It is the store's version, as far as this mount goes, and no handle can change it: it may
  /// become a longer one.
  [[nodiscard]] bool may_grow() const {
    return stored_ && !is_dirty() && !orphaned_ && writers_ == 0 && !being_stored_;
  }

  // Users.
  [[nodiscard]] bool has_users() const { return users_ > 0; }
  [[nodiscard]] bool has_one_user() const { return users_ == 1; }
  [[nodiscard]] bool has_writers() const { return writers_ > 0; }
  /// A handle is bound to the base version: it may have shown bytes of it to a program, or writes
  /// at places that mean something in it. All are but those that are open for appending alone.
  [[nodiscard]] bool has_bound_handles() const { return bound_ > 0; }
  /// One of those can write.
  [[nodiscard]] bool has_bound_writers() const { return bound_writers_ > 0; }
  /// A user is a handle, or a call that needs the content for a while.
  void add_user(bool writer);
  void remove_user(bool writer);
  /// Of the users, handles that are bound to the base version.
  void add_bound_handle(bool writer) {
    ++bound_;
    if (writer) ++bound_writers_;
  }
  void remove_bound_handle(bool writer) {
    --bound_;
    if (writer) --bound_writers_;
  }
  /// Tells that the last user has gone while the file must be stored. True if the caller must pin
  /// the inode for that.
  bool keep_unstored();

  // Events from programs.
  /// After a failure size and unstored ranges are as before. `appends`: with O_APPEND.
  Status write(std::uint64_t offset, std::span<const char> bytes, const cache::LocalSpace& space,
               WallTime now, bool appends = false);
  /// Sets the size; times are the caller's. On failure nothing has changed.
  Status truncate(std::uint64_t size);
  /// O_TRUNC: the file has no bytes and must be stored, even if it was empty before.
  Status empty(WallTime now);
  /// Other mode, owner, times or attributes, of the same size.
  void change_attributes(const Stat& stat, store::ObjectAttributes attributes, bool times_given);
  /// The same when the store's attributes are so already: nothing must be stored.
  void confirm_attributes(const Stat& stat);
  void change_mode(mode_t mode);
  /// Space was allocated, which moves its times.
  void touch(WallTime now);
  /// Restores the attributes, because their change is made later.
  void take_back_attributes(const Before& before);
  /// Restores a content that was clean before a change that could not be stored: it is clean again.
  void take_back(const Before& before);

  // Events from the store.
  /// Around an attempt to store it, during which the inode keeps it, users or not.
  void begin_storing() { being_stored_ = true; }
  void end_storing() { being_stored_ = false; }
  /// The local file, made if there is none.
  const std::shared_ptr<cache::BlockFile>& make_local(const cache::LocalSpace& space);
  /// Gives up the local file if the store has all its bytes; false if it has not.
  bool give_up_local();
  /// Begins to send the file's front through `stream`, which is told all ranges that are here.
  void begin_stream(std::shared_ptr<PartStream> stream);
  /// Takes the stream, to end its upload; stream() is null afterwards.
  std::shared_ptr<PartStream> take_stream();
  /// Gives the stream back after a failure, because only its upload has some of the bytes.
  void put_back_stream(std::shared_ptr<PartStream> stream);
  /// Gives the stream up; all bytes sent through it are still here, or not needed any more.
  void drop_stream();
  /// The upload of `target`, begun early, is complete as `etag`: the bytes are stored, the
  /// attributes are not.
  void bytes_became_stored(const store::ETag& etag, const PartStream::Target& target);
  /// All of it is stored with these attributes.
  void became_stored(const store::ETag& etag, const store::ObjectAttributes& attributes);
  /// Notes that an attempt to store the file failed but may have succeeded in the store.
  void note_doubt(store::ObjectAttributes attributes);
  /// The doubt is over: `made` is the version that the attempt has made, null if it made none. A
  /// change that was taken back, because it had failed, is then part of the file after all: what it
  /// took away is nowhere any more.
  void settle_doubt(const Node* made);
  /// Another client has stored `node` meanwhile, and all that was changed here is bytes appended
  /// to the base version: those from `from` on follow the new version instead. The local file then
  /// has them alone; attributes that a program has set stay. On failure nothing has changed.
  Status move_behind(const Node& node, std::uint64_t from, const cache::LocalSpace& space);
  /// The same when the object is gone: the appended bytes are a new file.
  Status begin_anew(std::uint64_t from, const cache::LocalSpace& space);
  /// The same of a content whose bytes are as in the store: those of the new version count.
  void follow(const Node& node);
  /// A program has locked the file, and the store has `node` now, which its handles go on with
  /// whatever they have shown so far.
  void take_version(const Node& node);
  /// A program has locked the file between machines: whatever it does to it, the next version takes
  /// the place of the present one and of no other.
  void guard() { guarded_ = true; }
  [[nodiscard]] bool is_guarded() const { return guarded_; }
  /// The base version has another ETag now, under another name or as the service corrects it, but
  /// the same bytes.
  void base_became(const store::ETag& etag) { base_ = etag; }
  /// The store has a newer version, which begins as this one does in all that was shown of it: the
  /// handles go on with that one. Only if may_grow().
  void grew(const Node& node);
  /// The file has another name, under which its object with these attributes is `etag`.
  void renamed(const store::ETag& etag, WallTime ctime, const store::ObjectAttributes& attributes);
  /// The file has another name, under which the store does not have it. `hides`: the version of
  /// another object that the store has there, null when it has none. `exclusive`: no object may be
  /// replaced there.
  void renamed_unstored(WallTime ctime, const std::string& content_type, const store::ETag* hides,
                        bool exclusive);
  /// We removed or replaced its object. Its handles read from the local file if that has all bytes;
  /// else is_stored() stays true for a version that can no longer be read, so that reads fail.
  void orphan(WallTime now);

  [[nodiscard]] const std::optional<Kept>& kept() const { return kept_; }
  void note_kept(std::string path) { kept_ = Kept{std::move(path), true}; }
  void forget_kept() { kept_.reset(); }

  // Failures of storing it, counted, so that each handle reports each of them once (law L7).
  [[nodiscard]] unsigned failures() const { return failures_; }
  [[nodiscard]] const Error& last_failure() const { return last_failure_; }
  void failed(Error error);

  /// The rule that should hold between events and is broken; null: none.
  [[nodiscard]] const char* broken_rule() const;

 private:
  friend struct ContentDeleter;
  FileContent() = default;
  ~FileContent() = default;
  void take_over(const Node& node);

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
  Succession succession_;
  std::shared_ptr<cache::BlockFile> local_;
  RangeSet changed_;
  std::shared_ptr<PartStream> stream_;
  bool bytes_dirty_ = false;
  bool attributes_dirty_ = false;
  bool times_given_ = false;  ///< by a program, since the last write
  Shown shown_;
  unsigned users_ = 0;
  unsigned writers_ = 0;
  unsigned bound_ = 0;
  unsigned bound_writers_ = 0;
  bool kept_unstored_ = false;
  bool guarded_ = false;
  bool being_stored_ = false;
  unsigned failures_ = 0;
  Error last_failure_;
  std::optional<Kept> kept_;
};

}  // namespace pailfs::fs
