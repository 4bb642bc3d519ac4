// SPDX-License-Identifier: Apache-2.0
// The merging of changes, by tables; pending_orders_test.cc plays orders of them.
#include "journal/pending.h"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::journal {
namespace {

constexpr MonoTime kNow{};
constexpr std::chrono::milliseconds kHold{1000};
constexpr std::size_t kMost = 1000;

Want body(BodyId id, std::uint64_t size = 1) {
  Want want;
  want.kind = Want::Kind::body;
  want.body = id;
  want.size = size;
  want.etag = {"\"" + std::to_string(id) + "\""};
  want.attributes.metadata = {{"n", std::to_string(id)}};
  return want;
}

Want copy_of(const store::Key& source, const char* etag) {
  Want want;
  want.kind = Want::Kind::copy;
  want.source = source;
  want.etag = want.source_etag = {etag};
  want.keeps_attributes = true;
  return want;
}

std::vector<store::Key> keys(const std::vector<Job>& jobs) {
  std::vector<store::Key> result;
  for (const Job& job : jobs) result.push_back(job.key);
  return result;
}

using Keys = std::vector<store::Key>;

TEST_CASE("changes of a key are held for more and then are one") {
  Pending pending(kHold);
  pending.change("a", body(1), 1, Base::none(), kNow);
  pending.change("a", body(2), 2, Base::none(), kNow + kHold / 2);
  CHECK(pending.next(kNow + kHold, false, kMost).empty());
  CHECK(pending.take_released() == std::vector<BodyId>{1});
  const auto jobs = pending.next(kNow + 2 * kHold, false, kMost);
  REQUIRE(keys(jobs) == Keys{"a"});
  CHECK(jobs.front().want.body == 2);
  CHECK(jobs.front().base == Base::none());
  CHECK(pending.confirmed("a", 2, Base::of({"e"})));
  CHECK(pending.entries().empty());
  CHECK(pending.bytes() == 0);
}

TEST_CASE("a key that never stops changing is sent all the same") {
  Pending pending(kHold);
  Sequence seq = 0;
  MonoTime now = kNow;
  while (pending.next(now, false, kMost).empty()) {
    ++seq;
    REQUIRE(seq < 100);
    pending.change("a", body(seq), seq, Base::none(), now);
    now += kHold / 2;
  }
  CHECK(seq > 5);
}

TEST_CASE("what was made and removed before it was sent is nothing") {
  Pending pending(kHold);
  pending.change("a", body(1), 1, Base::none(), kNow);
  CHECK(pending.change("a", {}, 2, Base::none(), kNow));
  CHECK(pending.entries().empty());
  CHECK(pending.take_released() == std::vector<BodyId>{1});

  SECTION("unless the store may have something") {
    pending.change("a", body(3), 3, Base(), kNow);
    CHECK_FALSE(pending.change("a", {}, 4, Base(), kNow));
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"a"});
  }
  SECTION("unless it is on its way") {
    pending.change("a", body(3), 3, Base::none(), kNow);
    REQUIRE(pending.next(kNow, true, kMost).size() == 1);
    CHECK_FALSE(pending.change("a", {}, 4, Base::none(), kNow));
    CHECK(pending.next(kNow, true, kMost).empty());
    CHECK_FALSE(pending.confirmed("a", 3, Base::of({"3"})));
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"a"});
  }
  SECTION("unless an earlier attempt may have arrived") {
    pending.change("a", body(3), 3, Base::none(), kNow);
    REQUIRE(pending.next(kNow, true, kMost).size() == 1);
    pending.failed("a", 3, kNow, true);
    CHECK_FALSE(pending.change("a", {}, 4, Base::none(), kNow));
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"a"});
  }
}

TEST_CASE("a removal waits for every change before it and for no later one") {
  Pending pending(kHold);
  pending.change("new", body(1), 1, Base::none(), kNow);
  pending.change("old", {}, 2, Base::of({"o"}), kNow);
  pending.change("later", body(3), 3, Base::none(), kNow);
  CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"new"});
  CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"later"});
  CHECK(pending.next(kNow, true, kMost).empty());
  pending.confirmed("new", 1, Base::of({"1"}));
  CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"old"});
}

TEST_CASE("a change that the store refuses does not hold removals up") {
  Pending pending(kHold);
  pending.change("new", body(1), 1, Base::none(), kNow);
  pending.change("old", {}, 2, Base::of({"o"}), kNow);
  REQUIRE(pending.next(kNow, true, kMost).size() == 1);
  pending.refused("new", 1, {EPERM, "no"}, kNow + kHold);
  CHECK(pending.refusals() == 1);
  CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"old"});
  SECTION("it is tried again later") {
    CHECK(pending.next(kNow, true, kMost).empty());
    CHECK(keys(pending.next(kNow + kHold, true, kMost)) == Keys{"new"});
  }
  SECTION("it is tried again when somebody asks for it") {
    pending.retry_refused(kNow);
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"new"});
  }
  SECTION("a new change of it is a new matter") {
    pending.change("new", body(5), 5, Base::none(), kNow);
    CHECK(pending.refusals() == 0);
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"new"});
  }
}

TEST_CASE("the source of a copy is left alone until the copy is confirmed") {
  Pending pending(kHold);
  pending.change("to", copy_of("from", "v"), 1, Base::none(), kNow);
  CHECK_FALSE(pending.may_copy_to("from"));
  const bool removed = GENERATE(true, false);
  pending.change("from", removed ? Want() : body(2), 2, Base::of({"v"}), kNow);
  CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"to"});
  CHECK(pending.next(kNow, true, kMost).empty());
  SECTION("a copy that failed still holds it") {
    pending.failed("to", 1, kNow + kHold, true);
    CHECK(pending.next(kNow, true, kMost).empty());
  }
  SECTION("a copy that was refused still holds it") {
    pending.refused("to", 1, {EPERM, "no"}, kNow + kHold);
    CHECK(pending.next(kNow, true, kMost).empty());
  }
  SECTION("a confirmed one does not") {
    pending.confirmed("to", 1, Base::of({"v"}));
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"from"});
    CHECK(pending.may_copy_to("from"));
  }
}

TEST_CASE("removals are gathered as long as more come") {
  Pending pending(kHold);
  const auto remove = [&](const std::string& name, Sequence seq, MonoTime now) {
    pending.change(name + std::to_string(seq), {}, seq, Base::of({"v"}), now);
  };
  MonoTime now = kNow;
  for (Sequence seq = 1; seq <= 5; ++seq) {
    remove("k", seq, now);
    CHECK(pending.next(now, false, 100).empty());
    now += kHold / 2;
  }
  const MonoTime quiet = now + kHold / 2;
  CHECK(pending.wake_at(false) == quiet);
  SECTION("no more have come for a while") {
    CHECK(pending.next(quiet - std::chrono::milliseconds(1), false, 100).empty());
    CHECK(pending.next(quiet, false, 100).size() == 5);
  }
  SECTION("the oldest has waited long") {
    Sequence seq = 5;
    std::size_t gathered = 0;
    for (; gathered == 0 && seq < 100; now += kHold / 2) {
      remove("k", ++seq, now);
      gathered = pending.next(now, false, 100).size();
    }
    CHECK(gathered == seq);
    CHECK(seq > 10);
  }
  SECTION("there is a whole request of them") {
    for (Sequence seq = 31; seq <= 41; ++seq) remove("m", seq, now);
    CHECK(pending.next(now, false, 10).size() == 10);
    CHECK(pending.next(now, false, 10).empty());
  }
  SECTION("somebody waits") {
    CHECK(pending.wake_at(true) <= now);
    CHECK(pending.next(now, true, 100).size() == 5);
  }
}

TEST_CASE("two names of one body release it together") {
  Pending pending(kHold);
  pending.change("a", body(1, 10), 1, Base::none(), kNow);
  pending.change("b", body(1, 10), 2, Base::none(), kNow);
  CHECK(pending.bytes() == 10);
  pending.change("a", {}, 3, Base::none(), kNow);
  CHECK(pending.take_released().empty());
  CHECK(pending.bytes() == 10);
  pending.change("b", {}, 4, Base::none(), kNow);
  CHECK(pending.take_released() == std::vector<BodyId>{1});
  CHECK(pending.bytes() == 0);
}

TEST_CASE("a body held for a change to come is not released with its last user") {
  Pending pending(kHold);
  pending.change("a", body(1), 1, Base::none(), kNow);
  pending.hold("b", body(1));
  pending.change("a", {}, 2, Base::none(), kNow);
  CHECK(pending.take_released().empty());
  pending.change("b", body(1), 3, Base::none(), kNow);
  pending.release("b", body(1));
  CHECK(pending.take_released().empty());
}

/// Sends `key` and has it fail as often as that; what the last failure showed.
Pending::Shows fail(Pending& pending, const store::Key& key, Sequence seq, unsigned times,
                    bool answered) {
  const auto answer = answered ? Pending::Answer::busy : Pending::Answer::none;
  auto shows = Pending::Shows::little;
  for (; times > 0; --times) {
    const auto jobs = pending.next(kNow, true, 1);
    REQUIRE(keys(jobs) == Keys{key});
    shows = pending.failed(key, seq, kNow, true, answer);
  }
  return shows;
}

TEST_CASE("what fails again and again while the store takes other changes is refused for now") {
  Pending pending(kHold);
  pending.change("bad", body(1), 1, Base::none(), kNow);
  using Shows = Pending::Shows;
  constexpr unsigned kFew = Pending::kMostStrikes - 1;
  SECTION("others are stored") {
    pending.change("good", body(2), 2, Base::none(), kNow);
    REQUIRE(pending.next(kNow, true, kMost).size() == 1);
    const auto good = pending.next(kNow, true, kMost);
    REQUIRE(keys(good) == Keys{"good"});
    const bool answered = GENERATE(true, false);
    pending.failed("bad", 1, kNow, true, answered ? Pending::Answer::other : Pending::Answer::none);
    pending.confirmed("good", 2, Base::of({"2"}));
    if (answered) {
      CHECK(fail(pending, "bad", 1, kFew - 1, true) == Shows::little);
      CHECK(fail(pending, "bad", 1, 1, true) == Shows::obstinate);
    } else {
      // It may be the line: that counts only as long as others come through.
      CHECK(fail(pending, "bad", 1, 20, false) == Shows::little);
    }
  }
  SECTION("others were stored before it was sent, and nothing else is left") {
    CHECK(fail(pending, "bad", 1, kFew, true) == Shows::little);
    CHECK(fail(pending, "bad", 1, 1, true) == Shows::alone);
  }
  SECTION("others have not been tried as often") {
    pending.change("waits", body(2), 2, Base::none(), kNow + 20 * kHold);
    REQUIRE(pending.next(kNow, true, kMost).size() == 1);
    REQUIRE(pending.next(kNow, true, kMost).size() == 1);
    pending.failed("waits", 2, kNow + kHold, true, Pending::Answer::busy);
    pending.failed("bad", 1, kNow, true, Pending::Answer::busy);
    CHECK(fail(pending, "bad", 1, 20, true) == Shows::little);
  }
  SECTION("nothing answers") {
    CHECK(fail(pending, "bad", 1, 20, false) == Shows::little);
  }
}

TEST_CASE("what is refused for now holds the removals of its origins and no others") {
  Pending pending(kHold);
  // "old" was written and is on its way; it was renamed to "bad" and removed; "x" too is removed.
  pending.change("old", body(1), 1, Base::of({"v"}), kNow);
  REQUIRE(keys(pending.next(kNow, true, kMost)) == Keys{"old"});
  pending.change("bad", body(1), 2, Base::none(), kNow);
  pending.confirmed("old", 1, Base::of({"1"}));
  pending.change("old", {}, 3, Base::of({"1"}), kNow);
  pending.change("x", {}, 4, Base::of({"x"}), kNow);
  CHECK(fail(pending, "bad", 2, 1, true) == Pending::Shows::little);
  fail(pending, "bad", 2, Pending::kMostStrikes - 1, true);
  CHECK(pending.has_hope(kNow));
  pending.refused_for_now("bad", 2, {EIO, "no"}, kNow + kHold, false);
  CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"x"});
  pending.confirmed("x", 4, Base::none());
  CHECK(pending.next(kNow, true, kMost).empty());
  CHECK_FALSE(pending.has_hope(kNow));
  const Pending::Needs held{{"old", "bad"}};
  CHECK(pending.needs_of_refused() == held);
  SECTION("it is tried again, and then the removals go") {
    REQUIRE(keys(pending.next(kNow + kHold, true, kMost)) == Keys{"bad"});
    pending.confirmed("bad", 2, Base::of({"1"}));
    CHECK(keys(pending.next(kNow + kHold, true, kMost)) == Keys{"old"});
  }
  SECTION("a new change of it is tried at once, and does not hold others up") {
    pending.change("bad", body(7), 7, Base::none(), kNow);
    pending.change("y", {}, 8, Base::of({"y"}), kNow);
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"bad"});
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"old", "y"});
  }
  SECTION("when it is removed there is nothing left to wait for") {
    pending.change("bad", {}, 7, Base::none(), kNow);
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"old", "bad"});
  }
  SECTION("what the old name has got since may go") {
    pending.change("old", body(7), 7, Base::of({"1"}), kNow);
    REQUIRE(keys(pending.next(kNow, true, kMost)) == Keys{"old"});
    pending.confirmed("old", 7, Base::of({"7"}));
    pending.change("old", {}, 8, Base::of({"7"}), kNow);
    CHECK(keys(pending.next(kNow, true, kMost)) == Keys{"old"});
  }
}

TEST_CASE("of a request of removals that fails as a whole the one to blame ends alone") {
  Pending pending(kHold);
  for (Sequence seq = 1; seq <= 1000; ++seq) {
    pending.change(std::to_string(seq), {}, seq, Base::of({"v"}), kNow);
  }
  std::size_t requests = 0;
  MonoTime now = kNow;
  while (pending.entries().size() > 1) {
    REQUIRE(requests < 50);
    now += kHold / 10;
    const auto jobs = pending.next(now, true, kMost);
    if (!jobs.empty()) ++requests;
    const auto bad = [](const Job& job) { return job.key == "77"; };
    const bool fails = std::any_of(jobs.begin(), jobs.end(), bad);
    for (const Job& job : jobs) {
      if (fails) {
        pending.failed(job.key, job.seq, now + kHold * job.attempts, true, Pending::Answer::other);
      } else {
        pending.confirmed(job.key, job.seq, Base::none());
      }
    }
  }
  CHECK(pending.find("77") != nullptr);
}

}  // namespace
}  // namespace pailfs::journal
