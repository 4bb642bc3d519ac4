// SPDX-License-Identifier: Apache-2.0
#include "fs/format/object_headers.h"

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

Config config() {
  Config c;
  c.default_uid = 1000;
  c.default_gid = 100;
  return c;
}

store::ObjectInfo object(std::vector<std::pair<std::string, std::string>> metadata,
                         std::string type = "application/octet-stream", std::uint64_t size = 10) {
  store::ObjectInfo info;
  info.size = size;
  info.last_modified = WallTime{seconds{1'600'000'000}};
  info.attributes.content_type = std::move(type);
  info.attributes.metadata = std::move(metadata);
  return info;
}

}  // namespace

TEST_CASE("keys follow from paths and the mount's prefix") {
  CHECK(file_key("", "a/b") == "a/b");
  CHECK(file_key("p/", "a/b") == "p/a/b");
  CHECK(directory_key("", "a") == "a/");
  CHECK(directory_key("p/", "") == "p/");
  CHECK(directory_key("", "") == "/");
  CHECK(children_prefix("", "").empty());
  CHECK(children_prefix("p/", "") == "p/");
  CHECK(children_prefix("p/", "a") == "p/a/");
}

TEST_CASE("names that cannot be stored are refused") {
  CHECK(is_storable_name("a"));
  CHECK(is_storable_name("..a"));
  CHECK_FALSE(is_storable_name(""));
  CHECK_FALSE(is_storable_name("."));
  CHECK_FALSE(is_storable_name(".."));
  CHECK_FALSE(is_storable_name("a/b"));
  CHECK_FALSE(is_storable_name(std::string_view("a\0b", 3)));
}

TEST_CASE("mode headers are read as s3fs reads them") {
  struct Row {
    const char* name;
    const char* value;
    bool slash;
    mode_t mode;
  };
  const Row rows[] = {
      {"mode", "33188", false, S_IFREG | 0644},
      {"mode", "0644", false, S_IFREG | 0644},
      {"mode", "0x1a4", false, S_IFREG | 0644},
      {"mode", "420", false, S_IFREG | 0644},
      {"mode", "41471", false, S_IFLNK | 0777},
      {"mode", "16872", true, S_IFDIR | 0750},
      {"mode", "493", true, S_IFDIR | 0755},
      {"mode", "4516", false, S_IFIFO | 0644},
      {"mode", "0", false, S_IFREG | 0400},
      {"mode", "0", true, S_IFDIR | 0500},
      {"mode", "33188", true, S_IFDIR | 0644},
      {"mode", "garbage", false, S_IFREG | 0640},
      {"mode", "-1", false, S_IFREG | 0640},
      {"mode", "99999999999999999999", false, S_IFREG | 0640},
      {"permissions", "33152", false, S_IFREG | 0600},
      {"goog-reserved-posix-mode", "644", false, S_IFREG | 0644},
      {"other", "1", false, S_IFREG | 0640},
      {"other", "1", true, S_IFDIR | 0750},
  };
  for (const Row& row : rows) {
    INFO(row.name << "=" << row.value << " slash " << row.slash);
    CHECK(decode(object({{row.name, row.value}}), row.slash, config()).stat.mode == row.mode);
  }
}

TEST_CASE("an object without a trailing slash can say that it is a directory") {
  CHECK(decode(object({}, "application/x-directory"), false, config()).form ==
        Form::directory_object);
  CHECK(decode(object({}, "httpd/unix-directory; charset=x"), false, config()).form ==
        Form::directory_object);
  CHECK(decode(object({{"mode", "16877"}}), false, config()).form == Form::directory_object);
  CHECK(decode(object({}), false, config()).form == Form::file);
  CHECK(decode(object({}, "text/plain"), true, config()).form == Form::directory_marker);
}

TEST_CASE("owner and times come from the first header that means something") {
  const auto own = decode(object({{"uid", "7"}, {"gid", "8"}, {"mtime", "5.25"}}), false, config());
  CHECK(own.stat.uid == 7);
  CHECK(own.stat.gid == 8);
  CHECK(own.stat.mtime == WallTime{seconds{5} + nanoseconds{250'000'000}});
  CHECK(own.stat.ctime == WallTime{seconds{1'600'000'000}});

  const auto foreign = decode(object({{"uid", "root"},
                                      {"owner", "9"},
                                      {"goog-reserved-posix-gid", "11"},
                                      {"goog-reserved-file-mtime", "77"}}),
                              false, config());
  CHECK(foreign.stat.uid == 9);
  CHECK(foreign.stat.gid == 11);
  CHECK(foreign.stat.mtime == WallTime{seconds{77}});

  const auto none = decode(object({{"uid", "4294967295"}}), false, config());
  CHECK(none.stat.uid == 1000);
  CHECK(none.stat.gid == 100);
}

TEST_CASE("times are written as s3fs writes them and read back equal") {
  CHECK(format_time(WallTime{seconds{1'700'000'000}}) == "1700000000");
  CHECK(format_time(WallTime{seconds{1} + nanoseconds{5}}) == "1.000000005");
  CHECK(format_time(WallTime{nanoseconds{-1}}) == "-1.999999999");
  CHECK(format_time(WallTime::min()) == "-9223372037.145224192");
  CHECK(format_time(WallTime::max()) == "9223372036.854775807");
  CHECK(parse_time("1.5") == WallTime{seconds{1} + nanoseconds{500'000'000}});
  CHECK(parse_time("-3") == WallTime{seconds{-3}});
  CHECK_FALSE(parse_time(""));
  CHECK_FALSE(parse_time("1.x"));
  CHECK_FALSE(parse_time("99999999999999"));
  for (const auto& time : {WallTime{}, WallTime{seconds{12} + nanoseconds{34}},
                           WallTime{seconds{-1} + nanoseconds{999'999'999}}}) {
    CHECK(parse_time(format_time(time)) == time);
  }
}

TEST_CASE("encoding sets our headers and keeps everything foreign") {
  Stat stat;
  stat.mode = S_IFDIR | 0755;
  stat.uid = 1;
  stat.gid = 2;
  stat.mtime = stat.ctime = stat.atime = WallTime{seconds{3}};
  store::ObjectAttributes base;
  base.content_type = "text/plain";
  base.metadata = {{"color", "red"}, {"mode", "1"}};
  base.standard = {{"Cache-Control", "no-store"}};
  const auto out = encode(stat, base);
  CHECK(out.content_type == "text/plain");
  CHECK(*find_metadata(out, "color") == "red");
  CHECK(*find_metadata(out, "mode") == "16877");
  CHECK(*find_metadata(out, "uid") == "1");
  CHECK(*find_metadata(out, "gid") == "2");
  CHECK(*find_metadata(out, "mtime") == "3");
  CHECK(out.standard == base.standard);
  CHECK(find_metadata(out, "rdev") == nullptr);
  CHECK(*find_metadata(encode(stat, base, false), "mode") == "493");
}

TEST_CASE("headers that say it already are told from those that do not") {
  Stat stat;
  stat.mode = S_IFREG | 0644;
  stat.uid = 1;
  stat.gid = 2;
  stat.mtime = stat.ctime = stat.atime = WallTime{seconds{3}};
  store::ObjectAttributes base;
  base.metadata = {{"color", "red"}};
  const auto headers = encode(stat, base);
  CHECK(says_already(headers, stat));
  CHECK(says_already(encode(stat, base, false), stat));
  const auto says = [&](auto&& change) {
    Stat changed = stat;
    change(changed);
    return says_already(headers, changed);
  };
  CHECK(says([](Stat& s) { s.ctime = WallTime{seconds{4}}; }));
  CHECK_FALSE(says([](Stat& s) { s.mode = S_IFREG | 0600; }));
  CHECK_FALSE(says([](Stat& s) { s.uid = 0; }));
  CHECK_FALSE(says([](Stat& s) { s.gid = 0; }));
  CHECK_FALSE(says([](Stat& s) { s.mtime = WallTime{seconds{3} + nanoseconds{1}}; }));
  CHECK_FALSE(says([](Stat& s) { s.atime = WallTime{seconds{4}}; }));
  // A foreign object shows defaults that its headers do not hold.
  CHECK_FALSE(says_already(base, decode(object({}), false, config()).stat));
  for (const char* name : {"mode", "uid", "gid", "mtime", "atime", "ctime"}) {
    auto lacking = headers;
    erase_metadata(lacking, name);
    CAPTURE(name);
    CHECK_FALSE(says_already(lacking, stat));
  }
}

TEST_CASE("a device node keeps its number") {
  Stat stat;
  stat.mode = S_IFCHR | 0600;
  stat.rdev = 259;
  auto info = object({});
  info.attributes = encode(stat, {});
  CHECK(decode(info, false, config()).stat.rdev == 259);
}

TEST_CASE("the mount's root is open where allow_other or mp_umask says so") {
  struct Row {
    bool allow_other;
    std::optional<mode_t> mount_umask;
    const char* stored;  // mode header of the root's object; null: none
    mode_t without;      // permissions when there is no object
    mode_t with;         // and when there is one
  };
  const Row rows[] = {
      {false, std::nullopt, nullptr, 0700, 0750}, {false, mode_t{022}, nullptr, 0700, 0750},
      {true, std::nullopt, nullptr, 0777, 0777},  {true, mode_t{0}, nullptr, 0777, 0777},
      {true, mode_t{027}, nullptr, 0750, 0750},   {true, std::nullopt, "488", 0777, 0750},
      {true, std::nullopt, "0711", 0777, 0711},
  };
  for (const Row& row : rows) {
    Config c = config();
    c.allow_other = row.allow_other;
    c.mount_umask = row.mount_umask;
    const auto info = row.stored != nullptr ? object({{"mode", row.stored}}) : object({});
    if (!row.allow_other) CHECK(root_mode(c) == (S_IFDIR | 0700U));
    if (row.allow_other) CHECK(root_mode(c) == (S_IFDIR | row.without));
    const Node node = decode_root(info, c);
    CHECK(node.stat.mode == (S_IFDIR | row.with));
    CHECK(node.form == Form::directory_marker);
  }
}
