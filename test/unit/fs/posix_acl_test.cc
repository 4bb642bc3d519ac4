// SPDX-License-Identifier: Apache-2.0
#include "fs/format/posix_acl.h"

#include <sys/stat.h>

#include "support/catch.h"

using namespace pailfs;
using namespace pailfs::fs;

namespace {

AclEntry entry(AclEntry::Tag tag, std::uint16_t permissions, std::uint32_t id = UINT32_MAX) {
  return {tag, permissions, id};
}

const Acl kMinimal = {entry(AclEntry::owner, 4), entry(AclEntry::group, 7),
                      entry(AclEntry::other, 6)};
const Acl kMasked = {
    entry(AclEntry::owner, 6), entry(AclEntry::user, 7, 1'000),         entry(AclEntry::user, 0, 5),
    entry(AclEntry::group, 4), entry(AclEntry::named_group, 6, 70'000), entry(AclEntry::mask, 6),
    entry(AclEntry::other, 0)};

}  // namespace

TEST_CASE("an access control list is of the form of Linux's extended attribute") {
  const std::string value = encode_acl(kMinimal);
  CHECK((value == std::string("\2\0\0\0\1\0\4\0\xff\xff\xff\xff\4\0\7\0\xff\xff\xff\xff"
                              "\x20\0\6\0\xff\xff\xff\xff",
                              28)));
  CHECK(*decode_acl(value) == kMinimal);
  CHECK(*decode_acl(encode_acl(kMasked)) == kMasked);
  CHECK(decode_acl(std::string("\2\0\0\0", 4))->empty());
}

TEST_CASE("what is no access control list is refused") {
  const std::string good = encode_acl(kMasked);
  CHECK(decode_acl("").error().err == EINVAL);
  CHECK(decode_acl(std::string("\1\0\0\0", 4)).error().err == EINVAL);
  for (std::size_t size = 5; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_acl(good.substr(0, size)));
  }
  struct Row {
    const char* what;
    Acl acl;
  };
  const AclEntry owner = entry(AclEntry::owner, 7);
  const AclEntry group = entry(AclEntry::group, 7);
  const AclEntry other = entry(AclEntry::other, 7);
  for (const Row& row :
       {Row{"no owner", {group, other}}, Row{"no group", {owner, other}},
        Row{"nobody else", {owner, group}}, Row{"out of order", {group, owner, other}},
        Row{"two owners", {owner, owner, group, other}},
        Row{"named without a mask", {owner, entry(AclEntry::user, 7, 1), group, other}},
        Row{"named without a name",
            {owner, entry(AclEntry::user, 7), group, entry(AclEntry::mask, 7), other}},
        Row{"too many permissions", {entry(AclEntry::owner, 8), group, other}},
        Row{"an unknown tag", {owner, group, other, entry(static_cast<AclEntry::Tag>(0x40), 7)}}}) {
    CAPTURE(row.what);
    CHECK(decode_acl(encode_acl(row.acl)).error().err == EINVAL);
  }
}

TEST_CASE("a mode and a list follow each other") {
  CHECK(mode_of(kMinimal, S_IFREG | 04644) == (S_IFREG | 04476));
  CHECK(mode_of(kMasked, S_IFREG | 0777) == (S_IFREG | 0660));
  CHECK(is_minimal(kMinimal));
  CHECK_FALSE(is_minimal(kMasked));
  const Acl closed = with_mode(kMasked, 0640);
  CHECK(mode_of(closed, 0) == 0640);
  CHECK(closed[1].permissions == 7);  // of the named ones the mask decides
  CHECK(closed[3].permissions == 4);
  CHECK(mode_of(with_mode(kMinimal, 0751), 0) == 0751);
}

TEST_CASE("what a directory hands on is what it grants and the program asks for") {
  const Inherited plain = inherit(kMinimal, S_IFREG | 0666);
  CHECK(plain.mode == (S_IFREG | 0466));
  CHECK_FALSE(plain.access);
  const Inherited listed = inherit(kMasked, S_IFDIR | 02755);
  CHECK(listed.mode == (S_IFDIR | 02640));
  REQUIRE(listed.access);
  CHECK(mode_of(*listed.access, 0) == 0640);
  CHECK(listed.access->at(1).permissions == 7);
}

TEST_CASE("a minimal list becomes the mode, and an empty one is none") {
  Xattrs xattrs = {{"user.a", "b"}};
  mode_t mode = S_IFREG | 0600;
  REQUIRE(set_access_acl(encode_acl(kMasked), xattrs, mode));
  CHECK(mode == (S_IFREG | 0660));
  CHECK(xattrs.size() == 2);
  REQUIRE(set_access_acl(encode_acl({}), xattrs, mode));
  CHECK(mode == (S_IFREG | 0660));
  CHECK(xattrs == Xattrs{{"user.a", "b"}});
  REQUIRE(set_access_acl(encode_acl(kMasked), xattrs, mode));
  REQUIRE(set_access_acl(encode_acl(kMinimal), xattrs, mode));
  CHECK(mode == (S_IFREG | 0476));
  CHECK(xattrs == Xattrs{{"user.a", "b"}});
  CHECK(set_access_acl("nonsense", xattrs, mode).error().err == EINVAL);
}

TEST_CASE("chmod changes the list of an object, if it has one that is a list") {
  store::ObjectAttributes attributes;
  CHECK_FALSE(follow_mode(attributes, 0640));
  put_xattrs({{std::string(kAccessAcl), encode_acl(kMasked)}, {"user.a", "b"}}, attributes);
  CHECK_FALSE(follow_mode(attributes, 0660));
  CHECK(follow_mode(attributes, 0600));
  const auto xattrs = decode_xattrs(*find_metadata(attributes, "xattr"));
  REQUIRE(xattrs);
  CHECK(mode_of(*decode_acl(xattrs->at(std::string(kAccessAcl))), 0) == 0600);
  CHECK(xattrs->at("user.a") == "b");
  for (const char* value : {"", "nonsense"}) {
    put_xattrs({{std::string(kAccessAcl), value}, {std::string(kDefaultAcl), value}}, attributes);
    CHECK_FALSE(follow_mode(attributes, 0600));
    CHECK(default_acl(attributes).empty());
  }
  set_metadata(attributes, "xattr", "{broken");
  CHECK_FALSE(follow_mode(attributes, 0600));
  CHECK(default_acl(attributes).empty());
}
