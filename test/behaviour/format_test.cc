// SPDX-License-Identifier: Apache-2.0
// Objects are written as s3fs 1.9x writes them: keys, types, metadata.
#include <algorithm>
#include <cctype>

#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

using Names = std::vector<std::string>;

/// Seconds, or seconds with nine digits of fraction.
bool is_time(const std::string& text) {
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c); });
  };
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return digits(text);
  return digits(text.substr(0, dot)) && digits(text.substr(dot + 1)) && text.size() == dot + 10;
}

TEST_CASE("a new file is one object with its mode, owner and times in decimal") {
  const auto world = open_world();
  REQUIRE(write_file(world->posix(), "file", "hello", 0640) == 0);
  CHECK(keys(*world) == Names{"file"});
  const auto stored = object(*world, "file");
  REQUIRE(stored);
  CHECK(stored->bytes == "hello");
  CHECK(stored->info.attributes.content_type == "application/octet-stream");
  CHECK(meta(*world, "file", "mode") == "33184");  // 0100640
  CHECK(meta(*world, "file", "uid") == std::to_string(world->posix().uid()));
  CHECK(meta(*world, "file", "gid") == std::to_string(world->posix().gid()));
  for (const char* name : {"mtime", "ctime", "atime"}) {
    CAPTURE(name);
    CHECK(is_time(meta(*world, "file", name)));
  }
  CHECK(meta(*world, "file", "xattr") == "(absent)");
}

TEST_CASE("an empty file exists in the bucket once it is closed") {
  const auto world = open_world();
  REQUIRE(write_file(world->posix(), "empty", "") == 0);
  const auto stored = object(*world, "empty");
  REQUIRE(stored);
  CHECK(stored->bytes.empty());
  CHECK(meta(*world, "empty", "mode") == "33188");
}

TEST_CASE("the content type follows the last extension, then the one before, by exact case") {
  const auto world = open_world();
  struct Row {
    const char* name;
    const char* type;
  };
  for (const Row& row :
       {Row{"a.txt", "text/plain"}, Row{"a.jpg", "image/jpeg"}, Row{"b.jpeg", "image/jpeg"},
        Row{"a.tar.gz", "application/x-tar"}, Row{"a.txt.jpg", "image/jpeg"},
        Row{"a.TXT", "application/octet-stream"}, Row{"txt", "application/octet-stream"},
        Row{"a.unknown", "application/octet-stream"}, Row{"a.", "application/octet-stream"}}) {
    CAPTURE(row.name);
    REQUIRE(write_file(world->posix(), row.name, "x") == 0);
    const auto stored = object(*world, row.name);
    REQUIRE(stored);
    CHECK(stored->info.attributes.content_type == row.type);
  }
}

TEST_CASE("a directory is an empty object whose key ends in a slash") {
  const auto world = open_world();
  REQUIRE(err(world->posix().mkdir("d", 0755)) == 0);
  REQUIRE(err(world->posix().mkdir("d/inner", 0700)) == 0);
  CHECK(keys(*world) == Names{"d/", "d/inner/"});
  const auto stored = object(*world, "d/");
  REQUIRE(stored);
  CHECK(stored->bytes.empty());
  CHECK(stored->info.attributes.content_type == "application/x-directory");
  CHECK(meta(*world, "d/", "mode") == "493");  // mkdir stores no type bits
  CHECK(meta(*world, "d/inner/", "mode") == "448");
  CHECK(meta(*world, "d/", "uid") == std::to_string(world->posix().uid()));
  for (const char* name : {"mtime", "ctime", "atime"}) CHECK(is_time(meta(*world, "d/", name)));
}

TEST_CASE("chmod stores the mode with its type bits") {
  const auto world = open_world();
  REQUIRE(err(world->posix().mkdir("d")) == 0);
  REQUIRE(write_file(world->posix(), "f", "x") == 0);
  REQUIRE(err(world->posix().chmod("d", 0750)) == 0);
  REQUIRE(err(world->posix().chmod("f", 0600)) == 0);
  CHECK(meta(*world, "d/", "mode") == "16872");
  CHECK(meta(*world, "f", "mode") == "33152");
  CHECK(object(*world, "d/")->info.attributes.content_type == "application/x-directory");
}

TEST_CASE("a symbolic link is an object that holds its target") {
  const auto world = open_world();
  REQUIRE(err(world->posix().symlink("some/where else", "link")) == 0);
  const auto stored = object(*world, "link");
  REQUIRE(stored);
  CHECK(stored->bytes == "some/where else");
  CHECK(stored->info.attributes.content_type == "application/octet-stream");
  CHECK(meta(*world, "link", "mode") == "41471");
  const auto target = world->posix().readlink("link");
  REQUIRE(err(target) == 0);
  CHECK(*target == "some/where else");
  world->remount();
  CHECK(*world->posix().readlink("link") == "some/where else");
  REQUIRE(put_object(*world, "line", "target\r\n", {"", {{"mode", "41471"}}, {}}) == 0);
  CHECK(*world->posix().readlink("line") == "target");
  REQUIRE(err(world->posix().symlink(" blanks ", "blanks")) == 0);
  CHECK(*world->posix().readlink("blanks") == " blanks ");
  CHECK(S_ISLNK(world->posix().stat("link")->mode));
}

TEST_CASE("a fifo is an empty object whose mode has the type bits") {
  const auto world = open_world();
  REQUIRE(err(world->posix().mknod("fifo", S_IFIFO | 0644)) == 0);
  CHECK(meta(*world, "fifo", "mode") == "4516");
  CHECK(object(*world, "fifo")->bytes.empty());
  world->remount();
  CHECK(S_ISFIFO(world->posix().stat("fifo")->mode));
}

TEST_CASE("the key of a file is the bytes of its path") {
  const auto world = open_world();
  Names names{"blank in name",    " lead",    "plus+",       "%2F",        "a#b?c&d",
              "quote'\"",         "<x>&amp;", "back\\slash", "\xc3\xa4",   "e\xcc\x81",
              "\xf0\x9f\xaa\xa3", "tab\t",    "-dash",       "line\nfeed", "cr\r"};
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(write_file(world->posix(), name, "text of " + name) == 0);
  }
  std::sort(names.begin(), names.end());
  CHECK(keys(*world) == names);
  CHECK(names_in(world->posix(), "") == names);
  world->remount();
  CHECK(names_in(world->posix(), "") == names);
  for (const std::string& name : names) CHECK(file_text(world->posix(), name) == "text of " + name);
}

TEST_CASE("utimens stores whole seconds plainly and fractions with nine digits") {
  const auto world = open_world();
  REQUIRE(write_file(world->posix(), "f", "x") == 0);
  REQUIRE(err(world->posix().utimens("f", at_second(1'000'000'000),
                                     at_second(1'000'000'001, 500'000'000))) == 0);
  CHECK(meta(*world, "f", "atime") == "1000000000");
  CHECK(meta(*world, "f", "mtime") == "1000000001.500000000");
  world->remount();
  const auto stat = world->posix().stat("f");
  REQUIRE(err(stat) == 0);
  CHECK(stat->atime == at_second(1'000'000'000));
  CHECK(stat->mtime == at_second(1'000'000'001, 500'000'000));
}

TEST_CASE("a mount of a prefix lives under its prefix and shows nothing else") {
  WorldOptions options;
  options.prefix = "a/b/";
  const auto world = open_world(options);
  REQUIRE(put_object(*world, "a/other", "outside") == 0);
  REQUIRE(put_object(*world, "a/b/foreign", "inside") == 0);
  REQUIRE(write_file(world->posix(), "file", "x") == 0);
  REQUIRE(err(world->posix().mkdir("d")) == 0);
  REQUIRE(err(world->posix().rename("file", "d/file")) == 0);
  CHECK(names_in(world->posix(), "") == Names{"d", "foreign"});
  const auto all = keys(*world);
  for (const char* key : {"a/b/d/", "a/b/d/file", "a/b/foreign", "a/other"}) {
    CHECK(std::count(all.begin(), all.end(), key) == 1);
  }
  for (const std::string& key : all) CHECK(key.starts_with("a/"));
}

TEST_CASE("a changed mount root becomes an object of its own") {
  WorldOptions options;
  SECTION("of the whole bucket: the key is a slash") {}
  SECTION("of a prefix: the prefix") {
    options.prefix = "p/q/";
  }
  const auto world = open_world(options);
  REQUIRE(err(world->posix().chmod("", 0711)) == 0);
  const std::string key = options.prefix.empty() ? "/" : options.prefix;
  CHECK(meta(*world, key, "mode") == "16841");  // 040711
  world->remount();
  const auto stat = world->posix().stat("");
  REQUIRE(err(stat) == 0);
  CHECK((stat->mode & 07777U) == 0711U);
  CHECK(names_in(world->posix(), "").empty());
}

}  // namespace
}  // namespace pailfs::test
