// SPDX-License-Identifier: Apache-2.0
#include "cli/run/start_failure.h"

#include "cli/run/messages.h"
#include "cli/run/mount_start.h"
#include "support/catch.h"

namespace pailfs::cli {

TEST_CASE("mount(8) is given its own status for all but a wrong command line") {
  CommandLine line;
  const StartFailure refusal(Exit::bucket, Error(ENOENT, "no such bucket"));
  CHECK(complain(line, refusal) == static_cast<int>(Exit::bucket));
  line.mount_helper = true;
  CHECK(complain(line, refusal) == kMountHelperFailure);
  CHECK(complain(line, Exit::usage, "missing BUCKET argument.") == static_cast<int>(Exit::usage));
}

TEST_CASE("A failed step decides the status, and its sentence is the outcome's") {
  Options options;
  options.foreground = true;
  const process::Outcome outcome =
      failed(options, StartFailure(Step::transport, Error(EINVAL, "no such engine")));
  CHECK(outcome.exit_code == static_cast<int>(Exit::network));
  CHECK(outcome.message == "no such engine");
}

TEST_CASE("A mount is known by its bucket, its path, its service and what its options say") {
  CommandLine line;
  line.options.s3.bucket = "pail";
  line.options.s3.url = "https://s3.example.com";
  line.settings = "ro=1\n";
  const mount::Identity whole = identity_of(line);
  CHECK(whole.source == "pail");
  CHECK(whole.url == "https://s3.example.com");
  line.options.fs.prefix = "a/b/";
  line.settings = "";
  CHECK(identity_of(line).source == "pail:/a/b");
  CHECK(identity_of(line).options_digest != whole.options_digest);
  CHECK(bucket_name(line.options) == "s3://pail/a/b/");
}

}  // namespace pailfs::cli
