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

#include "pailfs/s3/object_store.h"
#include "pailfs/util/sync.h"

#include "support/store_call.h"

namespace pailfs::test {

/// One call as a fault rule sees it.
struct StoreCall {
  Verb verb = Verb::head;
  s3::Key key;     ///< what is changed or read; the prefix for listings
  s3::Key source;  ///< of copy and copy_part
};

/// What goes wrong, and when. Every field that is not set matches everything.
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
class FaultStore final : public s3::ObjectStore {
 public:
  explicit FaultStore(s3::ObjectStore& inner, std::uint64_t seed = 1);

  /// Returns a number for fired().
  std::size_t add(Fault fault) EXCLUDES(mutex_);
  void clear() EXCLUDES(mutex_);
  /// How often the rule has taken effect; survives clear() only until the next add().
  [[nodiscard]] int fired(std::size_t rule) const EXCLUDES(mutex_);
  [[nodiscard]] int fired() const EXCLUDES(mutex_);  ///< all rules since the last clear()

  Result<s3::ObjectInfo> head(const s3::Key& key) override;
  Result<s3::ObjectInfo> get(const s3::GetRequest& request, s3::ByteSink& sink) override;
  Result<s3::ETag> put(const s3::PutRequest& request, s3::ByteSource& body) override;
  Status remove(const s3::Key& key) override;
  std::vector<Status> remove_many(const std::vector<s3::Key>& keys) override;
  Result<s3::ListPage> list(const s3::ListRequest& request) override;
  Result<s3::ETag> copy(const s3::CopyRequest& request) override;
  Result<s3::UploadId> create_upload(const s3::Key& key, const s3::ObjectAttributes& attributes,
                                     s3::PartOrigin origin) override;
  Result<s3::ETag> upload_part(const s3::Key& key, const s3::UploadId& id, int number,
                               s3::ByteSource& body) override;
  Result<s3::ETag> copy_part(const s3::Key& key, const s3::UploadId& id, int number,
                             const s3::Key& source, const s3::ETag& source_if_match,
                             s3::ByteRange range) override;
  Result<s3::ETag> complete_upload(const s3::Key& key, const s3::UploadId& id,
                                   const std::vector<s3::UploadedPart>& parts) override;
  Status abort_upload(const s3::Key& key, const s3::UploadId& id) override;
  Result<std::vector<s3::UploadedPart>> list_parts(const s3::Key& key,
                                                   const s3::UploadId& id) override;
  Result<s3::UploadPage> list_uploads(const std::string& prefix,
                                      const s3::UploadPage& after) override;
  /// As the client has it: no longer after copy_part was ENOTSUP.
  [[nodiscard]] bool copies_parts() const override {
    return !refuses_parts_ && inner_.copies_parts();
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

  s3::ObjectStore& inner_;
  std::atomic<bool> refuses_parts_ = false;
  mutable Mutex mutex_;
  std::vector<Rule> rules_ GUARDED_BY(mutex_);
  std::mt19937_64 random_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::test
