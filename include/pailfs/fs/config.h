// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "pailfs/cache/disk_room.h"

namespace pailfs::fs {

/// Where the attributes of a name come from that no program has opened (attributes=).
enum class AttributeSource {
  object,  ///< its object, one request for each
  listing  ///< its directory's listing, which tells size and time; the rest are defaults
};

/// Settings; values come from the command line, see pailfs(1).
struct Config {
  std::string prefix;        ///< "" or "a/b/": keys of the mount start with it
  std::optional<uid_t> uid;  ///< shown as owner of everything; never stored
  std::optional<gid_t> gid;
  std::optional<mode_t> umask;        ///< shown permissions become 0777 & ~umask for everything
  std::optional<mode_t> mount_umask;  ///< mp_umask: of the mount root, when allow_other is set
  bool allow_other = false;
  uid_t default_uid = 0;  ///< owner of objects that name none: the mounting user
  gid_t default_gid = 0;
  bool read_only = false;
  bool use_xattr = false;
  /// Access control lists are taken and given. Not with umask=, whose permissions hold for all
  /// users.
  [[nodiscard]] bool obeys_acls() const { return use_xattr && !umask; }
  bool use_wtf8 = false;    ///< names that are not UTF-8 are escaped in keys
  bool compat_dir = false;  ///< directories in old forms are seen (fs/format/compat_directories.h)
  bool update_parent_dir_stat = false;  ///< a directory's new times are stored at once
  std::uint64_t multipart_size =
      10U << 20U;  ///< part size, and from this size on uploads are multipart
  std::uint64_t copy_part_size = 512U << 20U;  ///< multipart_copy_size
  std::uint64_t copy_in_parts_from = 0;        ///< 0: copy_part_size
  std::uint64_t hole_limit = 16ULL << 30U;     ///< zeros in a file that no program wrote, at most
  bool fsync_settles = false;   ///< fsync waits for the service also where the store acknowledges
                                ///< earlier (ObjectStore::settle)
  bool conflict_fails = false;  ///< conflict=fail: a whole file replaces only the version it was
                                ///< made from, too
  bool exclusive_in_store = false;  ///< exclusive=store: O_EXCL is decided by the service, at once
  std::chrono::milliseconds lock_time{30'000};  ///< of a lease, with locks=bucket
  bool no_multipart = false;
  bool no_copy_api = false;
  bool no_rename_api = false;
  bool no_mix_upload = false;
  /// The service may be asked to copy the unchanged parts of a file.
  [[nodiscard]] bool copies_parts() const {
    return !no_multipart && !no_copy_api && !no_mix_upload;
  }
  AttributeSource attributes = AttributeSource::object;
  std::chrono::seconds attribute_ttl{900};  ///< stat_cache_expire
  std::chrono::seconds listing_ttl{5};  ///< listings and absent names; never above attribute_ttl
  bool ttl_from_last_use = false;       ///< attributes live on while they are asked for
  std::size_t max_cached_attributes = 100'000;
  std::uint64_t memory_limit = 0;  ///< of bytes read, fetched ahead or not stored yet
  std::size_t parallel = 16;       ///< requests in flight for one fan-out (max_thread_count)
  std::string temporary_directory = "/tmp";  ///< of the unlinked files that hold unstored writes
  cache::DiskRoom disk;                      ///< the room of its file system that must stay free
  std::string attribute_file;    ///< where attributes outlive the mount; empty: they do not
  std::string kept_directory;    ///< where clean bytes are kept, shared by mounts; empty: nowhere
  std::string kept_store;        ///< names the bucket there
  std::uint64_t kept_bytes = 0;  ///< how many at most
  /// Where bytes are kept that lost against another client's (cache::KeptConflicts), made when it
  /// is needed; empty: nowhere.
  std::string conflicts_directory;
  std::string mountpoint;  ///< noted with them, for people
  std::string mime_types = "/etc/mime.types";
  std::uint64_t size_shown = 0;  ///< bucket_size= for statfs; 0: 64 PiB
};

}  // namespace pailfs::fs
