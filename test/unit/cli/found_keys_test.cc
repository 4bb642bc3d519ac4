// SPDX-License-Identifier: Apache-2.0
#include "cli/run/found_keys.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/scratch_directory.h"

namespace pailfs::cli {
namespace {

void write_passwords(const std::string& path, const std::string& line) {
  std::ofstream(path) << line << '\n';
  REQUIRE(::chmod(path.c_str(), S_IRUSR) == 0);
}

}  // namespace

TEST_CASE("Keys of a password file are found") {
  const test::ScratchDirectory scratch;
  const test::FakeClock clock;
  Options options;
  options.credentials.passwd_file = scratch.path() + "/passwd";
  write_passwords(options.credentials.passwd_file, "AK:secret");
  FoundKeys keys;
  REQUIRE(keys.find(options, clock));
  CHECK(keys.source().get()->access_key == "AK");
  CHECK_FALSE(keys.none());
}

TEST_CASE("A password file that is missing is an error, unless the keys may come later") {
  const test::ScratchDirectory scratch;
  const test::FakeClock clock;
  Options options;
  options.credentials.passwd_file = scratch.path() + "/passwd";
  CHECK(FoundKeys().find(options, clock).error().err == ENOENT);

  options.connect_later = true;
  FoundKeys keys;
  REQUIRE(keys.find(options, clock));
  CHECK(keys.source().get().error().err == ENOENT);
  CHECK(keys.look([] { return Status(); }).error().err == ENOENT);
  write_passwords(options.credentials.passwd_file, "AK:secret");
  CHECK(keys.look([] { return Status(); }));
  CHECK(keys.source().get()->access_key == "AK");
}

TEST_CASE("With keys that are there from the start a look is only the probe") {
  const test::FakeClock clock;
  Options options;
  options.credentials.public_bucket = true;
  options.connect_later = true;
  FoundKeys keys;
  REQUIRE(keys.find(options, clock));
  int probes = 0;
  CHECK(keys.look([&] {
    ++probes;
    return Status();
  }));
  CHECK(probes == 1);
}

TEST_CASE("Services that hand out keys are never asked in plain text, but on this machine's link") {
  http::Config bucket;
  bucket.allow_plain_http = true;
  bucket.trace_body = true;
  bucket.family = http::AddressFamily::ipv6;
  const http::Config remote = key_service_http(bucket);
  CHECK_FALSE(remote.allow_plain_http);
  CHECK_FALSE(remote.trace_body);
  CHECK(remote.family == http::AddressFamily::ipv6);
  const http::Config local = local_key_service_http(bucket);
  CHECK(local.allow_plain_http);
  CHECK(local.no_proxy);
  CHECK_FALSE(local.trace_body);
  CHECK(local.family == http::AddressFamily::any);
}

}  // namespace pailfs::cli
