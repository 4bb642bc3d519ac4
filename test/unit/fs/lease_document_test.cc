// SPDX-License-Identifier: Apache-2.0
#include "fs/lock/lease_document.h"

#include <cerrno>
#include <string>

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;
using std::chrono::milliseconds;

namespace {

const Claim kWhole{LockKind::whole, LockType::exclusive, {}};
const Claim kPiece{LockKind::record, LockType::shared, {100, 199}};

LeaseDocument of(std::vector<LeaseEntry> entries) {
  return {std::move(entries)};
}
LeaseEntry entry(const std::string& mount, std::uint64_t beat, Claims claims = {kWhole}) {
  return {mount, beat, milliseconds(30'000), std::move(claims)};
}

}  // namespace

TEST_CASE("a lease document is read as it was written") {
  const LeaseDocument document = of({entry("9f86", 12, {kWhole, kPiece}), entry("aa01", 3, {})});
  const std::string text = document.text("a/b c\n.txt", 77);
  CHECK(text ==
        "pailfs locks 1\nfile a/b%20c%0A.txt\nwritten 77\n"
        "mount 9f86 beat 12 time 30000\nwhole exclusive 0 9223372036854775807\n"
        "record shared 100 199\nmount aa01 beat 3 time 30000\n");
  const auto read = LeaseDocument::parse(text);
  REQUIRE(read);
  CHECK(read->entries == document.entries);
  CHECK(LeaseDocument::parse(of({}).text("f", 1))->entries.empty());
}

TEST_CASE("what is no lease document is an error and never no locks") {
  const std::string head = "pailfs locks 1\n";
  const std::string mount = "mount a beat 1 time 1000\n";
  const std::string rows[] = {
      "",
      "\n",
      "<html>\n",
      "pailfs locks 2\n",
      "pailfs locks 1",
      head + "mount a beat 1 time 1000",
      head + "mount a beat 1\n",
      head + "mount  beat 1 time 1000\n",
      head + "mount a beat -1 time 1000\n",
      head + "mount a beat 1 time 99999999999\n",
      head + mount + mount,
      head + "whole shared 0 9\n",
      head + mount + "whole shared 9 0\n",
      head + mount + "whole shared 0 9223372036854775808\n",
      head + mount + "half shared 0 9\n",
      head + mount + "record loose 0 9\n",
      head + mount + "record shared 0 9 9\n",
      head + mount + "later words\n",
      head + mount + std::string(LeaseDocument::kMostBytes, 'x') + "\n",
  };
  for (const std::string& row : rows) {
    INFO(row.substr(0, 80));
    const auto read = LeaseDocument::parse(row);
    REQUIRE_FALSE(read);
    CHECK(read.error().err == EIO);
  }
}

TEST_CASE("foreign claims exclude those of their kind that they meet") {
  const LeaseDocument foreign = of({entry("b", 1, {kPiece})});
  CHECK(foreign.conflict({kPiece}) == nullptr);
  CHECK(foreign.conflict({kWhole}) == nullptr);
  CHECK(foreign.conflict({{LockKind::record, LockType::exclusive, {0, 99}}}) == nullptr);
  CHECK(foreign.conflict({{LockKind::record, LockType::exclusive, {0, 100}}}) != nullptr);
  const LeaseDocument both = of({entry("a", 1), entry("b", 1, {kPiece})});
  const auto alive = [](const LeaseEntry&) { return false; };
  CHECK(both.without("a", alive).entries == foreign.entries);
  CHECK(both.without("c", [](const LeaseEntry& one) { return one.mount == "b"; }).entries ==
        of({entry("a", 1)}).entries);
}

TEST_CASE("an entry is dead when its beat was seen for eleven tenths of its time") {
  const Sightings::Time start{std::chrono::hours(5)};
  const LeaseDocument first = of({entry("a", 1), entry("b", 4)});
  Sightings seen;
  CHECK_FALSE(seen.is_dead(first.entries[0], start + std::chrono::hours(1)));
  seen.saw(first, start);
  CHECK_FALSE(seen.is_dead(first.entries[0], start + milliseconds(32'999)));
  CHECK(seen.is_dead(first.entries[0], start + milliseconds(33'000)));
  // Another beat is a sign of life, which the other entry has not given.
  const LeaseDocument second = of({entry("a", 2), entry("b", 4)});
  seen.saw(second, start + milliseconds(20'000));
  CHECK_FALSE(seen.is_dead(second.entries[0], start + milliseconds(52'999)));
  CHECK(seen.is_dead(second.entries[0], start + milliseconds(53'000)));
  CHECK(seen.is_dead(second.entries[1], start + milliseconds(33'000)));
  // An entry that was not in the last document has not been seen.
  CHECK_FALSE(seen.is_dead(first.entries[0], start + std::chrono::hours(1)));
  CHECK(Sightings::usable(milliseconds(30'000)) < Sightings::awaited(milliseconds(30'000)));
}
