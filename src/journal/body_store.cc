// SPDX-License-Identifier: Apache-2.0
#include "body_store.h"

#include <utility>

namespace pailfs::journal {

BodyPtr BodyStore::find(const Want& want) const {
  if (want.kind != Want::Kind::body) return nullptr;
  const auto found = bodies_.find(want.body);
  return found == bodies_.end() ? nullptr : found->second;
}

void BodyStore::give_up(BodyId id) {
  const auto found = bodies_.find(id);
  if (found == bodies_.end()) return;
  give_up(std::move(found->second));
  bodies_.erase(found);
}

void BodyStore::give_up(BodyPtr body) {
  // Bytes in the log are removed with its segment.
  if (!body->path().empty()) given_up_.push_back(std::move(body));
}

std::vector<BodyPtr> BodyStore::take_given_up() {
  return std::exchange(given_up_, {});
}

std::unordered_set<BodyId> BodyStore::in_segment(std::uint64_t segment) const {
  std::unordered_set<BodyId> ids;
  for (const auto& [id, body] : bodies_) {
    if (body->segment() == segment) ids.insert(id);
  }
  return ids;
}

}  // namespace pailfs::journal
