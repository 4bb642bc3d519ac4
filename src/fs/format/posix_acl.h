// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/result.h"

#include "object_headers.h"
#include "xattr_header.h"

namespace pailfs::fs {

inline constexpr std::string_view kAccessAcl = "system.posix_acl_access";
inline constexpr std::string_view kDefaultAcl = "system.posix_acl_default";
inline bool is_acl(std::string_view name) {
  return name == kAccessAcl || name == kDefaultAcl;
}

/// A POSIX access control list (acl(5), IEEE 1003.1e draft 17). The kernel checks permissions by it
/// (FUSE_POSIX_ACL). The functions here keep mode and list equal: a new list changes the mode, and
/// a new mode changes the list. Pure.
struct AclEntry {
  enum Tag : std::uint16_t {
    owner = 0x01,
    user = 0x02,
    group = 0x04,
    named_group = 0x08,
    mask = 0x10,
    other = 0x20
  };
  Tag tag = owner;
  std::uint16_t permissions = 0;  ///< rwx
  std::uint32_t id = UINT32_MAX;  ///< of `user` and `named_group`
  bool operator==(const AclEntry&) const = default;
};
using Acl = std::vector<AclEntry>;

/// The value of the extended attribute: EINVAL unless it is a list that the kernel takes, with its
/// entries in order. An empty list means that there is none.
Result<Acl> decode_acl(std::string_view value);
std::string encode_acl(const Acl& acl);

/// `mode` with the permissions of an access list: the group's are those of the mask.
mode_t mode_of(const Acl& acl, mode_t mode);
/// chmod: the list, with the permissions of `mode`.
Acl with_mode(Acl acl, mode_t mode);
/// True when the list says no more than a mode does.
bool is_minimal(const Acl& acl);

/// Mode and access list of a new file; no list when it says no more than the mode.
struct Inherited {
  mode_t mode = 0;
  std::optional<Acl> access;
};
/// For a new file in a directory with the default list `acl`; `mode` as the program gave it,
/// without the umask applied.
Inherited inherit(const Acl& acl, mode_t mode);

/// Puts an access list, as setfacl gives it, into the attributes and the mode. An empty one leaves
/// the mode alone, a minimal one becomes the mode and nothing else.
Status set_access_acl(std::string_view value, Xattrs& xattrs, mode_t& mode);
/// Puts the extended attributes into those of an object; without any, there is no header.
void put_xattrs(const Xattrs& xattrs, store::ObjectAttributes& attributes);
/// Changes the access list among an object's attributes, if there is one, to the new mode. True if
/// the list changed.
bool follow_mode(store::ObjectAttributes& attributes, mode_t mode);
/// The default list of a directory; empty where there is none that the kernel takes.
Acl default_acl(const store::ObjectAttributes& attributes);

}  // namespace pailfs::fs
