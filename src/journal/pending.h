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
  std::vector<Mark> before;  ///< our versions and removals that may have reached the store earlier
  bool check = false;        ///< ask the store what it holds before changing it
  bool unsure = false;       ///< a dead mount may have sent it
  unsigned attempts = 0;     ///< that have failed
};

/// Changes that are acknowledged and not yet known to be in the store, one state per key: the log
/// of changes merged. Decides which change may be sent when:
///
/// * Of a key one change is in flight at a time; a change that comes meanwhile replaces the one
///   that waits behind it.
/// * A key that a waiting copy reads from is left alone until that copy is confirmed (law L3).
/// * A removal waits for every change that was acknowledged before it, so that no crash, not even
///   one that takes the journal along, can leave neither the old name nor the new one.
/// * A change that the store refuses, for good or for now, holds only changes that depend on it:
///   those of its own key; those of the key that it copies from; and the removal of every key that
///   has had the bytes of the refused change. "Rename" is a copy and a removal, "replace by rename"
///   is one object under the target's key: for both, no object is removed whose bytes the store
///   does not have elsewhere. Removals of other keys do not wait for it. Its bytes stay in the
///   journal.
/// * Refused for now is a change that has failed kMostStrikes times while the store answered or
///   took other changes, and for which another change has succeeded since it was first sent, or
///   all other objects to be made fail like it. With a store that does not answer no change is
///   refused, and all are held.
/// * Removals are gathered until a request is full, no more come, or the oldest has waited long.
/// * A key that was never sent, and for which the store has nothing, needs no removal.
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
    /// Our versions that may be stored instead, and a removal; at most kMostMarks. The mark of a
    /// version that `base` or the copy's source is by its name too: the store may call it
    /// otherwise.
    std::vector<Mark> before;
    bool check = false;
    bool unsure = false;  ///< a dead mount may have sent `want`
    bool sending = false;
    Want sent;  ///< while sending
    Sequence sent_seq = 0;
    /// The bytes of `want` from here on were appended to `sent`.
    std::optional<std::uint64_t> appended_to_sent;
    unsigned merges = 0;    ///< how often another client was faster with bytes to append
    MonoTime first{};       ///< when the key became pending
    MonoTime held_until{};  ///< to wait for more changes to merge
    MonoTime not_before{};  ///< until requests of a dead mount have arrived or never will
    MonoTime retry_at{};
    unsigned attempts = 0;
    std::optional<Error> refusal;       ///< the store's last word; tried again seldom
    bool for_now = false;               ///< the refusal is by repeated failure
    bool alone = false;                 ///< ... and no other change has succeeded meanwhile
    unsigned strikes = 0;               ///< failures in a row while the store answered
    unsigned suspicions = 0;            ///< those of the failures that may be about the key
    std::uint64_t successes_first = 0;  ///< successes of all changes when it was first sent
    std::uint64_t successes_last = 0;   ///< ... and when it was last sent
  };
  using Entries = std::map<store::Key, Entry>;
  /// Marks of one key. A key gets one with each attempt that failed and may have arrived all the
  /// same, unless the change was the same as before. From kManyMarks on the store is asked before a
  /// change is sent: if it does not answer, nothing is sent that could arrive. A record can count
  /// no more than kMostMarks, and a key that is_crowded() must not change.
  static constexpr std::size_t kMostMarks = 255;
  static constexpr std::size_t kManyMarks = 8;
  /// Failures, each after all attempts of one request, from which on a change counts as refused for
  /// now.
  static constexpr unsigned kMostStrikes = 4;
  /// Most keys that a body remembers to have had: beyond them the removal of a key that had refused
  /// bytes does not wait for them.
  static constexpr std::size_t kMostNames = 64;

  /// `hold`: how long a change waits for others to merge with.
  explicit Pending(std::chrono::nanoseconds hold) : hold_(hold) {}

  [[nodiscard]] const Entry* find(const store::Key& key) const;
  [[nodiscard]] const Entries& entries() const { return entries_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// True when no waiting copy reads from `key`.
  [[nodiscard]] bool may_copy_to(const store::Key& key) const { return !sources_.contains(key); }

  /// Notes an acknowledged change. `base` and `before` count only for a key without pending
  /// changes. True if nothing is left to be done for the key.
  bool change(const store::Key& key, Want want, Sequence seq, const Base& base, MonoTime now,
              const std::vector<Mark>& before = {});
  /// Holds body and source of a change that is about to be acknowledged until release(): the body
  /// stays, and the source is not changed in the store.
  void hold(const store::Key& key, const Want& want);
  void release(const store::Key& key, const Want& want);
  /// Our versions that the store may hold before a new change of `key` becomes pending, and whether
  /// a removal of ours may have been made: the record of that change names them.
  [[nodiscard]] std::vector<Mark> marks(const store::Key& key) const;
  /// From where on the bytes of a new change were appended to the version that the store is
  /// believed to hold; `want` has it in relation to the change before.
  [[nodiscard]] std::optional<std::uint64_t> appended_to_base(const store::Key& key,
                                                              const Want& want) const;
  [[nodiscard]] bool is_crowded(const store::Key& key) const;
  /// The same as change(), for a record in the journal of a mount that has ended: any change may
  /// have been sent. The record has all knowledge that the mount had when it wrote it (`since`,
  /// `base` and `before`), and those of earlier records do not count any more. Nothing is sent
  /// before `not_before`: a request of the dead mount may still be under way and must not arrive
  /// after ours. False: a record of a later change was read before, so this one does not count.
  bool replay(const store::Key& key, Want want, Sequence seq, Sequence since, const Base& base,
              const std::vector<Mark>& before, MonoTime now, MonoTime not_before);
  /// For a record that changes of `key` up to `seq` are over; the store then held `base`, of that
  /// size if it is told.
  void replay_done(const store::Key& key, Sequence seq, const Base& base,
                   std::optional<std::uint64_t> size = {});

  /// The jobs to send next: one object to be made, or up to `most` removals. Empty: none now.
  /// `hurry`: hold no change back.
  std::vector<Job> next(MonoTime now, bool hurry, std::size_t most);
  /// About when next() may have a job, unless there is an event before; nothing: only after an
  /// event.
  [[nodiscard]] std::optional<MonoTime> wake_at(bool hurry) const;

  /// Notes that a job was carried out. True if nothing is pending for the key any more.
  bool confirmed(const store::Key& key, Sequence seq, const Base& now_stored);
  /// The conclusion from a failure.
  enum class Shows {
    little,     ///< the next attempt may succeed
    alone,      ///< the store refuses this change for now, or all changes
    obstinate,  ///< the store refuses this change for now, and takes others
  };
  /// The service's answer: none, that it is busy, any other.
  enum class Answer { none, busy, other };
  Shows failed(const store::Key& key, Sequence seq, MonoTime retry_at, bool may_have_arrived,
               Answer answer = Answer::none);
  /// Notes a final refusal. It ends when the store takes the change, or with a new change of the
  /// key.
  void refused(const store::Key& key, Sequence seq, const Error& why, MonoTime retry_at,
               bool may_have_arrived = false);
  /// Notes, after failed(), that the store refuses the change for now. A change of the key that
  /// came meanwhile is tried in its turn and holds no others if it fails.
  void refused_for_now(const store::Key& key, Sequence seq, const Error& why, MonoTime retry_at,
                       bool alone);
  /// Gives the change up, because another writer's version stays. True as for confirmed().
  bool abandoned(const store::Key& key, Sequence seq);
  /// Another client was faster: the change is tried again, from the version that is then there.
  void raced(const store::Key& key, Sequence seq, MonoTime retry_at, bool may_have_arrived);
  /// Likewise, with the bytes of the other client's version `base` in front of those that were
  /// appended here, in `want`. Earlier attempts count no more: their base is gone.
  void rebased(const store::Key& key, Sequence seq, const Want& want, const Base& base,
               MonoTime retry_at);
  /// Turns the copy into `body`, because its bytes are in the journal now. False if the copy is not
  /// wanted any more.
  bool became_body(const store::Key& key, Sequence seq, const Want& body);
  /// Gives up a removal of `key` that is not in flight. Its sequence number if there was one.
  std::optional<Sequence> drop_removal(const store::Key& key);
  /// Makes the sender ask what the store holds before it next changes `key`.
  void check_first(const store::Key& key);
  /// Makes refused changes due now.
  void retry_refused(MonoTime now);
  /// True when a change may be stored before refused ones are tried again.
  [[nodiscard]] bool has_hope(MonoTime now) const;
  [[nodiscard]] std::size_t refusals() const { return refusals_; }
  /// Keys that refused changes hold, each with the key of one that holds it.
  using Needs = std::unordered_map<store::Key, store::Key>;
  [[nodiscard]] Needs needs_of_refused() const;

  /// Bodies that no change needs any more, each reported once.
  std::vector<BodyId> take_released();

 private:
  using Iterator = Entries::iterator;
  [[nodiscard]] static bool makes_object(const Entry& entry);
  [[nodiscard]] Sequence oldest_change() const;
  static void note_appended(Entry& entry, Want& want);
  Job begin(Iterator at);
  std::vector<Job> next_removals(MonoTime now, bool hurry, std::size_t most);
  Iterator find_sent(const store::Key& key, Sequence seq);
  bool settled(Iterator at, Sequence seq, const Base& now_stored);
  // An entry is changed only between these two calls, which keep the indexes below.
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
  MonoTime last_removal_{};  ///< when the last removal was acknowledged
  Entries entries_;
  std::set<std::tuple<MonoTime, Sequence, store::Key>>
      due_;                                             // objects to be made that are not in flight
  std::set<std::pair<Sequence, store::Key>> removals_;  // removals that are not in flight
  std::set<std::pair<Sequence, store::Key>> changes_;   // by `since`: removals wait for them
  std::unordered_map<store::Key, int> sources_;         // keys that copies of other keys read from
  struct Bytes {
    int users = 0;
    std::uint64_t size = 0;
    std::vector<store::Key> names;  // keys that have had the bytes
  };
  std::unordered_map<BodyId, Bytes> bodies_;
  std::unordered_map<store::Key, std::set<BodyId>> carried_;  // bodies that each key has had
  std::uint64_t bytes_ = 0;
  std::size_t refusals_ = 0;
  std::size_t striking_ = 0;      // of changes_, with kMostStrikes
  std::uint64_t successes_ = 0;   // changes confirmed
  std::vector<BodyId> released_;  // bodies without users; their names count until they are taken
};

}  // namespace pailfs::journal
