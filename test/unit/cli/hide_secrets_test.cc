// SPDX-License-Identifier: Apache-2.0
#include "cli/options/hide_secrets.h"

#include "support/catch.h"

namespace pailfs::cli {
namespace {

TEST_CASE("Secrets on a command line become stars of the same length") {
  struct Row {
    std::vector<std::string> argv;
    std::vector<std::string> shown;
  };
  const std::vector<Row> rows = {
      {{"pailfs", "b", "/m"}, {"pailfs", "b", "/m"}},
      {{"-o", "url=https://s3.example.com/,passwd_file=/k"},
       {"-o", "url=https://s3.example.com/,passwd_file=/k"}},
      {{"-o", "a,secretAccessKey=abc,b=c"}, {"-o", "a,secretAccessKey=***,b=c"}},
      {{"-osession_token=abcd"}, {"-osession_token=****"}},
      {{"--secretAccessKey=abc"}, {"--secretAccessKey=***"}},
      {{"--secretAccessKey", "abc", "x"}, {"--secretAccessKey", "***", "x"}},
      {{"-o", "proxy=http://u:pw@proxy:3128,ro"}, {"-o", "proxy=http://****@proxy:3128,ro"}},
      {{"-o", "proxy=http://u:p\\,w@h,ro"}, {"-o", "proxy=http://******@h,ro"}},
      {{"--proxy", "http://u:pw@proxy"}, {"--proxy", "http://****@proxy"}},
      {{"-o", "ssl_client_cert=/c:PEM:/k:PEM:phrase,ro"},
       {"-o", "ssl_client_cert=/c:PEM:/k:PEM:******,ro"}},
      {{"-o", "credlib_opts=a\\,b,ro"}, {"-o", "credlib_opts=****,ro"}},
      {{"http://host/path@2x"}, {"http://host/path@2x"}},
      {{"-o", "use_session_token"}, {"-o", "use_session_token"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.argv);
    CHECK(masked_arguments(row.argv) == row.shown);
  }
}

TEST_CASE("Secrets in the value of an option become stars, whatever is in them") {
  struct Row {
    std::string name, value, shown;
  };
  const std::vector<Row> rows = {
      {"url", "https://s3.example.com", "url=https://s3.example.com"},
      {"ssl_client_cert", "c:PEM:k:PEM:p,w:d", "ssl_client_cert=c:PEM:k:PEM:*****"},
      {"proxy", "http://u:p,/w@h:3128", "proxy=http://******@h:3128"},
      {"proxy", "u:p@h:3128", "proxy=***@h:3128"},
      {"passwd_file", "/home/a@b/keys", "passwd_file=/home/a@b/keys"},
      {"umask", "022", "umask=022"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name, row.value);
    CHECK(masked_option(row.name, row.value) == row.shown);
  }
}

TEST_CASE("The launch line is the version and the masked command line") {
  const std::string line = launch_line({"s3fs", "b", "/m", "-o", "password=x"});
  CHECK(line.starts_with("pailfs version "));
  CHECK(line.ends_with(" : s3fs b /m -o password=*"));
}

}  // namespace
}  // namespace pailfs::cli
