// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: put, get, head and remove of single objects.
#include "pailfs/util/text.h"

#include "bench.h"
#include "support/catch.h"
#include "support/md5.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string value_of(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return "(absent)";
}

TEST_CASE("an object comes back with its bytes, type and metadata") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const std::string text = pattern(100'000);
  const store::ObjectAttributes attributes{
      "text/x-odd; charset=utf-8",
      {{"mode", "33188"},
       {"mtime", "1.500000000"},
       {"xattr", "%7B%22user.a%22%3A%22Yg%3D%3D%22%7D"}},
      {{"Cache-Control", "max-age=7"}, {"Content-Disposition", "attachment; filename=\"a b\""}}};
  const auto etag = put_text(store, bench->key("object"), text, attributes);
  REQUIRE(err(etag) == 0);
  CHECK(etag->value == "\"" + hex(md5(text)) + "\"");

  const auto head = store.head(bench->key("object"));
  const auto got = get_text(store, bench->key("object"));
  REQUIRE(err(head) == 0);
  REQUIRE(err(got) == 0);
  CHECK(got->bytes == text);
  for (const store::ObjectInfo* info : {&head.value(), &got->info}) {
    CHECK(info->size == text.size());
    CHECK(info->etag == *etag);
    CHECK(info->last_modified > *parse_iso8601("2020-01-01T00:00:00Z"));
    CHECK(info->attributes.content_type == attributes.content_type);
    for (const auto& [name, value] : attributes.metadata) {
      CHECK(value_of(info->attributes.metadata, name) == value);
    }
    if (const auto why = bench->exempt("standard headers")) {
      WARN(bench->name() << ": " << *why);
      continue;
    }
    for (const auto& [name, value] : attributes.standard) {
      CHECK(value_of(info->attributes.standard, name) == value);
    }
  }
}

TEST_CASE("an empty object has size 0, an MD5 and no range") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  const auto key = bench->key("empty");
  const auto etag = put_text(bench->store(), key, "");
  REQUIRE(err(etag) == 0);
  CHECK(etag->value == "\"d41d8cd98f00b204e9800998ecf8427e\"");
  const auto got = get_text(bench->store(), key);
  REQUIRE(err(got) == 0);
  CHECK(got->bytes.empty());
  CHECK(got->info.size == 0);
  CHECK(err(get_text(bench->store(), key, store::ByteRange{0, 1})) == ERANGE);
}

TEST_CASE("a range delivers exactly its bytes and ends where the object ends") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  const auto key = bench->key("ranged");
  const std::string text = pattern(300'000);
  REQUIRE(err(put_text(bench->store(), key, text)) == 0);
  for (const store::ByteRange range : {store::ByteRange{0, 1},
                                       {0, 300'000},
                                       {1, 299'999},
                                       {299'999, 1},
                                       {65'535, 2},
                                       {100'000, 131'072},
                                       {299'990, 1'000},
                                       {0, 400'000}}) {
    CAPTURE(range.begin, range.length);
    const auto got = get_text(bench->store(), key, range);
    REQUIRE(err(got) == 0);
    CHECK(got->bytes == text.substr(range.begin, range.length));
    CHECK(got->info.size == text.size());
  }
  CHECK(err(get_text(bench->store(), key, store::ByteRange{300'000, 1})) == ERANGE);
  CHECK(err(get_text(bench->store(), key, store::ByteRange{1'000'000, 10})) == ERANGE);
}

TEST_CASE("a receiver that refuses bytes ends the get with an error") {
  class Refusing final : public store::ByteSink {
   public:
    bool write(std::uint64_t, std::span<const char>) override { return ++calls < 2; }
    int calls = 0;
  };
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  const auto key = bench->key("refused");
  REQUIRE(err(put_text(bench->store(), key, pattern(1'000'000))) == 0);
  Refusing sink;
  CHECK(err(bench->store().get({key, {}, {}}, sink)) != 0);
  CHECK(sink.calls == 2);
}

TEST_CASE("a get pinned to a version fails with ESTALE when there is another") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  const auto key = bench->key("pinned");
  const auto old_tag = put_text(bench->store(), key, "old content");
  REQUIRE(err(old_tag) == 0);
  REQUIRE(err(get_text(bench->store(), key, store::ByteRange{0, 3}, *old_tag)) == 0);
  const auto new_tag = put_text(bench->store(), key, "new content");
  REQUIRE(err(new_tag) == 0);
  CHECK(err(get_text(bench->store(), key, store::ByteRange{0, 3}, *old_tag)) == ESTALE);
  CHECK(err(get_text(bench->store(), key, {}, *old_tag)) == ESTALE);
  const auto got = get_text(bench->store(), key, {}, *new_tag);
  REQUIRE(err(got) == 0);
  CHECK(got->bytes == "new content");
}

TEST_CASE("conditional puts protect what is there") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("conditional");
  const auto put = [&](std::string text, const store::ETag& match, bool absent) {
    StringSource body(std::move(text));
    return store.put({key, {}, {match, absent}}, body);
  };
  if (const auto why = bench->exempt("put if-none-match")) {
    WARN(bench->name() << ": " << *why);
    REQUIRE(err(put("first", {}, false)) == 0);
  } else {
    REQUIRE(err(put("first", {}, true)) == 0);
    CHECK(err(put("second", {}, true)) == EEXIST);
  }
  CHECK(get_text(store, key)->bytes == "first");
  if (const auto why = bench->exempt("put if-match")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  const auto first = store.head(key);
  REQUIRE(err(first) == 0);
  CHECK(err(put("third", first->etag, false)) == 0);
  CHECK(err(put("fourth", first->etag, false)) == ESTALE);
  CHECK(get_text(store, key)->bytes == "third");
}

TEST_CASE("a missing object is ENOENT for head and get, and removed with success") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  const auto key = bench->key("missing");
  CHECK(err(bench->store().head(key)) == ENOENT);
  CHECK(err(get_text(bench->store(), key)) == ENOENT);
  CHECK(err(get_text(bench->store(), key, store::ByteRange{5, 5})) == ENOENT);
  CHECK(err(bench->store().remove(key)) == 0);
  CHECK(err(bench->store().head(key + "/")) == ENOENT);
}

TEST_CASE("remove takes away one object and nothing else") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  for (const char* name : {"x", "x/", "x/y", "x-"}) {
    REQUIRE(err(put_text(store, bench->key(name), name)) == 0);
  }
  REQUIRE(err(store.remove(bench->key("x/"))) == 0);
  CHECK(err(store.head(bench->key("x/"))) == ENOENT);
  for (const char* name : {"x", "x/y", "x-"}) CHECK(err(store.head(bench->key(name))) == 0);
}

TEST_CASE("remove_many gives one verdict per key, in order, over any number of keys") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  // More than one request holds; Swift, which deletes ten a second, gets a tenth.
  const std::size_t step = bench->name().find("swift") != std::string::npos ? 5 : 55;
  std::vector<store::Key> keys;
  for (std::size_t i = 0; i < 20 * step; ++i) {
    keys.push_back(bench->key("many/" + std::to_string(i)));
  }
  for (std::size_t i = 0; i < 20; ++i) REQUIRE(err(put_text(store, keys.at(i * step), "x")) == 0);
  REQUIRE(err(put_text(store, bench->key("other"), "stays")) == 0);
  const auto verdicts = store.remove_many(store::removals(keys));
  REQUIRE(verdicts.size() == keys.size());
  int failed = 0;
  for (const Status& verdict : verdicts) failed += verdict ? 0 : 1;
  CHECK(failed == 0);
  const auto left = list_all(store, bench->prefix(), false);
  REQUIRE(err(left) == 0);
  REQUIRE(left->objects.size() == 1);
  CHECK(left->objects.front().key == bench->key("other"));
  CHECK(store.remove_many({}).empty());
}

TEST_CASE("a key may have 1024 bytes and not one more") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const std::string longest = bench->prefix() + std::string(1024 - bench->prefix().size(), 'k');
  REQUIRE(err(put_text(store, longest, "long")) == 0);
  CHECK(get_text(store, longest)->bytes == "long");
  CHECK(err(store.remove(longest)) == 0);
  if (const auto why = bench->exempt("key of 1025 bytes")) {
    WARN(bench->name() << ": " << *why);
    CHECK(err(put_text(store, longest + "k", "too long")) != 0);
    return;
  }
  CHECK(err(put_text(store, longest + "k", "too long")) == ENAMETOOLONG);
}

}  // namespace
}  // namespace pailfs::test
