// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>

#include "pailfs/cache/expiring_lru.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "want.h"

namespace pailfs::journal {

/// Changes that the store has confirmed a moment ago. They are shown without a request, laid over
/// listings that were asked for before, and keep the ETag that this mount gave them first, also
/// when the store gives them another. Bounded: the store is asked about forgotten ones. Not
/// thread-safe: its owner locks.
class Confirmed final {
 public:
  Confirmed();

  /// Notes that a waiting change is carried out and the store now has `found`.
  void carried_out(const store::Key& key, const Want& want, const Base& found, MonoTime now);
  /// Notes a change that went straight to the store, which gave it this ETag.
  void passed_on(const store::Key& key, const Want& want, MonoTime now);
  /// Notes a copy that went straight to the store: its destination has the store's ETag.
  void forget_name(const store::Key& key) { names_.erase(key); }
  /// Notes that another object may be at the key by now: it is not shown without a request.
  void forget_content(const store::Key& key) { content_.erase(key); }
  /// The same of all keys that begin so.
  void forget_contents(const std::string& prefix);
  /// Notes that the result of the last change of that key is unknown.
  void doubt(const store::Key& key);

  [[nodiscard]] store::ETag stored_name(const store::Key& key, const store::ETag& shown);
  [[nodiscard]] store::ETag shown_name(const store::Key& key, const store::ETag& stored);
  /// The object at the key, if it is certain enough at `now` to be shown without a request; else
  /// null.
  [[nodiscard]] const Want* content(const store::Key& key, MonoTime now);

  /// The changes that were confirmed since then, the last one first. `visit` returns false to end.
  using Visit = std::function<bool(const store::Key&, const Want&)>;
  void visit_since(MonoTime since, const Visit& visit) const;

 private:
  struct Name {
    store::ETag shown;
    store::ETag stored;
  };
  struct Change {
    store::Key key;
    Want want;
    MonoTime time{};
  };
  void note(const store::Key& key, const Want& want, MonoTime now);

  cache::ExpiringLru<store::Key, Name> names_;
  cache::ExpiringLru<store::Key, Want> content_;
  std::deque<Change> changes_;  // those that a listing under way may have missed
};

}  // namespace pailfs::journal
