// SPDX-License-Identifier: Apache-2.0
#include "name_table.h"

#include <functional>

namespace pailfs::fs {

std::string_view NameTable::name(SlotId id) const {
  const Slot& slot = slots_[id];
  const std::string& chunk = chunks_[slot.name / kChunk];
  return std::string_view(chunk).substr(slot.name % kChunk, slot.name_length);
}

/// The place in the index that the name has or would get.
std::size_t NameTable::place_of(std::string_view name) const {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = std::hash<std::string_view>()(name) & mask;
  while (index_[at] != kNoSlot && this->name(index_[at]) != name) at = (at + 1) & mask;
  return at;
}

SlotId NameTable::find(std::string_view name) const {
  return index_.empty() ? kNoSlot : index_[place_of(name)];
}

void NameTable::grow_index() {
  if (!index_.empty() && (live_ + 1) * 4 <= index_.size() * 3) return;
  std::size_t size = 8;
  while (size * 3 < (live_ + 1) * 5) size *= 2;
  index_.assign(size, kNoSlot);
  for (SlotId id = 0; id < end(); ++id) {
    if (slots_[id].state != Slot::State::free) index_[place_of(name(id))] = id;
  }
}

std::uint32_t NameTable::keep_name(std::string_view name) {
  if (chunks_.empty() || chunks_.back().size() + name.size() > kChunk) chunks_.emplace_back();
  std::string& chunk = chunks_.back();
  // Every chunk but the last is full, so the last alone grows, and not by doubling when large.
  if (chunk.capacity() < chunk.size() + name.size()) {
    chunk.reserve(std::min(kChunk, std::max(chunk.size() * 2, chunk.size() + name.size())));
  }
  const auto place = static_cast<std::uint32_t>((chunks_.size() - 1) * kChunk + chunk.size());
  chunk.append(name);
  used_ += name.size();
  return place;
}

void NameTable::tidy_names() {
  if (wasted_ < kChunk / 16 || wasted_ < used_ / 2) return;
  const std::vector<std::string> old = std::move(chunks_);
  chunks_.clear();
  used_ = wasted_ = 0;
  for (Slot& slot : slots_) {
    if (slot.state == Slot::State::free) continue;
    const std::string_view name =
        std::string_view(old[slot.name / kChunk]).substr(slot.name % kChunk, slot.name_length);
    slot.name = keep_name(name);
  }
}

SlotId NameTable::take_free() {
  const SlotId id = free_[free_taken_++];
  if (free_taken_ > free_.size() / 2) {
    free_.erase(free_.begin(), free_.begin() + static_cast<std::ptrdiff_t>(free_taken_));
    free_taken_ = 0;
  }
  return id;
}

SlotId NameTable::make(std::string_view name) {
  if (const SlotId known = find(name); known != kNoSlot) return known;
  grow_index();
  SlotId id = end();
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    id = take_free();
  }
  const std::size_t place = place_of(name);
  Slot& slot = slots_[id];
  slot.state = Slot::State::unknown;
  slot.name = keep_name(name);
  slot.name_length = static_cast<std::uint16_t>(name.size());
  index_[place] = id;
  ++live_;
  return id;
}

void NameTable::free(SlotId id) {
  // Linear probing without tombstones: later entries of the run move up where they may.
  const std::size_t mask = index_.size() - 1;
  std::size_t hole = place_of(name(id));
  for (std::size_t at = (hole + 1) & mask; index_[at] != kNoSlot; at = (at + 1) & mask) {
    const std::size_t home = std::hash<std::string_view>()(name(index_[at])) & mask;
    const bool may_move = ((at - home) & mask) >= ((at - hole) & mask);
    if (!may_move) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = kNoSlot;
  wasted_ += slots_[id].name_length;
  slots_[id] = Slot();
  free_.push_back(id);
  --live_;
  tidy_names();
}

void NameTable::compact() {
  std::deque<Slot> kept;
  for (Slot& slot : slots_) {
    if (slot.state != Slot::State::free) kept.push_back(std::move(slot));
  }
  slots_ = std::move(kept);
  free_ = {};
  free_taken_ = 0;
  index_ = {};
  wasted_ = used_;  // all names move together
  tidy_names();
  grow_index();
}

}  // namespace pailfs::fs
