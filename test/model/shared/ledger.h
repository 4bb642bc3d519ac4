// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/store/forwarding_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::test::shared {

/// What stands under a key from one change to the next.
struct Version {
  bool exists = false;
  std::shared_ptr<const std::string> bytes = std::make_shared<const std::string>();
  std::string mode;   ///< x-amz-meta-mode
  std::string xattr;  ///< x-amz-meta-xattr
  MonoTime since{};
  std::uint64_t number = 0;  ///< in the order of all changes
  int by = -1;               ///< the mount; kForeign
  std::uint64_t step = 0;    ///< of it
};
inline constexpr int kForeign = -1;
inline constexpr int kInitially = -2;

/// All versions that the keys of a bucket ever had, in their order. Changes go through it one at a
/// time. Any thread.
class Ledger final {
 public:
  Mutex mutex{LockRank{340, "ledger"}};  ///< held around each change

  /// `before` is still the last version but one when this is called, under the ledger's lock.
  using Watch =
      std::function<void(const std::string& key, const Version& before, const Version& after)>;
  /// `truth`: where the outcome of a change is looked up. Keys are without `prefix`.
  Ledger(store::ObjectStore& truth, Clock& clock, std::string prefix)
      : truth_(truth), clock_(clock), prefix_(std::move(prefix)) {}

  void set_watch(Watch watch) { watch_ = std::move(watch); }
  /// Of the change that is made next, for each mount.
  void begin_step(int by, std::uint64_t step) EXCLUDES(mutex);
  /// Makes a change of these keys (with the prefix) and writes down what became of them. `make`
  /// tells whether each was stored anew, be it with the bytes that it had.
  void change(int by, const std::vector<store::Key>& keys, const std::function<bool()>& make)
      EXCLUDES(mutex);

  // What follows is for a caller that holds the mutex, as the watch does.
  /// The versions of a key, the first from the beginning of time; at least one.
  [[nodiscard]] const std::vector<Version>& versions(const std::string& key);
  [[nodiscard]] const Version& now(const std::string& key) { return versions(key).back(); }
  /// All keys that ever existed.
  [[nodiscard]] std::vector<std::string> keys() const;
  [[nodiscard]] std::uint64_t last_number() const { return number_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }

 private:
  Version look(const store::Key& key);

  store::ObjectStore& truth_;
  Clock& clock_;
  const std::string prefix_;
  Watch watch_;
  std::map<std::string, std::vector<Version>> chains_;
  std::map<int, std::uint64_t> steps_;
  std::uint64_t number_ = 0;
};

/// What one mount changes, or the foreign client, on its way to the bucket.
class LedgerStore final : public store::ForwardingStore {
 public:
  LedgerStore(store::ObjectStore& inner, Ledger& ledger, int by)
      : ForwardingStore(inner), ledger_(ledger), by_(by) {}

  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override;
  Status remove(const store::Removal& removal) override;
  std::vector<Status> remove_many(const std::vector<store::Removal>& removals) override;
  Result<store::ETag> copy(const store::CopyRequest& request) override;
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;

 private:
  Ledger& ledger_;
  const int by_;
};

}  // namespace pailfs::test::shared
