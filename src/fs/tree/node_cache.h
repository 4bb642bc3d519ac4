// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "node_tables.h"

namespace pailfs::fs {

/// Nodes of paths, absent ones included, known without a request and believed for a limited time.
/// Paths are relative to the mount. The owner reports our own changes with `stored`, `removed` and
/// `erase_below`, so that they are seen at once. Any thread may call any member; none waits.
///
/// Attributes whose time has passed stay, unbelieved, until a listing shows the same object (ETag,
/// size and time of last modification): then they are good again, a thousand with one request. This
/// does not hold for attributes that we stored ourselves and that the store has not shown us since:
/// a change by another client right after ours would look the same in a listing, so a listing does
/// not prolong them.
class NodeCache final {
 public:
  explicit NodeCache(NodeTables& tables) : tables_(tables) {}

  /// Form::absent: known not to exist. Nothing: not known.
  [[nodiscard]] std::optional<Node> find(const std::string& path) EXCLUDES(tables_.mutex);
  /// The node that we stored there, if the store has not shown it to us since.
  [[nodiscard]] std::optional<Node> stored_unseen(const std::string& path) EXCLUDES(tables_.mutex);
  /// When the entry was learnt; nothing if it is not known.
  [[nodiscard]] std::optional<MonoTime> learnt_at(const std::string& path) EXCLUDES(tables_.mutex);
  /// An answer to a request about the path that was sent before this moment is older than a change
  /// of ours, or than a refresh.
  [[nodiscard]] MonoTime answers_from(const std::string& path) EXCLUDES(tables_.mutex);
  /// The form when the path was last known or listed, however long ago. Only to guess which request
  /// to send first.
  [[nodiscard]] std::optional<Form> last_form(const std::string& path) EXCLUDES(tables_.mutex);

  /// Takes the node that the store showed to a request sent at `asked`. Knowledge learnt since
  /// then, such as our own changes, is younger and stays.
  void learn(const std::string& path, const Node& node, MonoTime asked) EXCLUDES(tables_.mutex);
  /// Sets the ctime in `node`, which the store has just shown, to that of a change that we
  /// acknowledged without a request (set_ctime_if_known), if it is the same object.
  void keep_ctime(const std::string& path, Node& node) EXCLUDES(tables_.mutex);
  void erase(const std::string& path) EXCLUDES(tables_.mutex);
  /// Tells that the store does not have this version any more: forgets the path, unless another
  /// version is known.
  void denied(const std::string& path, const store::ETag& version) EXCLUDES(tables_.mutex);
  /// Tells that a change of ours may have been made or not: nothing is known of the path, and a
  /// listing of its directory that lacks it proves nothing.
  void doubted(const std::string& path) EXCLUDES(tables_.mutex);

  /// We put an object there / took it away: attributes and the parent's listing follow.
  void stored(const std::string& path, const Node& node) EXCLUDES(tables_.mutex);
  void removed(const std::string& path) EXCLUDES(tables_.mutex);
  /// We removed a file: a directory of its name, which it has hidden, is visible again.
  void removed_file(const std::string& path) EXCLUDES(tables_.mutex);
  /// Tells that there are objects below `path`, which is a file.
  void mark_shadowed_directory(const std::string& path) EXCLUDES(tables_.mutex);
  /// For a change of attributes to the values that they already have: only ctime is new, and the
  /// store is not told. False when the node is not known, so that the store must be told.
  bool set_ctime_if_known(const std::string& path, WallTime ctime) EXCLUDES(tables_.mutex);
  /// Tells that we made this directory just now, so it is empty.
  void made_directory(const std::string& directory) EXCLUDES(tables_.mutex);
  /// We moved what is below a path away, or something there: forgets all of it, listings included;
  /// erase_below() forgets the path itself too.
  void erase_inside(const std::string& path) EXCLUDES(tables_.mutex);
  void erase_below(const std::string& path) EXCLUDES(tables_.mutex);
  /// The same, and what requests bring that were sent before now is not learnt.
  void refresh_below(const std::string& path) EXCLUDES(tables_.mutex);

  /// The same of the names in a directory, and of nothing below them. No absence that was learnt
  /// before, of any name, is believed afterwards.
  void refresh_names(const std::string& directory) EXCLUDES(tables_.mutex);

  struct Sizes {
    std::size_t attributes = 0;
    std::size_t listings = 0;
  };
  [[nodiscard]] Sizes sizes() EXCLUDES(tables_.mutex);

 private:
  void erase_all(const std::string& path) REQUIRES(tables_.mutex);
  void doubt_absences_above(const std::string& path) REQUIRES(tables_.mutex);
  void take_out(const std::string& path) REQUIRES(tables_.mutex);

  NodeTables& tables_;
};

}  // namespace pailfs::fs
