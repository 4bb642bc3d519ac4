// SPDX-License-Identifier: Apache-2.0
#include "node_snapshot.h"

namespace pailfs::fs {

void NodeSnapshot::add(const SnapshotEntries& some) {
  MutexLock lock(tables_.mutex);
  for (const SnapshotEntry& object : some.objects) {
    if (!tables_.has_room()) return;  // the room is taken by younger knowledge
    if (!is_storable_name(object.name) || object.info.etag.empty()) continue;
    const Node node = decode(object.info, object.marker, tables_.config());
    const NodeTables::TablePtr table = tables_.make_table(some.directory);
    if (table->names.find(object.name) != kNoSlot) continue;
    Slot& slot = table->names.at(table->names.make(object.name));
    tables_.put(*table, slot, node);
    slot.learnt = slot.expires = slot.seen = kLongAgo;
    if (object.estimated) slot.time = Slot::Time::estimated;
    tables_.settle(*table);
  }
}

std::vector<std::string> NodeSnapshot::directories() {
  MutexLock lock(tables_.mutex);
  return tables_.directories();
}

std::optional<std::string> NodeSnapshot::find_name(
    const std::string& directory, const std::function<bool(std::string_view)>& wanted) {
  MutexLock lock(tables_.mutex);
  const DirectoryTable* const table = tables_.peek(directory);
  if (table == nullptr) return std::nullopt;
  const NameTable& names = table->names;
  for (SlotId id = 0; id < names.end(); ++id) {
    if (names.at(id).state == Slot::State::free) continue;
    if (wanted(names.name(id))) return std::string(names.name(id));
  }
  return std::nullopt;
}

SnapshotEntries NodeSnapshot::next_objects(const std::string& directory, std::size_t& from) {
  constexpr std::size_t kAtATime = 1'000;
  SnapshotEntries some;
  some.directory = directory;
  MutexLock lock(tables_.mutex);
  const DirectoryTable* const table = tables_.peek(directory);
  if (table == nullptr) return some;
  const NameTable& names = table->names;
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
    object.info.attributes = tables_.attributes_of(slot);
    if (!object.info.etag.empty()) some.objects.push_back(std::move(object));
  }
  return some;
}
}  // namespace pailfs::fs
