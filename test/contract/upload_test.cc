// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: multipart uploads.
#include <algorithm>

#include "pailfs/util/text.h"

#include "bench.h"
#include "support/catch.h"
#include "support/md5.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

constexpr std::size_t kPart = 5U << 20U;  // the least a part may have that is not the last

Result<store::UploadedPart> upload(store::ObjectStore& store, const store::Key& key,
                                   const store::UploadId& id, int number, std::string bytes) {
  const std::uint64_t size = bytes.size();
  StringSource body(std::move(bytes));
  auto etag = store.upload_part(key, id, number, body);
  if (!etag) return etag.error();
  return store::UploadedPart{number, *etag, size};
}

void check_listed(Bench& bench, const store::Key& key, const store::UploadId& id,
                  const std::vector<store::UploadedPart>& parts) {
  if (const auto why = bench.exempt("list parts")) {
    WARN(bench.name() << ": " << *why);
    return;
  }
  const auto listed = bench.store().list_parts(key, id);
  REQUIRE(err(listed) == 0);
  REQUIRE(listed->size() == parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(listed->at(i).number == parts[i].number);
    CHECK(listed->at(i).etag == parts[i].etag);
    CHECK(listed->at(i).size == parts[i].size);
  }
}

TEST_CASE("parts become one object when the upload is completed, not before") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("big");
  const std::string one = pattern(kPart, 1);
  const std::string two = pattern(kPart + 17, 2);
  const std::string three = pattern(1'000, 3);
  const auto id =
      store.create_upload(key, {"video/mp4", {{"mode", "33188"}}, {}}, store::PartOrigin::sent);
  REQUIRE(err(id) == 0);
  std::vector<store::UploadedPart> parts;
  int number = 1;
  for (const std::string* bytes : {&one, &two, &three}) {
    const auto part = upload(store, key, *id, number++, *bytes);
    REQUIRE(err(part) == 0);
    CHECK(part->etag.value == "\"" + hex(md5(*bytes)) + "\"");
    parts.push_back(*part);
  }
  CHECK(err(store.head(key)) == ENOENT);

  check_listed(*bench, key, *id, parts);
  const auto etag = store.complete_upload(key, *id, parts, {});
  REQUIRE(err(etag) == 0);
  if (const auto why = bench->exempt("ETag of parts")) {
    WARN(bench->name() << ": " << *why);
  } else {
    CHECK(etag->value == "\"" + hex(md5(md5(one) + md5(two) + md5(three))) + "-3\"");
  }
  const auto got = get_text(store, key);
  REQUIRE(err(got) == 0);
  CHECK((got->bytes == one + two + three));
  if (const auto why = bench->exempt("ETag told by Complete")) {
    WARN(bench->name() << ": " << *why);
  } else {
    CHECK(got->info.etag == *etag);
  }
  CHECK(got->info.attributes.content_type == "video/mp4");
  CHECK(got->info.attributes.metadata ==
        std::vector<std::pair<std::string, std::string>>{{"mode", "33188"}});
  const auto across = get_text(store, key, store::ByteRange{kPart - 10, 20});
  REQUIRE(err(across) == 0);
  CHECK((across->bytes == one.substr(kPart - 10) + two.substr(0, 10)));
}

TEST_CASE("a part sent again replaces the first one") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("again");
  const auto id = store.create_upload(key, {}, store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  REQUIRE(err(upload(store, key, *id, 1, "first")) == 0);
  const auto second = upload(store, key, *id, 1, "second");
  REQUIRE(err(second) == 0);
  REQUIRE(err(store.complete_upload(key, *id, {*second}, {})) == 0);
  CHECK(get_text(store, key)->bytes == "second");
}

TEST_CASE("ranges of another object become parts") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const std::string base = pattern(2 * kPart + 100);
  const auto source = bench->key("base");
  const auto key = bench->key("mixed");
  const auto tag = put_text(store, source, base);
  REQUIRE(err(tag) == 0);
  const auto id = store.create_upload(key, {}, store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  const auto head = store.copy_part(key, *id, 1, source, *tag, {0, kPart});
  REQUIRE(err(head) == 0);
  const auto middle = upload(store, key, *id, 2, pattern(kPart, 7));
  REQUIRE(err(middle) == 0);
  const auto tail = store.copy_part(key, *id, 3, source, *tag, {2 * kPart, 100});
  REQUIRE(err(tail) == 0);
  REQUIRE(err(store.complete_upload(key, *id, {{1, *head, kPart}, *middle, {3, *tail, 100}}, {})) ==
          0);
  const auto got = get_text(store, key);
  REQUIRE(err(got) == 0);
  CHECK((got->bytes == base.substr(0, kPart) + pattern(kPart, 7) + base.substr(2 * kPart)));

  if (const auto why = bench->exempt("part copy if-match")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  const auto other = store.create_upload(key, {}, store::PartOrigin::mixed);
  REQUIRE(err(other) == 0);
  REQUIRE(err(put_text(store, source, "changed")) == 0);
  CHECK(err(store.copy_part(key, *other, 1, source, *tag, {0, 5})) == ESTALE);
  CHECK(err(store.abort_upload(key, *other)) == 0);
}

TEST_CASE("an aborted upload leaves nothing and aborting it again is a success") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("aborted");
  REQUIRE(err(put_text(store, key, "before")) == 0);
  const auto id = store.create_upload(key, {}, store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  const auto part = upload(store, key, *id, 1, "after");
  REQUIRE(err(part) == 0);
  CHECK(err(store.abort_upload(key, *id)) == 0);
  CHECK(err(store.abort_upload(key, *id)) == 0);
  CHECK(get_text(store, key)->bytes == "before");
  // NoSuchUpload is not "no such file": a caller must not conclude that the object is gone.
  const auto late = upload(store, key, *id, 2, "late");
  CHECK(err(late) != 0);
  CHECK(err(late) != ENOENT);
  const auto done = store.complete_upload(key, *id, {*part}, {});
  CHECK(err(done) != 0);
  CHECK(err(done) != ENOENT);
  CHECK(get_text(store, key)->bytes == "before");
  if (const auto why = bench->exempt("list parts after abort")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  const auto listed = store.list_parts(key, *id);
  CHECK(err(listed) != 0);
  CHECK(err(listed) != ENOENT);
}

TEST_CASE("unfinished uploads are listed under their prefix") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  std::vector<std::string> expected;
  const auto why = bench->exempt("list uploads of odd keys");
  if (why) WARN(bench->name() << ": " << *why);
  for (const char* name : {"u/one", why ? "u/two" : "u/two & three", "v/other"}) {
    const auto id = store.create_upload(bench->key(name), {}, store::PartOrigin::mixed);
    REQUIRE(err(id) == 0);
    if (name[0] == 'u') expected.push_back(bench->key(name) + " " + id->value);
  }
  std::vector<std::string> seen;
  store::UploadPage page;
  do {
    auto next = store.list_uploads(bench->key("u/"), page);
    REQUIRE(err(next) == 0);
    page = *next;
    for (const auto& each : page.uploads) seen.push_back(each.key + " " + each.id.value);
  } while (!page.next_key.empty() && seen.size() < 100);
  std::sort(seen.begin(), seen.end());
  CHECK(seen == expected);
}

TEST_CASE("a completion that does not fit its parts fails and changes nothing") {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("wrong");
  const auto id = store.create_upload(key, {}, store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  const auto one = upload(store, key, *id, 1, "too small");
  const auto two = upload(store, key, *id, 2, "end");
  REQUIRE(err(one) == 0);
  REQUIRE(err(two) == 0);
  SECTION("a part in the middle that is too small") {
    if (const auto why = bench->exempt("least size of a part")) {
      WARN(bench->name() << ": " << *why);
      return;
    }
    CHECK(err(store.complete_upload(key, *id, {*one, *two}, {})) != 0);
  }
  SECTION("an ETag that is not the part's") {
    CHECK(err(store.complete_upload(key, *id, {{2, one->etag, 3}}, {})) != 0);
  }
  SECTION("a part that was never sent") {
    CHECK(err(store.complete_upload(key, *id, {{7, one->etag, 9}}, {})) != 0);
  }
  SECTION("parts that are out of order") {
    if (const auto why = bench->exempt("part order")) {
      WARN(bench->name() << ": " << *why);
    }
    CHECK(err(store.complete_upload(key, *id, {*two, *one}, {})) != 0);
  }
  CHECK(err(store.head(key)) == ENOENT);
}

}  // namespace
}  // namespace pailfs::test
