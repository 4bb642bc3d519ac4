// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "pailfs/store/forwarding_store.h"
#include "pailfs/util/sync.h"

#include "store_call.h"

namespace pailfs::test {

/// One call as a fault rule sees it.
struct StoreCall {
  Verb verb = Verb::head;
  store::Key key;     ///< what is changed or read; the prefix for listings
  store::Key source;  ///< of copy and copy_part
};

/// A fault and the calls that it hits. Every field that is not set matches everything.
struct Fault {
  std::optional<Verb> verb;
  std::string key = "*";  ///< glob over StoreCall::key; '*' also matches '/'
  int nth = 0;            ///< only the nth matching call, counted from 1; 0: each
  int times = std::numeric_limits<int>::max();  ///< then the rule is spent
  double probability = 1.0;                     ///< drawn from the store's seed

  enum class Action {
    none,             ///< only delay and callbacks
    fail,             ///< the call never reaches the store
    apply_then_fail,  ///< the store has done it, the reply is lost: a change is in doubt
    empties,          ///< a head shows an object without bytes; other calls: none
    cut,              ///< a get delivers `cut_after` bytes, then fails; other calls: fail
  };
  Action action = Action::fail;
  Error error{EIO, "injected"};
  std::uint64_t cut_after = 0;
  std::chrono::milliseconds delay{0};  ///< real time, before the call
  std::function<void(const StoreCall&)> before;
  std::function<void(const StoreCall&)> after;  ///< the store has done its part
};

/// An ObjectStore that hands every call to `inner` unless a rule says otherwise. The first rule
/// that matches decides. In remove_many each key is judged alone. Any thread may call anything;
/// callbacks run on the calling thread with no lock held. `inner` must outlive it.
class FaultStore final : public store::ForwardingStore {
 public:
  explicit FaultStore(store::ObjectStore& inner, std::uint64_t seed = 1);

  /// Returns a number for fired().
  std::size_t add(Fault fault) EXCLUDES(mutex_);
  void clear() EXCLUDES(mutex_);
  /// How often the rule has taken effect; survives clear() only until the next add().
  [[nodiscard]] int fired(std::size_t rule) const EXCLUDES(mutex_);
  [[nodiscard]] int fired() const EXCLUDES(mutex_);  ///< all rules since the last clear()

  Result<store::ObjectInfo> head(const store::Key& key) override;
  Result<store::ObjectInfo> get(const store::GetRequest& request, store::ByteSink& sink) override;
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override;
  Status remove(const store::Removal& removal) override;
  std::vector<Status> remove_many(const std::vector<store::Removal>& removals) override;
  Result<store::ListPage> list(const store::ListRequest& request) override;
  Result<store::ETag> copy(const store::CopyRequest& request) override;
  Result<store::UploadId> create_upload(const store::Key& key,
                                        const store::ObjectAttributes& attributes,
                                        store::PartOrigin origin) override;
  Result<store::ETag> upload_part(const store::Key& key, const store::UploadId& id, int number,
                                  ByteSource& body) override;
  Result<store::ETag> copy_part(const store::Key& key, const store::UploadId& id, int number,
                                const store::Key& source, const store::ETag& source_if_match,
                                store::ByteRange range) override;
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override;
  Status abort_upload(const store::Key& key, const store::UploadId& id) override;
  Result<std::vector<store::UploadedPart>> list_parts(const store::Key& key,
                                                      const store::UploadId& id) override;
  Result<store::UploadPage> list_uploads(const std::string& prefix,
                                         const store::UploadPage& after) override;
  /// As the client has it: no longer after copy_part was ENOTSUP.
  [[nodiscard]] bool copies_parts() const override {
    return !refuses_parts_ && store_.copies_parts();
  }

 private:
  struct Rule {
    Fault fault;
    int seen = 0;
    int fired = 0;
  };

  std::optional<Fault> match(const StoreCall& call) EXCLUDES(mutex_);
  /// Runs `perform` as the rules say. T is Status or a Result.
  template <class T>
  T guarded(const StoreCall& call, const std::function<T()>& perform);
  template <class T>
  T carried_out(const std::optional<Fault>& fault, const StoreCall& call,
                const std::function<T()>& perform);

  std::atomic<bool> refuses_parts_ = false;
  mutable Mutex mutex_;
  std::vector<Rule> rules_ GUARDED_BY(mutex_);
  std::mt19937_64 random_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::test
