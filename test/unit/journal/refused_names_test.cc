// SPDX-License-Identifier: Apache-2.0
// The journal over a service that does not take some names, or reports a failure for changes that
// it has made: only dependent changes wait, and our own version is never taken for that of another
// client.
#include <map>

#include "setting.h"

namespace pailfs::test {
namespace {

/// As the client's table of errors has it.
Refusal meaning(int status, const std::string& code) {
  if (code == "AccessDenied") return Refusal::forbidden;
  if (status == 400 && code.empty()) return Refusal::unexplained;
  if (status == 405 || status == 501) return Refusal::not_supported;
  if (status == 429 || (status >= 502 && status <= 504)) return Refusal::busy;
  return status < 500 ? Refusal::refused : Refusal::failed;
}

Error answered(int status, int err = EIO, const char* code = "") {
  Error error{err, "HTTP " + std::to_string(status)};
  error.http_status = status;
  error.s3_code = code;
  error.refusal = meaning(status, code);
  return error;
}

/// Every change of names that match fails, with an answer that is not called final.
Fault refuse(const std::string& glob, int status) {
  Fault fault;
  fault.key = glob;
  fault.error = answered(status);
  return fault;
}

void refuse_changes(Setting& s, const std::string& glob, int status) {
  for (const Verb verb : {Verb::put, Verb::copy, Verb::remove}) {
    Fault fault = refuse(glob, status);
    fault.verb = verb;
    s.faults.add(fault);
  }
}

TEST_CASE("a name that the service fails on for ever holds nothing but what depends on it") {
  const int status = GENERATE(500, 400, 503);
  Setting s;
  for (const char* key : {"unrelated", "from", "dir/1", "dir/2"}) s.fake.put_raw(key, "old");
  refuse_changes(s, "bad*", status);
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "bad-new", "kept")) == 0);
  REQUIRE(err(store.copy({"from", "bad-copy", {}, {}})) == 0);
  REQUIRE(err(store.remove("from")) == 0);
  for (const char* key : {"unrelated", "dir/1", "dir/2"}) REQUIRE(err(store.remove(key)) == 0);
  REQUIRE(err(put_text(store, "good", "text")) == 0);
  const auto settled = store.settle({});
  REQUIRE(err(settled) != 0);
  CHECK(s.fake.keys() == std::vector<store::Key>{"from", "good"});
  const auto left = store.waiting();
  CHECK(left.changes == 3);
  CHECK(left.refusals == 2);
  REQUIRE(left.refused.size() == 2);
  CHECK(left.refused[0].key == "bad-copy");
  CHECK(left.refused[0].why.find(std::to_string(status)) != std::string::npos);
  CHECK(left.refused[1].key == "bad-new");
  REQUIRE(left.others.size() == 1);
  CHECK(left.others[0].key == "from");
  CHECK(left.others[0].why.find("bad-copy") != std::string::npos);
  for (const char* word : {"bad-copy", "bad-new"}) {
    CHECK(settled.error().text.find(word) != std::string::npos);
  }
  CHECK(get_text(store, "bad-new")->bytes == "kept");
  CHECK(get_text(store, "bad-copy")->bytes == "old");
  SECTION("and is stored once it is taken") {
    s.faults.clear();
    CHECK(err(store.settle({})) == 0);
    CHECK(s.fake.keys() == std::vector<store::Key>{"bad-copy", "bad-new", "good"});
  }
  SECTION("by the next mount too") {
    JournalStore& next = s.reopen();
    REQUIRE(err(put_text(next, "good", "more")) == 0);
    CHECK(err(next.settle({})) != 0);
    CHECK(s.content("good") == "more");
    CHECK(next.waiting().changes == 3);
    s.faults.clear();
    CHECK(err(next.settle({})) == 0);
  }
  SECTION("and can be removed though its removal is refused like itself") {
    REQUIRE(err(store.remove("bad-new")) == 0);
    REQUIRE(err(store.remove("bad-copy")) == 0);
    CHECK(err(store.settle({})) == 0);
    CHECK(store.waiting().changes == 0);
    CHECK(s.fake.keys() == std::vector<store::Key>{"good"});
  }
}

TEST_CASE("what is written to such a name again and again does not hold others up") {
  Setting s;
  s.fake.put_raw("x", "x");
  refuse_changes(s, "bad", 500);
  JournalStore& store = s.open();
  REQUIRE(err(put_text(store, "bad", "0")) == 0);
  REQUIRE(err(put_text(store, "good", "0")) == 0);
  CHECK(err(store.settle({})) != 0);
  const int tried = s.fake.count().total() + s.faults.fired();
  for (int i = 0; i < 300; ++i) REQUIRE(err(put_text(store, "bad", std::to_string(i))) == 0);
  REQUIRE(err(store.remove("x")) == 0);
  CHECK(err(store.settle({})) != 0);
  CHECK(s.content("x") == "(absent)");
  CHECK(s.fake.count().total() + s.faults.fired() < tried + 20);
  CHECK(get_text(store, "bad")->bytes == "299");
}

TEST_CASE("removals make room in a store that is full") {
  const auto [status, errnum] = GENERATE(table<int, int>({{403, EDQUOT}, {507, ENOSPC}}));
  Setting s;
  s.fake.put_raw("large", "large");
  JournalStore& store = s.open();
  for (int i = 0; i < 20; ++i) {
    Fault fault;
    fault.verb = Verb::put;
    fault.error = answered(status, errnum);
    fault.before = [&](const StoreCall&) {
      if (!s.fake.object("large")) s.faults.clear();
    };
    if (i == 0) s.faults.add(fault);
    REQUIRE(err(put_text(store, "new" + std::to_string(i), "text")) == 0);
  }
  REQUIRE(err(store.remove("large")) == 0);
  static_cast<void>(store.settle({}));
  CHECK(s.content("large") == "(absent)");
  s.faults.clear();
  CHECK(err(store.settle({})) == 0);
  CHECK(s.fake.keys().size() == 20);
}

/// A service that takes the bytes, loses the attributes and says that it failed, as rclone's does;
/// with `odd`, its names of versions are no MD5 either.
class Forgetful final : public store::ForwardingStore {
 public:
  Forgetful(FakeStore& fake, bool odd) : ForwardingStore(fake), odd_(odd) {}
  int failures = 0;  ///< of the next puts
  /// The client has tried it again, and tells how that ended.
  bool tells_condition = false;
  /// Tells the versions of objects "x/" in listings only and meets no condition that names one, as
  /// S3Proxy does.
  bool nameless_directories = false;
  /// S3Mock's version 2 pages; those of S3's directory buckets are in no order at all.
  bool prefixes_on_every_page = false;

  Result<store::ObjectInfo> head(const store::Key& key) override {
    auto info = named(store_.head(key));
    if (info && nameless_directories && key.ends_with('/')) info->etag = {};
    return info;
  }
  Result<store::ObjectInfo> get(const store::GetRequest& request, store::ByteSink& sink) override {
    store::GetRequest inner = request;
    if (!translate(inner.if_match)) return stale();
    return named(store_.get(inner, sink));
  }
  Result<store::ETag> put(const store::PutRequest& request, ByteSource& body) override {
    store::PutRequest inner = request;
    if (!translate(inner.condition.version)) return stale();
    const bool nameless = nameless_directories && request.key.ends_with('/');
    if (nameless && !inner.condition.version.empty()) return stale();
    const bool fails = failures > 0;
    if (fails) inner.attributes = {};
    auto etag = store_.put(inner, body);
    if (!etag) return etag;
    if (fails) {
      --failures;
      if (tells_condition) return inner.condition.absent ? exists() : stale();
      return answered(500);
    }
    return name(*etag);
  }
  Result<store::ListPage> list(const store::ListRequest& request) override {
    auto page = store_.list(request);
    if (!page || !prefixes_on_every_page || page->objects.empty()) return page;
    store::ListRequest all = request;
    all.continuation.clear();
    all.max_keys = 1000;
    const auto whole = store_.list(all);
    if (!whole) return whole;
    for (const std::string& prefix : whole->prefixes) {
      if (prefix > page->objects.back().key) page->prefixes.push_back(prefix);
    }
    return page;
  }
  Result<store::ETag> copy(const store::CopyRequest& request) override {
    store::CopyRequest inner = request;
    if (!translate(inner.condition.version)) return stale();
    return store_.copy(inner);
  }
  /// Done, but not said so.
  Result<store::ETag> complete_upload(const store::Key& key, const store::UploadId& id,
                                      const std::vector<store::UploadedPart>& parts,
                                      const store::Condition& condition) override {
    static_cast<void>(store_.complete_upload(key, id, parts, condition));
    return answered(500);
  }

 private:
  static Error exists() { return answered(412, EEXIST, "PreconditionFailed"); }
  static Error stale() { return answered(412, ESTALE, "PreconditionFailed"); }
  [[nodiscard]] store::ETag name(const store::ETag& etag) const {
    return odd_ ? store::ETag{"\"odd-" + etag.value.substr(1)} : etag;
  }
  Result<store::ObjectInfo> named(Result<store::ObjectInfo> info) const {
    if (info) info->etag = name(info->etag);
    return info;
  }
  /// False: no version has this name.
  [[nodiscard]] bool translate(store::ETag& etag) const {
    if (!odd_ || etag.empty()) return true;
    if (!etag.value.starts_with("\"odd-")) return false;
    etag.value = "\"" + etag.value.substr(5);
    return true;
  }

  const bool odd_;
};

TEST_CASE("a version of ours whose attributes the service has lost is not somebody else's") {
  const bool odd = GENERATE(false, true);
  const bool over_another = GENERATE(false, true);
  const bool tells_condition = GENERATE(false, true);
  Setting s;
  Forgetful service(s.fake, odd);
  s.config.hold = std::chrono::milliseconds(0);
  if (over_another) s.fake.put_raw("k", "before");
  auto opened = journal::open_journal(s.config, service, s.clock);
  REQUIRE(err(opened) == 0);
  JournalStore& store = **opened;
  REQUIRE(err(store.head("k")) == (over_another ? 0 : ENOENT));
  service.failures = tells_condition ? 1 : 2;
  service.tells_condition = tells_condition;
  REQUIRE(err(put_text(store, "k", "text", mode("1"))) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(store.waiting().conflicts == 0);
  CHECK(s.content("k") == "text");
  CHECK(s.fake.object("k")->meta("mode") == "1");
}

TEST_CASE("a version that only a listing names is what a change goes upon") {
  const bool reopened = GENERATE(false, true);
  Setting s;
  Forgetful service(s.fake, false);
  service.nameless_directories = true;
  const auto open = [&] {
    auto opened = journal::open_journal(s.config, service, s.clock);
    REQUIRE(err(opened) == 0);
    return std::move(*opened);
  };
  auto store = open();
  for (const char* key : {"d/", "e/", "k"}) {
    REQUIRE(err(put_text(*store, key, "old", mode("1"))) == 0);
  }
  REQUIRE(err(store->settle({})) == 0);
  for (const char* key : {"d/", "e/", "k"}) {
    REQUIRE(err(put_text(*store, key, "new", mode("2"))) == 0);
  }
  s.fake.put_raw("e/", "of somebody else");
  s.fake.put_raw("k", "of somebody else");
  if (reopened) {
    store.reset();
    store = open();
  }
  static_cast<void>(store->settle({}));
  CHECK(s.content("d/") == "new");
  CHECK(s.fake.object("d/")->meta("mode") == "2");
  CHECK(s.content("e/") == "of somebody else");
  // Conditions are not given up for it.
  CHECK(s.content("k") == "of somebody else");
  CHECK(store->waiting().conflicts == 2);
}

TEST_CASE("a removal that waits is laid over whatever page its name is on") {
  Setting s;
  Forgetful service(s.fake, false);
  service.prefixes_on_every_page = true;
  for (int i = 10; i < 22; ++i) s.fake.put_raw("k" + std::to_string(i), "x");
  s.fake.put_raw("x/1", "x");
  auto opened = journal::open_journal(s.config, service, s.clock);
  REQUIRE(err(opened) == 0);
  JournalStore& store = **opened;
  REQUIRE(err(store.head("k21")) == 0);
  REQUIRE(err(store.remove("k21")) == 0);
  REQUIRE(err(put_text(store, "k20", "longer")) == 0);
  std::map<store::Key, std::uint64_t> shown;
  store::ListRequest request{"", true, "", 10};
  do {
    const auto page = store.list(request);
    REQUIRE(err(page) == 0);
    for (const auto& object : page->objects) shown[object.key] = object.size;
    request.continuation = page->next;
  } while (!request.continuation.empty());
  CHECK(shown.size() == 11);
  CHECK(shown.count("k21") == 0);
  CHECK(shown["k20"] == 6);
}

TEST_CASE("a lost reply and then a refusal leave a version of ours") {
  const auto [status, code] =
      GENERATE(table<int, const char*>({{403, "AccessDenied"}, {400, "InvalidURI"}, {307, ""}}));
  Setting s;
  s.fake.put_raw("k", "before");
  JournalStore& store = s.open();
  REQUIRE(err(store.head("k")) == 0);
  Fault fault;
  fault.verb = Verb::put;
  fault.times = 1;
  fault.action = Fault::Action::apply_then_fail;
  fault.error = answered(status, status == 400 ? EINVAL : status == 403 ? EPERM : EIO, code);
  fault.error.in_doubt = true;
  s.faults.add(fault);
  REQUIRE(err(put_text(store, "k", "first", mode("1"))) == 0);
  static_cast<void>(store.settle("k"));
  CHECK(s.content("k") == "first");
  REQUIRE(err(put_text(store, "k", "second", mode("2"))) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(store.waiting().conflicts == 0);
  CHECK(s.content("k") == "second");
}

TEST_CASE("an upload that failed and was completed all the same is no conflict") {
  Setting s;
  s.fake.put_raw("k", "before");
  Forgetful service(s.fake, false);
  auto opened = journal::open_journal(s.config, service, s.clock);
  REQUIRE(err(opened) == 0);
  JournalStore& store = **opened;
  REQUIRE(err(store.head("k")) == 0);
  const auto id = store.create_upload("k", mode("1"), store::PartOrigin::sent);
  REQUIRE(err(id) == 0);
  StringSource body("parts");
  const auto part = store.upload_part("k", *id, 1, body);
  REQUIRE(err(part) == 0);
  CHECK(err(store.complete_upload("k", *id, {{1, *part, 5}}, {})) != 0);
  REQUIRE(s.content("k") == "parts");
  REQUIRE(err(put_text(store, "k", "text", mode("2"))) == 0);
  CHECK(err(store.settle({})) == 0);
  CHECK(store.waiting().conflicts == 0);
  CHECK(s.content("k") == "text");
}

}  // namespace
}  // namespace pailfs::test
