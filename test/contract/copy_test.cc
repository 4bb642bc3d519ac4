// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: server-side copies.
#include "bench.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Of a copy with new attributes.
void check_type(const Bench& bench, const store::ObjectAttributes& found, const std::string& type) {
  if (const auto why = bench.exempt("type of a copy")) {
    WARN(bench.name() << ": " << *why);
    return;
  }
  CHECK(found.content_type == type);
}

void check_metadata(const Bench& bench, const store::ObjectAttributes& found, const Pairs& fields) {
  if (const auto why = bench.exempt("metadata of a copy")) {
    WARN(bench.name() << ": " << *why);
    return;
  }
  CHECK(found.metadata == fields);
}

TEST_CASE("a copy carries the attributes along or replaces all of them") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto source = bench->key("source");
  const store::ObjectAttributes attributes{"image/png", {{"mode", "33188"}, {"own", "1"}}, {}};
  const auto etag = put_text(store, source, "bytes", attributes);
  REQUIRE(err(etag) == 0);

  const auto kept = store.copy({source, bench->key("kept"), {}, {}});
  REQUIRE(err(kept) == 0);
  const auto replaced = store.copy({source,
                                    bench->key("replaced"),
                                    {},
                                    store::ObjectAttributes{"text/plain", {{"mode", "1"}}, {}}});
  REQUIRE(err(replaced) == 0);

  const auto kept_info = get_text(store, bench->key("kept"));
  REQUIRE(err(kept_info) == 0);
  CHECK(kept_info->bytes == "bytes");
  CHECK(kept_info->info.etag == *kept);
  CHECK(kept_info->info.attributes.content_type == "image/png");
  CHECK(kept_info->info.attributes.metadata.size() == 2);
  const auto replaced_info = get_text(store, bench->key("replaced"));
  REQUIRE(err(replaced_info) == 0);
  CHECK(replaced_info->bytes == "bytes");
  check_type(*bench, replaced_info->info.attributes, "text/plain");
  check_metadata(*bench, replaced_info->info.attributes, Pairs{{"mode", "1"}});
  CHECK(store.head(source)->etag == *etag);
}

TEST_CASE("a copy onto itself replaces the attributes and keeps the bytes") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("self");
  const auto before = put_text(store, key, "bytes", {"text/plain", {{"a", "1"}, {"b", "2"}}, {}});
  REQUIRE(err(before) == 0);
  const auto why = bench->exempt("copy of any version onto itself");
  if (why) WARN(bench->name() << ": " << *why);
  const auto etag = store.copy({key, key, why ? *before : store::ETag{},
                                store::ObjectAttributes{"text/html", {{"b", "3"}}, {}}});
  REQUIRE(err(etag) == 0);
  const auto got = get_text(store, key);
  REQUIRE(err(got) == 0);
  CHECK(got->bytes == "bytes");
  CHECK(got->info.etag == *etag);
  check_type(*bench, got->info.attributes, "text/html");
  check_metadata(*bench, got->info.attributes, Pairs{{"b", "3"}});
}

TEST_CASE("a copy of a missing object is ENOENT and makes nothing") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  CHECK(err(bench->store().copy({bench->key("missing"), bench->key("copy"), {}, {}})) == ENOENT);
  CHECK(err(bench->store().head(bench->key("copy"))) == ENOENT);
}

TEST_CASE("a copy pinned to a version fails with ESTALE when there is another") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto source = bench->key("source");
  const auto old_tag = put_text(store, source, "old");
  REQUIRE(err(old_tag) == 0);
  const auto new_tag = put_text(store, source, "new");
  REQUIRE(err(new_tag) == 0);
  CHECK(err(store.copy({source, bench->key("right"), *new_tag, {}})) == 0);
  CHECK(get_text(store, bench->key("right"))->bytes == "new");
  if (const auto why = bench->exempt("copy if-match")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  CHECK(err(store.copy({source, bench->key("wrong"), *old_tag, {}})) == ESTALE);
  CHECK(err(store.head(bench->key("wrong"))) == ENOENT);
}

TEST_CASE("a copy overwrites its destination") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  REQUIRE(err(put_text(store, bench->key("from"), "new", {"text/plain", {{"n", "1"}}, {}})) == 0);
  REQUIRE(err(put_text(store, bench->key("to"), "old", {"text/html", {{"o", "1"}}, {}})) == 0);
  REQUIRE(err(store.copy({bench->key("from"), bench->key("to"), {}, {}})) == 0);
  const auto got = get_text(store, bench->key("to"));
  REQUIRE(err(got) == 0);
  CHECK(got->bytes == "new");
  CHECK(got->info.attributes.metadata == Pairs{{"n", "1"}});
}

}  // namespace
}  // namespace pailfs::test
