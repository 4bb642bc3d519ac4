// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "node_tables.h"

namespace pailfs::fs {

/// What paths are, absent ones included, without asking the store; believed for a limited time.
/// Paths are relative to the mount. The owner reports our own changes with `stored`, `removed` and
/// `erase_below`, so that what we did is seen at once. Any thread may call any member; none waits.
///
/// Attributes whose time has passed stay, unbelieved, until a listing shows the same object (ETag,
/// size and time of last modification): then they are good again, a thousand with one request. Not
/// so those that we stored ourselves and that the store has not told us of since: what another
/// client changed right after us looks the same, so that a listing gives them no time beyond that
/// which they had from the start.
class NodeCache final {
 public:
  explicit NodeCache(NodeTables& tables) : tables_(tables) {}

  /// Form::absent: known not to exist. Nothing: not known.
  [[nodiscard]] std::optional<Node> find(const std::string& path) EXCLUDES(tables_.mutex);
  /// What we stored there, as long as the store has told us nothing of it since.
  [[nodiscard]] std::optional<Node> stored_unseen(const std::string& path) EXCLUDES(tables_.mutex);
  /// When the entry was learnt; nothing if it is not known.
  [[nodiscard]] std::optional<MonoTime> learnt_at(const std::string& path) EXCLUDES(tables_.mutex);
  /// What it was when it was last known or listed, be it ever so long ago. Only to guess what to
  /// ask first.
  [[nodiscard]] std::optional<Form> last_form(const std::string& path) EXCLUDES(tables_.mutex);

  /// As the store showed it to a question asked at `asked`; what was learnt since then, by our own
  /// changes above all, is younger and stays.
  void learn(const std::string& path, const Node& node, MonoTime asked) EXCLUDES(tables_.mutex);
  /// Sets in `node`, which the store has just told of an object, the ctime of a change that we
  /// confirmed without telling the store, if it is the object that we know.
  void keep_ctime(const std::string& path, Node& node) EXCLUDES(tables_.mutex);
  void erase(const std::string& path) EXCLUDES(tables_.mutex);
  /// The store has denied that it has this version: then nothing is known of the path, unless it is
  /// another version.
  void denied(const std::string& path, const store::ETag& version) EXCLUDES(tables_.mutex);
  /// A change of ours may have been made or not: nothing is known of the path, nor does a listing
  /// of its directory that lacks it prove anything.
  void doubted(const std::string& path) EXCLUDES(tables_.mutex);

  /// We put an object there / took it away: attributes and the parent's listing follow.
  void stored(const std::string& path, const Node& node) EXCLUDES(tables_.mutex);
  void removed(const std::string& path) EXCLUDES(tables_.mutex);
  /// We took a file away: a directory of its name, which it has hidden, comes to light.
  void removed_file(const std::string& path) EXCLUDES(tables_.mutex);
  /// There are objects below `path`, which is a file.
  void mark_shadowed_directory(const std::string& path) EXCLUDES(tables_.mutex);
  /// What was asked for a file or directory is so already: only the time of the change is new.
  /// False when nothing is remembered of it, so that the store has to be told.
  bool set_ctime_if_known(const std::string& path, WallTime ctime) EXCLUDES(tables_.mutex);
  /// We made this directory just now: nothing is in it.
  void made_directory(const std::string& directory) EXCLUDES(tables_.mutex);
  /// Forgets what is below a path, listings included; with the second also what it is itself, which
  /// then may be there or not.
  void erase_inside(const std::string& path) EXCLUDES(tables_.mutex);
  void erase_below(const std::string& path) EXCLUDES(tables_.mutex);

  struct Sizes {
    std::size_t attributes = 0;
    std::size_t listings = 0;
  };
  [[nodiscard]] Sizes sizes() EXCLUDES(tables_.mutex);

 private:
  void take_out(const std::string& path) REQUIRES(tables_.mutex);

  NodeTables& tables_;
};

}  // namespace pailfs::fs
