// SPDX-License-Identifier: Apache-2.0
#include "node_cache.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

/// What the store shows now is not what it showed, or we put there, before.
bool shows_foreign_change(const DirectoryTable* table, const Slot* slot, const Node& node) {
  if (node.form != Form::file || table == nullptr) return false;
  if (slot == nullptr) return table->complete.has_value();
  if (slot->state == Slot::State::absent) return true;
  // The tag of a name whose attributes are not known is a listing's.
  return slot->file && !slot->tag.equals(node.info.etag);
}

}  // namespace

std::optional<Node> NodeCache::find(const std::string& path) {
  MutexLock lock(tables_.mutex);
  const MonoTime now = tables_.clock().now();
  NodeTables::TablePtr table;
  Slot* slot = tables_.find_slot(path, table);
  if (slot == nullptr || slot->state == Slot::State::unknown || slot->expires <= now) {
    return std::nullopt;
  }
  if (slot->state == Slot::State::absent && tables_.is_absence_over(slot->learnt)) {
    return std::nullopt;
  }
  // Absent names do not live on: a program that asks for one again and again must see it appear.
  const bool may_live_on = slot->state == Slot::State::known && slot->time == Slot::Time::told;
  if (tables_.config().ttl_from_last_use && may_live_on) {
    slot->expires = now + tables_.lifetimes().attributes();
  }
  return tables_.node_of(*slot);
}

std::optional<Node> NodeCache::stored_unseen(const std::string& path) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* const slot = tables_.find_slot(path, table);
  const bool unseen = slot != nullptr && slot->state == Slot::State::known &&
                      slot->form == Form::file && slot->time == Slot::Time::estimated;
  return unseen ? std::optional(tables_.node_of(*slot)) : std::nullopt;
}

std::optional<MonoTime> NodeCache::learnt_at(const std::string& path) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* slot = tables_.find_slot(path, table);
  if (slot == nullptr || slot->state == Slot::State::unknown) return std::nullopt;
  if (slot->state == Slot::State::absent && tables_.is_absence_over(slot->learnt)) {
    return std::nullopt;
  }
  return slot->expires > tables_.clock().now() ? std::optional(slot->learnt) : std::nullopt;
}

MonoTime NodeCache::answers_from(const std::string& path) {
  MutexLock lock(tables_.mutex);
  return tables_.answers_from(path);
}

std::optional<Form> NodeCache::last_form(const std::string& path) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* slot = tables_.find_slot(path, table);
  if (slot == nullptr) return std::nullopt;
  if (slot->state == Slot::State::known) return slot->form;
  const bool listed_as_file = slot->state == Slot::State::unknown && slot->file && !slot->directory;
  return listed_as_file ? std::optional(Form::file) : std::nullopt;
}

void NodeCache::learn(const std::string& path, const Node& node, MonoTime asked) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* slot = tables_.find_slot(path, table);
  if (asked < tables_.answers_from(path) || (table && table->swept > asked)) return;
  const bool younger = slot != nullptr && slot->state != Slot::State::unknown &&
                       slot->learnt > asked && slot->expires > tables_.clock().now();
  if (younger) return;
  if (shows_foreign_change(table.get(), slot, node)) tables_.end_absences(tables_.clock().now());
  Slot* const put = tables_.put_path(path, node);
  if (put == nullptr || node.form != Form::absent) return;
  // A listing asked for after this is younger.
  put->learnt = asked;
  put->expires = tables_.absent_until(asked);
}

void NodeCache::keep_ctime(const std::string& path, Node& node) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* const slot = tables_.find_slot(path, table);
  if (slot == nullptr || !slot->attributes || slot->form != node.form) return;
  ListedName now;
  now.size = node.info.size;
  now.etag = node.info.etag;
  now.last_modified = node.info.last_modified;
  if (!shows_same_object(*slot, now)) return;
  node.stat.ctime = std::max(node.stat.ctime, slot->attributes->stat().ctime);
}

void NodeCache::erase(const std::string& path) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  tables_.forget_path(path, table);
}

void NodeCache::denied(const std::string& path, const store::ETag& version) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* const slot = tables_.find_slot(path, table);
  if (slot == nullptr || slot->state != Slot::State::known || !slot->tag.equals(version)) return;
  tables_.forget_path(path, table);
}

void NodeCache::doubted(const std::string& path) {
  MutexLock lock(tables_.mutex);
  tables_.changed(path);
  tables_.doubt(path);
}

void NodeCache::stored(const std::string& path, const Node& node) {
  MutexLock lock(tables_.mutex);
  tables_.changed(path);
  Slot* const slot = tables_.put_path(path, node);
  if (slot != nullptr && node.info.last_modified == WallTime{}) {
    slot->last_modified = tables_.clock().wall();
    slot->time = Slot::Time::estimated;
  }
  doubt_absences_above(path);
  if (node.form != Form::directory_marker) return;
  if (const NodeTables::TablePtr own = tables_.table(path)) {
    own->marker = Presence::present;
    own->marker_seen = tables_.clock().now();
  }
}

/// An object below a directory shows that there is one, though another client may have removed its
/// own object.
void NodeCache::doubt_absences_above(const std::string& path) {
  for (std::string above = parent_path(path); !above.empty(); above = parent_path(above)) {
    NodeTables::TablePtr table;
    const Slot* const slot = tables_.find_slot(above, table);
    if (!table) return;
    const bool unlisted = table->complete && tables_.clock().now() < table->absent_until;
    if (slot != nullptr ? slot->state != Slot::State::absent : !unlisted) return;
    tables_.doubt(above);
  }
}

bool NodeCache::set_ctime_if_known(const std::string& path, WallTime ctime) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* const slot = tables_.find_slot(path, table);
  if (slot == nullptr || !slot->attributes) return false;
  if (slot->expires <= tables_.clock().now()) return false;
  slot->attributes->set_ctime(ctime);
  return true;
}

void NodeCache::removed(const std::string& path) {
  MutexLock lock(tables_.mutex);
  take_out(path);
}

void NodeCache::take_out(const std::string& path) {
  tables_.changed_below(path);
  tables_.put_path(path, Node{});
  tables_.drop_table(path);
  if (const NodeTables::TablePtr above = tables_.table(parent_path(path)))
    above->names_removed = tables_.clock().now();
}

void NodeCache::removed_file(const std::string& path) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* const slot = tables_.find_slot(path, table);
  const bool hid_directory = slot != nullptr && slot->file && slot->directory;
  if (!hid_directory) {
    take_out(path);
    return;
  }
  tables_.changed(path);
  Node directory;
  directory.form = Form::implicit_directory;
  // Only the directory's existence is known, not its attributes.
  if (Slot* const shown = tables_.put_path(path, directory)) shown->expires = tables_.clock().now();
}

void NodeCache::mark_shadowed_directory(const std::string& path) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.make_table(parent_path(path));
  Slot& slot = table->names.at(table->names.make(last_name(path)));
  if (slot.state != Slot::State::absent) slot.directory = true;
  tables_.settle(*table);
}

void NodeCache::made_directory(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  tables_.changed_below(directory);
  tables_.drop_table(directory);
  const NodeTables::TablePtr table = tables_.make_table(directory);
  // A listing that was asked for before this may show names that are gone.
  table->complete = table->marker_seen = table->swept = tables_.clock().now();
  table->absent_until = tables_.clock().now() + tables_.lifetimes().absences();
  table->pages = 1;
  table->marker = Presence::present;
  tables_.settle(*table);
}

void NodeCache::erase_inside(const std::string& path) {
  MutexLock lock(tables_.mutex);
  tables_.changed_below(path);
  tables_.drop_tables(path);
}

void NodeCache::erase_below(const std::string& path) {
  MutexLock lock(tables_.mutex);
  tables_.changed_below(path);
  erase_all(path);
}

void NodeCache::refresh_below(const std::string& path) {
  MutexLock lock(tables_.mutex);
  tables_.begin_anew();
  erase_all(path);
  // A listing that lacks the name has no entry for it.
  if (path.empty()) return;
  const NodeTables::TablePtr above = tables_.table(parent_path(path));
  if (!above) return;
  above->complete.reset();
  above->saved = nullptr;  // a listing begun before, which the next reader would go on with
}

void NodeCache::refresh_names(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  tables_.begin_anew();
  tables_.drop_table(directory);
  // What would show that another client has changed something is forgotten.
  tables_.end_absences(tables_.clock().now());
}

void NodeCache::erase_all(const std::string& path) {
  tables_.drop_tables(path);
  NodeTables::TablePtr table;
  Slot* slot = tables_.forget_path(path, table);
  if (slot == nullptr) return;
  slot->seen = {};
  table->complete.reset();  // it may or may not be there
}

NodeCache::Sizes NodeCache::sizes() {
  MutexLock lock(tables_.mutex);
  return {tables_.attributes(), tables_.complete_listings()};
}

}  // namespace pailfs::fs
