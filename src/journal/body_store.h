// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "body.h"
#include "want.h"

namespace pailfs::journal {

/// The bodies of changes that wait, by the sequence number of the change that brought them. The
/// file of one that is given up stays until the record which says so is on the disk: the owner
/// takes it then and removes it. Memory only; not thread-safe: its owner locks.
class BodyStore final {
 public:
  void keep(BodyId id, BodyPtr body) { bodies_[id] = std::move(body); }
  /// The body of the change; null when the change has no bytes of its own, or they are not here.
  [[nodiscard]] BodyPtr find(const Want& want) const;
  /// Tells that no change needs the body any more.
  void give_up(BodyId id);
  /// The same for a body that was never added.
  void give_up(BodyPtr body);
  /// The files to be removed after the next sync; each is returned once.
  [[nodiscard]] std::vector<BodyPtr> take_given_up();
  [[nodiscard]] std::unordered_set<BodyId> in_segment(std::uint64_t segment) const;
  [[nodiscard]] bool empty() const { return bodies_.empty(); }

 private:
  std::unordered_map<BodyId, BodyPtr> bodies_;
  std::vector<BodyPtr> given_up_;
};

}  // namespace pailfs::journal
