// SPDX-License-Identifier: Apache-2.0
#include "node_tables.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

/// Bytes of one entry on average, which bounds the foreign metadata that is kept.
constexpr std::size_t kBytesPerEntry = 250;
/// Part of the bound that tables may have beside one that fills all of it.
constexpr std::size_t kOthersShare = 8;
/// Names known to be absent are swept out when there are this many.
constexpr std::size_t kManyAbsent = 1024;

/// Our clock, and the moment between asking and being answered, may be this far from the store's.
constexpr std::chrono::seconds kEstimate{2};

}  // namespace

NodeTables::NodeTables(const Config& config, Clock& clock)
    : config_(config),
      lifetimes_(config),
      limit_(config.max_cached_attributes),
      clock_(clock),
      above_root_(std::make_shared<DirectoryTable>(by_use_.end())) {
  above_root_->names.make("");
}

// ---- tables ----

NodeTables::TablePtr NodeTables::table(const std::string& directory) {
  const auto found = tables_.find(directory);
  if (found == tables_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second->use);
  return found->second;
}

NodeTables::TablePtr NodeTables::make_table(const std::string& directory) {
  if (auto known = table(directory)) return known;
  by_use_.push_front(directory);
  auto made = std::make_shared<DirectoryTable>(by_use_.begin());
  tables_.emplace(directory, made);
  return made;
}

NodeTables::TablePtr NodeTables::make_loose_table() {
  auto made = std::make_shared<DirectoryTable>(std::list<std::string>::iterator());
  made->dropped = true;
  return made;
}

void NodeTables::drop_table(const std::string& directory) {
  const auto found = tables_.find(directory);
  if (found == tables_.end()) return;
  DirectoryTable& table = *found->second;
  for (SlotId id = 0; id < table.names.end(); ++id) {
    Slot& slot = table.names.at(id);
    forget_attributes(slot);
    // Readings go on with the names, but this table does not know their attributes any more.
    if (slot.state == Slot::State::known) slot.state = Slot::State::unknown;
  }
  entries_ -= table.counted;
  table.counted = 0;
  table.dropped = true;
  table.saved = nullptr;
  by_use_.erase(table.use);
  tables_.erase(found);
}

void NodeTables::settle(DirectoryTable& table) {
  if (table.dropped || is_root_table(table)) return;
  sweep_absent(table);
  const std::size_t weight = table.names.live() + kTableWeight;
  entries_ += weight - table.counted;
  table.counted = weight;
  if (entries_ > limit_) drop_others(table);
  if (entries_ > limit_) drop_names(table);
}

void NodeTables::sweep_absent(DirectoryTable& table) {
  const bool many = table.absent > kManyAbsent && table.absent > table.names.live() / 2;
  if (!many || table.live_readings(clock_.now() - lifetimes_.listings()) > 0) return;
  for (SlotId id = 0; id < table.names.end(); ++id) {
    if (table.names.at(id).state == Slot::State::absent) table.names.free(id);
  }
  table.absent = 0;
  table.swept = clock_.now();
  if (table.names.worth_compacting()) table.compact();
}

/// If one table alone exceeds the limit, a share of the others stays: they hold its parents.
void NodeTables::drop_others(const DirectoryTable& table) {
  std::vector<std::string> doomed;
  std::size_t left = entries_;
  std::size_t others = entries_ - table.counted;
  for (auto it = by_use_.rbegin();
       it != by_use_.rend() && left > limit_ && others > limit_ / kOthersShare; ++it) {
    DirectoryTable& victim = *tables_.at(*it);
    if (*it == by_use_.front() || &victim == &table ||
        victim.live_readings(clock_.now() - lifetimes_.listings()) > 0)
      continue;
    left -= victim.counted;
    others -= victim.counted;
    doomed.push_back(*it);
  }
  for (const std::string& directory : doomed) drop_table(directory);
}

/// Drops names that were looked up one by one; a directory that is being read or was listed stays
/// whole.
void NodeTables::drop_names(DirectoryTable& table) {
  if (is_fresh(table) || table.live_readings(clock_.now() - lifetimes_.listings()) > 0) return;
  for (SlotId tried = 0; tried < table.names.end() && entries_ > limit_; ++tried) {
    table.hand = (table.hand + 1) % table.names.end();
    Slot& slot = table.names.at(table.hand);
    if (table.hand == table.newest || slot.state == Slot::State::free) continue;
    if (slot.state == Slot::State::absent) --table.absent;
    forget_attributes(slot);
    table.names.free(table.hand);
    --entries_;
    --table.counted;
  }
  table.complete.reset();
}

void NodeTables::drop_tables(const std::string& top) {
  std::vector<std::string> doomed;
  for (const auto& [directory, table] : tables_) {
    if (is_at_or_below(directory, top)) doomed.push_back(directory);
  }
  for (const std::string& directory : doomed) drop_table(directory);
}

const DirectoryTable* NodeTables::peek(const std::string& directory) const {
  const auto found = tables_.find(directory);
  return found == tables_.end() ? nullptr : found->second.get();
}

std::vector<std::string> NodeTables::directories() const {
  return {by_use_.rbegin(), by_use_.rend()};
}

bool NodeTables::has_room() const {
  return entries_ + kTableWeight < limit_;
}

std::size_t NodeTables::complete_listings() const {
  std::size_t listings = 0;
  for (const auto& [directory, table] : tables_) listings += table->complete ? 1 : 0;
  return listings;
}

bool NodeTables::is_fresh(const DirectoryTable& table) const {
  return table.complete && clock_.now() < *table.complete + lifetimes_.listings();
}

/// Counts from the answer on, since otherwise a slow store would be asked twice when a name is
/// looked up and then made. Bounded by the age of the request, because a program may take long over
/// reading a listing.
MonoTime NodeTables::absent_until(MonoTime asked) const {
  return std::max(asked + lifetimes_.absences(),
                  std::min(clock_.now() + lifetimes_.absences(), asked + lifetimes_.listings()));
}

// ---- entries ----

void NodeTables::forget_attributes(Slot& slot) {
  if (!slot.attributes) return;
  foreign_bytes_ -= slot.attributes->extra();
  --attributes_;
  slot.attributes.reset();
}

void NodeTables::put(DirectoryTable& table, Slot& slot, const Node& node) {
  const MonoTime now = clock_.now();
  const bool absent = node.form == Form::absent;
  if (slot.state == Slot::State::absent) --table.absent;
  if (absent) ++table.absent;
  forget_attributes(slot);
  slot.state = absent ? Slot::State::absent : Slot::State::known;
  slot.form = node.form;
  slot.learnt = now;
  slot.expires = now + (absent ? lifetimes_.absences() : lifetimes_.attributes());
  slot.seen = now;
  slot.time = Slot::Time::told;
  slot.last_modified = node.info.last_modified;
  if (absent) {
    slot.file = slot.directory = false;
    slot.tag.assign({});
    return;
  }
  const bool object = node.form == Form::file || node.form == Form::directory_object;
  slot.file = object;
  slot.directory = slot.directory || !object;
  slot.size = node.info.size;
  slot.tag.assign(node.info.etag);
  // Implicit directories have the same attributes, except the root.
  if (node.form == Form::implicit_directory && !is_root_table(table)) return;
  auto packed = std::make_unique<PackedAttributes>(node.stat, node.info.attributes, types_);
  if (foreign_bytes_ + packed->extra() > limit_ * kBytesPerEntry) {
    slot.state = Slot::State::unknown;
    return;
  }
  foreign_bytes_ += packed->extra();
  ++attributes_;
  slot.attributes = std::move(packed);
}

Node NodeTables::node_of(const Slot& slot) const {
  Node node;
  if (slot.state == Slot::State::absent) return node;
  node.form = slot.form;
  node.info.size = slot.size;
  node.info.etag = slot.tag.get();
  node.info.last_modified = slot.last_modified;
  if (slot.attributes) {
    node.stat = slot.attributes->stat();
    node.info.attributes = slot.attributes->attributes(types_);
  } else {
    node.stat = implicit_directory_stat(config_);
  }
  node.stat.size = is_directory(node.form) ? kDirectorySize : slot.size;
  return node;
}

store::ObjectAttributes NodeTables::attributes_of(const Slot& slot) const {
  return slot.attributes ? slot.attributes->attributes(types_) : store::ObjectAttributes{};
}

Slot* NodeTables::find_slot(const std::string& path, TablePtr& table) {
  table = path.empty() ? above_root_ : this->table(parent_path(path));
  if (!table) return nullptr;
  const SlotId id = table->names.find(last_name(path));
  return id == kNoSlot ? nullptr : &table->names.at(id);
}

Slot* NodeTables::put_path(const std::string& path, const Node& node) {
  const TablePtr table = path.empty() ? above_root_ : make_table(parent_path(path));
  table->newest = table->names.make(last_name(path));
  put(*table, table->names.at(table->newest), node);
  settle(*table);
  TablePtr unused;
  return find_slot(path, unused);
}

Slot* NodeTables::forget_path(const std::string& path, TablePtr& table) {
  Slot* slot = find_slot(path, table);
  if (slot == nullptr) return nullptr;
  if (slot->state == Slot::State::absent) --table->absent;
  forget_attributes(*slot);
  slot->state = Slot::State::unknown;
  return slot;
}

void NodeTables::doubt(const std::string& path) {
  TablePtr table;
  if (Slot* const slot = forget_path(path, table)) slot->file = slot->directory = false;
  if (table) {
    table->complete.reset();
    table->saved = nullptr;
  }
  if (const TablePtr own = this->table(path)) own->marker = Presence::unknown;
}

bool NodeTables::is_seen(const Slot& slot, std::chrono::nanoseconds age) const {
  const bool there = slot.state == Slot::State::unknown || slot.state == Slot::State::known;
  return there && (slot.file || slot.directory) && clock_.now() < slot.seen + age;
}
bool is_same_second(WallTime a, WallTime b) {
  return std::chrono::floor<std::chrono::seconds>(a) == std::chrono::floor<std::chrono::seconds>(b);
}

bool shows_same_object(const Slot& slot, const ListedName& listed) {
  if (slot.size != listed.size || !slot.tag.equals(listed.etag)) return false;
  if (slot.time != Slot::Time::estimated)
    return is_same_second(slot.last_modified, listed.last_modified);
  return slot.last_modified - listed.last_modified <= kEstimate &&
         listed.last_modified - slot.last_modified <= kEstimate;
}

}  // namespace pailfs::fs
