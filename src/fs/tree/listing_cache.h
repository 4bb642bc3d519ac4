// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "listing_cursor.h"
#include "node_tables.h"

namespace pailfs::fs {

/// Listings of directories, as their pages come in and as programs read them; a page confirms or
/// ends older knowledge of its names. Any thread may call any member; none waits. A cursor is used
/// by one thread at a time.
class ListingCache final {
 public:
  explicit ListingCache(NodeTables& tables) : tables_(tables) {}

  /// A complete reading if a listing young enough is known; nothing otherwise.
  [[nodiscard]] ListingCursorPtr known_reading(const std::string& directory)
      EXCLUDES(tables_.mutex);
  /// `whole` false: names that the complete reading lacks are not taken for absent.
  [[nodiscard]] ListingCursorPtr begin_reading(const std::string& directory, MonoTime asked,
                                               bool whole = true) EXCLUDES(tables_.mutex);
  /// Puts a reading that has begun aside, which the caller then uses no more; the next reader of
  /// the directory may take it, as long as its listing would be believed.
  void save_reading(ListingCursorPtr reading) EXCLUDES(tables_.mutex);
  [[nodiscard]] ListingCursorPtr take_saved(const std::string& directory) EXCLUDES(tables_.mutex);
  /// For a new reading of which nothing was read yet: its order begins with that of `earlier`, so
  /// that a place means the same in both; names that `earlier` did not have follow. A name of
  /// `earlier` is shown as soon as the new one has listed it.
  void keep_order(const ListingCursorPtr& reading, const ListingCursorPtr& earlier)
      EXCLUDES(tables_.mutex);

  /// A listing of the directory that was asked for before this moment is older than the directory,
  /// or than a refresh.
  [[nodiscard]] MonoTime answers_from(const std::string& directory) EXCLUDES(tables_.mutex);
  /// A complete listing young enough is known.
  [[nodiscard]] bool is_listed(const std::string& directory) EXCLUDES(tables_.mutex);
  /// True when it contains directories, and the last listing of everything below it, at any depth,
  /// was one page: listing all of it again costs no more than listing its own names.
  [[nodiscard]] bool subtree_fits_one_page(const std::string& directory) EXCLUDES(tables_.mutex);
  /// Tells that one page did not hold everything below the directory.
  void outgrew_one_page(const std::string& directory) EXCLUDES(tables_.mutex);
  /// Tells that the directory's listing has more pages than a question about one name is worth.
  void set_too_long(const std::string& directory) EXCLUDES(tables_.mutex);

  /// A page of a listing, asked for at `asked`.
  struct Page {
    std::vector<std::pair<std::string, ListedName>> names;
    std::optional<ListedName> marker;  ///< the directory's own object, on the first page
    bool marker_unknown = false;       ///< this listing cannot tell whether there is one
    bool last = false;
    bool subtree_fits_one_page = false;  ///< on the last page: see the query of that name
    std::size_t unshown = 0;             ///< keys that cannot be file names
    std::string unshown_key;             ///< the first of them
  };
  void add_page(const ListingCursorPtr& reading, const Page& page, MonoTime asked)
      EXCLUDES(tables_.mutex);
  /// The names that a reading which is done does not show, for the log; nothing if there are none,
  /// or if they were taken before and the directory's table still exists.
  [[nodiscard]] std::optional<Unshown> take_unshown(const ListingCursorPtr& reading)
      EXCLUDES(tables_.mutex);

  /// One name of a reading.
  struct Item {
    std::string name;
    ListedName listed;         ///< without its ETag
    std::optional<Stat> stat;  ///< when known
    Form form = Form::absent;  ///< likewise
    std::size_t next = 0;      ///< place of the names after it
  };
  /// The next names from place `from` on, at most `most`; none when no more have come yet.
  [[nodiscard]] std::vector<Item> items(const ListingCursorPtr& reading, std::size_t from,
                                        std::size_t most) EXCLUDES(tables_.mutex);
  /// One name, wherever it stands; nothing if it is not known to be there.
  [[nodiscard]] std::optional<Item> item(const ListingCursorPtr& reading, std::string_view name)
      EXCLUDES(tables_.mutex);
  [[nodiscard]] bool is_done(const ListingCursorPtr& reading) EXCLUDES(tables_.mutex);

 private:
  void add_name(ListingCursor& reading, const std::string& name, const ListedName& listed,
                MonoTime asked) REQUIRES(tables_.mutex);
  void see_object(Slot& slot, const ListedName& listed, MonoTime asked) REQUIRES(tables_.mutex);
  void see_again(Slot& slot, WallTime listed, MonoTime asked, MonoTime until)
      REQUIRES(tables_.mutex);
  void see_marker(ListingCursor& reading, const Page& page, MonoTime asked) REQUIRES(tables_.mutex);
  void see_nothing(const std::string& directory, const DirectoryTable& table, MonoTime asked)
      REQUIRES(tables_.mutex);
  void finish(ListingCursor& reading) REQUIRES(tables_.mutex);
  static void add_younger(ListingCursor& reading);
  SlotId keep_name(DirectoryTable& table, std::string_view name) REQUIRES(tables_.mutex);
  Item item_of(const NameTable& names, SlotId id) REQUIRES(tables_.mutex);

  NodeTables& tables_;
  std::uint32_t serial_ GUARDED_BY(tables_.mutex) = 0;
};

}  // namespace pailfs::fs
