// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>

#include "pailfs/store/object_store.h"

#include "body.h"
#include "pending.h"

namespace pailfs::journal {

/// The result of a change that was sent.
struct Verdict {
  enum class Kind {
    done,
    retry,      ///< failed for a reason that may pass
    refused,    ///< failed for a reason that does not pass by itself
    conflict,   ///< not done: another writer's later version is there, or the copy's source is gone
    needs_body  ///< the store cannot copy this: the bytes have to go through this machine
  };
  Kind kind = Kind::done;
  Base found;              ///< the store's version now, if done or in conflict
  std::uint64_t size = 0;  ///< of that
  Error error;             ///< the reason, unless done
  bool may_have_arrived = false;
};

/// Carries one change out, and first looks at the object where another writer's later version could
/// be undone (law L11). Any thread; holds no lock.
class Sender final {
 public:
  explicit Sender(store::ObjectStore& store) : store_(store) {}

  /// Makes an object. `body` is that of a Want::Kind::body.
  Verdict make(const Job& job, const BodyPtr& body);
  /// One verdict per job.
  std::vector<Verdict> remove(const std::vector<Job>& jobs);

  /// True when no later attempt can succeed after this error.

 private:
  struct Look {
    std::optional<Verdict> verdict;  ///< when the look alone decides
    Base base;                       ///< else: the version that the change goes upon
    bool same = false;               ///< the object has the wanted bytes
    /// A condition may name `base`, because the store tells its ETag in reply to a HEAD.
    bool has_name = true;
    [[nodiscard]] Base condition() const { return has_name ? base : Base(); }
  };
  /// `sent`: a body that was just sent, whose first attempt may have arrived even if the last one
  /// was refused.
  /// `in_doubt`: an attempt of this change may have arrived.
  Look look(const Job& job, const BodyPtr& sent = nullptr, bool in_doubt = true);
  static bool may_be_ours(const Job& job, const store::ObjectInfo& found, bool in_doubt);
  bool has_bytes(const Job& job, const BodyPtr& sent, const store::ObjectInfo& found);
  bool is_absent(const store::Key& key);
  std::optional<store::ListedObject> list_one(const store::Key& key);
  bool is_like_source(const Job& job, const store::ObjectInfo& found);
  [[nodiscard]] static Judgement judge_appended(const Job& job,
                                                const std::optional<store::ObjectInfo>& found,
                                                bool in_doubt);
  Verdict put(const Job& job, const BodyPtr& body, Base base);
  Verdict copy(const Job& job, Base base);
  static std::optional<store::SeenVersion> seen_by(const Job& job, const Base& base);
  [[nodiscard]] store::Removal removal_of(const Job& job, const Base& base) const;
  /// After a removal of which the service says that another version is there.
  Verdict remove_again(const Job& job, Base base);
  /// Sends the copy with the condition `base` if the store takes conditions.
  Result<store::ETag> send_copy(const Job& job, const Base& base);
  static Verdict failure(const Error& error);
  Verdict done(const Job& job, const store::ETag& etag) const;

  store::ObjectStore& store_;
  std::atomic<bool> conditions_ = true;       ///< the store takes If-Match and If-None-Match
  std::atomic<bool> copy_conditions_ = true;  ///< also of the target of a copy
  std::atomic<bool> removal_conditions_ = true;
};

}  // namespace pailfs::journal
