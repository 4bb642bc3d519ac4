// SPDX-License-Identifier: Apache-2.0
// Whose version the store holds, and what is done about it.
#include "journal/want.h"

#include "support/catch.h"

namespace pailfs::journal {
namespace {

using Found = std::optional<store::ObjectInfo>;

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

store::ObjectInfo object(const char* etag, std::uint64_t size, const char* mtime,
                         int modified = 0) {
  store::ObjectInfo info;
  info.etag = {etag};
  info.size = size;
  info.last_modified = at(modified);
  if (*mtime != '\0') info.attributes.metadata = {{"Mtime", mtime}};
  return info;
}

Want body() {
  Want want;
  want.kind = Want::Kind::body;
  want.size = 5;
  want.etag = {"\"new\""};
  want.attributes.metadata = {{"mtime", "2"}};
  want.time = at(1'000);
  return want;
}

TEST_CASE("a change goes only over what it was made upon, or over versions of ours") {
  struct Row {
    const char* what;
    Want want;
    Base base;
    std::vector<Mark> before;
    Found found;
    Judgement expected;
  };
  const Mark earlier{4, {"\"earlier\""}, metadata_digest({"", {{"mtime", "1"}}, {}})};
  Want removal;
  removal.time = at(1'000);
  Want conditional = body();
  conditional.conditional = true;
  Want copy = body();
  copy.kind = Want::Kind::copy;
  copy.keeps_attributes = true;
  copy.source_etag = copy.etag;
  copy.attributes = {};
  const Row rows[] = {
      {"nothing there", body(), Base::none(), {}, {}, Judgement::proceed},
      {"the base", body(), Base::of({"\"b\""}), {}, object("\"b\"", 9, "0"), Judgement::proceed},
      {"the base, with the size and the times of what is wanted",
       body(),
       Base::of({"\"b\""}),
       {},
       object("\"b\"", 5, "2"),
       Judgement::proceed},
      {"ours, its reply was lost",
       body(),
       Base::of({"\"b\""}),
       {},
       object("\"new\"", 5, "2"),
       Judgement::done},
      {"ours under another ETag",
       body(),
       Base::none(),
       {},
       object("\"kms\"", 5, "2"),
       Judgement::done},
      {"same bytes, other times: not ours",
       body(),
       Base::none(),
       {},
       object("\"new\"", 5, "3"),
       Judgement::conflict},
      {"an earlier one of ours",
       body(),
       Base::none(),
       {earlier},
       object("\"earlier\"", 4, "1"),
       Judgement::proceed},
      {"somebody else's instead of the base",
       body(),
       Base::of({"\"b\""}),
       {},
       object("\"c\"", 9, "0"),
       Judgement::conflict},
      {"somebody else's where nothing was",
       body(),
       Base::none(),
       {},
       object("\"c\"", 9, ""),
       Judgement::conflict},
      {"removed elsewhere", body(), Base::of({"\"b\""}), {}, {}, Judgement::proceed},
      {"removed elsewhere, and not to be made anew",
       conditional,
       Base::of({"\"b\""}),
       {earlier},
       {},
       Judgement::conflict},
      {"removed by us, and made anew",
       conditional,
       Base::of({"\"b\""}),
       {Mark::gone()},
       {},
       Judgement::proceed},
      {"to be made where nothing was", conditional, Base::none(), {}, {}, Judgement::proceed},
      {"base unknown, long older", body(), {}, {}, object("\"c\"", 9, "", 900), Judgement::proceed},
      {"base unknown, about as old",
       body(),
       {},
       {},
       object("\"c\"", 9, "", 980),
       Judgement::conflict},
      {"base unknown, later", body(), {}, {}, object("\"c\"", 9, "", 1'200), Judgement::conflict},
      {"removal of the base",
       removal,
       Base::of({"\"b\""}),
       {},
       object("\"b\"", 9, ""),
       Judgement::proceed},
      {"removal of what is gone", removal, Base::of({"\"b\""}), {}, {}, Judgement::done},
      {"removal of somebody else's",
       removal,
       Base::of({"\"b\""}),
       {},
       object("\"c\"", 9, ""),
       Judgement::conflict},
      {"a copy that keeps attributes: its ETag says that it is ours, not with which",
       copy,
       Base::none(),
       {},
       object("\"new\"", 5, "7"),
       Judgement::proceed},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(judge(row.want, row.base, row.before, row.found) == row.expected);
  }
}

}  // namespace
}  // namespace pailfs::journal
