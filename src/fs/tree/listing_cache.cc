// SPDX-License-Identifier: Apache-2.0
#include "listing_cache.h"

#include <algorithm>
#include <utility>

namespace pailfs::fs {
namespace {

bool is_shown(const Slot& slot) {
  const bool there = slot.state == Slot::State::unknown || slot.state == Slot::State::known;
  return there && (slot.file || slot.directory);
}

}  // namespace

ListingCursorPtr ListingCache::known_reading(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  const auto complete = table ? table->complete : std::nullopt;
  if (!complete || !tables_.is_fresh(*table)) return nullptr;
  auto reading = std::make_shared<ListingCursor>(directory, *complete);
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

ListingCursorPtr ListingCache::begin_reading(const std::string& directory, MonoTime asked,
                                             bool whole) {
  MutexLock lock(tables_.mutex);
  auto reading = std::make_shared<ListingCursor>(directory, asked);
  reading->table_ =
      tables_.is_too_old(asked) ? NodeTables::make_loose_table() : tables_.make_table(directory);
  reading->serial_ = ++serial_;
  reading->whole_ = whole;
  reading->table_->live_readings(tables_.clock().now() - tables_.lifetimes().listings());
  reading->table_->readings.push_back(reading);
  return reading;
}

MonoTime ListingCache::answers_from(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  return tables_.answers_from(directory);
}

void ListingCache::save_reading(ListingCursorPtr reading) {
  MutexLock lock(tables_.mutex);
  // The table owns the reading now: if the reading owned the table too, neither would be freed.
  const NodeTables::TablePtr table = std::move(reading->table_);
  if (!table->dropped) table->saved = std::move(reading);
}

ListingCursorPtr ListingCache::take_saved(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  if (!table) return nullptr;
  table->live_readings(tables_.clock().now() - tables_.lifetimes().listings());
  ListingCursorPtr reading = std::exchange(table->saved, nullptr);
  if (reading) {
    reading->table_ = table;
    add_younger(*reading);
  }
  return reading;
}

/// Names that the table has learnt of since the reading began, and whose page may have come before:
/// its reader begins only now.
void ListingCache::add_younger(ListingCursor& reading) {
  const NameTable& names = reading.table_->names;
  reading.kept_.resize(names.end(), false);
  for (SlotId id = 0; id < names.end(); ++id) {
    const Slot& slot = names.at(id);
    if (slot.state != Slot::State::known || !is_shown(slot)) continue;
    if (slot.learnt < reading.begun || slot.reading == reading.serial_) continue;
    reading.kept_[id] = true;
    reading.order_.push_back(id);
  }
}

/// The number of a name whose place is kept; a name that the table lacks gets an entry of an absent
/// name.
SlotId ListingCache::keep_name(DirectoryTable& table, std::string_view name) {
  if (const SlotId id = table.names.find(name); id != kNoSlot) return id;
  const SlotId id = table.names.make(name);
  Slot& slot = table.names.at(id);
  tables_.put(table, slot, Node{});
  slot.learnt = slot.expires = slot.seen = MonoTime{};
  return id;
}

void ListingCache::keep_order(const ListingCursorPtr& reading, const ListingCursorPtr& earlier) {
  MutexLock lock(tables_.mutex);
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
  tables_.settle(table);
}

bool ListingCache::is_listed(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  return table && tables_.is_fresh(*table);
}

bool ListingCache::subtree_fits_one_page(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  return table && table->subtree_fits_one_page && tables_.lifetimes().listings().count() > 0;
}

void ListingCache::outgrew_one_page(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  if (const NodeTables::TablePtr table = tables_.table(directory))
    table->subtree_fits_one_page = false;
}

void ListingCache::set_too_long(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  if (const NodeTables::TablePtr table = tables_.table(directory)) table->too_long = true;
}

void ListingCache::see_object(Slot& slot, const ListedName& listed, MonoTime asked) {
  const bool object = slot.form == Form::file || slot.form == Form::directory_object;
  if (slot.state == Slot::State::known && object && shows_same_object(slot, listed)) {
    see_again(slot, listed.last_modified, asked, asked + tables_.lifetimes().attributes());
    return;
  }
  if (slot.file && !slot.tag.equals(listed.etag)) tables_.end_absences(asked);
  tables_.forget_attributes(slot);
  slot.state = Slot::State::unknown;
  slot.tag.assign(listed.etag);
  slot.size = listed.size;
  slot.last_modified = listed.last_modified;
  slot.time = Slot::Time::told;
}

/// The attributes of the object are still true, and are believed until `until` if last_modified is
/// certain.
void ListingCache::see_again(Slot& slot, WallTime listed, MonoTime asked, MonoTime until) {
  if (slot.time != Slot::Time::told) {
    // Believed as long as if learnt when we stored it, perhaps in an earlier mount.
    const auto age =
        std::max(tables_.clock().wall() - slot.last_modified, WallTime::duration::zero());
    until = slot.learnt == kLongAgo ? asked + std::max<std::chrono::nanoseconds>(
                                                  tables_.lifetimes().attributes() - age, {})
                                    : slot.expires;
    slot.time = Slot::Time::listed;
  }
  slot.last_modified = listed;
  slot.learnt = std::max(slot.learnt, asked);
  slot.expires = std::max(slot.expires, until);
}

void ListingCache::add_name(ListingCursor& reading, const std::string& name,
                            const ListedName& listed, MonoTime asked) {
  DirectoryTable& table = *reading.table_;
  if (table.swept > asked && table.names.find(name) == kNoSlot) {
    // We may have removed it since.
    reading.whole_ = false;
    return;
  }
  const bool has_come = table.complete && table.names.find(name) == kNoSlot;
  if (has_come) tables_.end_absences(asked);
  const SlotId id = table.names.make(name);
  Slot& slot = table.names.at(id);
  const bool ours_is_younger = slot.state != Slot::State::unknown && slot.learnt > asked;
  if (ours_is_younger && slot.state == Slot::State::absent) return;
  if (slot.state == Slot::State::absent) {
    tables_.end_absences(asked);
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
      tables_.forget_attributes(slot);
      slot.state = Slot::State::unknown;
    }
  }
}

/// The listing of a directory shows its own object too, or that there is none.
void ListingCache::see_marker(ListingCursor& reading, const Page& page, MonoTime asked) {
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
  NodeTables::TablePtr above;
  Slot* slot = tables_.find_slot(reading.directory, above);
  if (slot == nullptr || slot->state != Slot::State::known || slot->learnt > asked) return;
  if (slot->file || !is_directory(slot->form)) return;
  // Only the listing of the parent tells whether there is a file of the same name now; the root has
  // no parent.
  const bool alone =
      reading.directory.empty() || asked < slot->seen + tables_.lifetimes().listings();
  const MonoTime vouched = alone ? asked + tables_.lifetimes().attributes() : slot->expires;
  if (still_true(slot->form, [&] { return shows_same_object(*slot, *page.marker); })) {
    see_again(*slot, page.marker ? page.marker->last_modified : slot->last_modified, asked,
              vouched);
  } else {
    tables_.forget_attributes(*slot);
    slot->state = Slot::State::unknown;
  }
}

/// The listing shows neither a name nor the directory's own object: another client has removed the
/// directory, or has made a file of it. An implicit directory whose last name we removed stays, as
/// on a local disk.
void ListingCache::see_nothing(const std::string& directory, const DirectoryTable& table,
                               MonoTime asked) {
  NodeTables::TablePtr above;
  const Slot* const slot = directory.empty() ? nullptr : tables_.find_slot(directory, above);
  if (slot == nullptr || slot->state != Slot::State::known || slot->learnt > asked) return;
  const bool implicit = slot->form == Form::implicit_directory && !table.names_removed;
  if (implicit || slot->form == Form::directory_marker) tables_.doubt(directory);
}

void ListingCache::add_page(const ListingCursorPtr& reading, const Page& page, MonoTime asked) {
  MutexLock lock(tables_.mutex);
  if (++reading->pages_ == 1) {
    see_marker(*reading, page, asked);
    // The directory has outgrown a page, so a listing is no cheap question about a name any more.
    if (!page.last) reading->table_->pages = std::max<std::size_t>(reading->table_->pages, 2);
  }
  for (const auto& [name, listed] : page.names) add_name(*reading, name, listed, asked);
  if (reading->unshown_.keys == 0) reading->unshown_.key = page.unshown_key;
  reading->unshown_.keys += page.unshown;
  if (page.last) finish(*reading);
  if (page.last && page.subtree_fits_one_page) reading->table_->subtree_fits_one_page = true;
  tables_.settle(*reading->table_);
}

/// Names that the complete listing did not show, and that no younger answer has shown, are gone.
void ListingCache::finish(ListingCursor& reading) {
  DirectoryTable& table = *reading.table_;
  reading.done_ = true;
  const bool alone =
      table.live_readings(tables_.clock().now() - tables_.lifetimes().listings()) <= 1 &&
      reading.kept_.empty();
  for (SlotId id = 0; id < table.names.end(); ++id) {
    Slot& slot = table.names.at(id);
    if (slot.state == Slot::State::free || slot.seen >= reading.begun) continue;
    if (alone) {
      if (slot.state == Slot::State::absent) --table.absent;
      tables_.forget_attributes(slot);
      table.names.free(id);
    } else {
      // The number may be in the order of another reading, or be kept in that of this one.
      tables_.put(table, slot, Node{});
      slot.learnt = slot.seen = reading.begun;
    }
  }
  if (reading.whole_)
    table.absent_until = std::max(table.absent_until, tables_.absent_until(reading.begun));
  const MonoTime listed =
      reading.whole_ ? reading.begun : reading.begun - tables_.lifetimes().listings();
  if (!table.complete || *table.complete < listed) {
    table.complete = listed;
    table.pages = reading.pages_;
    table.misses = 0;
    table.too_long = false;
  }
}

std::optional<Unshown> ListingCache::take_unshown(const ListingCursorPtr& reading) {
  MutexLock lock(tables_.mutex);
  const Unshown& unshown = reading->unshown_;
  if (!reading->done_ || reading->table_->told_unshown) return std::nullopt;
  if (unshown.keys == 0 && unshown.names == 0) return std::nullopt;
  reading->table_->told_unshown = true;
  return unshown;
}

ListingCache::Item ListingCache::item_of(const NameTable& names, SlotId id) {
  const Slot& slot = names.at(id);
  Item item;
  item.name = std::string(names.name(id));
  item.listed.file = slot.file;
  item.listed.directory = slot.directory;
  item.listed.size = slot.size;
  if (slot.state != Slot::State::known || slot.expires <= tables_.clock().now()) return item;
  item.form = slot.form;
  item.stat = slot.attributes ? slot.attributes->stat() : implicit_directory_stat(tables_.config());
  item.stat->size = is_directory(slot.form) ? kDirectorySize : slot.size;
  return item;
}

std::vector<ListingCache::Item> ListingCache::items(const ListingCursorPtr& reading,
                                                    std::size_t from, std::size_t most) {
  MutexLock lock(tables_.mutex);
  std::vector<Item> found;
  const NameTable& names = reading->table_->names;
  for (std::size_t i = from; i < reading->order_.size() && found.size() < most; ++i) {
    const SlotId id = reading->order_[i];
    const Slot& slot = names.at(id);
    const bool kept = id < reading->kept_.size() && reading->kept_[id];
    const bool told = slot.seen >= reading->begun ||
                      (slot.state != Slot::State::unknown && slot.learnt > reading->begun);
    // A later page will tell whether the name still exists.
    if (kept && !told && !reading->done_) break;
    if (!is_shown(slot)) continue;
    found.push_back(item_of(names, id));
    found.back().next = i + 1;
  }
  return found;
}

std::optional<ListingCache::Item> ListingCache::item(const ListingCursorPtr& reading,
                                                     std::string_view name) {
  MutexLock lock(tables_.mutex);
  const NameTable& names = reading->table_->names;
  const SlotId id = names.find(name);
  if (id == kNoSlot || !is_shown(names.at(id))) return std::nullopt;
  return item_of(names, id);
}

bool ListingCache::is_done(const ListingCursorPtr& reading) {
  MutexLock lock(tables_.mutex);
  return reading->done_;
}
}  // namespace pailfs::fs
