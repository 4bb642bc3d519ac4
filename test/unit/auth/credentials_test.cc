// SPDX-License-Identifier: Apache-2.0
#include "pailfs/auth/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "auth/credentials_file.h"
#include "auth/credentials_passwd.h"
#include "key_fixture.h"

using namespace pailfs::auth;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;
using pailfs::Result;

namespace {

Result<std::unique_ptr<CredentialSource>> find(const CredentialConfig& config) {
  static Machine machine;
  return machine.find(config);
}

std::string found_key(const CredentialConfig& config) {
  auto source = find(config);
  if (!source) return "error: " + source.error().text;
  return key_of(**source);
}

}  // namespace

TEST_CASE("a password file yields the entry of its bucket, else the default", "[s3]") {
  struct Row {
    std::string text;
    std::string access;
    std::string secret;
  };
  const Row row =
      GENERATE(Row{"AK:SK\n", "AK", "SK"}, Row{"AK:SK", "AK", "SK"}, Row{"AK:SK\r\n", "AK", "SK"},
               Row{" \tAK:SK \t\r\n", "AK", "SK"}, Row{"\n# c:d:e\n\n   # x\nAK:SK\n", "AK", "SK"},
               Row{"AK:S/K+x==\n", "AK", "S/K+x=="},
               Row{"\xEF\xBB\xBF"
                   "AK:SK\n",
                   "AK", "SK"},
               Row{"bucket:BK:BS\nAK:SK\n", "BK", "BS"}, Row{"AK:SK\nbucket:BK:BS\n", "BK", "BS"},
               Row{"other:OK:OS\nAK:SK\n", "AK", "SK"},
               // First and last colon separate: one in the middle belongs to the access key.
               Row{"bucket:B:K:BS\n", "B:K", "BS"},
               Row{"AWSAccessKeyId=KV\nAWSSecretKey=KS=\n", "KV", "KS="},
               Row{"AK:SK\nbucket:BK:BS\nAWSSecretKey=KS\nAWSAccessKeyId=KV\n", "KV", "KS"},
               Row{"AK:SK\nAK:SK\n", "AK", "SK"}, Row{"bucket:A:S\nbucket:A:S\n", "A", "S"},
               Row{"AWSAccessKeyId=KV\nAWSAccessKeyId=KV\nAWSSecretKey=KS\n", "KV", "KS"},
               Row{"noise\nAK:SK\n", "AK", "SK"});
  CAPTURE(row.text);
  const auto parsed = parse_passwd(row.text, "bucket", "/f");
  CAPTURE(parsed ? "" : parsed.error().text);
  REQUIRE(parsed);
  CHECK(parsed->access_key == row.access);
  CHECK(parsed->secret_key.reveal() == row.secret);
  CHECK(parsed->session_token.empty());
  CHECK(parsed->source == "/f");
}

TEST_CASE("a password file may hold temporary keys with their token", "[s3]") {
  const std::string jwt(300, 't');
  struct Row {
    std::string text;
    std::string access;  // empty: refused
    std::string token;
  };
  const Row row = GENERATE_COPY(
      Row{"ASIAEXAMPLEEXAMPLE00:SK:short", "ASIAEXAMPLEEXAMPLE00", "short"},
      Row{"STS.NUxyz:SK:" + jwt + "\r\n", "STS.NUxyz", jwt},
      Row{"0123456789abcdef0123456789abcdef:SK:" + jwt, "0123456789abcdef0123456789abcdef", jwt},
      Row{"ASIAEXAMPLEEXAMPLE00:SK:T\nAK:SK\n", "AK", ""},
      Row{"ASIAEXAMPLEEXAMPLE00:SK:T\nbucket:BK:BS\n", "BK", ""},
      // The bucket's name comes first, however long what follows is.
      Row{"bucket:BK:" + jwt, "BK", ""},
      // Entries of other buckets, whose secrets stay here.
      Row{"other:AK:SECRET", "", ""}, Row{"Other:AK:SECRET", "", ""}, Row{"DATA:AK:SECRET", "", ""},
      Row{"ASIAEXAMPLEEXAMPLE00:SK:T:U", "", ""},
      Row{"ASIAEXAMPLEEXAMPLE00:S:T\nASIAEXAMPLEEXAMPLE01:S:T\n", "", ""},
      Row{"ASIAEXAMPLEEXAMPLE00:S:T\nASIAEXAMPLEEXAMPLE00:S:T\n", "ASIAEXAMPLEEXAMPLE00", "T"});
  CAPTURE(row.text);
  const auto parsed = parse_passwd(row.text, "bucket", "/f");
  REQUIRE(parsed.has_value() == !row.access.empty());
  if (!parsed) return;
  CHECK(parsed->access_key == row.access);
  CHECK(parsed->session_token.reveal() == row.token);
}

TEST_CASE("a password file that cannot be right says where and why", "[s3]") {
  struct Row {
    std::string text;
    std::string message;
  };
  const Row row = GENERATE(
      Row{"AK:S CANARY\n", "invalid line in passwd file, found whitespace character: /f line 1"},
      Row{"AK:SK\nAK : CANARY\n", "found whitespace character: /f line 2"},
      Row{"AK\tx:CANARY\n", "found whitespace character"},
      Row{"# c\n[default]\naws_access_key_id=CANARY\n", "found a bracket \"[\" character"},
      Row{"AK:SK\nAK2:CANARY\n", "there are multiple entries for the same bucket(default)"},
      Row{"bucket:A:S\nbucket:A:CANARY\n",
          "there are multiple entries for the same bucket(bucket)"},
      Row{"AWSAccessKeyId=CANARY\n", "AWSAccessKeyId or AWSSecretKey is not specified"},
      Row{"AK:SK\nAWSSecretKey=CANARY\n", "AWSAccessKeyId or AWSSecretKey is not specified"},
      Row{"AWSSecretKey=a\nAWSSecretKey=CANARY\nAWSAccessKeyId=x\n", "two different values"},
      Row{"", "Not found access key/secret key in passwd file"},
      Row{"other:A:CANARY\n", "no entry for bucket \"bucket\" and no default entry"},
      Row{"CANARY\n", "line 1 has no colon"}, Row{":CANARY\n", "empty access key"},
      Row{"AK:\n", "empty secret key"}, Row{"bucket::CANARY\n", "empty access key"});
  CAPTURE(row.text);
  const auto parsed = parse_passwd(row.text, "bucket", "/f");
  REQUIRE_FALSE(parsed);
  CHECK_THAT(parsed.error().text, ContainsSubstring(row.message));
  CHECK_THAT(parsed.error().text, ContainsSubstring("/f"));
  CHECK(parsed.error().text.find("CANARY") == std::string::npos);
}

TEST_CASE("modes of a password file are judged as s3fs judges them", "[s3]") {
  struct Row {
    mode_t mode;
    bool system_wide;
    std::string message;  // empty: accepted
  };
  const Row row = GENERATE(
      Row{0400, false, ""}, Row{0600, false, ""}, Row{0200, false, ""},
      Row{0604, false,
          "should not have others permissions: /f is readable by others (mode 0604). "
          "Run: chmod 600 /f"},
      Row{0644, false,
          "should not have others permissions: /f is readable by others (mode 0644). "
          "Run: chmod 600 /f"},
      Row{0602, false, "should not have others permissions: /f is writable by others"},
      Row{0601, false, "should not have others permissions: /f is executable by others"},
      Row{0640, false, "should not have group permissions: /f is readable by its group"},
      Row{0620, false, "should not have group permissions: /f is writable by its group"},
      Row{0660, false, "should not have group permissions"},
      Row{0610, false, "should not have group permissions"},
      Row{0700, false, "should not have executable permissions: /f is executable (mode 0700)"},
      Row{0500, false, "should not have executable permissions"}, Row{0640, true, ""},
      Row{0440, true, ""}, Row{0600, true, ""},
      Row{0660, true, "should not have group writable permissions"},
      Row{0644, true, "should not have others permissions"},
      Row{0650, true, "should not have executable permissions"});
  struct stat status {};
  status.st_mode = S_IFREG | row.mode;
  status.st_uid = 1000;
  status.st_gid = 1000;
  CAPTURE(row.mode, row.system_wide);
  const auto verdict = check_permissions("/f", status, row.system_wide, {1000, 1000, {}});
  CHECK(verdict.has_value() == row.message.empty());
  if (!verdict) CHECK_THAT(verdict.error().text, ContainsSubstring(row.message));
}

TEST_CASE("a secret mounted by Kubernetes may be readable by our group", "[s3]") {
  struct Row {
    mode_t mode;
    uid_t owner;
    gid_t group;
    Caller caller;
    bool accepted;
  };
  const Row row = GENERATE(
      Row{0440, 0, 2000, {1000, 1000, {5, 2000}}, true}, Row{0640, 0, 2000, {1000, 2000, {}}, true},
      Row{0440, 0, 2000, {0, 0, {2000}}, true}, Row{0440, 0, 0, {1000, 0, {}}, true},
      Row{0440, 0, 0, {0, 0, {0}}, false}, Row{0440, 0, 2000, {1000, 1000, {}}, false},
      Row{0440, 1000, 2000, {1000, 2000, {}}, false}, Row{0460, 0, 2000, {1000, 2000, {}}, false},
      Row{0444, 0, 2000, {1000, 2000, {}}, false});
  struct stat status {};
  status.st_mode = S_IFREG | row.mode;
  status.st_uid = row.owner;
  status.st_gid = row.group;
  CAPTURE(row.mode, row.owner, row.group, row.caller.uid);
  CHECK(check_permissions("/f", status, false, row.caller).has_value() == row.accepted);
}

TEST_CASE("a password file with the wrong mode ends the search with its cure", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  config.passwd_file = dir.write("pw", "AK:CANARY\n", 0644);
  const auto source = find(config);
  REQUIRE_FALSE(source);
  CHECK(source.error().err == EACCES);
  CHECK(source.error().text == "credentials file " + config.passwd_file +
                                   " should not have others permissions: " + config.passwd_file +
                                   " is readable by others (mode 0644). Run: chmod 600 " +
                                   config.passwd_file);
}

TEST_CASE("root takes another user's password file, and says whose it is", "[s3]") {
  if (geteuid() != 0) SKIP("needs root to give a file away");
  const LogLines log(pailfs::LogLevel::warning);
  const TempDir dir;
  auto config = empty_config(dir);
  config.passwd_file = dir.write("pw", "AK:SK\n", 0600);
  CHECK(found_key(config) == "AK");
  CHECK(log.lines.empty());
  REQUIRE(chown(config.passwd_file.c_str(), 1234, 0) == 0);
  CHECK(found_key(config) == "AK");
  REQUIRE(log.lines.size() == 1);
  CHECK_THAT(log.lines[0], ContainsSubstring(config.passwd_file + " belongs to uid 1234"));
}

TEST_CASE("the mode that counts is that of the file behind a link", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  const std::string target = dir.write("target", "AK:SK\n", 0600);
  config.passwd_file = dir.path + "/link";
  REQUIRE(symlink(target.c_str(), config.passwd_file.c_str()) == 0);
  CHECK(found_key(config) == "AK");
  REQUIRE(chmod(target.c_str(), 0604) == 0);
  CHECK_THAT(found_key(config), ContainsSubstring("should not have others permissions"));
}

TEST_CASE("what is no small regular file is not a password file", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  SECTION("a missing file says who looked") {
    config.passwd_file = dir.path + "/none";
    CHECK(found_key(config) == "error: specified passwd_file is not readable: passwd_file " +
                                   config.passwd_file + " does not exist (running as uid " +
                                   std::to_string(geteuid()) + ")");
  }
  SECTION("a directory") {
    config.passwd_file = dir.path;
    CHECK_THAT(found_key(config), ContainsSubstring("is a directory without the file AccessKeyId"));
  }
  SECTION("a pipe nobody writes to does not hang") {
    config.passwd_file = dir.path + "/fifo";
    REQUIRE(mkfifo(config.passwd_file.c_str(), 0600) == 0);
    CHECK_THAT(found_key(config), ContainsSubstring("is not a regular file"));
  }
  SECTION("a huge file") {
    config.passwd_file = dir.write("huge", std::string(70'000, '#'));
    CHECK_THAT(found_key(config), ContainsSubstring("larger than"));
  }
}

TEST_CASE("sources are searched in s3fs's order and the first found wins", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  config.passwd_file = dir.write("option", "OPTION:S\n");
  config.environment = {{"AWS_ACCESS_KEY_ID", "ENV"},
                        {"AWS_SECRET_ACCESS_KEY", "S"},
                        {"AWS_CREDENTIAL_FILE", dir.write("envfile", "ENVFILE:S\n")},
                        {"HOME", dir.path + "/other"}};
  static_cast<void>(dir.write("home/.aws/credentials",
                              "[default]\naws_access_key_id=AWS\naws_secret_access_key=S\n", 0644));
  static_cast<void>(dir.write("other/.passwd-s3fs", "HOME:S\n"));
  static_cast<void>(dir.write("home/.passwd-s3fs", "PASSWD:S\n"));
  config.system_passwd_file = dir.write("etc", "SYSTEM:S\n", 0640);
  config.public_bucket = true;
  CHECK(found_key(config).empty());
  config.public_bucket = false;
  CHECK(found_key(config) == "OPTION");
  config.passwd_file.clear();
  CHECK(found_key(config) == "ENV");
  config.environment.erase("AWS_ACCESS_KEY_ID");
  config.environment.erase("AWS_SECRET_ACCESS_KEY");
  CHECK(found_key(config) == "ENVFILE");
  config.environment.erase("AWS_CREDENTIAL_FILE");
  CHECK(found_key(config) == "AWS");
  std::filesystem::remove(dir.path + "/home/.aws/credentials");
  CHECK(found_key(config) == "HOME");
  config.environment.erase("HOME");
  CHECK(found_key(config) == "PASSWD");
  std::filesystem::remove(dir.path + "/home/.passwd-s3fs");
  CHECK(found_key(config) == "SYSTEM");
}

TEST_CASE("profiles lie below $HOME, else in the home directory of the user", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  const std::string keys = "]\naws_access_key_id=";
  const std::string rest = "\naws_secret_access_key=S\n";
  static_cast<void>(dir.write("home/.aws/credentials", "[default" + keys + "PASSWD" + rest));
  CHECK(found_key(config) == "PASSWD");
  config.environment = {{"HOME", dir.path + "/other"}};
  CHECK(found_key(config) == "PASSWD");
  static_cast<void>(dir.write("other/.aws/credentials", "[default" + keys + "HOME" + rest));
  CHECK(found_key(config) == "HOME");
  config.environment = {{"HOME", ""}};
  CHECK(found_key(config) == "PASSWD");
}

TEST_CASE("a file that the mount will cover is read once", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  config.environment = {{"HOME", dir.path + "/home"}};
  const std::string file = dir.write("home/.passwd-s3fs", "K1:S");
  const bool covered = GENERATE(true, false);
  config.mountpoint = covered ? dir.path + "/home" : dir.path + "/hom";
  auto source = find(config);
  REQUIRE(source);
  const Credentials used = *(*source)->get();
  CHECK(used.access_key == "K1");
  static_cast<void>(dir.write("home/.passwd-s3fs", "K2:S"));
  CHECK((*source)->refresh(used) == !covered);
  CHECK(key_of(**source) == (covered ? "K1" : "K2"));
}

TEST_CASE("nothing found names every place in order", "[s3]") {
  const TempDir dir;
  const auto source = find(empty_config(dir));
  REQUIRE_FALSE(source);
  CHECK(source.error().err == ENOKEY);
  const std::string& text = source.error().text;
  CAPTURE(text);
  CHECK(text.starts_with("write ACCESS_KEY:SECRET_KEY into " + dir.path +
                         "/home/.passwd-s3fs with mode 600, or name such a file with "
                         "-o passwd_file=FILE: could not determine how to establish security "
                         "credentials; looked at option passwd_file: not given; "));
  std::size_t at = text.find("looked at");
  for (const std::string& place :
       {std::string("passwd_file"), std::string("AWS_ACCESS_KEY_ID"),
        std::string("AWS_CREDENTIAL_FILE"), dir.path + "/home/.aws/credentials",
        dir.path + "/home/.passwd-s3fs", dir.path + "/etc-passwd-s3fs",
        dir.path + "/home/.aws/config", std::string("AWS_WEB_IDENTITY_TOKEN_FILE"),
        std::string("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
        std::string("instance metadata service")}) {
    CAPTURE(place);
    const std::size_t found = text.find(place, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("the environment is read under its new and old names", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  SECTION("old names") {
    config.environment = {
        {"AWSACCESSKEYID", "OLD"}, {"AWSSECRETACCESSKEY", "S"}, {"AWSSESSIONTOKEN", "T"}};
    const auto source = find(config);
    REQUIRE(source);
    const auto credentials = (*source)->get();
    REQUIRE(credentials);
    CHECK(credentials->access_key == "OLD");
    CHECK(credentials->session_token.reveal() == "T");
    CHECK(credentials->source == "environment");
    CHECK_FALSE((*source)->refresh(*credentials));
  }
  SECTION("each name falls back by itself") {
    config.environment = {
        {"AWS_ACCESS_KEY_ID", "NEW"}, {"AWSACCESSKEYID", "OLD"}, {"AWSSECRETACCESSKEY", "S"}};
    CHECK(found_key(config) == "NEW");
  }
  SECTION("a key without its secret is an error") {
    config.environment = {{"AWS_ACCESS_KEY_ID", "A"}};
    CHECK_THAT(found_key(config), ContainsSubstring("AWS_ACCESS_KEY_ID but not "
                                                    "AWS_SECRET_ACCESS_KEY"));
  }
  SECTION("a secret without its key is an error that keeps the secret") {
    config.environment = {{"AWS_SECRET_ACCESS_KEY", "CANARY"}};
    const std::string text = found_key(config);
    CHECK_THAT(text, ContainsSubstring("AWS_SECRET_ACCESS_KEY but not AWS_ACCESS_KEY_ID"));
    CHECK(text.find("CANARY") == std::string::npos);
  }
  SECTION("empty variables count as unset") {
    config.environment = {{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", ""}};
    CHECK_THAT(found_key(config), ContainsSubstring("could not determine"));
  }
  SECTION("a wanted session token must be there") {
    config.environment = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}};
    config.use_session_token = true;
    CHECK_THAT(found_key(config), ContainsSubstring("AWS_SESSION_TOKEN is not set"));
  }
  SECTION("AWS_CREDENTIAL_FILE that is not there is an error") {
    config.environment = {{"AWS_CREDENTIAL_FILE", dir.path + "/none"}};
    CHECK_THAT(found_key(config),
               ContainsSubstring("is not readable: " + dir.path + "/none does not exist"));
  }
}

TEST_CASE("a profile asked for must exist, one from the environment may be missing", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  const std::string section = "]\naws_access_key_id=K-";
  const std::string rest = "\naws_secret_access_key=S\n";
  const std::string file =
      dir.write("home/.aws/credentials",
                "[work" + section + "WORK" + rest + "[default" + section + "DEF" + rest);
  SECTION("the default") {
    CHECK(found_key(config) == "K-DEF");
  }
  SECTION("the one of the option") {
    config.profile = "work";
    config.profile_given = true;
    config.environment = {{"AWS_PROFILE", "default"}};
    CHECK(found_key(config) == "K-WORK");
  }
  SECTION("the one of AWS_PROFILE") {
    config.environment = {{"AWS_PROFILE", "work"}};
    CHECK(found_key(config) == "K-WORK");
  }
  SECTION("AWS_PROFILE that is not there is a miss") {
    config.environment = {{"AWS_PROFILE", "gone"}};
    CHECK_THAT(found_key(config),
               ContainsSubstring("could not determine") &&
                   ContainsSubstring("Could not find profile: gone in file: " + file));
  }
  SECTION("an option that is not there is an error") {
    config.profile = "gone";
    config.profile_given = true;
    CHECK(found_key(config) == "error: Could not find profile: gone in file: " + file);
    std::filesystem::remove(file);
    CHECK_THAT(found_key(config),
               ContainsSubstring("Could not find profile: gone in file: " + file + ": "));
  }
  SECTION("AWS_SHARED_CREDENTIALS_FILE moves the file") {
    config.environment = {
        {"AWS_SHARED_CREDENTIALS_FILE", dir.write("moved", "[default" + section + "MOVED" + rest)}};
    CHECK(found_key(config) == "K-MOVED");
  }
}

TEST_CASE("changed keys are picked up when the old ones were refused", "[s3]") {
  const LogLines log(pailfs::LogLevel::warning);
  const TempDir dir;
  auto config = empty_config(dir);
  config.passwd_file = dir.write("pw", "AK1:SK1\n");
  auto source = find(config);
  REQUIRE(source);
  const Credentials old = *(*source)->get();
  CHECK_FALSE((*source)->refresh(old));

  SECTION("a file edited in place, keys of the same length, at once") {
    static_cast<void>(dir.write("pw", "AK2:SK2\n"));
    CHECK((*source)->refresh(old));
    CHECK((*source)->get()->access_key == "AK2");
    // A caller that still holds the old ones is told that there are others, without another look.
    static_cast<void>(dir.write("pw", "AK3:SK3\n"));
    CHECK((*source)->refresh(old));
    CHECK((*source)->get()->access_key == "AK2");
    CHECK((*source)->refresh(*(*source)->get()));
    CHECK((*source)->get()->access_key == "AK3");
  }
  SECTION("a file replaced by rename") {
    const std::string next = dir.write("next", "AK2:SK2\n");
    REQUIRE(rename(next.c_str(), config.passwd_file.c_str()) == 0);
    CHECK((*source)->refresh(old));
    CHECK((*source)->get()->secret_key.reveal() == "SK2");
  }
  SECTION("garbage, a forbidden mode or a missing file never replaces working keys") {
    static_cast<void>(dir.write("pw", "AK2 half writ"));
    CHECK_FALSE((*source)->refresh(old));
    static_cast<void>(dir.write("pw", "AK2:SK2\n", 0644));
    CHECK_FALSE((*source)->refresh(old));
    std::filesystem::remove(config.passwd_file);
    CHECK_FALSE((*source)->refresh(old));
    CHECK((*source)->get()->access_key == "AK1");
    CHECK(log.lines.size() == 3);
    static_cast<void>(dir.write("pw", "AK2:SK2\n"));
    CHECK((*source)->refresh(old));
  }
}

TEST_CASE("a file named relative to the start directory is found after leaving it", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  static_cast<void>(dir.write("pw", "AK1:SK1\n"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path);
  config.passwd_file = "pw";
  auto source = find(config);
  std::filesystem::current_path("/");
  static_cast<void>(dir.write("pw", "AK2:SK2\n"));
  REQUIRE(source);
  CHECK((*source)->refresh(*(*source)->get()));
  std::filesystem::current_path(before);
}

TEST_CASE("many threads refused at once all learn of the new keys", "[s3]") {
  const TempDir dir;
  auto config = empty_config(dir);
  config.passwd_file = dir.write("pw", "AK1:SK1\n");
  auto source = find(config);
  REQUIRE(source);
  const Credentials old = *(*source)->get();
  static_cast<void>(dir.write("pw", "AK2:SK2\n"));
  std::atomic<int> told = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if ((*source)->refresh(old) && (*source)->get()->access_key == "AK2") ++told;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(told == 8);
}

TEST_CASE("a secret has no way into a stream", "[s3]") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret, std::string_view>);
  Secret secret("CANARY");
  const Secret copy = secret;
  const Secret moved = std::move(secret);
  CHECK(moved.reveal() == copy.reveal());
  CHECK_FALSE(copy.empty());
  CHECK(Secret().empty());
}
