// SPDX-License-Identifier: Apache-2.0
// Removes records, bodies and segments of changes that are over from the disk.
#include <unistd.h>

#include <algorithm>

#include "pailfs/util/log.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

BodyId body_of(const Want& want) {
  return want.kind == Want::Kind::body ? want.body : 0;
}

}  // namespace

void Journal::clean() {
  std::vector<BodyPtr> doomed;
  std::size_t records = 0;
  {
    MutexLock lock(mutex_);
    doomed = bodies_.take_given_up();
    records = undurable_;
  }
  Status status = log_->commit_all();
  for (const BodyPtr& body : doomed) static_cast<void>(directory_.disk->remove(body->path()));
  // After a failure here the next mount finds changes without their bytes and knows that they were
  // carried out.
  if (!status) log_warning("the journal: " + status.error().text);
  status = drop_segments(records);
  if (status) status = log_->remove_dropped();
  if (!status) log_warning("the journal: " + status.error().text);
}

Status Journal::drop_segments(std::size_t durable) {
  MutexLock lock(mutex_);
  undurable_ -= std::min(undurable_, durable);
  undurable_since_ = clock_.now();
  if (pending_.entries().empty() && bodies_.empty() && acknowledging_.empty() && undurable_ == 0) {
    // A new file costs the next change more than a few dead records cost.
    return log_->bytes() < (closing_ ? 1 : log_->sizes().ahead) ? Status() : log_->clear();
  }
  lock.unlock();
  clean_oldest_segment();
  return {};
}

/// Appends the living records of the oldest segment again, and removes the segment.
void Journal::clean_oldest_segment() {
  std::vector<Moved> moved;
  std::uint64_t oldest = 0;
  {
    MutexLock lock(mutex_);
    oldest = log_->oldest_segment();
    if (log_->segments() < 2 || acknowledging_.contains(oldest)) return;
    const auto keys = living_in(oldest);
    if (!keys) return;
    // Only when most of the log is dead is it worth rewriting the living records.
    const std::uint64_t much = 2 * log_->sizes().segment + pending_.bytes() * 3 / 2;
    if (!keys->empty() && log_->bytes() < much) return;
    for (const store::Key& key : *keys) {
      // The record that is under way must not be followed by one that it replaces.
      if (recording_.contains(key)) return;
      auto again = append_again(key);
      if (!again) return;
      moved.push_back(std::move(*again));
    }
  }
  bool durable = true;
  for (const Moved& each : moved) durable = log_->commit(each.appended.batch) && durable;
  MutexLock lock(mutex_);
  for (const Moved& each : moved) {
    acknowledging_.erase(acknowledging_.find(each.appended.bytes.segment->number));
    const Pending::Entry* entry = pending_.find(each.key);
    if (!durable || entry == nullptr || entry->seq != each.seq) continue;
    if (body_of(entry->want) != each.body) continue;
    segments_[each.key] = each.appended.bytes.segment->number;
    if (!each.has_bytes) continue;
    bodies_.keep(entry->want.body, std::make_shared<Body>(each.appended.bytes, entry->want.size));
  }
  // Changes that have become pending meanwhile, and sources being copied, count too.
  const auto left = living_in(oldest);
  if (durable && left && left->empty() && log_->oldest_segment() == oldest) log_->drop_oldest();
}

/// Keys whose record or bytes are in that segment; nothing if it has bytes that belong to no
/// pending key.
std::optional<std::vector<store::Key>> Journal::living_in(std::uint64_t segment) {
  const std::unordered_set<BodyId> bodies = bodies_.in_segment(segment);
  std::unordered_set<BodyId> reached;
  std::vector<store::Key> keys;
  for (const auto& [key, entry] : pending_.entries()) {
    const bool has_body = entry.want.kind == Want::Kind::body && bodies.contains(entry.want.body);
    if (has_body) reached.insert(entry.want.body);
    const auto record = segments_.find(key);
    if (has_body || (record != segments_.end() && record->second == segment)) keys.push_back(key);
  }
  if (reached.size() < bodies.size()) return std::nullopt;
  return keys;
}

std::optional<Journal::Moved> Journal::append_again(const store::Key& key) {
  const Pending::Entry& entry = *pending_.find(key);
  Record record;
  record.key = key;
  record.seq = entry.seq;
  record.since = entry.since;
  record.base = entry.base;
  record.want = entry.want;
  record.before = pending_.marks(key);
  std::string bytes;
  const BodyPtr body = bodies_.find(entry.want);
  if (body && body->path().empty()) {
    bytes.resize(body->size());
    if (!body->read(0, bytes)) return std::nullopt;
    record.has_bytes = true;
    record.bytes = bytes;
  }
  Moved moved{key, entry.seq, body_of(entry.want), record.has_bytes, log_->append(record)};
  acknowledging_.insert(moved.appended.bytes.segment->number);
  return moved;
}

}  // namespace pailfs::journal
