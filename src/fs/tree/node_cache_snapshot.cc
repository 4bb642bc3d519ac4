// SPDX-License-Identifier: Apache-2.0
// What outlives a mount.
#include "directory_table.h"
#include "node_cache.h"

namespace pailfs::fs {
void NodeCache::remember(const SnapshotEntries& some) {
  MutexLock lock(mutex_);
  for (const SnapshotEntry& object : some.objects) {
    if (entries_ + kTableWeight >= limit_) return;  // younger knowledge has the room
    if (!is_storable_name(object.name) || object.info.etag.empty()) continue;
    const Node node = decode(object.info, object.marker, config_);
    const TablePtr table = make_table(some.directory);
    if (table->names.find(object.name) != kNoSlot) continue;
    Slot& slot = table->names.at(table->names.make(object.name));
    put(*table, slot, node);
    slot.learnt = slot.expires = slot.seen = kLongAgo;
    if (object.estimated) slot.time = Slot::Time::estimated;
    settle(*table);
  }
}

std::vector<std::string> NodeCache::directories() {
  MutexLock lock(mutex_);
  return {by_use_.rbegin(), by_use_.rend()};
}

std::optional<std::string> NodeCache::find_name(
    const std::string& directory, const std::function<bool(std::string_view)>& wanted) {
  MutexLock lock(mutex_);
  const auto found = tables_.find(directory);
  if (found == tables_.end()) return std::nullopt;
  const DirTable& names = found->second->names;
  for (SlotId id = 0; id < names.end(); ++id) {
    if (names.at(id).state == Slot::State::free) continue;
    if (wanted(names.name(id))) return std::string(names.name(id));
  }
  return std::nullopt;
}

SnapshotEntries NodeCache::remembered(const std::string& directory, std::size_t& from) {
  constexpr std::size_t kAtATime = 1'000;
  SnapshotEntries some;
  some.directory = directory;
  MutexLock lock(mutex_);
  const auto found = tables_.find(directory);
  if (found == tables_.end()) return some;
  const DirTable& names = found->second->names;
  for (; from < names.end() && some.objects.size() < kAtATime; ++from) {
    const auto id = static_cast<SlotId>(from);
    const Slot& slot = names.at(id);
    if (slot.state != Slot::State::known || !slot.attributes) continue;
    SnapshotEntry object;
    object.name = names.name(id);
    object.marker = slot.form == Form::directory_marker;
    object.estimated = slot.time != Slot::Time::told;
    object.info.size = slot.size;
    object.info.etag = slot.tag.get();
    object.info.last_modified = slot.last_modified;
    object.info.attributes = slot.attributes->attributes(types_);
    if (!object.info.etag.empty()) some.objects.push_back(std::move(object));
  }
  return some;
}

}  // namespace pailfs::fs
