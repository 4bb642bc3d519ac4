// SPDX-License-Identifier: Apache-2.0
#include "journal/knowledge.h"

#include "support/catch.h"

namespace pailfs::journal {
namespace {

using std::chrono::seconds;
constexpr MonoTime kStart = MonoTime() + std::chrono::hours(10);

store::ListPage page(const std::vector<store::Key>& keys,
                     const std::vector<std::string>& prefixes = {}, const std::string& next = {}) {
  store::ListPage result;
  for (const store::Key& key : keys) result.objects.push_back({key, 3, {"\"" + key + "\""}, {}});
  result.prefixes = prefixes;
  result.next = next;
  return result;
}

store::ListRequest request(const std::string& prefix, bool delimited = true,
                           const std::string& continuation = {}) {
  return {prefix, delimited, continuation, 1000};
}

Base base_of(Knowledge& knowledge, const store::Key& key, MonoTime now = kStart) {
  const auto known = knowledge.find(key, now);
  return known ? known->base : Base();
}

TEST_CASE("what a whole listing does not show is absent, for a while") {
  Knowledge knowledge;
  knowledge.saw_page(request("d/"), page({"d/a"}, {"d/sub/"}), kStart);
  CHECK(base_of(knowledge, "d/a") == Base::of({"\"d/a\""}));
  CHECK(base_of(knowledge, "d/b") == Base::none());
  CHECK(base_of(knowledge, "d/b/") == Base::none());
  CHECK(base_of(knowledge, "d/") == Base());
  CHECK(base_of(knowledge, "d/sub/") == Base());
  CHECK(base_of(knowledge, "d/sub/x") == Base());
  CHECK(base_of(knowledge, "e") == Base());
  CHECK(base_of(knowledge, "d/b", kStart + seconds(61)) == Base());
  knowledge.changed("d/b", {Base::of({"\"n\""}), 1, kStart + seconds(1)});
  CHECK(base_of(knowledge, "d/b", kStart + seconds(2)) == Base::of({"\"n\""}));
}

TEST_CASE("a reply that does not name the version shows that there is one, and not which") {
  Knowledge knowledge;
  knowledge.saw_page(request("d/"), page({"d/a"}), kStart);
  knowledge.saw("d/a", {Base::of({}), 3, kStart + seconds(1)});
  knowledge.saw("d/b", {Base::of({}), 3, kStart + seconds(1)});
  CHECK(base_of(knowledge, "d/a", kStart + seconds(2)) == Base());
  CHECK(base_of(knowledge, "d/b", kStart + seconds(2)) == Base());
}

TEST_CASE("a listing counts only when all its pages were seen in turn") {
  Knowledge knowledge;
  knowledge.saw_page(request("d/"), page({"d/a"}, {}, "1"), kStart);
  CHECK(base_of(knowledge, "d/z") == Base());
  knowledge.saw_page(request("d/", true, "2"), page({"d/q"}), kStart);
  CHECK(base_of(knowledge, "d/z") == Base());
  knowledge.saw_page(request("d/", true, "1"), page({"d/m"}), kStart);
  CHECK(base_of(knowledge, "d/z") == Base::none());
}

TEST_CASE("a listing that is read while we change a key tells of all other keys") {
  Knowledge knowledge;
  knowledge.changed("d/n", {Base::of({"\"n\""}), 1, kStart + seconds(1)});
  knowledge.changed("d/sub/n", {Base::of({"\"n\""}), 1, kStart + seconds(1)});
  knowledge.saw_page(request("d/"), page({"d/a"}), kStart);
  CHECK(base_of(knowledge, "d/z", kStart + seconds(2)) == Base::none());
  CHECK(base_of(knowledge, "d/n", kStart + seconds(2)) == Base::of({"\"n\""}));
  CHECK(base_of(knowledge, "d/sub/n", kStart + seconds(2)) == Base::of({"\"n\""}));
  // Nothing is counted by it.
  CHECK_FALSE(knowledge.below("d/", kStart + seconds(2)));
  CHECK_FALSE(knowledge.below("d/sub/", kStart + seconds(2)));
}

TEST_CASE("objects that we make leave the rest of a listing as it was") {
  Knowledge knowledge;
  // With a common prefix, without, and of all levels.
  const bool delimited = GENERATE(true, true, false);
  const bool directory = GENERATE(true, false);
  if (delimited) {
    knowledge.saw_page(request(""), page({"a"}, {directory ? "dir/" : ""}), kStart);
  } else {
    knowledge.saw_page(request("", false), page({"a", directory ? "dir/b" : "b"}), kStart);
  }
  const MonoTime later = kStart + seconds(2);
  knowledge.changed("n", {Base::of({"\"n\""}), 1, kStart + seconds(1)});
  knowledge.changed("new/", {Base::of({"\"n\""}), 0, kStart + seconds(1)});
  knowledge.changed("new/deep/n", {Base::of({"\"n\""}), 1, kStart + seconds(1)});
  CHECK(base_of(knowledge, "z", later) == Base::none());
  CHECK(base_of(knowledge, "other/z", later) == Base::none());
  CHECK(base_of(knowledge, "n", later) == Base::of({"\"n\""}));
  CHECK(base_of(knowledge, "new/deep/n", later) == Base::of({"\"n\""}));
  const auto below = knowledge.below("new/", later);
  CHECK((!below || below->count == 2));
  const auto deep = knowledge.below("new/deep/", later);
  CHECK((!deep || deep->count == 1));
  // What is too old by now is not kept by what we make.
  knowledge.changed("m", {Base::of({"\"m\""}), 1, kStart + seconds(61)});
  CHECK(base_of(knowledge, "z", kStart + seconds(61)) == Base());
}

TEST_CASE("where a listing shows no directory nothing is in it") {
  Knowledge knowledge;
  knowledge.saw_page(request("t/"), page({"t/a"}, {"t/known/"}), kStart);
  CHECK(base_of(knowledge, "t/fresh/f") == Base::none());
  CHECK(base_of(knowledge, "t/fresh/deep/f") == Base::none());
  CHECK(base_of(knowledge, "t/known/f") == Base());
  CHECK(base_of(knowledge, "u/f") == Base());
  // Of two listings the later one counts, of those that can tell.
  knowledge.saw_page(request("t/known/"), page({"t/known/x"}), kStart);
  CHECK(base_of(knowledge, "t/known/f") == Base::none());
  knowledge.saw_page(request("t/"), page({"t/a"}, {"t/known/"}), kStart + seconds(1));
  CHECK(base_of(knowledge, "t/known/f", kStart + seconds(1)) == Base::none());
  knowledge.saw_page(request("t/"), page({"t/a"}, {"t/other/"}), kStart + seconds(2));
  CHECK(base_of(knowledge, "t/known/x", kStart + seconds(2)) == Base::none());
  // Also beside what we put into it, for as long as the listing is good.
  knowledge.changed("t/fresh/", {Base::of({"\"d\""}), 0, kStart + seconds(3)});
  knowledge.changed("t/fresh/deep/f", {Base::of({"\"f\""}), 1, kStart + seconds(3)});
  CHECK(base_of(knowledge, "t/fresh/g", kStart + seconds(3)) == Base::none());
  CHECK(base_of(knowledge, "t/fresh/deep/g", kStart + seconds(3)) == Base::none());
  CHECK(base_of(knowledge, "t/fresh/deep/f", kStart + seconds(3)) == Base::of({"\"f\""}));
  CHECK(base_of(knowledge, "t/fresh/g", kStart + seconds(62)) == Base());
}

TEST_CASE("a listing that begins with a key tells whether there is one") {
  Knowledge knowledge;
  knowledge.saw_page(request("d/a"), page({"d/a", "d/ab"}), kStart);
  knowledge.saw_page(request("d/b"), page({"d/bc"}, {"d/b/"}), kStart);
  knowledge.saw_page(request("d/c"), page({}), kStart);
  knowledge.saw_page(request("d/e", true, "d/e1"), page({"d/e2"}), kStart);
  CHECK(base_of(knowledge, "d/a") == Base::of({"\"d/a\""}));
  CHECK(base_of(knowledge, "d/b") == Base::none());
  CHECK(base_of(knowledge, "d/c") == Base::none());
  CHECK(base_of(knowledge, "d/e") == Base());
  CHECK(base_of(knowledge, "d/a0") == Base());
}

TEST_CASE("a change of ours while the store is asked says nothing of other keys") {
  Knowledge knowledge;
  knowledge.changed("d/n", {Base::of({"\"n\""}), 1, kStart + seconds(1)});
  knowledge.changed("d/a.tmp", {Base::none(), 0, kStart + seconds(1)});
  SECTION("by a listing") {
    knowledge.saw_page(request("d/"), page({"d/a", "d/n"}), kStart);
  }
  SECTION("by a look") {
    knowledge.saw("d/a", {Base::of({"\"d/a\""}), 3, kStart});
  }
  CHECK(base_of(knowledge, "d/a", kStart + seconds(2)) == Base::of({"\"d/a\""}));
  CHECK(base_of(knowledge, "d/n", kStart + seconds(2)) == Base::of({"\"n\""}));
}

TEST_CASE("an answer does not take the place of a later one") {
  Knowledge knowledge;
  knowledge.changed("k", {Base::of({"\"new\""}), 1, kStart + seconds(5)});
  knowledge.saw("k", {Base::none(), 0, kStart});
  CHECK(base_of(knowledge, "k", kStart + seconds(6)) == Base::of({"\"new\""}));
  knowledge.saw("k", {Base::none(), 0, kStart + seconds(7)});
  CHECK(base_of(knowledge, "k", kStart + seconds(8)) == Base::none());
}

TEST_CASE("the keys below every directory of a flat listing are counted") {
  Knowledge knowledge;
  knowledge.saw_page(request("t/", false), page({"t/", "t/a/", "t/a/1", "t/a/2", "t/b"}), kStart);
  const auto digest = [](const char* key) { return Knowledge::digest(key); };
  CHECK(knowledge.below("t/a/", kStart)->count == 3);
  CHECK(knowledge.below("t/a/", kStart)->sum == digest("t/a/") + digest("t/a/1") + digest("t/a/2"));
  CHECK(knowledge.below("t/", kStart)->count == 5);
  CHECK(knowledge.below("t/nothing/", kStart)->count == 0);
  CHECK_FALSE(knowledge.below("u/", kStart));
  CHECK_FALSE(knowledge.below("t/a/", kStart + seconds(61)));

  SECTION("a removal of ours counts down") {
    knowledge.changed("t/a/1", {Base::none(), 0, kStart + seconds(1)});
    CHECK(knowledge.below("t/a/", kStart + seconds(2))->count == 2);
    CHECK(knowledge.below("t/", kStart + seconds(2))->count == 4);
  }
  SECTION("an object of ours counts up") {
    knowledge.changed("t/a/9", {Base::of({"\"9\""}), 1, kStart + seconds(1)});
    CHECK(knowledge.below("t/a/", kStart + seconds(2))->count == 4);
  }
  SECTION("an object of ours where somebody else has removed one counts up") {
    knowledge.saw_page(request("t/", false), page({"t/", "t/a/", "t/a/1", "t/b"}),
                       kStart + seconds(1));
    CHECK(knowledge.below("t/a/", kStart + seconds(1))->count == 2);
    CHECK(base_of(knowledge, "t/a/2", kStart + seconds(2)) == Base::none());
    knowledge.changed("t/a/2", {Base::of({"\"2\""}), 1, kStart + seconds(2)});
    CHECK(knowledge.below("t/a/", kStart + seconds(3))->count == 3);
  }
  SECTION("an object of ours where what was known is older than the count makes it unknown") {
    knowledge.saw_page(request("t/", false), page({"t/", "t/a/", "t/a/1"}), kStart + seconds(1));
    knowledge.changed("t/a/3", {Base::of({"\"3\""}), 1, kStart + seconds(2)});
    knowledge.changed("t/b", {Base::of({"\"4\""}), 1, kStart + seconds(2)});
    const auto below = knowledge.below("t/", kStart + seconds(3));
    CHECK((!below || below->count == 5));
  }
  SECTION("a later listing in which a directory is empty says so") {
    knowledge.saw_page(request("t/", false), page({"t/b"}), kStart + seconds(1));
    CHECK(knowledge.below("t/a/", kStart + seconds(1))->count == 0);
  }
  SECTION("what nobody can tell is not known any more") {
    knowledge.forget("t/a/1");
    CHECK_FALSE(knowledge.below("t/a/", kStart));
    CHECK(knowledge.below("t/", kStart) == std::nullopt);
  }
}

}  // namespace
}  // namespace pailfs::journal
