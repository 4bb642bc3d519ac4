// SPDX-License-Identifier: Apache-2.0
#include "fs/write/succession.h"

#include <functional>
#include <string>
#include <vector>

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

const store::ETag kBase{"\"1\""};

std::string text(const Succession& succession, const store::ETag& base, bool strict = false) {
  const store::Condition condition = succession.condition(base, strict);
  std::string told = condition.absent ? "absent" : condition.empty() ? "any" : "base";
  if (condition.foreign) told += " foreign";
  if (succession.appended_from()) {
    told += ", appended from " + std::to_string(*succession.appended_from());
  }
  return told;
}

struct Row {
  const char* what;
  Succession start;
  store::ETag base;
  std::function<void(Succession&)> events;
  std::string lenient;
  std::string strict;
};

}  // namespace

TEST_CASE("what the next version may take the place of follows from what was done") {
  const Succession made = Succession::of_new(Making::shared);
  const Succession emptied = Succession::of_new(Making::emptied);
  const Succession exclusive = Succession::of_new(Making::exclusive);
  const Succession opened = Succession::of_stored();
  const std::vector<Row> rows{
      {"made with O_CREAT",
       made,
       {},
       [](Succession&) {},
       "absent, appended from 0",
       "absent, appended from 0"},
      {"made and appended to",
       made,
       {},
       [](Succession& s) { s.wrote(0, 0, true), s.wrote(9, 9, true); },
       "absent, appended from 0",
       "absent, appended from 0"},
      {"made and written", made, {}, [](Succession& s) { s.wrote(0, 0, false); }, "any", "absent"},
      {"made by > f", emptied, {}, [](Succession& s) { s.wrote(0, 0, false); }, "any", "absent"},
      {"made by > f, appended to",
       emptied,
       {},
       [](Succession& s) { s.wrote(0, 0, true); },
       "any",
       "absent"},
      {"made with O_EXCL",
       exclusive,
       {},
       [](Succession& s) { s.wrote(0, 0, false); },
       "absent",
       "absent"},
      {"made with O_EXCL, stored, written on", exclusive, kBase,
       [](Succession& s) { s.stored(), s.wrote(0, 9, false); }, "base", "base"},
      {"made with O_EXCL, renamed over another",
       exclusive,
       {},
       [](Succession& s) { s.wrote(0, 0, false), s.renamed(false, {}); },
       "any",
       "absent"},
      {"made by > f, renamed over another",
       emptied,
       {},
       [](Succession& s) { s.renamed(false, kBase); },
       "any",
       "base foreign"},
      {"made by > f, renamed to a free name",
       emptied,
       {},
       [](Succession& s) { s.renamed(true, {}); },
       "absent",
       "absent"},
      {"written in place", opened, kBase, [](Succession& s) { s.wrote(3, 9, false); },
       "base foreign", "base foreign"},
      {"written at its end, not by O_APPEND", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, false); }, "base foreign", "base foreign"},
      {"appended to", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, true), s.wrote(12, 12, true); },
       "base foreign, appended from 9", "base foreign, appended from 9"},
      {"appended to, then written in place", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, true), s.wrote(0, 12, false); }, "base foreign",
       "base foreign"},
      {"written in place, then appended to", opened, kBase,
       [](Succession& s) { s.wrote(0, 9, false), s.wrote(9, 9, true); }, "base foreign",
       "base foreign"},
      {"cut to some bytes", opened, kBase, [](Succession& s) { s.truncated(3); }, "base foreign",
       "base foreign"},
      {"appended to, then cut", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, true), s.truncated(10); }, "base foreign", "base foreign"},
      {"emptied and written", opened, kBase,
       [](Succession& s) { s.truncated(0), s.wrote(0, 0, false); }, "any", "base foreign"},
      {"appended to a version of ours", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, true), s.stored(), s.wrote(12, 12, true); },
       "base, appended from 12", "base, appended from 12"},
      {"moved behind another client's version", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, true), s.moved_behind(20), s.wrote(23, 23, true); },
       "base foreign, appended from 20", "base foreign, appended from 20"},
      {"in doubt, and made as it turns out", opened, kBase,
       [](Succession& s) { s.wrote(9, 9, true), s.wrote(12, 12, true), s.stored_up_to(12); },
       "base, appended from 12", "base, appended from 12"},
      {"new, in doubt, and made as it turns out", made, kBase,
       [](Succession& s) { s.wrote(0, 0, true), s.stored_up_to(5); }, "base, appended from 5",
       "base, appended from 5"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    Succession succession = row.start;
    row.events(succession);
    CHECK(text(succession, row.base) == row.lenient);
    CHECK(text(succession, row.base, true) == row.strict);
  }
}
