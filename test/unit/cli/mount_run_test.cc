// SPDX-License-Identifier: Apache-2.0
#include "cli/run/mount_run.h"

#include <string>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

/// Of a public bucket at a port where no server listens.
Options unreachable() {
  Options options;
  options.foreground = true;
  options.s3.url = "http://127.0.0.1:1";
  options.s3.bucket = "pail";
  options.s3.path_style = true;
  options.s3.retries = 1;
  options.http.allow_plain_http = true;
  options.credentials.public_bucket = true;
  options.mount.mountpoint = "/no/such/mountpoint";
  return options;
}

/// What a mount comes to that cannot begin.
process::Outcome outcome_of(const Options& options) {
  bool ready = false;
  process::Outcome outcome = run_mount(options, {"pailfs pail", {}}, [&] { ready = true; });
  CHECK_FALSE(ready);
  return outcome;
}

}  // namespace

TEST_CASE("A mount begins only when its bucket is reached") {
  const process::Outcome outcome = outcome_of(unreachable());
  CHECK(outcome.exit_code == static_cast<int>(Exit::network));
  CHECK_FALSE(outcome.message.empty());
}

TEST_CASE("A mount without the keys that were named is refused before anything is sent") {
  Options options = unreachable();
  options.credentials.public_bucket = false;
  options.credentials.passwd_file = "/no/such/file";
  CHECK(outcome_of(options).exit_code == static_cast<int>(Exit::local));
}

TEST_CASE("With -o bg a mount does not wait for its bucket, and what fails later ends it") {
  Options options = unreachable();
  options.connect_later = true;
  options.durability_local = true;
  options.cache_directory = "/dev/null/journal";
  const process::Outcome outcome = outcome_of(options);
  CHECK(outcome.exit_code == static_cast<int>(Exit::local));
  CHECK_THAT(outcome.message, Catch::Matchers::ContainsSubstring("/dev/null/journal"));
}

}  // namespace pailfs::cli
