// SPDX-License-Identifier: Apache-2.0
#include "posix_acl.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace pailfs::fs {
namespace {

constexpr std::size_t kHeader = 4;
constexpr std::size_t kEntry = 8;
constexpr std::uint32_t kVersion = 2;
constexpr mode_t kPermissions = 0777;

const Error kMalformed{EINVAL, "not an access control list"};

// Little-endian on every machine.
std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

void append(std::uint32_t value, std::size_t size, std::string& out) {
  for (; size > 0; --size, value >>= 8U) out.push_back(static_cast<char>(value & 0xffU));
}

/// The rules of the kernel's posix_acl_valid(): owner, group and other exist exactly once, named
/// entries stand between those that they refine, and with named entries there is a mask.
bool is_valid(const Acl& acl) {
  std::size_t owners = 0;
  std::size_t groups = 0;
  std::size_t masks = 0;
  std::size_t others = 0;
  bool named = false;
  std::uint16_t before = 0;
  for (const AclEntry& entry : acl) {
    const bool many = entry.tag == AclEntry::user || entry.tag == AclEntry::named_group;
    if (entry.permissions > 7 || entry.tag < before || (entry.tag == before && !many)) return false;
    if (many && entry.id == UINT32_MAX) return false;
    before = entry.tag;
    named = named || many;
    owners += entry.tag == AclEntry::owner ? 1 : 0;
    groups += entry.tag == AclEntry::group ? 1 : 0;
    masks += entry.tag == AclEntry::mask ? 1 : 0;
    others += entry.tag == AclEntry::other ? 1 : 0;
  }
  return owners == 1 && groups == 1 && others == 1 && (masks == 1 || !named);
}

/// The entry whose permissions the mode shows as the group's.
AclEntry::Tag group_tag(const Acl& acl) {
  const bool masked = std::any_of(
      acl.begin(), acl.end(), [](const AclEntry& entry) { return entry.tag == AclEntry::mask; });
  return masked ? AclEntry::mask : AclEntry::group;
}

/// The position of an entry's permissions in a mode, in bits; nothing when the mode does not show
/// the entry.
std::optional<unsigned> shift(const AclEntry& entry, AclEntry::Tag group) {
  if (entry.tag == AclEntry::owner) return 6;
  if (entry.tag == group) return 3;
  if (entry.tag == AclEntry::other) return 0;
  return std::nullopt;
}

/// Empty when the header cannot be read; then no list can be set in it either.
Xattrs xattrs_of(const store::ObjectAttributes& attributes) {
  const std::string* const header = find_metadata(attributes, "xattr");
  if (header == nullptr) return {};
  auto xattrs = decode_xattrs(*header);
  return xattrs ? std::move(*xattrs) : Xattrs();
}

}  // namespace

Result<Acl> decode_acl(std::string_view value) {
  if (value.size() < kHeader || (value.size() - kHeader) % kEntry != 0 ||
      number(value.substr(0, kHeader)) != kVersion) {
    return kMalformed;
  }
  Acl acl;
  for (value.remove_prefix(kHeader); !value.empty(); value.remove_prefix(kEntry)) {
    const auto tag = static_cast<std::uint16_t>(number(value.substr(0, 2)));
    switch (tag) {
      case AclEntry::owner:
      case AclEntry::user:
      case AclEntry::group:
      case AclEntry::named_group:
      case AclEntry::mask:
      case AclEntry::other:
        break;
      default:
        return kMalformed;
    }
    acl.push_back({static_cast<AclEntry::Tag>(tag),
                   static_cast<std::uint16_t>(number(value.substr(2, 2))),
                   number(value.substr(4, 4))});
  }
  if (!acl.empty() && !is_valid(acl)) return kMalformed;
  return acl;
}

std::string encode_acl(const Acl& acl) {
  std::string value;
  append(kVersion, kHeader, value);
  for (const AclEntry& entry : acl) {
    append(entry.tag, 2, value);
    append(entry.permissions, 2, value);
    append(entry.id, 4, value);
  }
  return value;
}

mode_t mode_of(const Acl& acl, mode_t mode) {
  const AclEntry::Tag group = group_tag(acl);
  mode &= ~kPermissions;
  for (const AclEntry& entry : acl) {
    if (const auto left = shift(entry, group)) mode |= mode_t{entry.permissions} << *left;
  }
  return mode;
}

Acl with_mode(Acl acl, mode_t mode) {
  const AclEntry::Tag group = group_tag(acl);
  for (AclEntry& entry : acl) {
    if (const auto left = shift(entry, group)) {
      entry.permissions = static_cast<std::uint16_t>(mode >> *left & 7U);
    }
  }
  return acl;
}

bool is_minimal(const Acl& acl) {
  return std::all_of(acl.begin(), acl.end(), [](const AclEntry& entry) {
    return entry.tag == AclEntry::owner || entry.tag == AclEntry::group ||
           entry.tag == AclEntry::other;
  });
}

Inherited inherit(const Acl& acl, mode_t mode) {
  // The permissions that both the directory's list grants and the program asks for.
  const mode_t granted = mode & (mode_of(acl, 0) | ~kPermissions);
  Inherited result{granted, std::nullopt};
  if (!is_minimal(acl)) result.access = with_mode(acl, granted);
  return result;
}

Status set_access_acl(std::string_view value, Xattrs& xattrs, mode_t& mode) {
  const auto acl = decode_acl(value);
  if (!acl) return acl.error();
  if (!acl->empty()) mode = mode_of(*acl, mode);
  if (is_minimal(*acl)) {
    xattrs.erase(std::string(kAccessAcl));
  } else {
    xattrs[std::string(kAccessAcl)] = encode_acl(*acl);
  }
  return {};
}

void put_xattrs(const Xattrs& xattrs, store::ObjectAttributes& attributes) {
  if (xattrs.empty()) {
    erase_metadata(attributes, "xattr");
  } else {
    set_metadata(attributes, "xattr", encode_xattrs(xattrs));
  }
}

bool follow_mode(store::ObjectAttributes& attributes, mode_t mode) {
  Xattrs xattrs = xattrs_of(attributes);
  const auto found = xattrs.find(std::string(kAccessAcl));
  if (found == xattrs.end()) return false;
  const auto acl = decode_acl(found->second);
  if (!acl || acl->empty()) return false;
  const Acl followed = with_mode(*acl, mode);
  if (followed == *acl) return false;
  found->second = encode_acl(followed);
  put_xattrs(xattrs, attributes);
  return true;
}

Acl default_acl(const store::ObjectAttributes& attributes) {
  const Xattrs xattrs = xattrs_of(attributes);
  const auto found = xattrs.find(std::string(kDefaultAcl));
  if (found == xattrs.end()) return {};
  auto acl = decode_acl(found->second);
  return acl ? std::move(*acl) : Acl();
}

}  // namespace pailfs::fs
