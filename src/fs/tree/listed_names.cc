// SPDX-License-Identifier: Apache-2.0
#include "listed_names.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

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

Presence ListedNames::presence(const std::string& path, ListedName& name) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* slot = tables_.find_slot(path, table);
  if (!table) return Presence::unknown;
  const bool there =
      slot != nullptr && slot->state != Slot::State::absent && (slot->file || slot->directory);
  if (!there) {
    const auto complete = table->complete;
    const bool believed = complete && tables_.clock().now() < table->absent_until &&
                          !tables_.is_absence_over(*complete);
    return believed ? Presence::absent : Presence::unknown;
  }
  if (!tables_.is_seen(*slot)) return Presence::unknown;
  name = listed_name(*slot);
  return Presence::present;
}

std::optional<ListedName> ListedNames::find_for_reader(const std::string& path,
                                                       std::chrono::nanoseconds age) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* slot = tables_.find_slot(path, table);
  if (slot == nullptr) return std::nullopt;
  const bool read =
      table->live_readings(tables_.clock().now() - tables_.lifetimes().listings()) > 0;
  const auto most = std::min<std::chrono::nanoseconds>(age, tables_.lifetimes().attributes());
  const bool seen = tables_.is_seen(*slot, read && tables_.lifetimes().listings().count() > 0
                                               ? most
                                               : tables_.lifetimes().listings());
  return seen ? std::optional(listed_name(*slot)) : std::nullopt;
}

std::optional<bool> ListedNames::has_names(const std::string& directory, const Ages& ages) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  const auto complete = table ? table->complete : std::nullopt;
  if (!complete) return std::nullopt;
  const bool emptied = table->names_removed > complete;
  const auto most = std::min<std::chrono::nanoseconds>(emptied ? ages.of_emptied : ages.any,
                                                       tables_.lifetimes().attributes());
  if (tables_.clock().now() >= *complete + most) return std::nullopt;
  if (tables_.lifetimes().listings().count() == 0) return std::nullopt;
  return table->names.live() > table->absent;
}

Presence ListedNames::marker(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  if (!table || tables_.clock().now() >= table->marker_seen + tables_.lifetimes().listings())
    return Presence::unknown;
  return table->marker;
}

std::optional<std::size_t> ListedNames::subdirectories(const std::string& directory) {
  constexpr std::size_t kTooMany = 1'000;
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  if (!table || !tables_.is_fresh(*table) || table->names.end() > kTooMany) return std::nullopt;
  const MonoTime now = tables_.clock().now();
  std::size_t count = 0;
  for (SlotId id = 0; id < table->names.end(); ++id) {
    const Slot& slot = table->names.at(id);
    if (slot.state == Slot::State::free || slot.state == Slot::State::absent) continue;
    if (!slot.file) {
      count += slot.directory ? 1 : 0;
    } else if (slot.state == Slot::State::known && slot.expires > now) {
      count += is_directory(slot.form) ? 1 : 0;
    } else if (slot.size <= kLongestLink) {
      // A directory may be written as an object of its plain name: a wrong count would make find(1)
      // skip it.
      return std::nullopt;
    }
  }
  return count;
}

bool ListedNames::fits_one_page(const std::string& directory) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.table(directory);
  return table && table->complete && table->pages == 1 &&
         tables_.lifetimes().listings().count() > 0;
}

ListedNames::Question ListedNames::question(const std::string& path) {
  MutexLock lock(tables_.mutex);
  NodeTables::TablePtr table;
  const Slot* const slot = tables_.find_slot(path, table);
  if (!table || tables_.lifetimes().listings().count() == 0) return Question::both;
  if (slot != nullptr && slot->state != Slot::State::absent && (slot->file || slot->directory)) {
    return Question::both;
  }
  // After this many questions the listing would have cost as much and made them needless.
  constexpr std::size_t kUnlisted = 2;
  const std::size_t enough = table->pages == 0 ? kUnlisted : table->pages;
  if (table->misses >= enough && !table->too_long) return Question::listing;
  return table->misses > 0 || table->pages > 0 ? Question::name : Question::both;
}

void ListedNames::asked(const std::string& path, bool found) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = tables_.make_table(parent_path(path));
  table->misses = found ? 0 : table->misses + 1;
  tables_.settle(*table);
}

std::optional<ListedNames::Place> ListedNames::place(const std::string& path) {
  MutexLock lock(tables_.mutex);
  const NodeTables::TablePtr table = path.empty() ? nullptr : tables_.table(parent_path(path));
  const SlotId id = table ? table->names.find(last_name(path)) : kNoSlot;
  if (id == kNoSlot) return std::nullopt;
  return Place{id, table->names.end(), is_certain_file(table->names.at(id))};
}

ListedNames::Names ListedNames::select(const std::string& directory,
                                       const WithoutAttributes& which) {
  MutexLock lock(tables_.mutex);
  Names found;
  const NodeTables::TablePtr table = which.from < which.end ? tables_.table(directory) : nullptr;
  if (!table) return found;
  const MonoTime now = tables_.clock().now();
  const std::size_t end = std::min<std::size_t>(table->names.end(), which.end);
  for (SlotId id = which.from; id < end; ++id) {
    const Slot& slot = table->names.at(id);
    const bool known = slot.state == Slot::State::known && slot.expires > now;
    const bool old = known && which.age && slot.file && now >= slot.learnt + *which.age;
    if (known ? !old : !tables_.is_seen(slot)) continue;
    if (!which.all && is_certain_file(slot)) continue;
    found.emplace_back(table->names.name(id), listed_name(slot));
  }
  return found;
}

std::vector<std::string> ListedNames::directories_after(const std::string& path, std::size_t most) {
  constexpr std::size_t kFar = 1'000;
  MutexLock lock(tables_.mutex);
  std::vector<std::string> found;
  const NodeTables::TablePtr table = tables_.table(parent_path(path));
  const SlotId id = table ? table->names.find(last_name(path)) : kNoSlot;
  if (id == kNoSlot) return found;
  const auto end = static_cast<SlotId>(std::min<std::size_t>(table->names.end(), id + 1 + kFar));
  for (SlotId next = id + 1; next < end && found.size() < most; ++next) {
    const Slot& slot = table->names.at(next);
    const bool known = slot.state == Slot::State::known && slot.expires > tables_.clock().now();
    if (slot.directory && !slot.file && (known || tables_.is_seen(slot)))
      found.emplace_back(table->names.name(next));
  }
  return found;
}
}  // namespace pailfs::fs
