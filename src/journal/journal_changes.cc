// SPDX-License-Identifier: Apache-2.0
// put, copy, remove: acknowledged when they are in the log.
#include <unistd.h>

#include <algorithm>

#include "pailfs/store/refusal.h"
#include "pailfs/util/text.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

/// Most removals in one acknowledgement.
constexpr std::size_t kMostAtOnce = 1000;
/// How old the knowledge of a source's version may be when a copy of it is acknowledged.
constexpr std::chrono::seconds kFresh{10};

/// True for the ETag of an upload in parts: a copy of the object, even onto itself, gets another
/// ETag.
bool was_in_parts(const store::ETag& etag) {
  return etag.value.find('-') != std::string::npos;
}

/// True when the waiting copy may have been made already, so that only the store knows where its
/// bytes are.
bool in_flux(const store::Key& key, const Pending::Entry& entry) {
  const Want& want = entry.want;
  if (want.kind != Want::Kind::copy) return false;
  const bool changes_itself = want.source == key;
  return entry.unsure || (changes_itself && entry.sending) ||
         (changes_itself && entry.attempts > 0 && was_in_parts(want.source_etag));
}

/// `found`: the version that is there; null: none. One without a name may be any.
Status judge_condition(const store::Key& key, const store::Condition& condition,
                       const store::ETag* found) {
  if (condition.absent && found != nullptr) return Error{EEXIST, printable(key) + ": exists"};
  if (condition.version.empty()) return {};
  if (found != nullptr && (found->empty() || *found == condition.version)) return {};
  return store::other_version(key);
}

}  // namespace

class Journal::Claim final {
 public:
  Claim(Journal& journal, std::vector<store::Key> keys)
      : journal_(journal), keys_(std::move(keys)), status_(journal.claim(keys_)) {}
  ~Claim() {
    if (status_) journal_.unclaim(keys_);
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  Journal& journal_;
  const std::vector<store::Key> keys_;
  const Status status_;
};

Status Journal::check_limits(const store::Key& key,
                             const store::ObjectAttributes& attributes) const {
  if (key.empty()) return Error{EINVAL, "a key must not be empty"};
  // Errors that a store would report at once, and a journal only too late.
  const store::Limits limits = store_.limits();
  if (Status fits = store::check_length(key.size(), key, limits); !fits) return fits;
  std::size_t size = 0;
  for (const auto& [name, value] : attributes.metadata) size += name.size() + value.size();
  if (size > limits.most_metadata)
    return Error{E2BIG, printable(key) + ": more than 2 KiB of metadata"};
  return {};
}

Status Journal::admit(const std::vector<store::Key>& keys, std::uint64_t bytes) {
  MutexLock lock(mutex_);
  const auto fits = [&]() NO_THREAD_SAFETY_ANALYSIS {
    const std::size_t changes = pending_.entries().size() + acknowledging_.size() + keys.size();
    return pending_.bytes() + admitted_bytes_ + bytes <= config_.most_bytes &&
           changes <= config_.most_changes &&
           std::none_of(keys.begin(), keys.end(),
                        [&](const store::Key& key)
                            NO_THREAD_SAFETY_ANALYSIS { return pending_.is_crowded(key); });
  };
  if (!fits()) {
    ++in_a_hurry_;
    wake_worker();
    const Status room = wait_until(fits, "room in the journal");
    --in_a_hurry_;
    if (!room) return room;
  }
  admitted_bytes_ += bytes;
  return {};
}

Base Journal::base_of(const Change& change) {
  const Pending::Entry* entry = pending_.find(change.key);
  if (entry != nullptr) return entry->base;
  if (change.base) return *change.base;
  if (change.condition.absent) return Base::none();
  if (!change.condition.version.empty()) {
    return Base::of(confirmed_.stored_name(change.key, change.condition.version));
  }
  const auto known = knowledge_.find(change.key, clock_.now());
  return known ? known->base : Base();
}

std::vector<Mark> Journal::unshown_marks(const Change& change) {
  std::vector<Mark> marks;
  if (change.base && change.base->kind == Base::Kind::version) {
    if (const auto mark = names.unshown(change.key, change.base->etag)) marks.push_back(*mark);
  }
  if (change.want.kind == Want::Kind::copy && change.want.source != change.key) {
    const auto mark = names.unshown(change.want.source, change.want.source_etag);
    if (mark) marks.push_back(*mark);
  }
  return marks;
}

/// The verdict of what is known here; nothing: the store must be asked.
std::optional<Status> Journal::known_condition(const store::Key& key,
                                               const store::Condition& condition,
                                               OfRemoval of_removal) {
  if (const Pending::Entry* entry = pending_.find(key)) {
    const bool present = entry->want.kind != Want::Kind::absent;
    if (!present && of_removal == OfRemoval::yes) return Status();
    return judge_condition(key, condition, present ? &entry->want.etag : nullptr);
  }
  const auto known = knowledge_.find(key, clock_.now());
  if (!known || known->base.kind == Base::Kind::unknown) return Status();
  const store::ETag shown = confirmed_.shown_name(key, known->base.etag);
  const bool present = known->base.kind == Base::Kind::version;
  if (!present && of_removal == OfRemoval::yes) return Status();
  if (judge_condition(key, condition, present ? &shown : nullptr)) return Status();
  return std::nullopt;
}

Status Journal::check_condition(const store::Key& key, const store::Condition& condition,
                                OfRemoval of_removal) {
  if (condition.empty()) return {};
  {
    MutexLock lock(mutex_);
    if (const auto verdict = known_condition(key, condition, of_removal)) return *verdict;
  }
  const auto info = head_store(key);
  if (!info && (info.error().err != ENOENT || of_removal == OfRemoval::yes)) return {};
  const Status verdict = judge_condition(key, condition, info ? &info.value().etag : nullptr);
  if (verdict) return verdict;
  MutexLock lock(mutex_);
  confirmed_.forget_content(key);
  return verdict;
}

Status Journal::await_records(const std::vector<store::Key>& keys) {
  return wait_until(
      [&]() NO_THREAD_SAFETY_ANALYSIS {
        return std::none_of(keys.begin(), keys.end(),
                            [&](const store::Key& key)
                                NO_THREAD_SAFETY_ANALYSIS { return recording_.contains(key); });
      },
      "the disk of the journal");
}

/// Appends the record of a change. Fails when another version has come into the journal since the
/// condition was looked at.
Result<Log::Appended> Journal::record_change(Change& change) {
  const Pending::Entry* entry = pending_.find(change.key);
  if (entry != nullptr) {
    const bool removes = change.want.kind == Want::Kind::absent;
    const auto holds =
        known_condition(change.key, change.condition, removes ? OfRemoval::yes : OfRemoval::no);
    if (holds && !*holds) return holds->error();
  }
  if (change.seq == 0) change.seq = next_seq_++;
  change.want.time = clock_.wall();
  change.want.conditional = change.want.conditional || !change.condition.empty();
  change.want.foreign = entry != nullptr ? entry->want.foreign : change.condition.foreign;
  Record record;
  record.key = change.key;
  record.seq = change.seq;
  record.since = entry != nullptr ? entry->since : change.seq;
  record.base = base_of(change);
  record.before = pending_.marks(change.key);
  if (entry == nullptr) {
    change.base = record.base;
    record.before = unshown_marks(change);
  }
  if (entry != nullptr && change.want.kind == Want::Kind::absent) change.want.attributes = {};
  record.want = change.want;
  record.want.appended_from = pending_.appended_to_base(change.key, change.want);
  record.has_bytes = change.has_bytes;
  record.bytes = change.bytes;
  Log::Appended appended = log_->append(record);
  acknowledging_.insert(appended.bytes.segment->number);
  recording_.insert(change.key);
  return appended;
}

std::vector<Status> Journal::acknowledge(std::vector<Change> changes) {
  std::vector<Result<Log::Appended>> appended;
  appended.reserve(changes.size());
  std::vector<store::Key> keys;
  for (const Change& change : changes) keys.push_back(change.key);
  {
    MutexLock lock(mutex_);
    if (const Status alone = await_records(keys); !alone) {
      return std::vector<Status>(changes.size(), alone);
    }
    for (Change& change : changes) appended.push_back(record_change(change));
  }
  std::vector<Status> statuses;
  statuses.reserve(changes.size());
  for (const auto& each : appended) {
    statuses.push_back(each ? log_->commit(each->batch) : each.error());
  }

  MutexLock lock(mutex_);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!appended[i]) continue;
    acknowledging_.erase(acknowledging_.find(appended[i]->bytes.segment->number));
    recording_.erase(changes[i].key);
    if (statuses[i]) {
      become_pending(changes[i], appended[i]->bytes);
    } else if (statuses[i].error().err == EIO) {
      give_up_acknowledging(statuses[i].error());
    }
  }
  drop_released();
  wake_worker_in_time();
  return statuses;
}

void Journal::become_pending(const Change& change, const Place& place) {
  if (change.has_bytes) {
    bodies_.keep(change.seq, std::make_shared<Body>(place, change.want.size));
  } else if (change.body) {
    bodies_.keep(change.seq, change.body);
  }
  segments_[change.key] = place.segment->number;
  const bool nothing_left = pending_.change(change.key, change.want, change.seq, base_of(change),
                                            clock_.now(), unshown_marks(change));
  if (!nothing_left) return;
  append_done(change.key, change.seq, Base::none());
  finish_waiters(change.key, change.seq, {});
}

Result<store::ETag> Journal::put_through(const store::PutRequest& request, ByteSource& body) {
  const Status settled = settle_claimed(request.key);
  if (!settled) return settled.error();
  store::PutRequest translated = request;
  if (!request.condition.version.empty()) {
    MutexLock lock(mutex_);
    translated.condition.version = confirmed_.stored_name(request.key, request.condition.version);
  }
  auto etag = store_.put(translated, body);
  if (etag) {
    note_stored(request.key, Base::of(*etag), body.size());
  } else {
    note_doubt(request.key);
  }
  return etag;
}

void Journal::note_stored(const store::Key& key, const Base& base, std::uint64_t size) {
  MutexLock lock(mutex_);
  knowledge_.changed(key, {base, size, clock_.now()});
  Want want;
  if (base.kind == Base::Kind::version) want.kind = Want::Kind::body;
  want.size = size;
  want.etag = base.etag;
  want.time = clock_.wall();
  confirmed_.passed_on(key, want, clock_.now());
}

/// Forgets the key, because a change that failed may have been made all the same.
void Journal::note_doubt(const store::Key& key) {
  MutexLock lock(mutex_);
  confirmed_.doubt(key);
  knowledge_.forget(key);
}

Result<store::ETag> Journal::put(const store::PutRequest& request, ByteSource& body) {
  const Status allowed = check_limits(request.key, request.attributes);
  if (!allowed) return allowed.error();
  const Claim claim(*this, {request.key});
  if (!claim.status()) return claim.status().error();
  const std::uint64_t size = body.size();
  if (request.at_once || !acknowledges() ||
      size > std::min(config_.most_bytes, store_.limits().largest_part)) {
    return put_through(request, body);
  }
  if (Status holds = check_condition(request.key, request.condition); !holds) {
    return holds.error();
  }
  const Status room = admit({request.key}, size);
  if (!room) return room.error();
  auto etag = put_admitted(request, body);
  {
    MutexLock lock(mutex_);
    admitted_bytes_ -= size;
  }
  // When the disk fails the write goes straight to the store.
  if (!etag && !acknowledges()) return put_through(request, body);
  return etag;
}

Result<store::ETag> Journal::put_admitted(const store::PutRequest& request, ByteSource& body) {
  Change change;
  {
    MutexLock lock(mutex_);
    change.seq = next_seq_++;
  }
  const Status disk = cache::check_room(config_.disk, directory_.lock.get(), body.size());
  if (!disk) return disk.error();
  bool disk_failed = false;
  auto taken = take(body, *directory_.disk, directory_.bodies, change.seq, disk_failed);
  if (!taken) {
    MutexLock lock(mutex_);
    if (disk_failed) give_up_acknowledging(taken.error());
    return taken.error();
  }
  change.key = request.key;
  change.condition = request.condition;
  change.want.kind = Want::Kind::body;
  change.want.body = change.seq;
  change.want.size = body.size();
  change.want.etag = taken->etag;
  change.want.attributes = request.attributes;
  const bool appends = !request.condition.empty() && request.appended_from <= body.size();
  if (appends) change.want.appended_from = request.appended_from;
  change.has_bytes = !taken->body;
  change.bytes = std::move(taken->bytes);
  change.body = taken->body;
  std::vector<Change> changes;
  changes.push_back(std::move(change));
  const Status durable = acknowledge(std::move(changes)).front();
  if (durable) return taken->etag;
  if (taken->body) static_cast<void>(directory_.disk->remove(taken->body->path()));
  return durable.error();
}

Status Journal::remove(const store::Removal& removal) {
  return remove_many({removal}).front();
}

std::vector<Status> Journal::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<Status> statuses;
  statuses.reserve(removals.size());
  for (std::size_t at = 0; at < removals.size(); at += kMostAtOnce) {
    const auto begin = removals.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end =
        removals.begin() + static_cast<std::ptrdiff_t>(std::min(at + kMostAtOnce, removals.size()));
    for (Status& status : remove_some({begin, end})) statuses.push_back(std::move(status));
  }
  return statuses;
}

std::vector<Status> Journal::remove_some(const std::vector<store::Removal>& removals) {
  for (const store::Removal& removal : removals) {
    if (Status ok = check_limits(removal.key, {}); !ok) return remove_each(removals, ok);
  }
  std::vector<store::Removal> distinct = removals;
  const auto before = [](const store::Removal& a, const store::Removal& b) {
    return a.key < b.key;
  };
  std::stable_sort(distinct.begin(), distinct.end(), before);
  const auto same = [](const auto& a, const auto& b) { return a.key == b.key; };
  distinct.erase(std::unique(distinct.begin(), distinct.end(), same), distinct.end());
  std::vector<store::Key> keys;
  for (const store::Removal& removal : distinct) keys.push_back(removal.key);
  const Claim claim(*this, keys);
  if (!claim.status()) return std::vector<Status>(removals.size(), claim.status());
  if (!acknowledges()) return remove_through(removals);
  const Status room = admit(keys, 0);
  if (!room) return std::vector<Status>(removals.size(), room);
  const std::vector<Status> durable = remove_admitted(distinct);
  if (!acknowledges()) return remove_through(removals);
  std::vector<Status> statuses;
  for (const store::Removal& removal : removals) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), removal, before);
    statuses.push_back(durable[static_cast<std::size_t>(at - distinct.begin())]);
  }
  return statuses;
}

std::vector<Status> Journal::remove_admitted(const std::vector<store::Removal>& distinct) {
  std::vector<Status> statuses(distinct.size());
  std::vector<Change> changes;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    Change change;
    change.key = distinct[i].key;
    change.condition.version = distinct[i].version;
    change.condition.foreign = distinct[i].foreign;
    const auto& seen = distinct[i].seen;
    if (seen && !seen->mark.first.empty()) change.want.attributes.metadata = {seen->mark};
    statuses[i] = check_condition(change.key, change.condition, OfRemoval::yes);
    if (!statuses[i]) continue;
    places.push_back(i);
    changes.push_back(std::move(change));
  }
  if (changes.empty()) return statuses;
  std::vector<Status> durable = acknowledge(std::move(changes));
  for (std::size_t i = 0; i < places.size(); ++i) statuses[places[i]] = std::move(durable[i]);
  return statuses;
}

/// Removes each key by itself, because one of them is invalid.
std::vector<Status> Journal::remove_each(const std::vector<store::Removal>& removals,
                                         const Status& wrong) {
  if (removals.size() == 1) return {wrong};
  std::vector<Status> statuses;
  for (const store::Removal& removal : removals) statuses.push_back(remove_some({removal}).front());
  return statuses;
}

std::vector<Status> Journal::remove_through(const std::vector<store::Removal>& removals) {
  for (const store::Removal& removal : removals) {
    const Status settled = settle_claimed(removal.key);
    if (!settled) return std::vector<Status>(removals.size(), settled);
  }
  std::vector<store::Removal> stored = removals;
  {
    MutexLock lock(mutex_);
    for (store::Removal& removal : stored) {
      removal.version = confirmed_.stored_name(removal.key, removal.version);
      if (removal.seen)
        removal.seen->etag = confirmed_.stored_name(removal.key, removal.seen->etag);
    }
  }
  std::vector<Status> statuses = stored.size() == 1
                                     ? std::vector<Status>{store_.remove(stored.front())}
                                     : store_.remove_many(stored);
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i]) {
      note_stored(removals[i].key, Base::none(), 0);
    } else {
      note_doubt(removals[i].key);
    }
  }
  return statuses;
}

Result<store::ETag> Journal::copy_through(const store::CopyRequest& request) {
  for (const store::Key* key : {&request.source, &request.destination}) {
    const Status settled = settle_claimed(*key);
    if (!settled) return settled.error();
  }
  store::CopyRequest translated = request;
  {
    MutexLock lock(mutex_);
    const auto translate = [&](const store::Key& key, store::ETag& version)
                               NO_THREAD_SAFETY_ANALYSIS {
                                 if (!version.empty())
                                   version = confirmed_.stored_name(key, version);
                               };
    translate(request.source, translated.source_if_match);
    translate(request.destination, translated.condition.version);
  }
  auto etag = store_.copy(translated);
  if (etag) {
    MutexLock lock(mutex_);
    confirmed_.forget_name(request.destination);
  }
  note_doubt(request.destination);
  return etag;
}

/// The target of a copy of `source`, if that has a waiting change or was just shown by the store.
/// Nothing: the store must be asked.
std::optional<Result<Want>> Journal::known_source(const store::CopyRequest& request,
                                                  const std::optional<store::ObjectInfo>& shown) {
  const store::Key& source = request.source;
  const store::ETag& version = request.source_if_match;
  Want want;
  if (const Pending::Entry* entry = pending_.find(source)) {
    if (entry->want.kind == Want::Kind::absent) return Result<Want>(store::no_such_object(source));
    want = entry->want;
    if (source != request.destination) {
      // They are about the version of the source that the store has.
      want.conditional = false;
      want.appended_from.reset();
    }
  } else {
    const auto known = knowledge_.find(source, clock_.now());
    if (!known || known->time + kFresh < clock_.now()) return std::nullopt;
    if (known->base.kind != Base::Kind::version) return std::nullopt;
    // The store will give the copy another ETag, so it can be recognised only by its attributes.
    const bool renamed = was_in_parts(known->base.etag) && !request.attributes;
    if (renamed && !shown) return std::nullopt;
    want.kind = Want::Kind::copy;
    want.size = known->size;
    want.source = source;
    want.source_etag = known->base.etag;
    want.etag = confirmed_.shown_name(source, want.source_etag);
    want.keeps_attributes = true;
    if (shown && shown->etag == want.etag) {
      want.attributes = shown->attributes;
      want.keeps_attributes = false;
    }
  }
  if (!version.empty() && version != want.etag) return Result<Want>(store::other_version(source));
  if (request.attributes) {
    want.attributes = *request.attributes;
    want.keeps_attributes = false;
  }
  return Result<Want>(std::move(want));
}

Result<Want> Journal::resolve_copy(const store::CopyRequest& request) {
  const store::Key& destination = request.destination;
  std::optional<store::ObjectInfo> shown;
  for (int round = 0; round < 2; ++round) {
    {
      MutexLock lock(mutex_);
      const auto clear = [&]() NO_THREAD_SAFETY_ANALYSIS {
        const Pending::Entry* entry = pending_.find(request.source);
        return !(entry != nullptr && in_flux(request.source, *entry)) &&
               (request.source == destination || pending_.may_copy_to(destination));
      };
      if (!clear()) {
        ++in_a_hurry_;
        wake_worker();
        const Status cleared = wait_until(clear, "copies that read what is to be replaced");
        --in_a_hurry_;
        if (!cleared) return cleared.error();
      }
      if (auto want = known_source(request, shown)) {
        // From here on the source must not change.
        if (*want) pending_.hold(destination, **want);
        return std::move(*want);
      }
    }
    // The answer goes into knowledge_, where known_source() then finds it.
    auto info = head_store(request.source);
    if (!info) return info.error();
    shown = std::move(*info);
  }
  return Error{EAGAIN, printable(request.source) + ": changes all the time"};
}

Result<store::ETag> Journal::copy(const store::CopyRequest& request) {
  for (const store::Key* key : {&request.source, &request.destination}) {
    const Status ok = check_limits(*key, request.attributes.value_or(store::ObjectAttributes()));
    if (!ok) return ok.error();
  }
  if (request.source == request.destination && !request.attributes) {
    return Error{EINVAL, printable(request.source) + ": a copy onto itself that changes nothing"};
  }
  const Claim claim(*this, {request.destination});
  if (!claim.status()) return claim.status().error();
  if (!acknowledges()) return copy_through(request);
  if (Status holds = check_condition(request.destination, request.condition); !holds) {
    return holds.error();
  }
  const Status room = admit({request.destination}, 0);
  if (!room) return room.error();
  const auto want = resolve_copy(request);
  if (!want && want.error().err == EAGAIN) return copy_through(request);
  if (!want) return want.error();
  const bool possible = want->size <= store_.limits().largest_part;
  Status durable;
  if (possible) {
    std::vector<Change> changes(1);
    changes.front().key = request.destination;
    changes.front().want = *want;
    changes.front().condition = request.condition;
    durable = acknowledge(std::move(changes)).front();
  }
  {
    MutexLock lock(mutex_);
    pending_.release(request.destination, *want);
    drop_released();
    settled_.notify_all();
  }
  if (!possible || (!durable && !acknowledges())) return copy_through(request);
  if (!durable) return durable.error();
  return want->etag;
}

}  // namespace pailfs::journal
