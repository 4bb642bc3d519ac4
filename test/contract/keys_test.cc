// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: every byte of a key arrives, whatever the verb.
#include <algorithm>

#include "pailfs/util/text.h"

#include "bench.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

struct OddKey {
  const char* key;
  const char* rule;  // what a server may be exempt from; "" for keys that must work everywhere
};

// Bytes that URLs, XML, shells, signatures and path normalisation treat specially.
const std::vector<OddKey> kOddKeys{
    {"plain", ""},
    {"blank in name", ""},
    {" leading and trailing ", ""},
    {"plus+plus", ""},
    {"percent%2Fslash%", ""},
    {"%20", ""},
    {"hash#question?amp&equals=semi;", ""},
    {"quote'double\"back\\slash", ""},
    {"<xml>&amp;]]></xml>", ""},
    {"colon:at@comma,dollar$", ""},
    {"tilde~bang!star*paren()", ""},
    {"brackets[]{}|^`", ""},
    {"dir/", ""},
    {"dir/sub dir/file.txt", ""},
    {"a", ""},
    {"a-", ""},
    {"a/", ""},
    {"a/b", ""},
    {"trailing.", ""},
    {"...", ""},
    {"umlaut-\xc3\xa4\xc3\xb6\xc3\xbc", ""},
    {"composed-e\xcc\x81-\xc3\xa9", ""},  // the same letter twice, differently normalised
    {"\xf0\x9f\xaa\xa3-emoji", ""},
    {"\xe6\xbc\xa2\xe5\xad\x97", ""},
    {"x$folder$", ""},
    {"soap", ""},
    {"line\nfeed", "key with control character"},
    {"carriage\rreturn", "key with control character"},
    {"tab\tbed", "key with control character"},
    {"one\x01", "key with control character"},
    {"double//slash", "key with empty component"},
    {"dot/./dot", "key with dot component"},
    {"dot/../dotdot", "key with dot component"},
};

std::string name_of(const OddKey& row) {
  return percent_encode(row.key, true);
}

std::vector<OddKey> rows_for(const Bench& bench) {
  std::vector<OddKey> rows;
  for (const OddKey& row : kOddKeys) {
    const auto of_kind = bench.exempt(row.rule);
    if (const auto why = of_kind ? of_kind : bench.exempt("key " + name_of(row))) {
      WARN(bench.name() << ", " << name_of(row) << ": " << *why);
    } else {
      rows.push_back(row);
    }
  }
  return rows;
}

TEST_CASE("odd keys are written, read, listed, copied and removed as they are") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto rows = rows_for(*bench);
  std::vector<store::Key> keys;
  for (const OddKey& row : rows) {
    const auto key = bench->key(row.key);
    keys.push_back(key);
    CAPTURE(name_of(row));
    CHECK(err(put_text(store, key, "content of " + key, {"text/plain", {{"k", "v"}}, {}})) == 0);
  }
  for (const store::Key& key : keys) {
    CAPTURE(percent_encode(key, true));
    const auto head = store.head(key);
    CHECK(err(head) == 0);
    if (head) CHECK(head->size == 11 + key.size());
    const auto got = get_text(store, key, store::ByteRange{0, 2'000});
    CHECK(err(got) == 0);
    if (got) CHECK(got->bytes == "content of " + key);
  }
  SECTION("each is in the listing exactly once") {
    const auto page = list_all(store, bench->prefix(), false, 7);
    REQUIRE(err(page) == 0);
    std::vector<store::Key> listed;
    for (const auto& object : page->objects) listed.push_back(object.key);
    std::sort(listed.begin(), listed.end());
    std::vector<store::Key> sorted = keys;
    std::sort(sorted.begin(), sorted.end());
    CHECK(listed == sorted);
  }
  SECTION("each can be the prefix of a listing") {
    for (const store::Key& key : keys) {
      CAPTURE(percent_encode(key, true));
      const auto page = store.list({key, false, "", 1000});
      CHECK(err(page) == 0);
      if (page) {
        CHECK(std::any_of(page->objects.begin(), page->objects.end(),
                          [&](const store::ListedObject& object) { return object.key == key; }));
      }
    }
  }
  SECTION("each can be the source and the destination of a copy") {
    for (const store::Key& key : keys) {
      CAPTURE(percent_encode(key, true));
      CHECK(err(store.copy({key, key + ".copy", {}, {}})) == 0);
      const auto got = get_text(store, key + ".copy");
      CHECK(err(got) == 0);
      if (got) CHECK(got->bytes == "content of " + key);
    }
  }
  SECTION("each can be copied onto itself with new metadata") {
    for (const store::Key& key : keys) {
      CAPTURE(percent_encode(key, true));
      const auto before = store.head(key);
      REQUIRE(err(before) == 0);
      const bool pinned = bench->exempt("copy of any version onto itself").has_value();
      CHECK(err(store.copy({key, key, pinned ? before->etag : store::ETag{},
                            store::ObjectAttributes{"text/plain", {{"k", "new"}}, {}}})) == 0);
      const auto head = store.head(key);
      REQUIRE(err(head) == 0);
      const auto& fields = head->attributes.metadata;
      CHECK(fields == std::vector<std::pair<std::string, std::string>>{{"k", "new"}});
    }
  }
  SECTION("each can be the source of a part and the target of an upload") {
    if (const auto why = bench->exempt("part copy")) {
      WARN(bench->name() << ": " << *why);
      return;
    }
    for (const store::Key& key : keys) {
      CAPTURE(percent_encode(key, true));
      const auto why = bench->exempt("part copy of a key with percent or plus");
      if (why && key.find_first_of("%+") != store::Key::npos) {
        WARN(bench->name() << ", " << percent_encode(key, true) << ": " << *why);
        continue;
      }
      const auto unreadable = bench->exempt("upload to a key with control character");
      if (unreadable && key.find('\x01') != store::Key::npos) {
        WARN(bench->name() << ", " << percent_encode(key, true) << ": " << *unreadable);
        continue;
      }
      const auto target = key + ".upload";
      const auto id = store.create_upload(target, {"text/plain", {}, {}}, store::PartOrigin::mixed);
      REQUIRE(err(id) == 0);
      const auto part = store.copy_part(target, *id, 1, key, {}, {0, 11 + key.size()});
      REQUIRE(err(part) == 0);
      CHECK(err(store.complete_upload(target, *id, {{1, *part, 11 + key.size()}}, {})) == 0);
      const auto got = get_text(store, target);
      CHECK(err(got) == 0);
      if (got) CHECK(got->bytes == "content of " + key);
    }
  }
  SECTION("all are removed in one batch") {
    for (const Status& verdict : store.remove_many(store::removals(keys))) CHECK(err(verdict) == 0);
    const auto page = list_all(store, bench->prefix(), false);
    REQUIRE(err(page) == 0);
    CHECK(page->objects.empty());
  }
  SECTION("each is removed by itself") {
    for (const store::Key& key : keys) {
      CAPTURE(percent_encode(key, true));
      CHECK(err(store.remove(key)) == 0);
      CHECK(err(store.head(key)) == ENOENT);
    }
  }
}

}  // namespace
}  // namespace pailfs::test
