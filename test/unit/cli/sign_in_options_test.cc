// SPDX-License-Identifier: Apache-2.0
// Options and addresses that decide which tokens take the place of keys.
#include <string>
#include <vector>

#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;

CommandLine parse(Words words, const Environment& environment = {}) {
  words.insert(words.begin(), "pailfs");
  return parse_command_line(words, environment);
}

Options accepted(const Words& words) {
  const CommandLine line = parse(words);
  CHECK(line.error.empty());
  return line.options;
}

TEST_CASE("Google's tokens are for Google's hosts, and for this machine if they are named") {
  const auto tokens_for = [](const std::string& url) {
    return accepted({"b", "/m", "-o", "url=" + url}).credentials.google;
  };
  CHECK(accepted({"b", "/m"}).credentials.google == auth::GoogleTokens::forbidden);
  CHECK(tokens_for("https://storage.googleapis.com") == auth::GoogleTokens::searched);
  CHECK(tokens_for("https://storage.us-central1.rep.googleapis.com") ==
        auth::GoogleTokens::searched);
  CHECK(tokens_for("http://storage.googleapis.com") == auth::GoogleTokens::forbidden);
  CHECK(tokens_for("https://evilgoogleapis.com") == auth::GoogleTokens::forbidden);
  CHECK(tokens_for("https://storage.googleapis.com.test") == auth::GoogleTokens::forbidden);
  CHECK(tokens_for("http://127.0.0.1:9000") == auth::GoogleTokens::named);
  const CommandLine line =
      parse({"b", "/m"}, {{"GOOGLE_APPLICATION_CREDENTIALS", "/f"}, {"GOOGLE_OTHER", "x"}});
  CHECK(line.options.credentials.variable("GOOGLE_APPLICATION_CREDENTIALS") == "/f");
  CHECK(line.options.credentials.variable("GOOGLE_OTHER").empty());
}

TEST_CASE("IBM's IAM is asked where the option says") {
  const auto standard = accepted({"b", "/m", "-o", "ibm_iam_auth,default_acl=public-read"});
  CHECK(standard.credentials.ibm_iam_auth);
  CHECK(standard.credentials.ibm_iam_endpoint == "https://iam.cloud.ibm.com");
  // Also where s3fs would forget the address, because ibm_iam_auth follows.
  const auto other =
      accepted({"b", "/m", "-o", "ibm_iam_endpoint=https://iam.test:8443/,ibm_iam_auth"});
  CHECK(other.credentials.ibm_iam_endpoint == "https://iam.test:8443");
  const CommandLine line = parse({"b", "/m", "-o", "ibm_iam_endpoint=https://iam.test"});
  CHECK(line.error.empty());
  CHECK(line.warnings == Words{"option ibm_iam_endpoint is ignored: ibm_iam_auth is not given"});
}

}  // namespace
}  // namespace pailfs::cli
