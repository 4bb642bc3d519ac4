// SPDX-License-Identifier: Apache-2.0
// Tables and their entries; our own changes to them.
#include "node_cache.h"

#include <algorithm>

#include "directory_table.h"

namespace pailfs::fs {
namespace {

/// What one entry may take on average: bounds what is kept of foreign metadata.
constexpr std::size_t kBytesPerEntry = 250;
/// Part of the bound that tables may have beside one that fills all of it.
constexpr std::size_t kOthersShare = 8;
/// Names known to be absent are swept out when there are this many.
constexpr std::size_t kManyAbsent = 1024;

/// How long an absent name is believed to be absent: what the kernel trusts an answer for.
constexpr std::chrono::seconds kAbsence{1};

}  // namespace

NodeCache::NodeCache(const Config& config, Clock& clock)
    : config_(config),
      attribute_ttl_(config.attribute_ttl),
      ttl_from_last_use_(config.ttl_from_last_use),
      listing_ttl_(std::min(config.listing_ttl, config.attribute_ttl)),
      absence_ttl_(std::min(kAbsence, listing_ttl_)),
      limit_(config.max_cached_attributes),
      clock_(clock) {}

// ---- tables ----

NodeCache::TablePtr NodeCache::table(const std::string& directory) {
  const auto found = tables_.find(directory);
  if (found == tables_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, found->second->use);
  return found->second;
}

NodeCache::TablePtr NodeCache::make_table(const std::string& directory) {
  if (auto known = table(directory)) return known;
  by_use_.push_front(directory);
  auto made = std::make_shared<DirectoryTable>(by_use_.begin());
  tables_.emplace(directory, made);
  return made;
}

void NodeCache::drop_table(const std::string& directory) {
  const auto found = tables_.find(directory);
  if (found == tables_.end()) return;
  DirectoryTable& table = *found->second;
  for (SlotId id = 0; id < table.names.end(); ++id) {
    Slot& slot = table.names.at(id);
    forget_attributes(slot);
    // Readings go on with the names; what they are now is not this table's to tell any more.
    if (slot.state == Slot::State::known) slot.state = Slot::State::unknown;
  }
  entries_ -= table.counted;
  table.counted = 0;
  table.dropped = true;
  table.parked = nullptr;  // it holds the table
  by_use_.erase(table.use);
  tables_.erase(found);
}

/// After the table has changed: counts it, and makes room.
void NodeCache::settle(DirectoryTable& table) {
  if (table.dropped) return;
  if (table.absent > kManyAbsent && table.absent > table.names.live() / 2 &&
      table.live_readings(clock_.now() - listing_ttl_) == 0) {
    for (SlotId id = 0; id < table.names.end(); ++id) {
      if (table.names.at(id).state == Slot::State::absent) table.names.free(id);
    }
    table.absent = 0;
    table.swept = clock_.now();
    if (table.names.worth_compacting()) table.compact();
  }
  const std::size_t weight = table.names.live() + kTableWeight;
  entries_ += weight - table.counted;
  table.counted = weight;
  if (entries_ <= limit_) return;
  std::vector<std::string> doomed;
  std::size_t left = entries_;
  // Beside one that alone is too large the others need little, and it needs them: above all those
  // that say what it is itself.
  std::size_t others = entries_ - table.counted;
  for (auto it = by_use_.rbegin();
       it != by_use_.rend() && left > limit_ && others > limit_ / kOthersShare; ++it) {
    DirectoryTable& victim = *tables_.at(*it);
    if (*it == by_use_.front() || &victim == &table ||
        victim.live_readings(clock_.now() - listing_ttl_) > 0)
      continue;
    left -= victim.counted;
    others -= victim.counted;
    doomed.push_back(*it);
  }
  for (const std::string& directory : doomed) drop_table(directory);
  // Names looked up one by one; what is being read or was listed stays whole.
  const bool whole = is_fresh(table) || table.live_readings(clock_.now() - listing_ttl_) > 0;
  if (entries_ <= limit_ || whole) return;
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

bool NodeCache::is_fresh(const DirectoryTable& table) {
  return table.complete && clock_.now() < *table.complete + listing_ttl_;
}

/// Of an answer that comes now. From its coming on, for a slow store would be asked twice otherwise
/// when a name is looked up and then made; but a listing may have taken its reader long.
MonoTime NodeCache::absent_until(MonoTime asked) {
  return std::max(asked + absence_ttl_,
                  std::min(clock_.now() + absence_ttl_, asked + listing_ttl_));
}

// ---- entries ----

void NodeCache::forget_attributes(Slot& slot) {
  if (!slot.attributes) return;
  foreign_bytes_ -= slot.attributes->extra();
  --attributes_;
  slot.attributes.reset();
}

void NodeCache::put(DirectoryTable& table, Slot& slot, const Node& node) {
  const MonoTime now = clock_.now();
  const bool absent = node.form == Form::absent;
  if (slot.state == Slot::State::absent) --table.absent;
  if (absent) ++table.absent;
  forget_attributes(slot);
  slot.state = absent ? Slot::State::absent : Slot::State::known;
  slot.form = node.form;
  slot.learnt = now;
  slot.expires = now + (absent ? absence_ttl_ : attribute_ttl_);
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
  if (node.form == Form::implicit_directory) return;
  auto packed = std::make_unique<PackedAttributes>(node.stat, node.info.attributes, types_);
  if (foreign_bytes_ + packed->extra() > limit_ * kBytesPerEntry) {
    slot.state = Slot::State::unknown;
    return;
  }
  foreign_bytes_ += packed->extra();
  ++attributes_;
  slot.attributes = std::move(packed);
}

Node NodeCache::node_of(const Slot& slot) {
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
  node.stat.size = is_directory(node.form) ? 4096 : slot.size;
  return node;
}

Slot* NodeCache::find_slot(const std::string& path, TablePtr& table) {
  table = this->table(parent_path(path));
  if (!table) return nullptr;
  const SlotId id = table->names.find(last_name(path));
  return id == kNoSlot ? nullptr : &table->names.at(id);
}

Slot* NodeCache::put_path(const std::string& path, const Node& node) {
  if (path.empty()) {
    const MonoTime now = clock_.now();
    root_ = Known{node, now, now + attribute_ttl_};
    return nullptr;
  }
  const TablePtr table = make_table(parent_path(path));
  table->newest = table->names.make(last_name(path));
  put(*table, table->names.at(table->newest), node);
  settle(*table);
  TablePtr unused;
  return find_slot(path, unused);
}

std::optional<Node> NodeCache::find(const std::string& path) {
  MutexLock lock(mutex_);
  const MonoTime now = clock_.now();
  if (path.empty()) {
    if (!root_ || root_->expires <= now) return std::nullopt;
    if (ttl_from_last_use_) root_->expires = now + attribute_ttl_;
    return root_->node;
  }
  TablePtr table;
  Slot* slot = find_slot(path, table);
  if (slot == nullptr || slot->state == Slot::State::unknown || slot->expires <= now) {
    return std::nullopt;
  }
  // Not what is absent: whoever waits for a name by asking for it must see it come.
  const bool may_live_on = slot->state == Slot::State::known && slot->time == Slot::Time::told;
  if (ttl_from_last_use_ && may_live_on) {
    slot->expires = now + attribute_ttl_;
  }
  return node_of(*slot);
}

std::optional<Node> NodeCache::stored_unseen(const std::string& path) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* const slot = path.empty() ? nullptr : find_slot(path, table);
  const bool unseen = slot != nullptr && slot->state == Slot::State::known &&
                      slot->form == Form::file && slot->time == Slot::Time::estimated;
  return unseen ? std::optional(node_of(*slot)) : std::nullopt;
}

std::optional<MonoTime> NodeCache::learnt(const std::string& path) {
  MutexLock lock(mutex_);
  const MonoTime now = clock_.now();
  if (path.empty()) {
    if (!root_ || root_->expires <= now) return std::nullopt;
    return root_->learnt;
  }
  TablePtr table;
  const Slot* slot = find_slot(path, table);
  if (slot == nullptr || slot->state == Slot::State::unknown || slot->expires <= now) {
    return std::nullopt;
  }
  return slot->learnt;
}

std::optional<Form> NodeCache::last_form(const std::string& path) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* slot = path.empty() ? nullptr : find_slot(path, table);
  if (slot == nullptr) return std::nullopt;
  if (slot->state == Slot::State::known) return slot->form;
  const bool listed_as_file = slot->state == Slot::State::unknown && slot->file && !slot->directory;
  return listed_as_file ? std::optional(Form::file) : std::nullopt;
}

void NodeCache::learn(const std::string& path, const Node& node, MonoTime asked) {
  MutexLock lock(mutex_);
  if (path.empty()) {
    if (!root_ || root_->learnt <= asked) put_path(path, node);
    return;
  }
  TablePtr table;
  const Slot* slot = find_slot(path, table);
  if (table && table->swept > asked) return;
  const bool younger = slot != nullptr && slot->state != Slot::State::unknown &&
                       slot->learnt > asked && slot->expires > clock_.now();
  if (younger) return;
  Slot* const put = put_path(path, node);
  if (put == nullptr || node.form != Form::absent) return;
  // What a listing shows that was asked for after this is younger.
  put->learnt = asked;
  put->expires = absent_until(asked);
}

Slot* NodeCache::forget_path(const std::string& path, TablePtr& table) {
  if (path.empty()) {
    root_.reset();
    return nullptr;
  }
  Slot* slot = find_slot(path, table);
  if (slot == nullptr) return nullptr;
  if (slot->state == Slot::State::absent) --table->absent;
  forget_attributes(*slot);
  slot->state = Slot::State::unknown;
  return slot;
}

void NodeCache::erase(const std::string& path) {
  MutexLock lock(mutex_);
  TablePtr table;
  forget_path(path, table);
}

void NodeCache::denied(const std::string& path, const store::ETag& version) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* const slot = path.empty() ? nullptr : find_slot(path, table);
  if (slot == nullptr || slot->state != Slot::State::known || !slot->tag.equals(version)) return;
  forget_path(path, table);
}

void NodeCache::doubted(const std::string& path) {
  MutexLock lock(mutex_);
  doubt(path);
}

void NodeCache::doubt(const std::string& path) {
  TablePtr table;
  if (Slot* const slot = forget_path(path, table)) slot->file = slot->directory = false;
  if (table) table->complete.reset();
  if (const TablePtr own = this->table(path)) own->marker = Presence::unknown;
}

// ---- our own changes ----

void NodeCache::stored(const std::string& path, const Node& node) {
  MutexLock lock(mutex_);
  Slot* const slot = put_path(path, node);
  if (path.empty()) return;
  if (slot != nullptr && node.info.last_modified == WallTime{}) {
    slot->last_modified = clock_.wall();
    slot->time = Slot::Time::estimated;
  }
  if (node.form != Form::directory_marker) return;
  if (const TablePtr own = this->table(path)) {
    own->marker = Presence::present;
    own->marker_seen = clock_.now();
  }
}

bool NodeCache::confirmed(const std::string& path, WallTime ctime) {
  MutexLock lock(mutex_);
  const MonoTime now = clock_.now();
  if (path.empty()) {
    if (!root_ || root_->expires <= now) return false;
    root_->node.stat.ctime = ctime;
    return true;
  }
  TablePtr table;
  const Slot* const slot = find_slot(path, table);
  if (slot == nullptr || !slot->attributes || slot->expires <= now) return false;
  slot->attributes->set_ctime(ctime);
  return true;
}

void NodeCache::removed(const std::string& path) {
  MutexLock lock(mutex_);
  take_out(path);
}

void NodeCache::take_out(const std::string& path) {
  put_path(path, Node{});
  drop_table(path);
  if (path.empty()) return;
  if (const TablePtr above = table(parent_path(path))) above->names_removed = true;
}

void NodeCache::removed_file(const std::string& path) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* const slot = find_slot(path, table);
  const bool hid_directory = slot != nullptr && slot->file && slot->directory;
  if (!hid_directory) {
    take_out(path);
    return;
  }
  Node directory;
  directory.form = Form::implicit_directory;
  // Its attributes are the store's to tell.
  if (Slot* const shown = put_path(path, directory)) shown->expires = clock_.now();
}

void NodeCache::hides_names(const std::string& path) {
  MutexLock lock(mutex_);
  const TablePtr table = make_table(parent_path(path));
  Slot& slot = table->names.at(table->names.make(last_name(path)));
  if (slot.state != Slot::State::absent) slot.directory = true;
  settle(*table);
}

void NodeCache::listed_empty(const std::string& directory) {
  MutexLock lock(mutex_);
  drop_table(directory);
  const TablePtr table = make_table(directory);
  // Whatever a listing shows that was asked for before is gone.
  table->complete = table->marker_seen = table->swept = clock_.now();
  table->absent_until = clock_.now() + absence_ttl_;
  table->pages = 1;
  table->marker = Presence::present;
  settle(*table);
}

void NodeCache::erase_inside(const std::string& path) {
  MutexLock lock(mutex_);
  std::vector<std::string> doomed;
  for (const auto& [directory, table] : tables_) {
    if (is_at_or_below(directory, path)) doomed.push_back(directory);
  }
  for (const std::string& directory : doomed) drop_table(directory);
}

void NodeCache::erase_below(const std::string& path) {
  erase_inside(path);
  MutexLock lock(mutex_);
  TablePtr table;
  Slot* slot = forget_path(path, table);
  if (slot == nullptr) return;
  slot->seen = {};
  table->complete.reset();  // it may or may not be there
}

bool is_at_or_below(std::string_view path, std::string_view top) {
  if (top.empty()) return true;
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

std::string parent_path(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string last_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string join_path(const std::string& directory, std::string_view name) {
  return directory.empty() ? std::string(name) : directory + "/" + std::string(name);
}

}  // namespace pailfs::fs
