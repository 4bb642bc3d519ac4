// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/read_command.h"

#include "cli/commands/command_table.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

/// /mnt is a mount of ours, /dir and "dir" are directories, nothing else is anything.
const MachineFacts kMachine{
    [](const std::string& path) { return path == "/mnt" || path == "mnt"; },
    [](const std::string& path) { return path == "/dir" || path == "dir"; }};

std::optional<Command> read(std::vector<std::string> words, const std::string& name = "pailfs") {
  words.insert(words.begin(), name);
  return read_command(words, kMachine);
}

TEST_CASE("A line that can be a mount is a mount, whatever its bucket is called") {
  const std::vector<std::vector<std::string>> mounts = {
      {},
      {"photos", "/dir"},
      {"photos"},
      {"list", "/dir"},
      {"list", "/mnt"},
      {"list", "/missing"},
      {"list", "/dir", "-o", "url=http://x"},
      {"list", "-o", "bucket=b"},
      {"status", "/dir", "-o", "ro"},
      {"status", "/mnt", "-o", "ro"},
      {"status", "-o", "bucket=b"},
      {"sync", "/mnt", "-f"},
      {"umount", "/mnt", "-o", "allow_other"},
      {"refresh", "/dir", "-o", "url=http://x"},
      {"refresh", "/dir", "-f"},
      {"check", "/dir"},
      {"check", "/missing"},
      {"check", "dir"},
      {"check", "b", "/dir"},
      {"check", "dir", "-o", "url=http://x"},
      {"-f", "list"},
      {"-o", "ro", "status", "/mnt"},
      {"list:/prefix", "/dir"},
      {"s3://status", "/dir"},
      {"lists", "/dir"},
      {"unmount", "/dir", "-o", "url=http://x"},
      {"stauts", "/missing"},
      {"help", "/dir"},
      {"help", "dir"},
      {"help", "b", "/dir"},
      {"version", "/dir"},
      {"ls", "/dir"},
  };
  for (const auto& words : mounts) {
    CAPTURE(words);
    CHECK_FALSE(read(words));
  }
  CHECK_FALSE(read({"list"}, "/sbin/mount.pailfs"));
  CHECK_FALSE(read({"status", "/mnt"}, "mount.fuse.s3fs"));
}

TEST_CASE("A line that cannot be a mount is the command it names") {
  struct Row {
    std::vector<std::string> words;
    std::string name;
    std::string mountpoint;
  };
  const std::vector<Row> rows = {
      {{"list"}, "list", ""},
      {{"list", "--json"}, "list", ""},
      {{"status"}, "status", ""},
      {{"status", "--json"}, "status", ""},
      {{"status", "/mnt"}, "status", "/mnt"},
      {{"status", "mnt"}, "status", "mnt"},
      {{"status", "/mnt", "--json", "--watch"}, "status", "/mnt"},
      {{"status", "--watch", "/mnt"}, "status", "/mnt"},
      {{"sync", "/mnt"}, "sync", "/mnt"},
      {{"umount", "/mnt"}, "umount", "/mnt"},
      {{"umount", "--timeout", "5", "/mnt"}, "umount", "/mnt"},
      {{"umount", "/mnt", "--timeout=5"}, "umount", "/mnt"},
      {{"refresh", "/mnt/a"}, "refresh", ""},
      {{"refresh", "/dir"}, "refresh", ""},
      {{"refresh", "a", "b/c", "/mnt"}, "refresh", ""},
      {{"check", "photos"}, "check", ""},
      {{"check", "photos:/2026", "-o", "url=http://x", "-o", "ro"}, "check", ""},
      {{"check", "dir", "--write"}, "check", ""},
      {{"check", "--write", "photos"}, "check", ""},
      {{"remount", "/mnt", "-o", "ro"}, "remount", "/mnt"},
      {{"help"}, "help", ""},
      {{"help", "umount"}, "help", ""},
      {{"version"}, "version", ""},
      {{"umount", "-f", "/mnt"}, "umount", "/mnt"},
      {{"umount", "/mnt", "--lazy"}, "umount", "/mnt"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    const auto command = read(row.words);
    REQUIRE(command);
    CHECK(command->error.empty());
    CHECK(command->spec->name == row.name);
    CHECK(command->mountpoint == row.mountpoint);
  }
  CHECK(read({"list", "--json"})->json);
  CHECK(read({"status", "/mnt", "--watch"})->watch);
  CHECK(read({"umount", "/mnt", "--timeout=5"})->timeout == std::chrono::seconds(5));
  CHECK(read({"check", "b", "--write", "-o", "x"})->arguments ==
        std::vector<std::string>{"b", "-o", "x"});
  CHECK(read({"refresh", "a", "b/c"})->arguments == std::vector<std::string>{"a", "b/c"});
  CHECK(read({"remount", "-o", "ro", "/mnt"})->options == "ro");
  CHECK(read({"umount", "-l", "/mnt"})->lazy);
  CHECK(read({"umount", "-f", "/mnt"})->force);
  CHECK(read({"help", "url"})->arguments == std::vector<std::string>{"url"});
  for (const char* help : {"-h", "--help"}) CHECK(read({"sync", "/dir", help})->help);
  // A link called s3fs knows them too.
  CHECK(read({"status", "/mnt"}, "/usr/bin/s3fs"));
}

TEST_CASE("A command that cannot be carried out says what is wrong with it") {
  const std::string kNoMount =
      "no mount of pailfs is at /dir; a bucket with the name of a command is mounted with an "
      "option, as in: pailfs -o url=URL NAME MOUNTPOINT";
  struct Row {
    std::vector<std::string> words;
    std::string error;
  };
  const std::vector<Row> rows = {
      {{"sync"}, "missing MOUNTPOINT argument"},
      {{"umount"}, "missing MOUNTPOINT argument"},
      {{"status", "--watch"}, "missing MOUNTPOINT argument"},
      {{"status", "/dir", "--json"}, kNoMount},
      {{"status", "/dir"}, kNoMount},
      {{"sync", "/dir"}, kNoMount},
      {{"umount", "/dir"}, kNoMount},
      {{"umount", "/dir", "--timeout=3"}, kNoMount},
      {{"status", "/mnt", "/dir", "--json"}, "unexpected argument \"/dir\""},
      {{"status", "--json", "--frob"},
       "status: unknown switch \"--frob\"; pailfs help status lists its switches"},
      {{"status", "--jsn"}, "status: unknown switch \"--jsn\": did you mean \"--json\"?"},
      {{"sync", "--timeout", "3", "/mnt"},
       "sync: unknown switch \"--timeout\"; pailfs help sync lists its switches"},
      {{"unmount", "/dir"},
       "there is no command \"unmount\": did you mean \"pailfs umount /dir\"?"},
      {{"unmount"}, "there is no command \"unmount\": did you mean \"pailfs umount\"?"},
      {{"stauts", "/mnt"}, "there is no command \"stauts\": did you mean \"pailfs status /mnt\"?"},
      {{"umout", "--frob", "/dir"},
       "there is no command \"umout\": did you mean \"pailfs umount --frob\"?"},
      {{"lists"},
       "there is no command \"lists\": did you mean \"pailfs list\"? To mount a bucket of that "
       "name: pailfs lists MOUNTPOINT"},
      {{"umount", "--timeout=x", "/mnt"}, "--timeout=x: it is a number of seconds"},
      {{"umount", "/mnt", "--timeout"}, "--timeout=: it is a number of seconds"},
      {{"umount", "--timeout=0", "/mnt"}, "--timeout=0: it is a number of seconds"},
      {{"refresh"}, "missing PATH argument"},
      {{"check"}, "missing BUCKET argument"},
      {{"check", "b", "/dir", "--write"}, "unexpected argument \"/dir\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    const auto command = read(row.words);
    REQUIRE(command);
    CHECK(command->error == row.error);
  }
}

}  // namespace
}  // namespace pailfs::cli
