// SPDX-License-Identifier: Apache-2.0
// What listings show, and what becomes of older knowledge by them.
#include <algorithm>
#include <utility>

#include "directory_table.h"
#include "node_cache.h"

namespace pailfs::fs {
namespace {

/// HEAD tells whole seconds, some services list more.
bool same_time(WallTime a, WallTime b) {
  return std::chrono::floor<std::chrono::seconds>(a) == std::chrono::floor<std::chrono::seconds>(b);
}

/// Our clock, and the moment between asking and being answered, may be this far from the store's.
constexpr std::chrono::seconds kEstimate{2};

bool shows_same_object(const Slot& slot, const ListedName& listed) {
  if (slot.size != listed.size || !slot.tag.equals(listed.etag)) return false;
  if (slot.time != Slot::Time::estimated)
    return same_time(slot.last_modified, listed.last_modified);
  return slot.last_modified - listed.last_modified <= kEstimate &&
         listed.last_modified - slot.last_modified <= kEstimate;
}

ListedName listed_name(const Slot& slot) {
  ListedName name;
  name.file = slot.file;
  name.directory = slot.directory;
  name.size = slot.size;
  name.etag = slot.tag.get();
  name.last_modified = slot.last_modified;
  return name;
}

bool is_certain_file(const Slot& slot) {
  return slot.file && slot.size > kLongestLink;
}

}  // namespace

void NodeCache::keep_ctime(const std::string& path, Node& node) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* const slot = path.empty() ? nullptr : find_slot(path, table);
  if (slot == nullptr || !slot->attributes || slot->form != node.form) return;
  ListedName now;
  now.size = node.info.size;
  now.etag = node.info.etag;
  now.last_modified = node.info.last_modified;
  if (!shows_same_object(*slot, now)) return;
  node.stat.ctime = std::max(node.stat.ctime, slot->attributes->stat().ctime);
}

Presence NodeCache::listed(const std::string& path, ListedName& name) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* slot = find_slot(path, table);
  if (!table) return Presence::unknown;
  const bool there =
      slot != nullptr && slot->state != Slot::State::absent && (slot->file || slot->directory);
  if (!there) {
    const bool believed = table->complete && clock_.now() < table->absent_until;
    return believed ? Presence::absent : Presence::unknown;
  }
  if (!is_seen(*slot)) return Presence::unknown;
  name = listed_name(*slot);
  return Presence::present;
}

std::optional<ListedName> NodeCache::listed_for_reader(const std::string& path,
                                                       std::chrono::nanoseconds age) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* slot = find_slot(path, table);
  if (slot == nullptr) return std::nullopt;
  const bool read = table->live_readings(clock_.now() - listing_ttl_) > 0;
  const auto most = std::min<std::chrono::nanoseconds>(age, attribute_ttl_);
  const bool seen = is_seen(*slot, read && listing_ttl_.count() > 0 ? most : listing_ttl_);
  return seen ? std::optional(listed_name(*slot)) : std::nullopt;
}

bool NodeCache::is_seen(const Slot& slot, std::chrono::nanoseconds age) {
  const bool there = slot.state == Slot::State::unknown || slot.state == Slot::State::known;
  return there && (slot.file || slot.directory) && clock_.now() < slot.seen + age;
}

std::optional<NodeCache::NamePlace> NodeCache::place(const std::string& path) {
  MutexLock lock(mutex_);
  const TablePtr table = path.empty() ? nullptr : this->table(parent_path(path));
  const SlotId id = table ? table->names.find(last_name(path)) : kNoSlot;
  if (id == kNoSlot) return std::nullopt;
  return NamePlace{id, table->names.end(), is_certain_file(table->names.at(id))};
}

NodeCache::ListedNames NodeCache::unknown(const std::string& directory, const Unknown& which) {
  MutexLock lock(mutex_);
  ListedNames found;
  const TablePtr table = which.from < which.end ? this->table(directory) : nullptr;
  if (!table) return found;
  const MonoTime now = clock_.now();
  const std::size_t end = std::min<std::size_t>(table->names.end(), which.end);
  for (SlotId id = which.from; id < end; ++id) {
    const Slot& slot = table->names.at(id);
    const bool known = slot.state == Slot::State::known && slot.expires > now;
    const bool old = known && which.age && slot.file && now >= slot.learnt + *which.age;
    if (known ? !old : !is_seen(slot)) continue;
    if (!which.all && is_certain_file(slot)) continue;
    found.emplace_back(table->names.name(id), listed_name(slot));
  }
  return found;
}

std::vector<std::string> NodeCache::directories_after(const std::string& path, std::size_t most) {
  constexpr std::size_t kFar = 1'000;
  MutexLock lock(mutex_);
  std::vector<std::string> found;
  const TablePtr table = this->table(parent_path(path));
  const SlotId id = table ? table->names.find(last_name(path)) : kNoSlot;
  if (id == kNoSlot) return found;
  const auto end = static_cast<SlotId>(std::min<std::size_t>(table->names.end(), id + 1 + kFar));
  for (SlotId next = id + 1; next < end && found.size() < most; ++next) {
    const Slot& slot = table->names.at(next);
    const bool known = slot.state == Slot::State::known && slot.expires > clock_.now();
    if (slot.directory && !slot.file && (known || is_seen(slot)))
      found.emplace_back(table->names.name(next));
  }
  return found;
}

bool NodeCache::is_listed(const std::string& directory) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  return table && is_fresh(*table);
}

bool NodeCache::is_short(const std::string& directory) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  return table && table->complete && table->pages == 1 && listing_ttl_.count() > 0;
}

NodeCache::Question NodeCache::question(const std::string& path) {
  MutexLock lock(mutex_);
  TablePtr table;
  const Slot* const slot = find_slot(path, table);
  if (!table || listing_ttl_.count() == 0) return Question::both;
  if (slot != nullptr && slot->state != Slot::State::absent && (slot->file || slot->directory)) {
    return Question::both;
  }
  // So many questions cost as much as the listing that makes them needless.
  constexpr std::size_t kUnlisted = 2;
  const std::size_t enough = table->pages == 0 ? kUnlisted : table->pages;
  if (table->misses >= enough && !table->too_long) return Question::listing;
  return table->misses > 0 || table->pages > 0 ? Question::name : Question::both;
}

void NodeCache::missed(const std::string& path, bool missed) {
  MutexLock lock(mutex_);
  const TablePtr table = make_table(parent_path(path));
  table->misses = missed ? table->misses + 1 : 0;
  settle(*table);
}

void NodeCache::set_too_long(const std::string& directory) {
  MutexLock lock(mutex_);
  if (const TablePtr table = this->table(directory)) table->too_long = true;
}

bool NodeCache::is_flat(const std::string& directory) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  return table && table->flat && listing_ttl_.count() > 0;
}

void NodeCache::set_not_flat(const std::string& directory) {
  MutexLock lock(mutex_);
  if (const TablePtr table = this->table(directory)) table->flat = false;
}

std::optional<bool> NodeCache::has_names(const std::string& directory,
                                         std::chrono::nanoseconds age) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  const auto most = std::min<std::chrono::nanoseconds>(age, attribute_ttl_);
  if (!table || !table->complete || clock_.now() >= *table->complete + most) return std::nullopt;
  if (listing_ttl_.count() == 0) return std::nullopt;
  return table->names.live() > table->absent;
}

std::optional<std::size_t> NodeCache::subdirectories(const std::string& directory) {
  constexpr std::size_t kTooMany = 1'000;
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  if (!table || !is_fresh(*table) || table->names.end() > kTooMany) return std::nullopt;
  const MonoTime now = clock_.now();
  std::size_t count = 0;
  for (SlotId id = 0; id < table->names.end(); ++id) {
    const Slot& slot = table->names.at(id);
    if (slot.state == Slot::State::free || slot.state == Slot::State::absent) continue;
    if (!slot.file) {
      count += slot.directory ? 1 : 0;
    } else if (slot.state == Slot::State::known && slot.expires > now) {
      count += is_directory(slot.form) ? 1 : 0;
    } else if (slot.size <= kLongestLink) {
      // A directory may be written as an object of its plain name: find(1) must not be told that
      // there is none.
      return std::nullopt;
    }
  }
  return count;
}

Presence NodeCache::marker(const std::string& directory) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  if (!table || clock_.now() >= table->marker_seen + listing_ttl_) return Presence::unknown;
  return table->marker;
}

NodeCache::Sizes NodeCache::sizes() {
  MutexLock lock(mutex_);
  std::size_t listings = 0;
  for (const auto& [directory, table] : tables_) listings += table->complete ? 1 : 0;
  return {attributes_ + (root_ ? 1 : 0), listings};
}

ListingCursorPtr NodeCache::known_reading(const std::string& directory) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  if (!table || !is_fresh(*table)) return nullptr;
  auto reading = std::make_shared<ListingCursor>(directory, *table->complete);
  reading->table_ = table;
  reading->done_ = true;
  reading->order_.reserve(table->names.live());
  for (SlotId id = 0; id < table->names.end(); ++id) {
    const Slot& slot = table->names.at(id);
    if (is_shown(slot)) reading->order_.push_back(id);
  }
  table->readings.push_back(reading);
  return reading;
}

void NodeCache::park(const ListingCursorPtr& reading) {
  MutexLock lock(mutex_);
  if (!reading->table_->dropped) reading->table_->parked = reading;
}

ListingCursorPtr NodeCache::take_parked(const std::string& directory) {
  MutexLock lock(mutex_);
  const TablePtr table = this->table(directory);
  if (!table) return nullptr;
  table->live_readings(clock_.now() - listing_ttl_);
  return std::exchange(table->parked, nullptr);
}

ListingCursorPtr NodeCache::begin_reading(const std::string& directory, MonoTime asked,
                                          bool whole) {
  MutexLock lock(mutex_);
  auto reading = std::make_shared<ListingCursor>(directory, asked);
  reading->table_ = make_table(directory);
  reading->serial_ = ++serial_;
  reading->whole_ = whole;
  reading->table_->live_readings(clock_.now() - listing_ttl_);
  reading->table_->readings.push_back(reading);
  return reading;
}

/// The number of a name whose place is kept; of one that the table lacks it means nothing but that.
SlotId NodeCache::keep_name(DirectoryTable& table, std::string_view name) {
  if (const SlotId id = table.names.find(name); id != kNoSlot) return id;
  const SlotId id = table.names.make(name);
  Slot& slot = table.names.at(id);
  put(table, slot, Node{});
  slot.learnt = slot.expires = slot.seen = MonoTime{};
  return id;
}

void NodeCache::keep_order(const ListingCursorPtr& reading, const ListingCursorPtr& earlier) {
  MutexLock lock(mutex_);
  DirectoryTable& table = *reading->table_;
  const bool same = reading->table_ == earlier->table_;
  std::vector<SlotId> order;
  order.reserve(earlier->order_.size() + reading->order_.size());
  for (const SlotId id : earlier->order_) {
    order.push_back(same ? id : keep_name(table, earlier->table_->names.name(id)));
  }
  reading->kept_.assign(table.names.end(), false);
  for (const SlotId id : order) reading->kept_[id] = true;
  for (const SlotId id : reading->order_) {
    if (!reading->kept_[id]) order.push_back(id);
  }
  reading->order_ = std::move(order);
  settle(table);
}

void NodeCache::see_object(Slot& slot, const ListedName& listed, MonoTime asked) {
  const bool object = slot.form == Form::file || slot.form == Form::directory_object;
  if (slot.state == Slot::State::known && object && shows_same_object(slot, listed)) {
    see_again(slot, listed.last_modified, asked, asked + attribute_ttl_);
    return;
  }
  forget_attributes(slot);
  slot.state = Slot::State::unknown;
  slot.tag.assign(listed.etag);
  slot.size = listed.size;
  slot.last_modified = listed.last_modified;
  slot.time = Slot::Time::told;
}

/// What is known of the object is still true, until `until` if its time says so for certain.
void NodeCache::see_again(Slot& slot, WallTime listed, MonoTime asked, MonoTime until) {
  if (slot.time != Slot::Time::told) {
    // As if learnt when we stored it, in an earlier mount perhaps.
    const auto age = std::max(clock_.wall() - slot.last_modified, WallTime::duration::zero());
    until = slot.learnt == kLongAgo
                ? asked + std::max<std::chrono::nanoseconds>(attribute_ttl_ - age, {})
                : slot.expires;
    slot.time = Slot::Time::listed;
  }
  slot.last_modified = listed;
  slot.learnt = std::max(slot.learnt, asked);
  slot.expires = std::max(slot.expires, until);
}

void NodeCache::add_name(ListingCursor& reading, const std::string& name, const ListedName& listed,
                         MonoTime asked) {
  DirectoryTable& table = *reading.table_;
  if (table.swept > asked && table.names.find(name) == kNoSlot) {
    // We may have removed it since.
    reading.whole_ = false;
    return;
  }
  const SlotId id = table.names.make(name);
  Slot& slot = table.names.at(id);
  const bool ours_is_younger = slot.state != Slot::State::unknown && slot.learnt > asked;
  if (ours_is_younger && slot.state == Slot::State::absent) return;
  if (slot.state == Slot::State::absent) {
    --table.absent;
    slot.state = Slot::State::unknown;
  }
  const bool again = slot.reading == reading.serial_;
  if (!again) {
    slot.reading = reading.serial_;
    const bool has_place = id < reading.kept_.size() && reading.kept_[id];
    if (!has_place) reading.order_.push_back(id);
  }
  slot.seen = std::max(slot.seen, asked);
  if (ours_is_younger) return;
  if (again && slot.file && listed.directory && reading.unshown_.names++ == 0) {
    reading.unshown_.name = name;
  }
  slot.directory = listed.directory || (again && slot.directory);
  const bool was_object = slot.form == Form::file || slot.form == Form::directory_object;
  if (listed.file) {
    see_object(slot, listed, asked);
    slot.file = true;
  } else if (!again) {
    slot.file = false;
    if (slot.state == Slot::State::known && was_object) {
      forget_attributes(slot);
      slot.state = Slot::State::unknown;
    }
  }
}

/// The listing of a directory shows its own object too, or that there is none.
void NodeCache::see_marker(ListingCursor& reading, const Page& page, MonoTime asked) {
  DirectoryTable& table = *reading.table_;
  if (page.marker_unknown) return;
  table.marker = page.marker ? Presence::present : Presence::absent;
  table.marker_seen = asked;
  if (!page.marker && page.names.empty()) {
    if (page.last && page.unshown == 0) see_nothing(reading.directory, table, asked);
    return;
  }
  const auto still_true = [&](Form form, const auto& same) {
    return page.marker ? form == Form::directory_marker && same()
                       : form == Form::implicit_directory;
  };
  if (reading.directory.empty()) {
    if (!root_ || root_->learnt > asked) return;
    const store::ObjectInfo& info = root_->node.info;
    const bool good = still_true(root_->node.form, [&] {
      return info.etag == page.marker->etag && info.size == page.marker->size &&
             same_time(info.last_modified, page.marker->last_modified);
    });
    if (good) root_->learnt = asked;
    root_->expires = good ? asked + attribute_ttl_ : MonoTime{};
    return;
  }
  TablePtr above;
  Slot* slot = find_slot(reading.directory, above);
  if (slot == nullptr || slot->state != Slot::State::known || slot->learnt > asked) return;
  if (slot->file || !is_directory(slot->form)) return;
  // Whether an object of the same name has come, only the listing above tells.
  const MonoTime vouched =
      asked >= slot->seen + listing_ttl_ ? slot->expires : asked + attribute_ttl_;
  if (still_true(slot->form, [&] { return shows_same_object(*slot, *page.marker); })) {
    see_again(*slot, page.marker ? page.marker->last_modified : slot->last_modified, asked,
              vouched);
  } else {
    forget_attributes(*slot);
    slot->state = Slot::State::unknown;
  }
}

/// Neither a name nor its own object is there: another client has removed the directory, or has
/// made a file of it. An implicit directory whose last name we removed stays for its users, as a
/// local one does.
void NodeCache::see_nothing(const std::string& directory, const DirectoryTable& table,
                            MonoTime asked) {
  TablePtr above;
  const Slot* const slot = directory.empty() ? nullptr : find_slot(directory, above);
  if (slot == nullptr || slot->state != Slot::State::known || slot->learnt > asked) return;
  const bool implicit = slot->form == Form::implicit_directory && !table.names_removed;
  if (implicit || slot->form == Form::directory_marker) doubt(directory);
}

void NodeCache::add_page(const ListingCursorPtr& reading, const Page& page, MonoTime asked) {
  MutexLock lock(mutex_);
  if (++reading->pages_ == 1) {
    see_marker(*reading, page, asked);
    // It has outgrown a page: then one more is no cheap question about a name.
    if (!page.last) reading->table_->pages = std::max<std::size_t>(reading->table_->pages, 2);
  }
  for (const auto& [name, listed] : page.names) add_name(*reading, name, listed, asked);
  if (reading->unshown_.keys == 0) reading->unshown_.key = page.unshown_key;
  reading->unshown_.keys += page.unshown;
  if (page.last) finish(*reading);
  if (page.last && page.flat_again) reading->table_->flat = true;
  settle(*reading->table_);
}

std::optional<Unshown> NodeCache::tell_unshown(const ListingCursorPtr& reading) {
  MutexLock lock(mutex_);
  const Unshown& unshown = reading->unshown_;
  if (!reading->done_ || reading->table_->told_unshown) return std::nullopt;
  if (unshown.keys == 0 && unshown.names == 0) return std::nullopt;
  reading->table_->told_unshown = true;
  return unshown;
}

/// Names that the complete listing did not show, and that nothing younger vouches for, are gone.
void NodeCache::finish(ListingCursor& reading) {
  DirectoryTable& table = *reading.table_;
  reading.done_ = true;
  const bool alone = table.live_readings(clock_.now() - listing_ttl_) <= 1 && reading.kept_.empty();
  for (SlotId id = 0; id < table.names.end(); ++id) {
    Slot& slot = table.names.at(id);
    if (slot.state == Slot::State::free || slot.seen >= reading.begun) continue;
    if (alone) {
      if (slot.state == Slot::State::absent) --table.absent;
      forget_attributes(slot);
      table.names.free(id);
    } else {
      // Its number may stand in the order of another reading, or is kept in that of this one.
      put(table, slot, Node{});
      slot.learnt = slot.seen = reading.begun;
    }
  }
  if (reading.whole_)
    table.absent_until = std::max(table.absent_until, absent_until(reading.begun));
  const MonoTime listed = reading.whole_ ? reading.begun : reading.begun - listing_ttl_;
  if (!table.complete || *table.complete < listed) {
    table.complete = listed;
    table.pages = reading.pages_;
    table.misses = 0;
    table.too_long = false;
  }
}

bool NodeCache::is_shown(const Slot& slot) {
  const bool there = slot.state == Slot::State::unknown || slot.state == Slot::State::known;
  return there && (slot.file || slot.directory);
}

NodeCache::Item NodeCache::item_of(const DirTable& names, SlotId id) {
  const Slot& slot = names.at(id);
  Item item;
  item.name = std::string(names.name(id));
  item.listed.file = slot.file;
  item.listed.directory = slot.directory;
  item.listed.size = slot.size;
  if (slot.state != Slot::State::known || slot.expires <= clock_.now()) return item;
  item.form = slot.form;
  item.stat = slot.attributes ? slot.attributes->stat() : implicit_directory_stat(config_);
  item.stat->size = is_directory(slot.form) ? 4096 : slot.size;
  return item;
}

std::vector<NodeCache::Item> NodeCache::items(const ListingCursorPtr& reading, std::size_t from,
                                              std::size_t most) {
  MutexLock lock(mutex_);
  std::vector<Item> found;
  const DirTable& names = reading->table_->names;
  for (std::size_t i = from; i < reading->order_.size() && found.size() < most; ++i) {
    const SlotId id = reading->order_[i];
    const Slot& slot = names.at(id);
    const bool kept = id < reading->kept_.size() && reading->kept_[id];
    const bool told = slot.seen >= reading->begun ||
                      (slot.state != Slot::State::unknown && slot.learnt > reading->begun);
    // Whether it is still there a later page has to say.
    if (kept && !told && !reading->done_) break;
    if (!is_shown(slot)) continue;
    found.push_back(item_of(names, id));
    found.back().next = i + 1;
  }
  return found;
}

std::optional<NodeCache::Item> NodeCache::item(const ListingCursorPtr& reading,
                                               std::string_view name) {
  MutexLock lock(mutex_);
  const DirTable& names = reading->table_->names;
  const SlotId id = names.find(name);
  if (id == kNoSlot || !is_shown(names.at(id))) return std::nullopt;
  return item_of(names, id);
}

bool NodeCache::is_done(const ListingCursorPtr& reading) {
  MutexLock lock(mutex_);
  return reading->done_;
}

}  // namespace pailfs::fs
