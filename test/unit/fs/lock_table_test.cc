// SPDX-License-Identifier: Apache-2.0
#include "fs/lock/lock_table.h"

#include <array>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "support/catch.h"

using namespace pailfs::fs;

namespace {

Lock lock_of(std::uint64_t owner, LockType type, std::uint64_t first, std::uint64_t last,
             LockKind kind = LockKind::record) {
  return {kind, type, {first, last}, owner, owner * 10, static_cast<pid_t>(owner)};
}
constexpr LockType kShared = LockType::shared;
constexpr LockType kExclusive = LockType::exclusive;

std::string text(const std::vector<Lock>& locks) {
  std::string text;
  for (const Lock& lock : locks) {
    text += text.empty() ? "" : " ";
    text += std::to_string(lock.owner) + (lock.type == kShared ? "s" : "x");
    text += std::to_string(lock.range.first) + "-" + std::to_string(lock.range.last);
  }
  return text;
}

std::string text(const Claims& claims) {
  std::string text;
  for (const Claim& claim : claims) {
    text += text.empty() ? "" : " ";
    text += claim.kind == LockKind::whole ? "w" : "r";
    text += claim.type == kShared ? "s" : "x";
    text += std::to_string(claim.range.first) + "-" + std::to_string(claim.range.last);
  }
  return text;
}

struct Row {
  const char* what;
  std::vector<Lock> set;
  Lock cleared;
  std::string left;
};

}  // namespace

TEST_CASE("locks of one owner replace each other byte by byte") {
  const Lock nothing = lock_of(9, kShared, 0, 0);
  const Row rows[] = {
      {"the same again", {lock_of(1, kShared, 0, 9), lock_of(1, kShared, 0, 9)}, nothing, "1s0-9"},
      {"joined where they touch",
       {lock_of(1, kShared, 0, 9), lock_of(1, kShared, 10, 19)},
       nothing,
       "1s0-19"},
      {"not joined with a gap",
       {lock_of(1, kShared, 0, 9), lock_of(1, kShared, 11, 19)},
       nothing,
       "1s0-9 1s11-19"},
      {"of another type: split",
       {lock_of(1, kShared, 0, 29), lock_of(1, kExclusive, 10, 19)},
       nothing,
       "1s0-9 1x10-19 1s20-29"},
      {"an upgrade of all",
       {lock_of(1, kShared, 3, 9), lock_of(1, kExclusive, 0, 20)},
       nothing,
       "1x0-20"},
      {"unlocked in the middle",
       {lock_of(1, kExclusive, 0, 29)},
       lock_of(1, kShared, 10, 19),
       "1x0-9 1x20-29"},
      {"unlocked at the end of all",
       {lock_of(1, kExclusive, 0, LockRange::kEnd)},
       lock_of(1, kShared, 10, LockRange::kEnd),
       "1x0-9"},
      {"of another owner: nothing",
       {lock_of(1, kExclusive, 0, 9)},
       lock_of(2, kShared, 0, 9),
       "1x0-9"},
      {"of another kind: nothing",
       {lock_of(1, kExclusive, 0, 9)},
       lock_of(1, kShared, 0, 9, LockKind::whole),
       "1x0-9"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    LockTable table;
    for (const Lock& lock : row.set) table.set(lock);
    table.clear(row.cleared);
    CHECK(text(table.locks()) == row.left);
  }
}

TEST_CASE("two owners exclude each other where they meet unless both share") {
  LockTable table;
  table.set(lock_of(1, kShared, 10, 19));
  table.set(lock_of(2, kExclusive, 30, 39));
  table.set(lock_of(3, kExclusive, 0, LockRange::kEnd, LockKind::whole));
  CHECK(table.conflict(lock_of(4, kShared, 0, 29)) == nullptr);
  CHECK(table.conflict(lock_of(1, kExclusive, 0, 29)) == nullptr);
  REQUIRE(table.conflict(lock_of(4, kExclusive, 0, 10)) != nullptr);
  CHECK(table.conflict(lock_of(4, kExclusive, 0, 10))->owner == 1);
  REQUIRE(table.conflict(lock_of(4, kShared, 39, 100)) != nullptr);
  CHECK(table.conflict(lock_of(4, kShared, 40, 100)) == nullptr);
  CHECK(table.conflict(lock_of(4, kShared, 0, 9, LockKind::whole)) != nullptr);
}

TEST_CASE("the claims of a mount are what its owners have together") {
  LockTable table;
  table.set(lock_of(1, kShared, 0, 9));
  table.set(lock_of(2, kShared, 5, 19));
  table.set(lock_of(2, kExclusive, 30, 39));
  table.set(lock_of(3, kExclusive, 40, 49));
  table.set(lock_of(4, kShared, 0, 99, LockKind::whole));
  CHECK(text(table.claims()) == "ws0-99 rs0-19 rx30-49");
  table.clear_owner(2);
  CHECK(text(table.claims()) == "ws0-99 rs0-9 rx40-49");
  table.clear_handle(40);
  CHECK(text(table.claims()) == "rs0-9 rx40-49");
}

TEST_CASE("a claim is covered by stronger ones, also by several in turn") {
  const Claims held = {{LockKind::record, kShared, {20, 29}},
                       {LockKind::record, kExclusive, {10, 19}}};
  CHECK(covers(held, {}));
  CHECK(covers(held, {{LockKind::record, kShared, {12, 27}}}));
  CHECK(covers(held, {{LockKind::record, kExclusive, {10, 19}}}));
  CHECK_FALSE(covers(held, {{LockKind::record, kExclusive, {12, 27}}}));
  CHECK_FALSE(covers(held, {{LockKind::record, kShared, {9, 19}}}));
  CHECK_FALSE(covers(held, {{LockKind::whole, kShared, {12, 13}}}));
}

// Each byte has, for each owner, nothing, a shared or an exclusive lock.
TEST_CASE("random locks are as in a table of bytes") {
  constexpr std::size_t kBytes = 12;
  constexpr std::uint64_t kOwners = 3;
  std::mt19937_64 random(7);
  const auto pick = [&](std::uint64_t below) { return random() % below; };
  for (int round = 0; round < 200; ++round) {
    LockTable table;
    std::map<std::uint64_t, std::array<char, kBytes>> bytes;
    for (std::uint64_t owner = 0; owner < kOwners; ++owner) bytes[owner].fill('.');
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t owner = pick(kOwners);
      const std::uint64_t first = pick(kBytes);
      const std::uint64_t last = first + pick(kBytes - first);
      const Lock lock = lock_of(owner, pick(2) == 0 ? kShared : kExclusive, first, last);
      const bool unlocks = pick(3) == 0;
      bool excluded = false;
      for (const auto& [other, has] : bytes) {
        for (std::size_t at = first; at <= last && other != owner; ++at) {
          excluded = excluded || has[at] == 'x' || (has[at] == 's' && lock.type == kExclusive);
        }
      }
      if (!unlocks) {
        REQUIRE((table.conflict(lock) != nullptr) == excluded);
        if (excluded) continue;
      }
      if (unlocks) table.clear(lock);
      if (!unlocks) table.set(lock);
      for (std::size_t at = first; at <= last; ++at) {
        bytes[owner][at] = unlocks ? '.' : lock.type == kShared ? 's' : 'x';
      }
      std::map<std::uint64_t, std::array<char, kBytes>> shown;
      for (std::uint64_t each = 0; each < kOwners; ++each) shown[each].fill('.');
      for (const Lock& held : table.locks()) {
        for (std::size_t at = held.range.first; at <= held.range.last; ++at) {
          REQUIRE(shown[held.owner][at] == '.');
          shown[held.owner][at] = held.type == kShared ? 's' : 'x';
        }
      }
      REQUIRE(shown == bytes);
    }
  }
}
