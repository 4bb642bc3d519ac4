// SPDX-License-Identifier: Apache-2.0
// With durability=local the journal stands between fs and the client: an ObjectStore over an
// ObjectStore. A change, file by file:
//
// journal_changes.cc takes the body (body.cc: small ones into the record, large ones into a file of
// their own), appends a record (record.cc), which by itself has all knowledge of the key, also of
// our versions that may be in the store, and waits for the fdatasync that all share (log.cc), which
// writes zeros ahead so that it has only bytes to write. Only then the change becomes part of
// pending.cc, the pure core: one state per key, the log merged, with the rules for which change may
// be sent when.
//
// The threads of workers.cc take jobs from it (journal_work.cc), sender.cc carries one out and
// looks first where another writer's version could be lost (want.cc judges), and a change that is
// over is appended as done. Bytes that a program appended are put behind another client's version
// (journal_append.cc, appended.cc); other changes that have lost a race are set aside.
//
// journal_reads.cc and journal_list.cc (overlay.cc) show the store with the waiting changes laid
// over it. knowledge.cc remembers from the store's replies upon which version a change is made and
// which keys were never there; confirmed.cc remembers our changes that they confirmed.
// version_names.cc stands in front of the client and gives each version one name.
// journal_clean.cc removes records, bodies and segments; journal_open.cc reads the changes that a
// dead mount has left, and journal_left.cc says which are left and why.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "pailfs/cache/kept_conflicts.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/util/sync.h"

#include "body.h"
#include "body_store.h"
#include "confirmed.h"
#include "disk.h"
#include "knowledge.h"
#include "list_position.h"
#include "log.h"
#include "overlay.h"
#include "pending.h"
#include "sender.h"
#include "version_names.h"
#include "workers.h"

namespace pailfs::journal {

/// Where the files of one journal are: a directory of our own, mode 0700, in the cache directory.
struct Directory {
  std::string path;
  std::string bodies;
  std::optional<cache::KeptConflicts> conflicts;
  UniqueFd lock;  ///< held as long as the journal is ours
  std::shared_ptr<Disk> disk;
};
/// Makes the missing directories and takes the lock.
Result<Directory> take_directory(const Config& config);
std::string directory_path(const std::string& cache_directory, const std::string& identity);

/// A base, because it must exist before the ForwardingStore of the journal, which refers to it.
struct NamedVersions {
  explicit NamedVersions(store::ObjectStore& client) : names(client) {}
  VersionNames names;
};

/// The JournalStore.
///
/// Locks: `mutex_`, held over memory operations only; inside it the log's. A change is acknowledged
/// in this order: its key is claimed; its record appended, under mutex_, so that the order of
/// records is that of the sequence numbers; the batch is awaited without a lock; only then it
/// becomes pending, visible to readers and workers.
///
/// Files: journal.cc (life, waiting), journal_left.cc (which changes wait, and why),
/// journal_open.cc (the changes that the last mount left), journal_changes.cc (put, copy, remove),
/// journal_reads.cc, journal_list.cc, journal_uploads.cc (those in parts), journal_work.cc (the
/// workers).
class Journal final : private NamedVersions, public JournalStore {
 public:
  Journal(const Config& config, store::ObjectStore& store, Clock& clock, Directory directory,
          const Log::Sizes& sizes = {});
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Reads the directory; then the workers begin.
  Status open() EXCLUDES(mutex_);
  /// One turn of a worker: sends changes that are due, or cleans. False: nothing to do now. Tests
  /// without workers call it.
  bool turn() EXCLUDES(mutex_);

  Result<store::ObjectInfo> head(const store::Key& key) override;
  Result<store::ObjectInfo> get(const store::GetRequest& request, store::ByteSink& sink) override;
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override;
  Status remove(const store::Removal& removal) override;
  std::vector<Status> remove_many(const std::vector<store::Removal>& removals) override;
  Result<store::ListPage> list(const store::ListRequest& request) override;
  Result<store::ETag> copy(const store::CopyRequest& request) override;
  Result<store::ETag> copy_part(const store::Key& key, const store::UploadId& id, int number,
                                const store::Key& source, const store::ETag& source_if_match,
                                store::ByteRange range) override;
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;
  Status settle_below(const std::string& prefix) override;
  Status settle(const store::Key& key) override;
  void refresh(const std::string& prefix) override;

  Waiting waiting() override;

 private:
  /// A thread that waits until the changes of `key` up to `seq` are over.
  struct Waiter {
    store::Key key;
    Sequence seq = 0;
    bool over = false;
    Status status;
  };
  /// A change about to be acknowledged.
  struct Change {
    store::Key key;
    Want want;
    Sequence seq = 0;        ///< 0: the next one
    bool has_bytes = false;  ///< `bytes` are the body of the record
    std::string bytes;
    BodyPtr body;  ///< or a file of its own
    store::Condition condition;
    std::optional<Base> base;  ///< as in the record, when no other change of the key waited
  };
  /// Holds keys for a thread that acknowledges a change of them or passes it through.
  class Claim;

  // journal.cc
  /// Waits until no other thread has claimed one of the keys, and claims them.
  Status claim(const std::vector<store::Key>& keys) EXCLUDES(mutex_);
  void unclaim(const std::vector<store::Key>& keys) EXCLUDES(mutex_);
  /// Waits until `done()`, at most Config::patience. `what` is for the error.
  Status wait_until(const std::function<bool()>& done, const char* what) REQUIRES(mutex_);
  /// Waits until no change of `key` waits, nor would again after a crash.
  Status settle_claimed(const store::Key& key) EXCLUDES(mutex_);
  Status await(const store::Key& key) EXCLUDES(mutex_);
  Status settle_all() EXCLUDES(mutex_);
  [[nodiscard]] bool under_pressure() REQUIRES(mutex_);
  void drop_released() REQUIRES(mutex_);
  void give_up_acknowledging(const Error& why) REQUIRES(mutex_);
  [[nodiscard]] bool acknowledges() EXCLUDES(mutex_);

  // journal_left.cc
  [[nodiscard]] std::string left_behind() REQUIRES(mutex_);
  [[nodiscard]] std::string why_it_waits(const store::Key& key, const Pending::Entry& entry,
                                         const Pending::Needs& needs) REQUIRES(mutex_);

  // journal_open.cc
  void note_names() REQUIRES(mutex_);
  void take_bodies(const std::unordered_map<BodyId, Place>& places, Sequence& last)
      REQUIRES(mutex_);

  // journal_changes.cc
  Status check_limits(const store::Key& key, const store::ObjectAttributes& attributes) const;
  /// Waits for room. The bytes count as admitted until the caller subtracts them.
  Status admit(const std::vector<store::Key>& keys, std::uint64_t bytes) EXCLUDES(mutex_);
  /// Makes the changes durable and pending; one verdict each. Their keys are claimed.
  std::vector<Status> acknowledge(std::vector<Change> changes) EXCLUDES(mutex_);
  /// Waits until no record of these keys is on its way to the disk: the change that it is of may
  /// become pending, or may be replaced, only in the order of the records.
  Status await_records(const std::vector<store::Key>& keys) REQUIRES(mutex_);
  Result<Log::Appended> record_change(Change& change) REQUIRES(mutex_);
  void become_pending(const Change& change, const Place& place) REQUIRES(mutex_);
  [[nodiscard]] Base base_of(const Change& change) REQUIRES(mutex_);
  /// Marks of versions that the change goes upon and that the store may call otherwise.
  [[nodiscard]] std::vector<Mark> unshown_marks(const Change& change) REQUIRES(mutex_);
  enum class OfRemoval { no, yes };  ///< for which absence will do as well
  [[nodiscard]] std::optional<Status> known_condition(const store::Key& key,
                                                      const store::Condition& condition,
                                                      OfRemoval of_removal) REQUIRES(mutex_);
  /// Fails when the change must not be made. Without a waiting change of the key the store is asked
  /// only where what is known of it denies the condition; where that says nothing, or the store
  /// does not answer, the sender finds out.
  Status check_condition(const store::Key& key, const store::Condition& condition,
                         OfRemoval of_removal = OfRemoval::no) EXCLUDES(mutex_);
  Result<store::ETag> put_admitted(const store::PutRequest& request, ByteSource& body);
  std::vector<Status> remove_some(const std::vector<store::Removal>& removals);
  std::vector<Status> remove_admitted(const std::vector<store::Removal>& distinct);
  std::vector<Status> remove_each(const std::vector<store::Removal>& removals, const Status& wrong);
  /// The target of a copy, to be acknowledged. It holds body or source until it is released.
  Result<Want> resolve_copy(const store::CopyRequest& request) EXCLUDES(mutex_);
  std::optional<Result<Want>> known_source(const store::CopyRequest& request,
                                           const std::optional<store::ObjectInfo>& shown)
      REQUIRES(mutex_);
  // Straight to the store, after the changes that wait for the keys.
  Result<store::ETag> put_through(const store::PutRequest& request, ByteSource& body);
  std::vector<Status> remove_through(const std::vector<store::Removal>& removals);
  Result<store::ETag> copy_through(const store::CopyRequest& request);
  void note_stored(const store::Key& key, const Base& base, std::uint64_t size) EXCLUDES(mutex_);
  void note_doubt(const store::Key& key) EXCLUDES(mutex_);

  // journal_reads.cc
  Result<store::ObjectInfo> head_store(const store::Key& key) EXCLUDES(mutex_);
  /// One attempt; `again`: the waiting change has been carried out meanwhile, so look again.
  Result<store::ObjectInfo> get_once(const store::GetRequest& request, store::ByteSink& sink,
                                     bool& again);

  // journal_list.cc
  Result<store::ListPage> list_overlaid(const store::ListRequest& request,
                                        const ListPosition& start) EXCLUDES(mutex_);
  Result<bool> is_all_removed(const std::string& prefix, MonoTime since) EXCLUDES(mutex_);

  // journal_work.cc
  /// `clean_early`: records of changes that are over are synced as soon as there is nothing to
  /// send.
  bool turn_locked(bool clean_early) REQUIRES(mutex_);
  /// When the next change becomes due, or records of changes that are over must be synced.
  [[nodiscard]] MonoTime next_due() REQUIRES(mutex_);
  void wake_worker() REQUIRES(mutex_) { workers_.wake_at(clock_.now()); }
  /// A worker takes its turn when the next change becomes due.
  void wake_worker_in_time() REQUIRES(mutex_);
  [[nodiscard]] bool cleaning_is_due() REQUIRES(mutex_);
  std::vector<Job> next_jobs() REQUIRES(mutex_);
  void carry_out(const std::vector<Job>& jobs) EXCLUDES(mutex_);
  void note_verdict(const Job& job, const Verdict& verdict, const BodyPtr& body) EXCLUDES(mutex_);
  void note_done(const Job& job, const Verdict& verdict) REQUIRES(mutex_);
  void note_trouble(const Job& job, const Verdict& verdict) REQUIRES(mutex_);
  void note_obstinate(const Job& job, const Verdict& verdict) REQUIRES(mutex_);
  void note_conflict(const Job& job, const Verdict& verdict, const BodyPtr& body) EXCLUDES(mutex_);
  void finish_waiters(const store::Key& key, Sequence seq, const Status& status) REQUIRES(mutex_);
  /// `size`: of the version `base`, if more may have been appended to it here.
  void append_done(const store::Key& key, Sequence seq, const Base& base,
                   std::optional<std::uint64_t> size = {}) REQUIRES(mutex_);
  // journal_append.cc
  [[nodiscard]] bool can_append(const Job& job, const Verdict& verdict) EXCLUDES(mutex_);
  void append_behind(const Job& job, const Verdict& verdict, const BodyPtr& body) EXCLUDES(mutex_);
  Status try_append(const Job& job, const Verdict& verdict, const BodyPtr& body) EXCLUDES(mutex_);
  Status note_appended(const Job& job, const Verdict& verdict, std::uint64_t size) EXCLUDES(mutex_);
  Status replace_body(const Job& job, const Base& base, ByteSource& both, std::uint64_t from)
      EXCLUDES(mutex_);
  Status record_replaced(const Job& job, const Want& want, const Base& base, const Taken& taken)
      EXCLUDES(mutex_);
  // journal_fetch.cc
  void fetch_copy(const Job& job) EXCLUDES(mutex_);

  // journal_clean.cc
  /// Syncs the records of changes that are over, then removes bodies and segments.
  void clean() EXCLUDES(mutex_);
  /// `durable`: number of records of changes that are over which have been synced.
  Status drop_segments(std::size_t durable) EXCLUDES(mutex_);
  void clean_oldest_segment() EXCLUDES(mutex_);
  struct Moved {
    store::Key key;
    Sequence seq = 0;
    BodyId body = 0;
    bool has_bytes = false;
    Log::Appended appended;
  };
  std::optional<Moved> append_again(const store::Key& key) REQUIRES(mutex_);
  std::optional<std::vector<store::Key>> living_in(std::uint64_t segment) REQUIRES(mutex_);

  const Config config_;
  Clock& clock_;
  const Directory directory_;
  const Log::Sizes sizes_;
  Sender sender_;
  std::unique_ptr<Log> log_;  // constant after open()

  Mutex mutex_{LockRank{310, "journal"}};
  CondVar settled_;  // a change is over, a key is free, or a record is let go
  Pending pending_ GUARDED_BY(mutex_);
  Knowledge knowledge_ GUARDED_BY(mutex_);
  Confirmed confirmed_ GUARDED_BY(mutex_);
  Overlay overlay_ GUARDED_BY(mutex_){pending_, knowledge_, confirmed_};
  BodyStore bodies_ GUARDED_BY(mutex_);
  std::unordered_map<store::Key, std::uint64_t> segments_
      GUARDED_BY(mutex_);  // the one with the last record of a pending key
  std::unordered_set<store::Key> claimed_ GUARDED_BY(mutex_);
  std::unordered_set<store::Key> recording_ GUARDED_BY(mutex_);  // see await_records()
  std::list<Waiter*> waiters_ GUARDED_BY(mutex_);
  Sequence next_seq_ GUARDED_BY(mutex_) = 1;
  std::multiset<std::uint64_t> acknowledging_ GUARDED_BY(mutex_);  // segments of records in that
  std::uint64_t admitted_bytes_ GUARDED_BY(mutex_) = 0;            // of those
  std::size_t in_a_hurry_ GUARDED_BY(mutex_) = 0;
  bool acknowledges_ GUARDED_BY(mutex_);
  bool closing_ GUARDED_BY(mutex_) = false;
  std::size_t in_flight_ GUARDED_BY(mutex_) = 0;
  std::size_t undurable_ GUARDED_BY(mutex_) = 0;  // records of finished changes, not yet synced
  MonoTime undurable_since_ GUARDED_BY(mutex_){};
  bool cleaning_ GUARDED_BY(mutex_) = false;
  unsigned troubles_ GUARDED_BY(mutex_) = 0;  // failures in a row
  MonoTime paused_until_ GUARDED_BY(mutex_){};
  std::uint64_t carried_out_ GUARDED_BY(mutex_) = 0;
  std::uint64_t conflicts_ GUARDED_BY(mutex_) = 0;
  std::deque<Unstored> set_aside_ GUARDED_BY(mutex_);
  std::string last_trouble_ GUARDED_BY(mutex_);
  Workers workers_;  // the last member: its threads use all of the above
};

}  // namespace pailfs::journal
