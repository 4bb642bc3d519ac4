// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore when objects are encrypted with keys of the user's own (SSE-C).
#include "pailfs/s3/encryption.h"

#include "bench.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

constexpr std::size_t kPart = 5U << 20U;

ClientChange with_keys(const std::string& letters,
                       s3::Encryption::Kind kind = s3::Encryption::Kind::customer) {
  ClientChange change;
  change.encryption.kind = kind;
  for (const char letter : letters) {
    change.encryption.keys.push_back(*s3::parse_customer_key(std::string(32, letter)));
  }
  return change;
}

Result<store::ETag> put_parts(store::ObjectStore& store, const store::Key& key,
                              const std::string& first, const std::string& second) {
  const auto id = store.create_upload(key, {}, store::PartOrigin::mixed);
  if (!id) return id.error();
  std::vector<store::UploadedPart> parts;
  for (const std::string* text : {&first, &second}) {
    StringSource body(*text);
    const int number = static_cast<int>(parts.size()) + 1;
    const auto etag = store.upload_part(key, *id, number, body);
    if (!etag) return etag.error();
    parts.push_back({number, *etag, text->size()});
  }
  return store.complete_upload(key, *id, parts, {});
}

TEST_CASE("what is stored under a key of ours is read with that key only") {
  const auto bench = open_bench(GENERATE(from_range(client_bench_names())));
  CAPTURE(bench->name());
  auto* with_a = bench->changed(with_keys("a"));
  REQUIRE(with_a != nullptr);
  if (const auto why = bench->exempt("keys of ours")) {
    const auto refused = put_text(*with_a, bench->key("clear"), "x");
    CHECK((err(refused) == EIO || err(refused) == ENOTSUP));  // not believed, or refused
    WARN(bench->name() << ": " << *why);
    return;
  }
  auto* with_b = bench->changed(with_keys("b"));
  auto* with_both = bench->changed(with_keys("ba"));
  auto* reads_a = bench->changed(with_keys("a", s3::Encryption::Kind::none));
  const std::string text = pattern(100'000);
  const store::Key key = bench->key("secret");
  const auto etag = put_text(*with_a, key, text);
  REQUIRE(err(etag) == 0);

  for (store::ObjectStore* reader : {with_a, with_both, reads_a}) {
    const auto head = reader->head(key);
    REQUIRE(err(head) == 0);
    CHECK(head->size == text.size());
    CHECK(head->etag == *etag);
    const auto part = get_text(*reader, key, store::ByteRange{70'000, 1000}, *etag);
    REQUIRE(err(part) == 0);
    CHECK(part->bytes == text.substr(70'000, 1000));
  }
  for (store::ObjectStore* stranger : {with_b, &bench->store()}) {
    CHECK(err(stranger->head(key)) != 0);
    CHECK(err(stranger->head(key)) != ENOENT);
    const auto got = get_text(*stranger, key);
    CHECK(err(got) != 0);
    CHECK(err(got) != ENOENT);
  }
  CHECK(err(with_a->head(bench->key("absent"))) == ENOENT);

  // A client with keys reads a plain object too.
  REQUIRE(err(put_text(bench->store(), bench->key("plain"), "plain")) == 0);
  const auto plain = get_text(*with_both, bench->key("plain"));
  REQUIRE(err(plain) == 0);
  CHECK(plain->bytes == "plain");
}

TEST_CASE("parts are stored under a key of ours") {
  const auto bench = open_bench(GENERATE(from_range(client_bench_names())));
  CAPTURE(bench->name());
  auto* with_a = bench->changed(with_keys("a"));
  REQUIRE(with_a != nullptr);
  if (const auto why = bench->exempt("keys of ours")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  const std::string first = pattern(kPart);
  const store::Key key = bench->key("parts");
  REQUIRE(err(put_parts(*with_a, key, first, "the end")) == 0);
  const auto got = get_text(*with_a, key);
  REQUIRE(err(got) == 0);
  CHECK(got->bytes == first + "the end");
  CHECK(err(bench->store().head(key)) != 0);
}

TEST_CASE("a copy is decrypted with the source's key and encrypted with ours") {
  const auto bench = open_bench(GENERATE(from_range(client_bench_names())));
  CAPTURE(bench->name());
  auto* with_a = bench->changed(with_keys("a"));
  REQUIRE(with_a != nullptr);
  if (const auto why = bench->exempt("keys of ours")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  if (const auto why = bench->exempt("copy under a key of ours")) {
    WARN(bench->name() << ": " << *why);
    return;
  }
  auto* rotated = bench->changed(with_keys("ba"));
  const store::Key key = bench->key("from");
  REQUIRE(err(put_text(*with_a, key, "text")) == 0);
  REQUIRE(err(rotated->copy({key, bench->key("to"), {}, {}})) == 0);
  REQUIRE(err(rotated->copy({key, key, {}, store::ObjectAttributes{}})) == 0);
  for (const store::Key& copy : {key, bench->key("to")}) {
    CHECK(err(with_a->head(copy)) != 0);
    const auto got = get_text(*bench->changed(with_keys("b")), copy);
    REQUIRE(err(got) == 0);
    CHECK(got->bytes == "text");
  }

  REQUIRE(err(put_text(*with_a, bench->key("large"), pattern(kPart))) == 0);
  const auto id = rotated->create_upload(bench->key("joined"), {}, store::PartOrigin::mixed);
  REQUIRE(err(id) == 0);
  const auto part =
      rotated->copy_part(bench->key("joined"), *id, 1, bench->key("large"), {}, {0, kPart});
  REQUIRE(err(part) == 0);
  REQUIRE(err(rotated->complete_upload(bench->key("joined"), *id, {{1, *part, kPart}}, {})) == 0);
  const auto joined = get_text(*rotated, bench->key("joined"));
  REQUIRE(err(joined) == 0);
  CHECK(joined->bytes == pattern(kPart));
}

}  // namespace
}  // namespace pailfs::test
