// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

#include "dir_table.h"
#include "fs/format/object_headers.h"
#include "fs/lock_ranks.h"
#include "listing_cursor.h"
#include "snapshot_entries.h"

namespace pailfs::fs {

/// What is known of the store without asking: attributes of paths, absent ones included, and
/// listings of directories; all of it bounded and believed for a limited time. Paths are relative
/// to the mount. Any thread may call any member; none of them waits. The owner reports our own
/// changes with `stored`, `removed` and `erase_below`, so that what we did is seen at once.
///
/// There is one table per directory, and a listing and the attributes of its names are the same
/// entries. Attributes whose time has passed stay, unbelieved, until a listing shows the same
/// object (ETag, size and time of last modification): then they are good again, a thousand with one
/// request. Not so those that we stored ourselves and nobody has told us of since: what somebody
/// else changed right after us looks the same, so that a listing gives them no time beyond that
/// which they had from the start. The least recently used tables go first when there are too many
/// entries; the one in use and those being read stay whole, however large.
class NodeCache final {
 public:
  NodeCache(const Config& config, Clock& clock);

  /// Form::absent: known not to exist. Nothing: not known.
  [[nodiscard]] std::optional<Node> find(const std::string& path) EXCLUDES(mutex_);
  /// What we stored there, as long as the store has told us nothing of it since.
  [[nodiscard]] std::optional<Node> stored_unseen(const std::string& path) EXCLUDES(mutex_);
  /// When the entry was learnt; nothing if it is not known.
  [[nodiscard]] std::optional<MonoTime> learnt(const std::string& path) EXCLUDES(mutex_);
  /// What it was when it was last known or listed, be it ever so long ago. Only to guess what to
  /// ask first.
  [[nodiscard]] std::optional<Form> last_form(const std::string& path) EXCLUDES(mutex_);
  /// As the store showed it to a question asked at `asked`; what was learnt since then, by our own
  /// changes above all, is younger and stays.
  void learn(const std::string& path, const Node& node, MonoTime asked) EXCLUDES(mutex_);
  /// Of what the store says anew of an object that is known: the ctime that was `confirmed`, which
  /// the store was not told.
  void keep_ctime(const std::string& path, Node& node) EXCLUDES(mutex_);
  void erase(const std::string& path) EXCLUDES(mutex_);
  /// The store has denied that it has this version: then nothing is known of the path, unless it is
  /// another version.
  void denied(const std::string& path, const store::ETag& version) EXCLUDES(mutex_);
  /// A change of ours may have been made or not: nothing is known of the path, nor does a listing
  /// of its directory that lacks it prove anything.
  void doubted(const std::string& path) EXCLUDES(mutex_);

  /// We put something there / took it away: attributes and the parent's listing follow.
  void stored(const std::string& path, const Node& node) EXCLUDES(mutex_);
  void removed(const std::string& path) EXCLUDES(mutex_);
  /// We took a file away: a directory of its name, which it has hidden, comes to light.
  void removed_file(const std::string& path) EXCLUDES(mutex_);
  /// There are objects below `path`, which is a file.
  void hides_names(const std::string& path) EXCLUDES(mutex_);
  /// What was asked for a file or directory is so already: only the time of the change is new.
  /// False when nothing is remembered of it, so that the store has to be told.
  bool confirmed(const std::string& path, WallTime ctime) EXCLUDES(mutex_);
  /// We made this directory just now: nothing is in it.
  void listed_empty(const std::string& directory) EXCLUDES(mutex_);
  /// Forgets what is below a path, listings included; with the second also what it is itself, which
  /// then may be there or not.
  void erase_inside(const std::string& path) EXCLUDES(mutex_);
  void erase_below(const std::string& path) EXCLUDES(mutex_);

  /// What listings that are young enough say of a name: `name` is filled when it is there.
  [[nodiscard]] Presence listed(const std::string& path, ListedName& name) EXCLUDES(mutex_);
  /// The name is there, as a listing says that is young enough, or one of at most that age that
  /// somebody is still reading: whoever removes a thousand names one by one has listed them before.
  [[nodiscard]] std::optional<ListedName> listed_for_reader(const std::string& path,
                                                            std::chrono::nanoseconds age)
      EXCLUDES(mutex_);
  /// It has been listed in one page before, so that listing it again is the cheapest question
  /// about any of its names.
  [[nodiscard]] bool is_short(const std::string& directory) EXCLUDES(mutex_);
  /// How to ask about a name that no listing tells of.
  enum class Question {
    both,    ///< for the object and for names below it, side by side
    name,    ///< it is likely to be absent: one listing of what begins with it
    listing  ///< the whole directory: its names were asked about in vain as often as it has pages
  };
  [[nodiscard]] Question question(const std::string& path) EXCLUDES(mutex_);
  /// It was asked about so, and was not there, or was.
  void missed(const std::string& path, bool missed) EXCLUDES(mutex_);
  /// Its listing has more pages than are worth the while.
  void set_too_long(const std::string& directory) EXCLUDES(mutex_);
  /// There are directories in it, and when everything below it, at any depth, was listed last, one
  /// page held it: listing all of it again costs no more than listing its own names.
  [[nodiscard]] bool is_flat(const std::string& directory) EXCLUDES(mutex_);
  void set_not_flat(const std::string& directory) EXCLUDES(mutex_);
  /// Is something in the directory, beside its own marker? As a complete listing of at most that
  /// age, and our own changes since, tell it.
  [[nodiscard]] std::optional<bool> has_names(const std::string& directory,
                                              std::chrono::nanoseconds age) EXCLUDES(mutex_);
  /// The directory's own object, as its listing shows it: none for unknown.
  [[nodiscard]] Presence marker(const std::string& directory) EXCLUDES(mutex_);

  /// Where the name stands among those of its directory, in the order in which listings bring them,
  /// and whether it is certain to be a regular file.
  struct NamePlace {
    SlotId id = 0;
    SlotId end = 0;  ///< of all of them
    bool is_file = false;
  };
  [[nodiscard]] std::optional<NamePlace> place(const std::string& path) EXCLUDES(mutex_);
  /// Of the names of a directory from one place to before another those that are there and whose
  /// attributes are not known.
  struct Unknown {
    SlotId from = 0;
    std::size_t end = 0;
    bool all = true;  ///< also those that are certain to be regular files
    std::optional<std::chrono::nanoseconds> age = std::nullopt;  ///< also files learnt before that
  };
  using ListedNames = std::vector<std::pair<std::string, ListedName>>;
  [[nodiscard]] ListedNames unknown(const std::string& directory, const Unknown& which)
      EXCLUDES(mutex_);
  /// The next directories that follow the name, as far as they are known to be there.
  [[nodiscard]] std::vector<std::string> directories_after(const std::string& path,
                                                           std::size_t most) EXCLUDES(mutex_);
  /// A complete listing young enough is known.
  [[nodiscard]] bool is_listed(const std::string& directory) EXCLUDES(mutex_);

  /// How many directories are in a directory; nothing unless a fresh listing and what is known of
  /// its names leave no doubt. Not told of directories with very many names.
  [[nodiscard]] std::optional<std::size_t> subdirectories(const std::string& directory)
      EXCLUDES(mutex_);

  /// Objects of an earlier mount. They are believed when a listing shows the same ETag, size and
  /// time; before that they only guide what is asked first. When there is no room the rest is left
  /// out.
  void remember(const SnapshotEntries& some) EXCLUDES(mutex_);
  /// All directories of which something is known, the least recently used first.
  [[nodiscard]] std::vector<std::string> directories() EXCLUDES(mutex_);
  /// A name of that directory of which something is known, absent ones too.
  [[nodiscard]] std::optional<std::string> find_name(
      const std::string& directory, const std::function<bool(std::string_view)>& wanted)
      EXCLUDES(mutex_);
  /// The next objects of a directory whose attributes are or were known, from place `from` on,
  /// which moves on. None: there are no more.
  [[nodiscard]] SnapshotEntries remembered(const std::string& directory, std::size_t& from)
      EXCLUDES(mutex_);

  struct Sizes {
    std::size_t attributes = 0;
    std::size_t listings = 0;
  };
  [[nodiscard]] Sizes sizes() EXCLUDES(mutex_);

  /// A complete reading if a listing young enough is known; nothing otherwise.
  [[nodiscard]] ListingCursorPtr known_reading(const std::string& directory) EXCLUDES(mutex_);
  /// `whole` false: when it is complete, names that it lacks are still not taken for absent.
  [[nodiscard]] ListingCursorPtr begin_reading(const std::string& directory, MonoTime asked,
                                               bool whole = true) EXCLUDES(mutex_);
  /// Puts one that has begun aside; the next reader of the directory may take it, for as long as
  /// its listing would be believed.
  void park(const ListingCursorPtr& reading) EXCLUDES(mutex_);
  [[nodiscard]] ListingCursorPtr take_parked(const std::string& directory) EXCLUDES(mutex_);

  /// Of a new reading, before anything of it is read: its order begins with that of `earlier`, so
  /// that a place means the same in both; names that `earlier` did not have follow. A name of
  /// `earlier` is shown as soon as the new one has listed it.
  void keep_order(const ListingCursorPtr& reading, const ListingCursorPtr& earlier)
      EXCLUDES(mutex_);

  /// A page of a listing, asked for at `asked`.
  struct Page {
    std::vector<std::pair<std::string, ListedName>> names;
    std::optional<ListedName> marker;  ///< the directory's own object, on the first page
    bool marker_unknown = false;       ///< this listing cannot tell whether there is one
    bool last = false;
    bool flat_again = false;  ///< on the last page: see is_flat()
    std::size_t unshown = 0;  ///< keys that cannot be file names
    std::string unshown_key;  ///< the first of them
  };
  void add_page(const ListingCursorPtr& reading, const Page& page, MonoTime asked) EXCLUDES(mutex_);
  /// Of a reading that is done, for the log; nothing if there is nothing to tell, or if it has been
  /// told while this directory is remembered.
  [[nodiscard]] std::optional<Unshown> tell_unshown(const ListingCursorPtr& reading)
      EXCLUDES(mutex_);

  /// One name of a reading.
  struct Item {
    std::string name;
    ListedName listed;         ///< without its ETag
    std::optional<Stat> stat;  ///< when known
    Form form = Form::absent;  ///< likewise
    std::size_t next = 0;      ///< where the names after it begin
  };
  /// The next names from place `from` on, at most `most`; none when no more have come yet.
  [[nodiscard]] std::vector<Item> items(const ListingCursorPtr& reading, std::size_t from,
                                        std::size_t most) EXCLUDES(mutex_);
  /// One name, wherever it stands; nothing if it is not known to be there.
  [[nodiscard]] std::optional<Item> item(const ListingCursorPtr& reading, std::string_view name)
      EXCLUDES(mutex_);
  [[nodiscard]] bool is_done(const ListingCursorPtr& reading) EXCLUDES(mutex_);

 private:
  using TablePtr = std::shared_ptr<DirectoryTable>;
  struct Known {
    Node node;
    MonoTime learnt;
    MonoTime expires;
  };

  TablePtr table(const std::string& directory) REQUIRES(mutex_);
  TablePtr make_table(const std::string& directory) REQUIRES(mutex_);
  void drop_table(const std::string& directory) REQUIRES(mutex_);
  void settle(DirectoryTable& table) REQUIRES(mutex_);
  void put(DirectoryTable& table, Slot& slot, const Node& node) REQUIRES(mutex_);
  void forget_attributes(Slot& slot) REQUIRES(mutex_);
  Node node_of(const Slot& slot) REQUIRES(mutex_);
  Slot* find_slot(const std::string& path, TablePtr& table) REQUIRES(mutex_);
  /// The entry, of which nothing but the name is left; null when there is none.
  Slot* forget_path(const std::string& path, TablePtr& table) REQUIRES(mutex_);
  void doubt(const std::string& path) REQUIRES(mutex_);
  void take_out(const std::string& path) REQUIRES(mutex_);
  /// The entry, null for the root and when there was no room for it.
  Slot* put_path(const std::string& path, const Node& node) REQUIRES(mutex_);
  bool is_fresh(const DirectoryTable& table) REQUIRES(mutex_);
  MonoTime absent_until(MonoTime asked);
  /// A listing that is young enough, or a younger look, has shown the name.
  bool is_seen(const Slot& slot) REQUIRES(mutex_) { return is_seen(slot, listing_ttl_); }
  bool is_seen(const Slot& slot, std::chrono::nanoseconds age) REQUIRES(mutex_);
  void add_name(ListingCursor& reading, const std::string& name, const ListedName& listed,
                MonoTime asked) REQUIRES(mutex_);
  void see_object(Slot& slot, const ListedName& listed, MonoTime asked) REQUIRES(mutex_);
  void see_again(Slot& slot, WallTime listed, MonoTime asked, MonoTime until) REQUIRES(mutex_);
  void see_marker(ListingCursor& reading, const Page& page, MonoTime asked) REQUIRES(mutex_);
  void see_nothing(const std::string& directory, const DirectoryTable& table, MonoTime asked)
      REQUIRES(mutex_);
  void finish(ListingCursor& reading) REQUIRES(mutex_);
  SlotId keep_name(DirectoryTable& table, std::string_view name) REQUIRES(mutex_);
  static bool is_shown(const Slot& slot);
  Item item_of(const DirTable& names, SlotId id) REQUIRES(mutex_);

  const Config& config_;
  const std::chrono::seconds attribute_ttl_;
  const bool ttl_from_last_use_;  ///< find() gives what is there a whole lifetime anew
  const std::chrono::seconds listing_ttl_;
  const std::chrono::seconds absence_ttl_;
  const std::size_t limit_;
  Clock& clock_;
  Mutex mutex_{lock_rank::kNodeCache};
  TypeNames types_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, TablePtr> tables_ GUARDED_BY(mutex_);
  std::list<std::string> by_use_ GUARDED_BY(mutex_);  // directories, most recently used first
  std::optional<Known> root_ GUARDED_BY(mutex_);
  std::size_t entries_ GUARDED_BY(mutex_) = 0;
  std::size_t foreign_bytes_ GUARDED_BY(mutex_) = 0;
  std::size_t attributes_ GUARDED_BY(mutex_) = 0;
  std::uint32_t serial_ GUARDED_BY(mutex_) = 0;
};

/// True of `top` itself, of every path below it, and of everything when it is the root (""). Paths
/// are compared by components: "ab" is not below "a".
[[nodiscard]] bool is_at_or_below(std::string_view path, std::string_view top);
/// "a/b/c" -> "a/b" and "c"; "c" -> "" and "c".
std::string parent_path(const std::string& path);
std::string last_name(const std::string& path);
std::string join_path(const std::string& directory, std::string_view name);

}  // namespace pailfs::fs
