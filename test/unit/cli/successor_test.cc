// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/successor.h"

#include <cerrno>
#include <string>
#include <vector>

#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;

mount::MountRecord mounted(Words options, bool read_only = false) {
  mount::MountRecord record;
  record.pid = 12;
  record.mountpoint = "/mnt/a b";
  record.what.bucket = "pail";
  record.what.prefix = "old/";
  record.what.url = "http://h:9000";
  record.what.read_only = read_only;
  record.what.options = std::move(options);
  return record;
}

const mount::MountEntry kEntry{"0:35", "/mnt/a b", "fuse.ossfs", "data", 0, "rw,nosuid,user_id=0"};

/// The options of the line, which must begin as it should.
Words options_of(const mount::MountRecord& record, const std::string& list) {
  const auto line = successor_line(record, kEntry, list);
  REQUIRE(line);
  REQUIRE(line->size() == 5);
  CHECK((*line)[0] == "pailfs");
  CHECK((*line)[2] == "/mnt/a b");
  CHECK((*line)[3] == "-o");
  return split_option_list(line->back());
}

}  // namespace

TEST_CASE("prefix= is found among the changes, as it is spelt anywhere") {
  CHECK_FALSE(prefix_in("ro,dbglevel=info"));
  CHECK(prefix_in("ro,prefix=/a/b/") == "a/b/");
  CHECK(prefix_in("prefix=a,prefix=b") == "b/");
  CHECK(prefix_in("prefix=/") == "");
  CHECK(prefix_in("prefix=a\\,b") == "a,b/");
}

TEST_CASE("a list of options is joined as it is split") {
  const Words words = {"url=http://h", "ahbe_conf=/a,b", "x=c\\d", "ro"};
  CHECK(split_option_list(join_options(words)) == words);
}

TEST_CASE("a successor has the options of the mount whose place it takes") {
  const auto record =
      mounted({"allow_other=1", "nosuid=1", "passwd_file=keys,2", "public_bucket=0", "uid=1"});
  CHECK(options_of(record, "prefix=new") == Words{"allow_other", "fsname=data", "nosuid",
                                                  "passwd_file=keys,2", "public_bucket=0",
                                                  "subtype=ossfs", "uid=1", "url=http://h:9000"});
  const auto line = successor_line(record, kEntry, "prefix=new/x");
  CHECK((*line)[1] == "pail:/new/x");
  CHECK((*successor_line(record, kEntry, "prefix=/"))[1] == "pail");
}

TEST_CASE("changes beside the prefix take the place of the options") {
  const auto record = mounted({"uid=1", "bucket=other", "prefix=old", "run_as=u", "fsname=x"});
  CHECK(options_of(record, "prefix=new,uid=2,ro,endpoint=eu") ==
        Words{"fsname=x", "endpoint=eu", "ro", "subtype=ossfs", "uid=2", "url=http://h:9000"});
}

TEST_CASE("words of the mount table are no options of the successor") {
  const auto record = mounted({"nosuid=1"});
  CHECK(options_of(record, "rw,user_id=0,prefix=new,nosuid,allow_other=1") ==
        Words{"allow_other", "fsname=data", "nosuid", "subtype=ossfs", "url=http://h:9000"});
}

TEST_CASE("a mount that has become read-only has a successor that is") {
  const Words plain = {"fsname=data", "subtype=ossfs", "url=http://h:9000"};
  const Words only = {"fsname=data", "ro", "subtype=ossfs", "url=http://h:9000"};
  CHECK(options_of(mounted({}, true), "prefix=new") == only);
  CHECK(options_of(mounted({"ro=1"}, false), "prefix=new") == plain);
  CHECK(options_of(mounted({"ro=1"}, true), "prefix=new,rw") == plain);
}

TEST_CASE("a secret that only the old process knows must be given once more") {
  const auto record = mounted({"ssl_client_cert=a:PEM:k:PEM:********"});
  const auto line = successor_line(record, kEntry, "prefix=new");
  REQUIRE_FALSE(line);
  CHECK(line.error().err == EINVAL);
  CHECK_THAT(line.error().text, Catch::Matchers::ContainsSubstring(
                                    "option ssl_client_cert of this mount has a secret"));
  CHECK(successor_line(record, kEntry, "prefix=new,ssl_client_cert=a:PEM:k:PEM:word"));
}

}  // namespace pailfs::cli
