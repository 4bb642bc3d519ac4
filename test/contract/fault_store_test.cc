// SPDX-License-Identifier: Apache-2.0
// The store that fails on demand does what it was told, and nothing else.
#include "support/fault_store.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_store.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

struct Stores {
  FakeClock clock;
  FakeStore fake{clock};
  FaultStore store{fake, 7};
};

Fault rule(Verb verb, Fault::Action action) {
  Fault fault;
  fault.verb = verb;
  fault.action = action;
  fault.error = Error{EACCES, "injected"};
  return fault;
}

TEST_CASE("a failed call never reaches the store, a lost reply comes after it was done") {
  Stores s;
  s.store.add(rule(Verb::put, Fault::Action::fail));
  CHECK(err(put_text(s.store, "k", "x")) == EACCES);
  CHECK(s.fake.keys().empty());
  s.store.clear();
  s.store.add(rule(Verb::put, Fault::Action::apply_then_fail));
  CHECK(err(put_text(s.store, "k", "x")) == EACCES);
  CHECK(s.fake.object("k")->content() == "x");
}

TEST_CASE("a cut get hands out the bytes before the cut and then fails") {
  Stores s;
  s.fake.put_raw("k", pattern(200'000));
  Fault fault = rule(Verb::get, Fault::Action::cut);
  fault.cut_after = 100'000;
  fault.times = 1;
  s.store.add(fault);
  StringSink sink;
  CHECK(err(s.store.get({"k", {}, {}}, sink)) == EACCES);
  CHECK((sink.bytes() == pattern(200'000).substr(0, 100'000)));
  CHECK(err(get_text(s.store, "k")) == 0);
}

TEST_CASE("rules match by verb, key, count and chance") {
  Stores s;
  Fault third = rule(Verb::head, Fault::Action::fail);
  third.key = "d/*";
  third.nth = 3;
  const auto number = s.store.add(third);
  s.fake.put_raw("d/x/y", "");
  s.fake.put_raw("e", "");
  std::string outcome;
  for (int i = 0; i < 5; ++i) {
    CHECK(s.store.head("e"));
    outcome += s.store.head("d/x/y") ? '+' : '-';
  }
  CHECK(outcome == "++-++");
  CHECK(s.store.fired(number) == 1);
  s.store.clear();
  Fault half = rule(Verb::head, Fault::Action::fail);
  half.probability = 0.5;
  const auto coin = s.store.add(half);
  for (int i = 0; i < 1'000; ++i) (void)s.store.head("e").has_value();
  CHECK(s.store.fired(coin) > 400);
  CHECK(s.store.fired(coin) < 600);
}

TEST_CASE("each key of a batch is judged alone") {
  Stores s;
  for (const char* key : {"a", "b", "c"}) s.fake.put_raw(key, "");
  Fault fault = rule(Verb::remove_many, Fault::Action::fail);
  fault.key = "b";
  s.store.add(fault);
  const auto verdicts = s.store.remove_many({"a", "b", "c"});
  REQUIRE(verdicts.size() == 3);
  CHECK(err(verdicts[0]) == 0);
  CHECK(err(verdicts[1]) == EACCES);
  CHECK(err(verdicts[2]) == 0);
  CHECK(s.fake.keys() == std::vector<store::Key>{"b"});
}

TEST_CASE("callbacks run before and after the store has done its part") {
  Stores s;
  Fault fault = rule(Verb::put, Fault::Action::none);
  std::string seen;
  fault.before = [&](const StoreCall& call) {
    seen += "before " + call.key + (s.fake.keys().empty() ? " absent, " : " present, ");
  };
  fault.after = [&](const StoreCall&) { seen += s.fake.keys().empty() ? "absent" : "present"; };
  s.store.add(fault);
  CHECK(err(put_text(s.store, "k", "x")) == 0);
  CHECK(seen == "before k absent, present");
}

}  // namespace
}  // namespace pailfs::test
