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

/// What the store has confirmed a moment ago: shown without asking, laid over listings that were
/// asked for before, and known by the name (ETag) that this mount gave it first, also where the
/// store names it otherwise. Bounded; what is forgotten is asked for. Not thread-safe: its owner
/// locks.
class Confirmed final {
 public:
  Confirmed();

  /// A change that waited is carried out, and `found` is what the store now has.
  void carried_out(const store::Key& key, const Want& want, const Base& found, MonoTime now);
  /// A change went straight to the store, which named it.
  void passed_on(const store::Key& key, const Want& want, MonoTime now);
  /// A copy went straight to the store: its destination has the name that the store gives it.
  void forget_name(const store::Key& key) { names_.erase(key); }
  /// The key may hold something else by now: it is not shown without asking.
  void forget_content(const store::Key& key) { content_.erase(key); }
  /// Nothing is known of what became of the last change of that key.
  void doubt(const store::Key& key);

  [[nodiscard]] store::ETag stored_name(const store::Key& key, const store::ETag& shown);
  [[nodiscard]] store::ETag shown_name(const store::Key& key, const store::ETag& stored);
  /// What the object is, if that is so sure that the store need not be asked at `now`; else null.
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
  std::deque<Change> changes_;  // that a listing which is under way may have missed
};

}  // namespace pailfs::journal
