// SPDX-License-Identifier: Apache-2.0
#include "journal/overlay.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::journal {
namespace {

using std::chrono::seconds;
constexpr MonoTime kStart = MonoTime() + std::chrono::hours(10);

struct World {
  void put(const store::Key& key) {
    Want want;
    want.kind = Want::Kind::body;
    want.body = ++seq;
    want.size = 7;
    want.etag = {"\"ours\""};
    pending.change(key, want, seq, Base::none(), kStart);
  }
  void remove(const store::Key& key) {
    pending.change(key, Want{}, ++seq, Base::of({"\"old\""}), kStart);
  }
  void confirm_removal(const store::Key& key, MonoTime now) {
    confirmed.carried_out(key, Want{}, Base::none(), now);
  }
  /// The names of a page of these keys and prefixes, those from waiting changes with a "*".
  std::string show(const std::vector<store::Key>& keys, const std::vector<std::string>& prefixes,
                   bool last = true, const std::string& after = {}) {
    store::ListPage page;
    for (const store::Key& key : keys) page.objects.push_back({key, 3, {"\"theirs\""}, {}});
    page.prefixes = prefixes;
    if (!last) page.next = "more";
    std::string text;
    for (const auto& [name, item] : overlay.lay_over({"d/", true, {}, 1000}, page, kStart, after)) {
      const bool ours = item.object ? item.object->etag.value == "\"ours\"" : !item.from_store;
      text += (text.empty() ? "" : " ") + name + (ours ? "*" : "");
    }
    return text;
  }

  Pending pending{std::chrono::nanoseconds::zero()};
  Knowledge knowledge;
  Confirmed confirmed;
  Overlay overlay{pending, knowledge, confirmed};
  Sequence seq = 0;
};

TEST_CASE("a page shows what waits as if it were stored") {
  World w;
  CHECK(w.show({"d/a", "d/c"}, {"d/s/"}) == "d/a d/c d/s/");
  w.put("d/b");
  w.remove("d/c");
  w.put("d/t/deep");
  w.put("e");
  CHECK(w.show({"d/a", "d/c"}, {"d/s/"}) == "d/a d/b* d/s/ d/t/*");
}

TEST_CASE("what waits shows in the page of the store in whose range it is") {
  World w;
  w.put("d/b");
  w.put("d/z");
  CHECK(w.show({"d/a", "d/m"}, {}, false) == "d/a d/b* d/m");
  CHECK(w.show({"d/n"}, {}, true, "d/m") == "d/n d/z*");
}

TEST_CASE("a removal that was confirmed since a page was asked for is not in it") {
  World w;
  w.confirm_removal("d/a", kStart + seconds(1));
  CHECK(w.show({"d/a", "d/b"}, {}) == "d/b");
  CHECK(w.overlay.is_removed("d/a", kStart));
  CHECK_FALSE(w.overlay.is_removed("d/a", kStart + seconds(2)));
  CHECK(w.overlay.was_removed_below("d/", kStart));
  CHECK_FALSE(w.overlay.was_removed_below("e/", kStart));
}

TEST_CASE("a prefix is known to become empty when removals of all its keys wait") {
  World w;
  store::ListPage page;
  for (const char* key : {"d/a", "d/b"}) page.objects.push_back({key, 3, {"\"old\""}, {}});
  w.knowledge.saw_page({"d/", false, {}, 1000}, page, kStart);
  CHECK_FALSE(w.overlay.is_known_all_removed("d/", kStart));
  w.remove("d/a");
  CHECK(w.overlay.removals_below("d/") == 1);
  CHECK_FALSE(w.overlay.is_known_all_removed("d/", kStart));
  w.remove("d/b");
  CHECK(w.overlay.removals_below("d/") == 2);
  CHECK(w.overlay.is_known_all_removed("d/", kStart));
  w.put("d/c");
  CHECK_FALSE(w.overlay.is_known_all_removed("d/", kStart));
}

}  // namespace
}  // namespace pailfs::journal
