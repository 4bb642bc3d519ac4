// SPDX-License-Identifier: Apache-2.0
#include "auth/credentials_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a command is split into words as the AWS CLI splits it", "[s3]") {
  struct Row {
    std::string line;
    std::vector<std::string> words;  // none: an error
  };
  const Row row = GENERATE(Row{"/bin/p", {"/bin/p"}}, Row{"  p  --a\tb ", {"p", "--a", "b"}},
                           Row{"'/my dir/p' \"x y\"", {"/my dir/p", "x y"}},
                           Row{R"(p a\ b "c\"d" 'e\f')", {"p", "a b", "c\"d", "e\\f"}},
                           Row{"p \"\" ''", {"p", "", ""}}, Row{"p a'b'c", {"p", "abc"}},
                           Row{"p $HOME; rm *", {"p", "$HOME;", "rm", "*"}}, Row{"p 'x", {}},
                           Row{"  ", {}}, Row{"", {}});
  CAPTURE(row.line);
  const auto words = split_command(row.line);
  CHECK(words.has_value() == !row.words.empty());
  if (words) CHECK(*words == row.words);
}

/// A program in a file.
struct Program {
  TempDir dir;
  std::map<std::string, std::string> environment;
  Result<Credentials> run(const std::string& script, milliseconds limit = seconds(10)) const {
    const std::string path = dir.write("my program", "#!/bin/sh\n" + script + "\n", 0700);
    return run_credential_process("'" + path + "' one 'two three'", environment, limit,
                                  "credential_process");
  }
};

constexpr const char* kGood =
    R"(echo '{"Version": 1, "AccessKeyId": "AK", "SecretAccessKey": "CANARY"')";

TEST_CASE("a program's keys are taken with what they have", "[s3]") {
  const Program program;
  auto keys = program.run(std::string(kGood) + "'}'");
  CAPTURE(keys ? "" : keys.error().text);
  REQUIRE(keys);
  CHECK(keys->access_key == "AK");
  CHECK(keys->secret_key.reveal() == "CANARY");
  CHECK(keys->session_token.empty());
  CHECK_FALSE(keys->expires);
  keys = program.run(std::string(kGood) +
                     R"(', "SessionToken": "T", "Expiration": "2026-11-22T04:00:00Z"}')");
  REQUIRE(keys);
  CHECK(keys->session_token.reveal() == "T");
  CHECK(keys->expires == parse_iso8601("2026-11-22T04:00:00Z"));
}

TEST_CASE("a program gets its words, the variables of the mount, and no descriptor of ours",
          "[s3]") {
  Program program;
  program.environment = {{"AWS_CONFIG_FILE", "/c"}, {"HOME", "/h"}};
  const int fd = open("/dev/null", O_RDONLY);  // not close-on-exec
  const std::string script = R"sh(
printf '{"Version":1,"AccessKeyId":"%s|%s|%s|%s|%s","SecretAccessKey":"S"}' \
  "$1" "$(echo "$2" | tr ' ' _)" "$AWS_CONFIG_FILE" "$HOME" "${PATH:+path}"
! test -e /proc/self/fd/)sh";
  const auto keys = program.run(script + std::to_string(fd));
  close(fd);
  CAPTURE(keys ? "" : keys.error().text);
  REQUIRE(keys);
  CHECK(keys->access_key == "one|two_three|/c|/h|path");
}

TEST_CASE("a program that fails is told without what it printed", "[s3]") {
  struct Row {
    std::string script;
    std::string text;
  };
  const Row row = GENERATE(
      Row{std::string(kGood) + "'}'; exit 3", "failed (status 3)"},
      Row{"kill -9 $$", "failed (signal 9)"}, Row{"echo CANARY", "are not a JSON object"},
      Row{"true", "are not a JSON object"},
      Row{R"(echo '{"Version":2,"AccessKeyId":"A","SecretAccessKey":"CANARY"}')",
          "does not print \"Version\": 1"},
      Row{R"(echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"CAN ARY"}')",
          "have no usable SecretAccessKey"},
      Row{R"(echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","Expiration":"CANARY"}')",
          "have no usable Expiration"},
      Row{"head -c 100000 /dev/zero", "prints too much"});
  CAPTURE(row.script);
  const auto keys = Program().run(row.script);
  REQUIRE_FALSE(keys);
  CHECK(keys.error().err == ENOKEY);
  CHECK_THAT(keys.error().text, ContainsSubstring(row.text));
  CHECK(keys.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("a program that does not end is killed with all it has started", "[s3]") {
  const Program program;
  const auto start = std::chrono::steady_clock::now();
  const auto keys = program.run("sleep 60 & echo $! >\"$0.pid\"; wait", milliseconds(300));
  REQUIRE_FALSE(keys);
  CHECK_THAT(keys.error().text, ContainsSubstring("has not ended in time"));
  CHECK(std::chrono::steady_clock::now() - start < seconds(20));
  pid_t grandchild = 0;
  std::ifstream(program.dir.path + "/my program.pid") >> grandchild;
  REQUIRE(grandchild > 0);
  const auto lives = [grandchild] {
    std::ifstream status("/proc/" + std::to_string(grandchild) + "/stat");
    std::string id;
    std::string name;
    std::string state = "X";
    status >> id >> name >> state;
    return state != "X" && state != "Z";
  };
  for (int i = 0; i < 500 && lives(); ++i) std::this_thread::sleep_for(milliseconds(10));
  CHECK_FALSE(lives());
}

TEST_CASE("a program that is not there is named", "[s3]") {
  const auto keys = run_credential_process("/no/such/program x", {}, seconds(1), "p");
  REQUIRE_FALSE(keys);
  CHECK(keys.error().err == ENOKEY);
  CHECK_THAT(keys.error().text, ContainsSubstring("cannot be run: /no/such/program: No such file"));
}

}  // namespace
}  // namespace pailfs::auth
