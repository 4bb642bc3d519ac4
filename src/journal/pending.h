// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pailfs/util/result.h"

#include "want.h"

namespace pailfs::journal {

/// A change handed out to be sent.
struct Job {
  store::Key key;
  Want want;
  Sequence seq = 0;
  Base base;
  std::vector<Mark> before;  ///< versions of ours that may have reached the store earlier
  bool check = false;        ///< ask the store what it holds before changing it
  unsigned attempts = 0;     ///< that have failed
};

/// What is acknowledged and not yet known to be in the store, one state per key: the log of changes
/// merged. Decides what may be sent when:
///
/// * Of a key one change is in flight at a time; what comes meanwhile replaces what waits behind
/// it.
/// * A key that a waiting copy reads from is left alone until that copy is confirmed (law L3).
/// * A removal waits for every change that was acknowledged before it, so that no crash, not even
///   one that takes the journal along, can leave neither the old name nor the new one.
/// * A change that the store refuses, for good or for now, holds only what depends on it: changes
///   of its own key; changes of the key that it copies from; and the removal of every key that has
///   had the bytes which it waits with. "Rename" is a copy and a removal, "replace by rename" is
///   one object under the target's key: of both, nothing is removed whose bytes the store does not
///   have elsewhere. Removals of other names do not wait for it. Its bytes stay in the journal.
/// * Refused for now is a change that has failed kMostStrikes times while the store was there: it
///   answered, or took other changes; and that has seen another change succeed since it was first
///   sent, or is left with no other objects to be made but such as fail like it. With a store that
///   does not answer nothing is refused and all is held.
/// * Removals are gathered until a request is full, no more come, or the oldest has waited long.
/// * What was never sent to a store that has nothing for the key needs no removal.
///
/// No cycle of waiting is possible as long as a copy goes only to keys that no waiting copy reads
/// from: may_copy_to() says so. Pure: no threads, files or clocks of its own.
class Pending final {
 public:
  struct Entry {
    Want want;
    Sequence seq = 0;    ///< of `want`
    Sequence since = 0;  ///< the oldest change of this key that is not confirmed
    Base base;
    std::vector<Mark> before;  ///< what of ours may be in the store instead, at most kMostMarks
    bool check = false;
    bool unsure = false;  ///< a dead mount may have sent `want`
    bool sending = false;
    Want sent;  ///< while sending
    Sequence sent_seq = 0;
    MonoTime first{};       ///< when the key became pending
    MonoTime held_until{};  ///< in the hope for more changes to merge
    MonoTime not_before{};  ///< until what a dead mount has sent has arrived or never will
    MonoTime retry_at{};
    unsigned attempts = 0;
    std::optional<Error> refusal;  ///< the store's last word; tried again seldom
    bool for_now = false;          ///< the refusal: by failing again and again
    bool alone = false;            ///< ... and no other change has shown that the store takes any
    unsigned strikes = 0;          ///< failures while the store was there, since it last took one
    unsigned suspicions = 0;       ///< of them, answers that may be about the key
    std::uint64_t successes_first = 0;  ///< all that had been when it was first sent
    std::uint64_t successes_last = 0;   ///< ... and when it was last sent
  };
  using Entries = std::map<store::Key, Entry>;
  /// A key gets one with each attempt that failed and may have arrived all the same, unless what
  /// was to be sent had not changed. From kManyMarks on the store is asked before anything is sent:
  /// one that does not answer gets nothing that could have arrived. A record can count no more than
  /// kMostMarks, and a key that is_crowded() must not change.
  static constexpr std::size_t kMostMarks = 255;
  static constexpr std::size_t kManyMarks = 8;
  /// So many failures, each after all attempts of one request, are no accident any more.
  static constexpr unsigned kMostStrikes = 4;
  /// A body remembers no more names that it has had: beyond them a rename of a rename of bytes
  /// that are refused is as any other removal.
  static constexpr std::size_t kMostNames = 64;

  /// `hold`: how long a change waits for others to merge with.
  explicit Pending(std::chrono::nanoseconds hold) : hold_(hold) {}

  [[nodiscard]] const Entry* find(const store::Key& key) const;
  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// No waiting copy reads from `key`.
  [[nodiscard]] bool may_copy_to(const store::Key& key) const { return !sources_.contains(key); }

  /// A change was acknowledged. `base` counts only for a key of which nothing is pending. True if
  /// with it nothing is left to be done about the key.
  bool change(const store::Key& key, Want want, Sequence seq, const Base& base, MonoTime now);
  /// What `key` shall become is about to be acknowledged: its body stays, and what it copies is
  /// left alone, until release().
  void hold(const store::Key& key, const Want& want);
  void release(const store::Key& key, const Want& want);
  /// Versions of ours that the store may hold, or come to hold before a change of `key` that is now
  /// being written down becomes pending: that change's record names them.
  [[nodiscard]] std::vector<Mark> marks(const store::Key& key) const;
  [[nodiscard]] bool is_crowded(const store::Key& key) const;
  /// The same as change(), read from the journal of a mount that has ended somehow: anything may
  /// have been sent. A record says all there is to know: `since`, `base` and `before` are what the
  /// mount knew when it wrote it, and those of earlier records count no more. Nothing is sent
  /// before `not_before`: a request of the dead mount may still be on its way, and must not arrive
  /// after ours. False: a record of a later change has been read before, and this one is nothing.
  bool replay(const store::Key& key, Want want, Sequence seq, Sequence since, const Base& base,
              const std::vector<Mark>& before, MonoTime now, MonoTime not_before);
  /// The journal says that changes of `key` up to `seq` are over; `base`: what the store then held.
  void replay_done(const store::Key& key, Sequence seq, const Base& base);

  /// Next to be sent: one object to be made, or up to `most` removals. Empty: nothing now. `hurry`:
  /// do not hold anything.
  std::vector<Job> next(MonoTime now, bool hurry, std::size_t most);
  /// When next() may have something, about, unless something happens before; nothing: not until
  /// then.
  [[nodiscard]] std::optional<MonoTime> wake_at(bool hurry) const;

  /// What became of a job. True if nothing is pending for the key any more.
  bool confirmed(const store::Key& key, Sequence seq, const Base& now_stored);
  /// What a failure shows.
  enum class Shows {
    little,     ///< the next attempt may do
    alone,      ///< the store refuses it for now, or everything
    obstinate,  ///< the store refuses it for now, and takes others
  };
  /// What the service has said: nothing, that it is busy, anything else.
  enum class Answer { none, busy, other };
  Shows failed(const store::Key& key, Sequence seq, MonoTime retry_at, bool may_have_arrived,
               Answer answer = Answer::none);
  /// It ends when the store takes the change, and when a new one of the key comes.
  void refused(const store::Key& key, Sequence seq, const Error& why, MonoTime retry_at,
               bool may_have_arrived = false);
  /// After failed(). What came meanwhile is tried in its turn and, failing, does not begin to hold
  /// others up.
  void refused_for_now(const store::Key& key, Sequence seq, const Error& why, MonoTime retry_at,
                       bool alone);
  /// Given up: somebody else's version stays. True as confirmed().
  bool abandoned(const store::Key& key, Sequence seq);
  /// The copy's bytes are in the journal now: it is `body` instead. False if it is not wanted any
  /// more.
  bool became_body(const store::Key& key, Sequence seq, const Want& body);
  /// A removal that is not on its way is given up. Its sequence number if there was one.
  std::optional<Sequence> drop_removal(const store::Key& key);
  /// Before `key` is next changed the store is asked what it holds.
  void check_first(const store::Key& key);
  /// Refused changes are due again.
  void retry_refused(MonoTime now);
  /// Something may yet be stored without waiting for the next turn of what is refused.
  [[nodiscard]] bool has_hope(MonoTime now) const;
  [[nodiscard]] std::size_t refusals() const { return refusals_; }
  /// Keys that refused changes hold, with one that holds them.
  using Needs = std::unordered_map<store::Key, store::Key>;
  [[nodiscard]] Needs needs_of_refused() const;

  /// Bodies that no change needs any more, each reported once.
  std::vector<BodyId> take_released();

 private:
  using Iterator = Entries::iterator;
  [[nodiscard]] static bool makes_object(const Entry& entry);
  [[nodiscard]] Sequence oldest_change() const;
  Job begin(Iterator at);
  std::vector<Job> next_removals(MonoTime now, bool hurry, std::size_t most);
  Iterator find_sent(const store::Key& key, Sequence seq);
  bool settled(Iterator at, Sequence seq, const Base& now_stored);
  // Every change of an entry is between these two, which keep the indexes below.
  void unindex(const store::Key& key, const Entry& entry);
  void index(const store::Key& key, const Entry& entry);
  void hold_body(const Want& want);
  void release_body(const Want& want);
  void name_body(const Want& want, const store::Key& key);
  void forget_bodies(const store::Key& key, const Entry& but);
  [[nodiscard]] bool is_needed(const store::Key& key) const;
  void count_source(const store::Key& key, const Want& want, int by);

  [[nodiscard]] MonoTime ripe_at(const Entry& oldest_removal) const;

  std::chrono::nanoseconds hold_;
  MonoTime last_removal_{};  ///< when one was acknowledged
  Entries entries_;
  std::set<std::tuple<MonoTime, Sequence, store::Key>>
      due_;                                             // objects to be made that are not in flight
  std::set<std::pair<Sequence, store::Key>> removals_;  // removals that are not in flight
  std::set<std::pair<Sequence, store::Key>> changes_;   // by `since`: what removals wait for
  std::unordered_map<store::Key, int> sources_;         // keys that copies of other keys read from
  struct Bytes {
    int users = 0;
    std::uint64_t size = 0;
    std::vector<store::Key> names;  // that have had them
  };
  std::unordered_map<BodyId, Bytes> bodies_;
  std::unordered_map<store::Key, std::set<BodyId>> carried_;  // of each name its bodies
  std::uint64_t bytes_ = 0;
  std::size_t refusals_ = 0;
  std::size_t striking_ = 0;      // of changes_, with kMostStrikes
  std::uint64_t successes_ = 0;   // changes confirmed
  std::vector<BodyId> released_;  // that had no users once: until they are taken their names count
};

}  // namespace pailfs::journal
