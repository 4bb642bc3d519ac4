// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: what the service refuses is never mistaken for "there is nothing".
#include "bench.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

TEST_CASE("a missing bucket is an error and not a missing object") {
  const auto bench = open_bench(GENERATE(from_range(client_bench_names())));
  CAPTURE(bench->name());
  store::ObjectStore* store = bench->changed({.bucket = "no-such-bucket-here"});
  REQUIRE(store != nullptr);
  const auto list = store->list({"", true, "", 10});
  CHECK(err(list) != 0);
  CHECK(err(list) != ENOENT);
  const auto got = get_text(*store, "k");
  CHECK(err(got) != 0);
  CHECK(err(got) != ENOENT);
  const auto put = put_text(*store, "k", "x");
  CHECK(err(put) != 0);
  CHECK(err(put) != ENOENT);
}

TEST_CASE("wrong credentials are refused with EACCES or EPERM, for every verb") {
  const auto bench = open_bench(GENERATE(from_range(client_bench_names())));
  CAPTURE(bench->name());
  ClientChange change;
  SECTION("wrong secret") {
    if (const auto why = bench->exempt("secret")) {
      WARN(bench->name() << ": " << *why);
      return;
    }
    change.secret_key = "wrong";
  }
  SECTION("unknown access key") {
    change.access_key = "AKNOBODY";
  }
  store::ObjectStore* store = bench->changed(change);
  REQUIRE(store != nullptr);
  const auto key = bench->key("k");
  REQUIRE(err(put_text(bench->store(), key, "kept")) == 0);
  const auto refused = [](int e) { return e == EACCES || e == EPERM; };
  if (const auto why = bench->exempt("head with an unknown key id")) {
    WARN(bench->name() << ": " << *why);
  } else {
    CHECK(refused(err(store->head(key))));
  }
  CHECK(refused(err(get_text(*store, key))));
  CHECK(refused(err(put_text(*store, key, "x"))));
  CHECK(refused(err(store->remove(key))));
  CHECK(refused(err(store->list({"", true, "", 10}))));
  CHECK(refused(err(store->copy({key, key + "2", {}, {}}))));
  CHECK(refused(err(store->create_upload(key, {}, store::PartOrigin::mixed))));
  for (const Status& verdict : store->remove_many({key})) CHECK(refused(err(verdict)));
  CHECK(get_text(bench->store(), key)->bytes == "kept");
}

TEST_CASE("signature version 2 works for every verb, odd keys included") {
  const auto bench = open_bench(GENERATE(from_range(client_bench_names())));
  CAPTURE(bench->name());
  store::ObjectStore* store = bench->changed({.sigv2 = true});
  REQUIRE(store != nullptr);
  for (const char* name : {"plain", "a b+c%/\xc3\xbc"}) {
    const auto key = bench->key(name);
    CAPTURE(name);
    REQUIRE(err(put_text(*store, key, "text", {"text/plain", {{"b", "2"}, {"a", "1"}}, {}})) == 0);
    CHECK(err(store->head(key)) == 0);
    const auto got = get_text(*store, key, store::ByteRange{1, 2});
    REQUIRE(err(got) == 0);
    CHECK(got->bytes == "ex");
    CHECK(err(store->copy({key, key + ".copy", got->info.etag, {}})) == 0);
    CHECK(err(store->list({key, true, "", 10})) == 0);
    const auto id = store->create_upload(key, {}, store::PartOrigin::mixed);
    REQUIRE(err(id) == 0);
    StringSource body("part");
    const auto part = store->upload_part(key, *id, 1, body);
    REQUIRE(err(part) == 0);
    CHECK(err(store->list_parts(key, *id)) == 0);
    CHECK(err(store->list_uploads(bench->prefix(), {})) == 0);
    CHECK(err(store->complete_upload(key, *id, {{1, *part, 4}}, {})) == 0);
    for (const Status& verdict : store->remove_many({key, key + ".copy"})) CHECK(err(verdict) == 0);
  }
}

}  // namespace
}  // namespace pailfs::test
