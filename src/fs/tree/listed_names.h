// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node_tables.h"

namespace pailfs::fs {

/// What listings tell of names, for classes that decide which request to send, now or ahead of the
/// program. Any thread may call any member; none waits.
class ListedNames final {
 public:
  explicit ListedNames(NodeTables& tables) : tables_(tables) {}

  /// Whether a listing that is young enough shows the name; `name` is filled when it does.
  [[nodiscard]] Presence presence(const std::string& path, ListedName& name)
      EXCLUDES(tables_.mutex);
  /// The name as shown by a listing that is young enough, or by one of at most that age that a
  /// program is still reading: rm -r of a thousand names lists them first.
  [[nodiscard]] std::optional<ListedName> find_for_reader(const std::string& path,
                                                          std::chrono::nanoseconds age)
      EXCLUDES(tables_.mutex);
  /// How old a complete listing may be that tells whether a directory is empty.
  struct Ages {
    std::chrono::nanoseconds any{};
    std::chrono::nanoseconds of_emptied{};  ///< when we have removed names since
  };
  /// Whether the directory has a name in it, by a listing and our own changes since.
  [[nodiscard]] std::optional<bool> has_names(const std::string& directory, const Ages& ages)
      EXCLUDES(tables_.mutex);
  /// The directory's own object, as its listing shows it.
  [[nodiscard]] Presence marker(const std::string& directory) EXCLUDES(tables_.mutex);
  /// How many directories are in a directory; nothing unless a fresh listing and the known
  /// attributes of its names leave no doubt. Not told of directories with very many names.
  [[nodiscard]] std::optional<std::size_t> subdirectories(const std::string& directory)
      EXCLUDES(tables_.mutex);

  /// The directory has been listed in one page before, so that listing it again is the cheapest
  /// question about any of its names.
  [[nodiscard]] bool fits_one_page(const std::string& directory) EXCLUDES(tables_.mutex);
  /// The requests by which to ask about a name that no listing tells of.
  enum class Question {
    both,    ///< for the object and for names below it, side by side
    name,    ///< it is likely to be absent: one listing of the keys that begin with it
    listing  ///< the whole directory: its names were asked about in vain as often as it has pages
  };
  [[nodiscard]] Question question(const std::string& path) EXCLUDES(tables_.mutex);
  /// Notes whether the store had a name that no listing tells of.
  void asked(const std::string& path, bool found) EXCLUDES(tables_.mutex);

  /// The place of a name among those of its directory, in the order of listings, and whether it is
  /// certainly a regular file.
  struct Place {
    SlotId id = 0;
    SlotId end = 0;  ///< of all of them
    bool is_file = false;
  };
  [[nodiscard]] std::optional<Place> place(const std::string& path) EXCLUDES(tables_.mutex);
  /// Selects existing names of a directory, in a range of places, whose attributes are not known.
  struct WithoutAttributes {
    SlotId from = 0;
    std::size_t end = 0;
    bool all = true;  ///< also those that are certain to be regular files
    std::optional<std::chrono::nanoseconds> age = std::nullopt;  ///< also files learnt before that
  };
  using Names = std::vector<std::pair<std::string, ListedName>>;
  [[nodiscard]] Names select(const std::string& directory, const WithoutAttributes& which)
      EXCLUDES(tables_.mutex);
  /// The next directories that follow the name, as far as they are known to be there.
  [[nodiscard]] std::vector<std::string> directories_after(const std::string& path,
                                                           std::size_t most)
      EXCLUDES(tables_.mutex);

 private:
  NodeTables& tables_;
};

}  // namespace pailfs::fs
