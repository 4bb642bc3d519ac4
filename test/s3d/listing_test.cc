// SPDX-License-Identifier: Apache-2.0
#include "s3d/listing.h"

#include <memory>
#include <string>
#include <vector>

#include "support/catch.h"

namespace s3d {
namespace {

ObjectMap make(const std::vector<std::string>& keys) {
  ObjectMap objects;
  for (const std::string& key : keys) objects[key] = std::make_shared<Object>();
  return objects;
}

using Names = std::vector<std::string>;

/// Names of one page; common prefixes with a '*' before them, "..." at the end when truncated.
Names names(const ListPage& page) {
  Names out;
  for (const ListEntry& entry : page.entries)
    out.push_back(entry.object ? entry.name : "*" + entry.name);
  if (page.truncated) out.emplace_back("...");
  return out;
}

const ObjectMap& tree() {
  static const ObjectMap objects =
      make({"a", "b", "b/", "b/1", "b/2", "b0", "c/d/e", "c/f", "\xc3\xbc", "\xff\xff"});
  return objects;
}

}  // namespace

TEST_CASE("a delimiter rolls names up and counts each common prefix once") {
  CHECK(names(list_page(tree(), {"", "/", "", 1000})) ==
        Names{"a", "b", "*b/", "b0", "*c/", "\xc3\xbc", "\xff\xff"});
  CHECK(names(list_page(tree(), {"b/", "/", "", 1000})) == Names{"b/", "b/1", "b/2"});
  CHECK(names(list_page(tree(), {"c/", "/", "", 1000})) == Names{"*c/d/", "c/f"});
  CHECK(names(list_page(tree(), {"c", "/", "", 1000})) == Names{"*c/"});
  CHECK(names(list_page(tree(), {"", "f", "", 1000})).back() == "\xff\xff");
  CHECK(names(list_page(tree(), {"nothing", "/", "", 1000})).empty());
}

TEST_CASE("max counts keys and common prefixes together, zero gives an empty whole page") {
  CHECK(names(list_page(tree(), {"", "/", "", 3})) == Names{"a", "b", "*b/", "..."});
  CHECK(names(list_page(tree(), {"", "/", "", 7})).size() == 7);
  CHECK(names(list_page(tree(), {"", "", "", 0})).empty());
}

TEST_CASE("a marker inside a common prefix does not repeat that prefix") {
  CHECK(names(list_page(tree(), {"", "/", "b/", 2})) == Names{"b0", "*c/", "..."});
  CHECK(names(list_page(tree(), {"", "/", "b/1", 1})) == Names{"b0", "..."});
  CHECK(names(list_page(tree(), {"", "", "b/1", 1})) == Names{"b/2", "..."});
  CHECK(names(list_page(tree(), {"b/", "", "a", 1000})) == Names{"b/", "b/1", "b/2"});
  CHECK(names(list_page(tree(), {"b/", "", "c", 1000})).empty());
}

TEST_CASE("pages of any size together give each name exactly once") {
  for (std::string delimiter : {"", "/", "b"}) {
    for (std::string prefix : {"", "b", "c/"}) {
      Names whole = names(list_page(tree(), {prefix, delimiter, "", 1000}));
      for (std::size_t max = 1; max <= 10; ++max) {
        Names collected;
        std::string after;
        bool more = true;
        while (more) {
          ListPage page = list_page(tree(), {prefix, delimiter, after, max});
          more = page.truncated;
          REQUIRE((!more || page.last() > after));
          after = page.last();
          page.truncated = false;
          for (std::string& name : names(page)) collected.push_back(std::move(name));
        }
        CHECK(collected == whole);
      }
    }
  }
}

TEST_CASE("a prefix of 0xff bytes has no successor and ends the listing") {
  ObjectMap objects = make({"\xff/1", "\xff/2", "\xff\xff\xff"});
  CHECK(names(list_page(objects, {"", "\xff", "", 1000})) == Names{"*\xff"});
}

TEST_CASE("delayed listings hide young objects and keep deleted ones") {
  Bucket bucket;
  auto object = [](std::int64_t created) {
    auto made = std::make_shared<Object>();
    made->created_ms = created;
    return made;
  };
  bucket.objects["old"] = object(1000);
  bucket.objects["young"] = object(9000);
  bucket.ghosts["deleted"] = {object(500), 9500};
  bucket.ghosts["long gone"] = {object(500), 3000};
  CHECK(names(list_page(bucket, {"", "", "", 10}, 10000, 2000)) == Names{"deleted", "old"});
  CHECK(names(list_page(bucket, {"", "", "", 10}, 10000, 0)) == Names{"old", "young"});
}

}  // namespace s3d
