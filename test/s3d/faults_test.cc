// SPDX-License-Identifier: Apache-2.0
#include "s3d/faults.h"

#include <algorithm>
#include <string>
#include <vector>

#include "s3d/rules.h"
#include "support/catch.h"

namespace s3d {
namespace {

/// Which of `count` GetObject requests for "k" fire, as a string of 0 and 1.
std::string fires(std::string_view line, int count) {
  FaultTable table;
  std::string reason;
  if (!table.add(line, reason)) return reason;
  std::string out;
  for (int i = 0; i < count; ++i)
    out += table.plan(Op::kGetObject, "bucket", "k").empty() ? '0' : '1';
  return out;
}

}  // namespace

TEST_CASE("nth and times choose which matches fire") {
  CHECK(fires("action=no_etag", 4) == "1111");
  CHECK(fires("nth=2 action=no_etag", 4) == "0100");
  CHECK(fires("times=2 action=no_etag", 4) == "1100");
  CHECK(fires("nth=2 times=2 action=no_etag", 5) == "01100");
  CHECK(fires("nth=2 times=0 action=no_etag", 4) == "0111");
  CHECK(fires("prob=0 action=no_etag", 4) == "0000");
  CHECK(fires("prob=1 action=no_etag", 4) == "1111");
}

TEST_CASE("a probability is reproduced by its seed and by nothing else") {
  std::string one = fires("prob=0.3 seed=7 action=no_etag", 1000);
  CHECK(one == fires("prob=0.3 seed=7 action=no_etag", 1000));
  CHECK(one != fires("prob=0.3 seed=8 action=no_etag", 1000));
  auto hits = std::count(one.begin(), one.end(), '1');
  CHECK(hits > 220);
  CHECK(hits < 380);
}

TEST_CASE("operation, bucket and key must match, and only matches are counted") {
  FaultTable table;
  std::string reason;
  REQUIRE(table.add(
      "# comment\n\nop=GetObject bucket=b* key=dir%20a/*.txt nth=2 action=delay:5\r\n", reason));
  CHECK(table.plan(Op::kGetObject, "b1", "dir a/x.txt").empty());
  CHECK(table.plan(Op::kHeadObject, "b1", "dir a/x.txt").empty());
  CHECK(table.plan(Op::kGetObject, "c1", "dir a/x.txt").empty());
  CHECK(table.plan(Op::kGetObject, "b1", "dir a/x.bin").empty());
  FaultPlan plan = table.plan(Op::kGetObject, "b2", "dir a/sub/y.txt");
  REQUIRE(plan.find("delay") != nullptr);
  CHECK(plan.find("delay")->number(0, 0) == 5);
  REQUIRE(table.all().size() == 1);
  CHECK(table.all()[0].matches == 2);
  CHECK(table.all()[0].hits == 1);
  table.clear();
  CHECK(table.plan(Op::kGetObject, "b2", "dir a/y.txt").empty());
}

TEST_CASE("several faults fire on one request") {
  FaultTable table;
  std::string reason;
  REQUIRE(table.add("action=delay:1\naction=status:503:SlowDown:7", reason));
  FaultPlan plan = table.plan(Op::kPutObject, "b", "k");
  CHECK(plan.has("delay"));
  REQUIRE(plan.find("status") != nullptr);
  CHECK(plan.find("status")->arg(1) == "SlowDown");
  CHECK(plan.find("status")->arg(2) == "7");
  CHECK(plan.find("status")->arg(3).empty());
}

TEST_CASE("a line that cannot be used is refused and nothing of its batch is kept") {
  for (std::string_view bad : {"op=GetObjekt action=no_etag", "action=explode", "key=a", "nonsense",
                               "nth=0 action=no_etag", "prob=2 action=no_etag", "nth=x action=drop",
                               "key=%zz action=drop"}) {
    FaultTable table;
    std::string reason;
    CHECK_FALSE(table.add("action=no_etag\n" + std::string(bad), reason));
    CHECK_FALSE(reason.empty());
    CHECK(table.all().empty());
  }
}

TEST_CASE("rules are set by name, undone, and unknown ones are refused") {
  Rules rules;
  CHECK(rules.set("no_range", true));
  CHECK(rules.on(Rule::kNoRange));
  CHECK(rules.set("no_range", false));
  CHECK_FALSE(rules.on(Rule::kNoRange));
  CHECK(rules.set("deny=DeleteObject", true));
  CHECK(rules.denied(Op::kDeleteObject));
  CHECK_FALSE(rules.denied(Op::kGetObject));
  CHECK(rules.set("region=eu-west-1", true));
  CHECK(rules.region() == "eu-west-1");
  CHECK(rules.set("delayed_listing=250", true));
  CHECK(rules.listing_delay_ms() == 250);
  for (std::string_view bad : {"", "no_such_rule", "deny=", "deny=Nothing", "delayed_listing=x"})
    CHECK_FALSE(rules.set(bad, true));
}

}  // namespace s3d
