// SPDX-License-Identifier: Apache-2.0
#include "pending.h"

#include <algorithm>
#include <limits>

namespace pailfs::journal {
namespace {

/// A key that changes all the time is sent after this many holds.
constexpr int kMostHolds = 5;
constexpr Sequence kNever = std::numeric_limits<Sequence>::max();

void add_mark(std::vector<Mark>& marks, const Mark& mark) {
  if (std::find(marks.begin(), marks.end(), mark) != marks.end()) return;
  if (marks.size() == Pending::kMostMarks) marks.erase(marks.begin());
  marks.push_back(mark);
}

bool has_body(const Want& want, BodyId id) {
  return want.kind == Want::Kind::body && want.body == id;
}

bool same_body(const Want& a, const Want& b) {
  return a.kind == Want::Kind::body && has_body(b, a.body);
}

/// True when `want` has the bytes of `before` and others behind them.
bool extends(const Want& want, const Want& before) {
  if (same_body(want, before)) return true;
  return before.kind != Want::Kind::absent && want.appended_from == before.size;
}

MonoTime ready_at(const Pending::Entry& entry, bool hurry) {
  const MonoTime possible = std::max(entry.not_before, entry.retry_at);
  return hurry ? possible : std::max(entry.held_until, possible);
}

}  // namespace

const Pending::Entry* Pending::find(const store::Key& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

/// True for changes that removals wait for: those that make an object, or may be making one.
bool Pending::makes_object(const Entry& entry) {
  if (entry.refusal) return false;
  return entry.want.kind != Want::Kind::absent ||
         (entry.sending && entry.sent.kind != Want::Kind::absent);
}

Sequence Pending::oldest_change() const {
  return changes_.empty() ? kNever : changes_.begin()->first;
}

void Pending::hold_body(const Want& want) {
  if (want.kind != Want::Kind::body) return;
  Bytes& bytes = bodies_[want.body];
  if (bytes.users++ == 0) bytes_ += bytes.size = want.size;
}

/// Notes that `key` will have these bytes, behind the keys that had them before.
void Pending::name_body(const Want& want, const store::Key& key) {
  if (want.kind != Want::Kind::body) return;
  std::vector<store::Key>& names = bodies_[want.body].names;
  if (std::erase(names, key) == 0) {
    if (names.size() == kMostNames) return;
    carried_[key].insert(want.body);
  }
  names.push_back(key);
}

/// Notes that the store has the object sent for `key`: bodies that the key had before are not its
/// any more.
void Pending::forget_bodies(const store::Key& key, const Entry& but) {
  const auto carried = carried_.find(key);
  const bool only_attributes = but.sent.kind == Want::Kind::copy && but.sent.source == key;
  if (carried == carried_.end() || only_attributes) return;
  std::erase_if(carried->second, [&](BodyId id) {
    const bool stays = has_body(but.sent, id) || has_body(but.want, id);
    if (!stays) std::erase(bodies_.at(id).names, key);
    return !stays;
  });
  if (carried->second.empty()) carried_.erase(carried);
}

void Pending::release_body(const Want& want) {
  if (want.kind != Want::Kind::body) return;
  Bytes& bytes = bodies_.at(want.body);
  if (--bytes.users > 0) return;
  bytes_ -= bytes.size;
  released_.push_back(want.body);
}

/// Bodies without users. Taken late, because while records are replayed a body may lose one user
/// before it gets the next.
std::vector<BodyId> Pending::take_released() {
  std::vector<BodyId> gone;
  for (const BodyId id : std::exchange(released_, {})) {
    const auto found = bodies_.find(id);
    if (found == bodies_.end() || found->second.users > 0) continue;
    for (const store::Key& name : found->second.names) {
      const auto carried = carried_.find(name);
      carried->second.erase(id);
      if (carried->second.empty()) carried_.erase(carried);
    }
    bodies_.erase(found);
    gone.push_back(id);
  }
  return gone;
}

void Pending::count_source(const store::Key& key, const Want& want, int by) {
  if (want.kind != Want::Kind::copy || want.source == key) return;
  const auto at = sources_.try_emplace(want.source, 0).first;
  at->second += by;
  if (at->second == 0) sources_.erase(at);
}

/// True when a waiting change has its bytes from `key`.
bool Pending::is_needed(const store::Key& key) const {
  if (sources_.contains(key)) return true;
  const auto carried = carried_.find(key);
  if (carried == carried_.end()) return false;
  return std::any_of(carried->second.begin(), carried->second.end(), [&](BodyId id) {
    const std::vector<store::Key>& names = bodies_.at(id).names;
    return std::any_of(std::find(names.begin(), names.end(), key) + 1, names.end(),
                       [&](const store::Key& later) {
                         const auto at = entries_.find(later);
                         return at != entries_.end() && has_body(at->second.want, id);
                       });
  });
}

void Pending::unindex(const store::Key& key, const Entry& entry) {
  due_.erase({ready_at(entry, false), entry.seq, key});
  removals_.erase({entry.seq, key});
  if (changes_.erase({entry.since, key}) > 0 && entry.strikes >= kMostStrikes) --striking_;
  count_source(key, entry.want, -1);
  if (entry.sending) count_source(key, entry.sent, -1);
  if (entry.refusal) --refusals_;
}

void Pending::index(const store::Key& key, const Entry& entry) {
  if (!entry.sending) {
    if (entry.want.kind == Want::Kind::absent) {
      removals_.insert({entry.seq, key});
    } else {
      due_.insert({ready_at(entry, false), entry.seq, key});
    }
  }
  if (makes_object(entry)) {
    changes_.insert({entry.since, key});
    if (entry.strikes >= kMostStrikes) ++striking_;
  }
  count_source(key, entry.want, 1);
  if (entry.sending) count_source(key, entry.sent, 1);
  if (entry.refusal) ++refusals_;
}

void Pending::hold(const store::Key& key, const Want& want) {
  hold_body(want);
  count_source(key, want, 1);
}

void Pending::release(const store::Key& key, const Want& want) {
  release_body(want);
  count_source(key, want, -1);
}

bool Pending::change(const store::Key& key, Want want, Sequence seq, const Base& base, MonoTime now,
                     const std::vector<Mark>& before) {
  hold_body(want);
  const auto [at, fresh] = entries_.try_emplace(key);
  Entry& entry = at->second;
  bool has_them = false;  // the key has these bytes already, and only its attributes change
  if (fresh) {
    entry.since = seq;
    entry.base = base;
    entry.before = before;
    entry.first = now;
  } else {
    unindex(key, entry);
    has_them = same_body(want, entry.want);
    note_appended(entry, want);
    release_body(entry.want);
    if (entry.unsure) add_mark(entry.before, mark_of(entry.want));
  }
  if (!has_them) name_body(want, key);
  entry.unsure = false;
  entry.want = std::move(want);
  entry.seq = seq;
  if (!entry.for_now || entry.alone) {
    entry.refusal.reset();
    entry.for_now = entry.alone = false;
  }
  entry.attempts = 0;
  entry.retry_at = {};
  entry.held_until = std::min(now + hold_, entry.first + kMostHolds * hold_);
  if (entry.want.kind == Want::Kind::absent) last_removal_ = now;
  const bool nothing_to_do = entry.want.kind == Want::Kind::absent && !entry.sending &&
                             entry.base.kind == Base::Kind::absent && entry.before.empty() &&
                             !entry.check && !fresh;
  if (!nothing_to_do) {
    index(key, entry);
    return false;
  }
  entries_.erase(at);
  return true;
}

/// Before `want` takes the place of what waits.
void Pending::note_appended(Entry& entry, Want& want) {
  const bool more = extends(want, entry.want);
  const bool first = entry.seq == entry.sent_seq;  // since the one in flight
  if (entry.sending && first) entry.appended_to_sent = entry.sent.size;
  if (!more) entry.appended_to_sent.reset();
  want.appended_from = more ? entry.want.appended_from : std::nullopt;
  want.foreign = entry.want.foreign;
}

std::optional<std::uint64_t> Pending::appended_to_base(const store::Key& key,
                                                       const Want& want) const {
  const Entry* entry = find(key);
  if (entry == nullptr) return want.appended_from;
  return extends(want, entry->want) ? entry->want.appended_from : std::nullopt;
}

/// Two more marks may come, of the present target and of the one in flight. Not for a key that the
/// store refuses: its writer goes on, and the oldest marks are dropped.
bool Pending::is_crowded(const store::Key& key) const {
  const Entry* entry = find(key);
  if (entry == nullptr || (entry->for_now && !entry->alone)) return false;
  return entry->before.size() + 2 >= kMostMarks;
}

std::vector<Mark> Pending::marks(const store::Key& key) const {
  const Entry* entry = find(key);
  if (entry == nullptr) return {};
  std::vector<Mark> marks = entry->before;
  if (entry->sending) add_mark(marks, mark_of(entry->sent));
  add_mark(marks, mark_of(entry->want));
  return marks;
}

bool Pending::replay(const store::Key& key, Want want, Sequence seq, Sequence since,
                     const Base& base, const std::vector<Mark>& before, MonoTime now,
                     MonoTime not_before) {
  const auto [at, fresh] = entries_.try_emplace(key);
  Entry& entry = at->second;
  // The cleaning of the log has copied this record behind that of a later change, which includes
  // it.
  if (!fresh && entry.seq > seq) return false;
  hold_body(want);
  bool has_them = false;
  if (fresh) {
    entry.first = now;
  } else {
    unindex(key, entry);
    has_them = same_body(want, entry.want);
    release_body(entry.want);
  }
  if (!has_them) name_body(want, key);
  entry.want = std::move(want);
  entry.seq = seq;
  entry.since = since;
  entry.base = base;
  entry.before = before;
  entry.check = entry.unsure = true;
  entry.not_before = not_before;
  index(key, entry);
  return true;
}

void Pending::replay_done(const store::Key& key, Sequence seq, const Base& base,
                          std::optional<std::uint64_t> size) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || seq < at->second.since) return;
  Entry& entry = at->second;
  unindex(key, entry);
  if (seq >= entry.seq) {
    release_body(entry.want);
    entries_.erase(at);
    return;
  }
  if (entry.base != base) {
    if (entry.want.appended_from) entry.want.appended_from = size;
    entry.want.foreign = false;
  }
  entry.base = base;
  // The marks stay: one may be of a change after this one and before the last.
  entry.since = seq + 1;
  index(key, entry);
}

Job Pending::begin(Iterator at) {
  auto& [key, entry] = *at;
  const bool check = entry.check || entry.before.size() >= kManyMarks;
  Job job{key,          entry.want, entry.seq,    entry.base,
          entry.before, check,      entry.unsure, entry.attempts};
  unindex(key, entry);
  entry.sending = true;
  entry.appended_to_sent.reset();
  if (entry.strikes == 0) entry.successes_first = successes_;
  entry.successes_last = successes_;
  entry.sent = entry.want;
  entry.sent_seq = entry.seq;
  hold_body(entry.sent);
  index(key, entry);
  return job;
}

std::vector<Job> Pending::next(MonoTime now, bool hurry, std::size_t most) {
  for (const auto& [ready, seq, key] : due_) {
    if (!hurry && ready > now) break;
    const auto at = entries_.find(key);
    if (ready_at(at->second, hurry) > now || sources_.contains(key)) continue;
    std::vector<Job> jobs;
    jobs.push_back(begin(at));
    return jobs;
  }
  return next_removals(now, hurry, most);
}

/// When removals are sent even if they do not fill a request.
MonoTime Pending::ripe_at(const Entry& oldest_removal) const {
  const MonoTime latest = oldest_removal.held_until + kMostHolds * hold_;
  return std::clamp<MonoTime>(last_removal_ + hold_, oldest_removal.held_until, latest);
}

/// After a request that failed as a whole, perhaps because of one key, the next ones are smaller,
/// until that key is alone in one.
std::vector<Job> Pending::next_removals(MonoTime now, bool hurry, std::size_t most) {
  std::vector<Iterator> chosen;
  std::size_t room = most;
  bool ripe = hurry || removals_.size() >= most;
  for (const auto& [seq, key] : removals_) {
    if (chosen.size() >= room || seq > oldest_change()) break;
    const auto at = entries_.find(key);
    if (ready_at(at->second, true) > now || is_needed(key)) continue;
    const std::size_t fits =
        std::max<std::size_t>(most >> (2 * std::min(at->second.suspicions, 15U)), 1);
    if (chosen.size() >= fits) continue;
    ripe = ripe || ripe_at(at->second) <= now;
    chosen.push_back(at);
    room = std::min(room, fits);
    if (!ripe && chosen.size() > 1) break;  // only the oldest can be ripe
  }
  std::vector<Job> jobs;
  if (!ripe) return jobs;
  jobs.reserve(chosen.size());
  for (const Iterator& at : chosen) jobs.push_back(begin(at));
  return jobs;
}

std::optional<MonoTime> Pending::wake_at(bool hurry) const {
  constexpr int kMostLooked = 64;  // looking at no more may only wake a worker too early
  int looked = 0;
  std::optional<MonoTime> first;
  const auto note = [&](MonoTime time) {
    if (!first || time < *first) first = time;
  };
  for (const auto& [ready, seq, key] : due_) {
    if (sources_.contains(key)) continue;
    note(ready_at(entries_.at(key), hurry));
    if (!hurry || ++looked == kMostLooked) break;
  }
  for (const auto& [seq, key] : removals_) {
    if (seq > oldest_change()) break;
    if (is_needed(key)) continue;
    const Entry& entry = entries_.at(key);
    note(hurry ? ready_at(entry, true) : std::max(ripe_at(entry), ready_at(entry, true)));
    if (entry.attempts == 0) break;  // later removals are not due earlier
  }
  return first;
}

Pending::Iterator Pending::find_sent(const store::Key& key, Sequence seq) {
  const auto at = entries_.find(key);
  const bool ours = at != entries_.end() && at->second.sending && at->second.sent_seq == seq;
  return ours ? at : entries_.end();
}

bool Pending::settled(Iterator at, Sequence seq, const Base& now_stored) {
  Entry& entry = at->second;
  unindex(at->first, entry);
  forget_bodies(at->first, entry);
  entry.sending = false;
  release_body(entry.sent);
  entry.sent = {};
  if (entry.seq == seq) {
    release_body(entry.want);
    entries_.erase(at);
    return true;
  }
  entry.refusal.reset();
  entry.for_now = entry.alone = false;
  entry.strikes = entry.suspicions = entry.merges = 0;
  entry.want.foreign = entry.want.foreign && entry.base == now_stored;
  entry.base = now_stored;
  entry.before.clear();
  entry.since = seq + 1;
  entry.check = false;
  if (entry.want.kind == Want::Kind::copy && entry.want.source == at->first) {
    entry.want.source_etag = now_stored.etag;
  }
  if (entry.want.kind == Want::Kind::absent && now_stored.kind == Base::Kind::absent) {
    entries_.erase(at);
    return true;
  }
  index(at->first, entry);
  return false;
}

bool Pending::confirmed(const store::Key& key, Sequence seq, const Base& now_stored) {
  const auto at = find_sent(key, seq);
  ++successes_;
  if (at == entries_.end()) return false;
  if (at->second.seq != seq) at->second.want.appended_from = at->second.appended_to_sent;
  return settled(at, seq, now_stored);
}

Pending::Shows Pending::failed(const store::Key& key, Sequence seq, MonoTime retry_at,
                               bool may_have_arrived, Answer answer) {
  const auto at = find_sent(key, seq);
  if (at == entries_.end()) return Shows::little;
  Entry& entry = at->second;
  unindex(key, entry);
  if (may_have_arrived) add_mark(entry.before, mark_of(entry.sent));
  entry.sending = false;
  release_body(entry.sent);
  entry.sent = {};
  ++entry.attempts;
  entry.retry_at = retry_at;
  if (answer != Answer::none || successes_ > entry.successes_last) ++entry.strikes;
  if (answer == Answer::other) ++entry.suspicions;
  index(key, entry);
  if (entry.strikes < kMostStrikes) return Shows::little;
  if (successes_ > entry.successes_first) return Shows::obstinate;
  return striking_ == changes_.size() ? Shows::alone : Shows::little;
}

void Pending::refused(const store::Key& key, Sequence seq, const Error& why, MonoTime retry_at,
                      bool may_have_arrived) {
  failed(key, seq, retry_at, may_have_arrived);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  unindex(key, at->second);
  if (at->second.seq != seq) {
    // The store may take the change that came meanwhile.
    at->second.retry_at = {};
    index(key, at->second);
    return;
  }
  at->second.refusal = why;
  at->second.for_now = at->second.alone = false;
  index(key, at->second);
}

void Pending::refused_for_now(const store::Key& key, Sequence seq, const Error& why,
                              MonoTime retry_at, bool alone) {
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  unindex(key, at->second);
  if (at->second.seq == seq) at->second.retry_at = retry_at;
  at->second.refusal = why;
  at->second.for_now = true;
  at->second.alone = alone;
  index(key, at->second);
}

bool Pending::abandoned(const store::Key& key, Sequence seq) {
  const auto at = find_sent(key, seq);
  if (at == entries_.end()) return false;
  const Base base = at->second.base;
  const bool gone = settled(at, seq, base);
  // A later change of the key is in the same conflict, which the sender finds by asking the store.
  if (!gone) check_first(key);
  return gone;
}

void Pending::raced(const store::Key& key, Sequence seq, MonoTime retry_at, bool may_have_arrived) {
  failed(key, seq, retry_at, may_have_arrived);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  // The store has answered, and only another version was in the way.
  unindex(key, at->second);
  at->second.attempts = at->second.strikes = at->second.suspicions = 0;
  ++at->second.merges;
  index(key, at->second);
}

void Pending::rebased(const store::Key& key, Sequence seq, const Want& want, const Base& base,
                      MonoTime retry_at) {
  raced(key, seq, retry_at, false);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  Entry& entry = at->second;
  unindex(key, entry);
  hold_body(want);
  name_body(want, key);
  release_body(entry.want);
  entry.want = want;
  entry.base = base;
  entry.before.clear();
  entry.check = entry.unsure = false;
  entry.refusal.reset();
  entry.for_now = entry.alone = false;
  index(key, entry);
}

bool Pending::became_body(const store::Key& key, Sequence seq, const Want& body) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.seq != seq) return false;
  unindex(key, at->second);
  at->second.want = body;
  at->second.attempts = 0;
  hold_body(body);
  name_body(body, key);
  index(key, at->second);
  return true;
}

std::optional<Sequence> Pending::drop_removal(const store::Key& key) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || at->second.sending) return std::nullopt;
  if (at->second.want.kind != Want::Kind::absent) return std::nullopt;
  const Sequence seq = at->second.seq;
  unindex(key, at->second);
  entries_.erase(at);
  return seq;
}

void Pending::check_first(const store::Key& key) {
  const auto at = entries_.find(key);
  if (at != entries_.end()) at->second.check = true;
}

void Pending::retry_refused(MonoTime now) {
  if (refusals_ == 0) return;
  for (auto& [key, entry] : entries_) {
    if (!entry.refusal || entry.sending) continue;
    unindex(key, entry);
    entry.retry_at = now;
    index(key, entry);
  }
}

Pending::Needs Pending::needs_of_refused() const {
  Needs needs;
  if (refusals_ == 0) return needs;
  for (const auto& [key, entry] : entries_) {
    if (!entry.refusal) continue;
    if (entry.want.kind == Want::Kind::copy) needs.emplace(entry.want.source, key);
    if (entry.want.kind != Want::Kind::body) continue;
    for (const store::Key& name : bodies_.at(entry.want.body).names) {
      if (name == key) break;
      needs.emplace(name, key);
    }
  }
  return needs;
}

bool Pending::has_hope(MonoTime now) const {
  const auto hopeful = [&](const auto& each) {
    const Entry& entry = each.second;
    if (entry.sending) return true;
    if (entry.refusal && !entry.alone && entry.retry_at > now) return false;
    if (entry.want.kind != Want::Kind::absent) return !sources_.contains(each.first);
    return entry.seq <= oldest_change() && !is_needed(each.first);
  };
  return std::any_of(entries_.begin(), entries_.end(), hopeful);
}

}  // namespace pailfs::journal
