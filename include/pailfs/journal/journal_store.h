// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/cache/disk_room.h"
#include "pailfs/store/forwarding_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::journal {

/// Settings; values come from the command line, see pailfs(1).
struct Config {
  std::string cache_directory;  ///< the journal is a directory of its own in it
  /// The service, bucket and prefix that the journal belongs to. Changes made for one identity are
  /// never sent to another.
  std::string identity;
  std::string mountpoint;  ///< noted with the changes that are set aside, for people
  /// False: no new change is taken in; the changes that an earlier mount left are carried out.
  bool acknowledges = true;
  std::uint64_t most_bytes = 1U << 30U;  ///< of bodies that wait; more make their writers wait
  std::size_t most_changes = 100'000;    ///< keys that wait
  std::size_t workers = 32;              ///< requests in flight
  std::chrono::milliseconds hold{1000};  ///< how long a change waits for others to merge with
  /// How long a request of a mount that died may take to arrive: nothing that it left is sent
  /// sooner.
  std::chrono::milliseconds grace{3000};
  std::chrono::seconds patience{120};  ///< longest wait of a caller for room or a verdict
  cache::DiskRoom disk;
  /// For pauses between attempts of clients that are in each other's way.
  std::shared_ptr<Random> random = std::make_shared<SystemRandom>();
  bool memory_will_do = false;  ///< for tests: the directory need not outlive a crash
  /// True at the end of a mount whose store does not answer: waits for the store then end at once.
  std::function<bool()> given_up = [] { return false; };
};

/// A change that waits, that the store has refused (for good or for now), or that was set aside
/// because another writer has stored a later version.
struct Unstored {
  store::Key key;
  std::string why;
};

/// The changes that wait at this moment.
struct Waiting {
  std::string directory;
  std::size_t changes = 0;  ///< keys
  std::uint64_t bytes = 0;
  std::chrono::seconds oldest{0};   ///< since the oldest was acknowledged in this mount or found
  std::uint64_t carried_out = 0;    ///< changes since the start
  std::size_t refusals = 0;         ///< of them, those that the store refuses
  std::vector<Unstored> refused;    ///< at most kMostShown; tried again from time to time
  std::vector<Unstored> others;     ///< other changes that wait and for what, at most kMostShown
  std::uint64_t conflicts = 0;      ///< since the start: changes set aside
  std::vector<Unstored> set_aside;  ///< the last kMostShown of them
  bool acknowledges = true;         ///< false: the disk failed, or it was configured so
  static constexpr std::size_t kMostShown = 100;
};

/// An ObjectStore that acknowledges changes when they are in a crash-safe journal on the local disk
/// and carries them out in the background, merged, in an order in which nothing acknowledged can be
/// lost. Reads and listings show the store with the waiting changes laid over it.
///
/// put, copy, remove and remove_many return after an fdatasync that they share. Uploads in parts go
/// to the store directly, after the changes that wait for their keys; so does everything once the
/// disk has failed. settle() waits for the store.
///
/// A change with a Condition fails at once where the journal shows that the condition does not
/// hold. Where only the store can know it is acknowledged, and sent with the condition: a race that
/// is lost then is the verdict of settle(), ESTALE, or EEXIST where there was to be no object; the
/// bytes are set aside, and of a removal the log says that it is not made. Appended bytes
/// (PutRequest::appended_from) lose no race: they are put behind the version that is there, with
/// the attributes of the put, and the object is shown so from then on, under another ETag.
///
/// A waiting object has its MD5 as ETag, as most stores will. If the store gives it another ETag,
/// the first one stays valid for it as long as this mount lives. Any thread may call any member.
class JournalStore : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  [[nodiscard]] virtual Waiting waiting() = 0;
};

/// Takes the journal of this identity in the cache directory, made if it is missing, and goes on
/// with the changes in it. EBUSY: another process has it. ENOTSUP: the directory is in memory.
/// Destruction stops sending and leaves the waiting changes in the journal. `store` and `clock`
/// must outlive it.
Result<std::unique_ptr<JournalStore>> open_journal(const Config& config, store::ObjectStore& store,
                                                   Clock& clock);

/// Whether an earlier mount has left changes there. Takes no lock.
bool has_journal(const std::string& cache_directory, const std::string& identity);

}  // namespace pailfs::journal
