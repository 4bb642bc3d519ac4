// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: a change is made only when its condition holds. Where a service obeys no
// conditions (Bench::exempt) it is made all the same, and the store does not claim otherwise.
#include "bench.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

using store::Condition;
using store::Obeys;

/// As another client's version, because a service that ignores conditions is found out by those.
Condition version(const store::ETag& etag) {
  return {.version = etag, .absent = false, .foreign = true};
}

Condition absent() {
  return {.version = {}, .absent = true};
}

/// One verb with a condition on the object `key`, which has the bytes "old" when it is there.
struct Verb {
  const char* version_rule;
  const char* absent_rule;  ///< null: the verb has no such condition
  Obeys store::Obedience::*version_word;
  Obeys store::Obedience::*absent_word;
  /// Prepares what the change needs besides the object.
  void (*prepare)(Bench& bench);
  Status (*change)(Bench& bench, const store::Key& key, const Condition& condition);
  bool removes = false;
};

Status status_of(const Result<store::ETag>& etag) {
  return etag ? Status() : Status(etag.error());
}

Status put(Bench& bench, const store::Key& key, const Condition& condition) {
  StringSource body("new");
  return status_of(bench.store().put({key, {}, condition}, body));
}

Status complete(Bench& bench, const store::Key& key, const Condition& condition) {
  auto& store = bench.store();
  const auto id = store.create_upload(key, {}, store::PartOrigin::sent);
  if (!id) return id.error();
  StringSource body("new");
  const auto part = store.upload_part(key, *id, 1, body);
  if (!part) return part.error();
  const auto done = store.complete_upload(key, *id, {{1, *part, 3}}, condition);
  if (!done) static_cast<void>(store.abort_upload(key, *id));
  return status_of(done);
}

void prepare_copy(Bench& bench) {
  REQUIRE(err(put_text(bench.store(), bench.key("source"), "new")) == 0);
}

Status copy(Bench& bench, const store::Key& key, const Condition& condition) {
  const auto source = bench.store().head(bench.key("source"));
  if (!source) return source.error();
  store::CopyRequest request;
  request.source = bench.key("source");
  request.destination = key;
  request.source_if_match = source->etag;
  request.condition = condition;
  return status_of(bench.store().copy(request));
}

Status remove(Bench& bench, const store::Key& key, const Condition& condition) {
  store::Removal removal(key, condition.version);
  removal.foreign = condition.foreign;
  return bench.store().remove(removal);
}

void prepare_batch(Bench& bench) {
  REQUIRE(err(put_text(bench.store(), bench.key("beside"), "x")) == 0);
}

Status remove_in_batch(Bench& bench, const store::Key& key, const Condition& condition) {
  store::Removal removal(key, condition.version);
  removal.foreign = condition.foreign;
  const auto verdicts = bench.store().remove_many({bench.key("beside"), removal});
  REQUIRE(verdicts.size() == 2);
  CHECK(err(verdicts[0]) == 0);
  return verdicts[1];
}

const Verb kPut{"put if-match",         "put if-none-match",
                &store::Obedience::put, &store::Obedience::put_absent,
                [](Bench&) {},          put};
const Verb kComplete{"complete if-match",
                     "complete if-none-match",
                     &store::Obedience::complete,
                     &store::Obedience::complete_absent,
                     [](Bench&) {},
                     complete};
const Verb kCopy{"copy onto if-match",
                 "copy onto if-none-match",
                 &store::Obedience::copy,
                 &store::Obedience::copy_absent,
                 prepare_copy,
                 copy};
const Verb kRemove{"remove if-match",
                   nullptr,
                   &store::Obedience::remove,
                   &store::Obedience::remove,
                   [](Bench&) {},
                   remove,
                   true};
const Verb kRemoveMany{"remove_many etag",
                       nullptr,
                       &store::Obedience::remove_many,
                       &store::Obedience::remove_many,
                       prepare_batch,
                       remove_in_batch,
                       true};

/// The change with a condition that does not hold. True when it was made, as it may be only where
/// the service does not obey.
bool check_refused(Bench& bench, const Verb& verb, const Condition& condition, const char* rule) {
  const auto key = bench.key("object");
  const Status status = verb.change(bench, key, condition);
  const Obeys word =
      bench.store().obedience().*(condition.absent ? verb.absent_word : verb.version_word);
  if (const auto why = bench.exempt(rule)) {
    WARN(bench.name() << ": " << *why);
    CHECK((word != Obeys::yes || !status));
    return status.has_value();
  }
  CHECK(err(status) == (condition.absent ? EEXIST : ESTALE));
  CHECK(word != Obeys::no);
  const auto now = get_text(bench.store(), key);
  REQUIRE(err(now) == 0);
  CHECK(now->bytes == "old");
  return false;
}

/// The change with a condition that holds is made everywhere.
void check_made(Bench& bench, const Verb& verb, const Condition& condition) {
  const auto key = bench.key("object");
  verb.prepare(bench);
  CHECK(err(verb.change(bench, key, condition)) == 0);
  const auto now = get_text(bench.store(), key);
  if (verb.removes) {
    CHECK(err(now) == ENOENT);
  } else {
    REQUIRE(err(now) == 0);
    CHECK(now->bytes == "new");
  }
}

void check_verb(const Verb& verb) {
  const auto bench = open_bench(GENERATE(from_range(bench_names())));
  CAPTURE(bench->name());
  auto& store = bench->store();
  const auto key = bench->key("object");
  verb.prepare(*bench);
  const auto first = put_text(store, key, "older");
  REQUIRE(err(first) == 0);
  REQUIRE(err(put_text(store, key, "old")) == 0);
  if (check_refused(*bench, verb, version(*first), verb.version_rule)) {
    REQUIRE(err(put_text(store, key, "old")) == 0);
  }
  const auto second = store.head(key);
  REQUIRE(err(second) == 0);
  check_made(*bench, verb, version(second->etag));
  if (verb.removes) {
    CHECK(err(verb.change(*bench, key, version(second->etag))) == 0);
    return;
  }
  REQUIRE(err(store.remove(key)) == 0);
  check_made(*bench, verb, absent());
  REQUIRE(err(put_text(store, key, "old")) == 0);
  static_cast<void>(check_refused(*bench, verb, absent(), verb.absent_rule));
}

TEST_CASE("a put is made on its condition only") {
  check_verb(kPut);
}

TEST_CASE("an upload is completed on its condition only") {
  check_verb(kComplete);
}

TEST_CASE("a copy is made on its condition only") {
  check_verb(kCopy);
}

TEST_CASE("an object is removed on its condition only") {
  check_verb(kRemove);
}

TEST_CASE("an object of a batch is removed on its condition only") {
  check_verb(kRemoveMany);
}

}  // namespace
}  // namespace pailfs::test
