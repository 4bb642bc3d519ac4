// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>

#include "pailfs/store/object_store.h"

#include "body.h"
#include "pending.h"

namespace pailfs::journal {

/// What became of a change that was sent.
struct Verdict {
  enum class Kind {
    done,
    retry,      ///< failed for a reason that may pass
    refused,    ///< failed for one that stays until somebody changes something
    conflict,   ///< not done: somebody else's later version is there, or the copy's source is gone
    needs_body  ///< the store cannot copy this: the bytes have to go through this machine
  };
  Kind kind = Kind::done;
  Base found;              ///< what the store holds now, if done or in conflict
  std::uint64_t size = 0;  ///< of that
  Error error;             ///< why not
  bool may_have_arrived = false;
};

/// Carries one change out, and looks first where that is needed to undo nobody's later version
/// (law L11). Any thread; holds no lock.
class Sender final {
 public:
  explicit Sender(store::ObjectStore& store) : store_(store) {}

  /// An object to be made. `body`: of a Want::Kind::body.
  Verdict make(const Job& job, const BodyPtr& body);
  /// One verdict per job.
  std::vector<Verdict> remove(const std::vector<Job>& jobs);

  /// Whether the error is the store's last word.

 private:
  struct Look {
    std::optional<Verdict> verdict;  ///< when that settles it
    Base base;                       ///< else: what the change goes upon
    bool same = false;               ///< what is there has the bytes that are wanted
    /// A condition may name `base`: the store tells it when asked for the object.
    bool has_name = true;
    [[nodiscard]] Base condition() const { return has_name ? base : Base(); }
  };
  /// `sent`: a body that has just been sent, and whose first attempt may have arrived though the
  /// last one was refused.
  Look look(const Job& job, const BodyPtr& sent = nullptr);
  bool has_bytes(const Job& job, const BodyPtr& sent, const store::ObjectInfo& found);
  bool is_absent(const store::Key& key);
  std::optional<store::ListedObject> list_one(const store::Key& key);
  bool is_like_source(const Job& job, const store::ObjectInfo& found);
  Verdict put(const Job& job, const BodyPtr& body, Base base);
  Verdict copy(const Job& job, Base base);
  /// Upon `base` where the store takes that.
  Result<store::ETag> send_copy(const Job& job, const Base& base);
  static Verdict failure(const Error& error);
  Verdict done(const Job& job, const store::ETag& etag) const;

  store::ObjectStore& store_;
  std::atomic<bool> conditions_ = true;       ///< the store takes If-Match and If-None-Match
  std::atomic<bool> copy_conditions_ = true;  ///< also of the target of a copy
};

}  // namespace pailfs::journal
