// SPDX-License-Identifier: Apache-2.0
// How a file is stored as an object: path <-> key, stat <-> x-amz-meta-*. Pure functions; the rules
// are those of s3fs 1.9x, whose objects we share, with rclone's and s3sync's headers read as s3fs
// does.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pailfs/fs/file_system.h"
#include "pailfs/store/object_store.h"

namespace pailfs::fs {

inline constexpr std::string_view kDirectoryType = "application/x-directory";
/// Most bytes of a symbolic link's target, which is the content of its object: the kernel's limit.
inline constexpr std::uint64_t kLongestLink = 4095;

/// The fields of stat(2) that are kept in an object's metadata.
struct Stat {
  mode_t mode = 0;  ///< with type bits
  uid_t uid = 0;
  gid_t gid = 0;
  dev_t rdev = 0;
  std::uint64_t size = 0;
  WallTime atime{};
  WallTime mtime{};
  WallTime ctime{};
};

/// The form that a path has in the store.
enum class Form {
  absent,
  file,                ///< object `p`: regular file, symlink, fifo, ...
  directory_marker,    ///< object `p/`
  directory_object,    ///< object `p` that says it is a directory (old s3fs, consoles)
  implicit_directory,  ///< no object of its own, only names below it
};
inline bool is_directory(Form form) {
  return form == Form::directory_marker || form == Form::directory_object ||
         form == Form::implicit_directory;
}

/// One path as last seen in the store.
struct Node {
  Form form = Form::absent;
  Stat stat;
  store::ObjectInfo info;  ///< empty for implicit directories and absent names
};

/// Name of one directory entry that can be stored: not empty, not "." or "..", no '/' and no NUL.
bool is_storable_name(std::string_view name);
/// ENAMETOOLONG above 255 bytes, as every local file system has it; longer ones that exist in the
/// bucket are shown all the same.
inline constexpr std::size_t kNameMax = 255;

/// Keys of the mount whose objects all start with `prefix` ("" or "a/b/"). `path` is relative,
/// without leading or trailing slash; "" is the mount's root.
store::Key file_key(const std::string& prefix, std::string_view path);
/// Marker of a directory; for the root of a whole bucket s3fs uses the key "/".
store::Key directory_key(const std::string& prefix, std::string_view path);
/// Prefix of everything below a directory: "" for the root of a whole bucket.
std::string children_prefix(const std::string& prefix, std::string_view path);

/// The node of the object at `p` (or `p/` with `key_ends_with_slash`), by s3fs's rules: own
/// headers, then s3sync's, then Google's, then defaults (0640, directories 0750, Last-Modified).
Node decode(const store::ObjectInfo& info, bool key_ends_with_slash, const Config& config);
/// What stat(2) shows as the size of every directory.
inline constexpr std::uint64_t kDirectorySize = 4096;
/// A directory without an object: 0750, owned by the mounting user, times zero.
Stat implicit_directory_stat(const Config& config);
Node implicit_directory(const Config& config);

/// The mount's root: open to all with allow_other, less mp_umask, where nothing says otherwise.
mode_t root_mode(const Config& config);
/// The object of the mount's root: decode(), but one without a mode has the root's. Folders made by
/// consoles and drivers have none.
Node decode_root(const store::ObjectInfo& info, const Config& config);

/// `base` with the six headers of s3fs set from `stat`; everything else in it, foreign metadata
/// included, is kept. `with_type_bits` false: as mkdir writes a directory's mode.
store::ObjectAttributes encode(const Stat& stat, store::ObjectAttributes base,
                               bool with_type_bits = true);

/// True when S3 takes these attributes with the six headers above at their longest: at most 2 KiB
/// of metadata, and not much else. Other services may have other limits, which only a request
/// shows.
bool surely_fit(const store::ObjectAttributes& attributes);

/// True when these headers already hold all of `stat`, except for ctime.
bool says_already(const store::ObjectAttributes& headers, const Stat& stat);

/// "1700000000" or "1700000000.123456789"; digits after the point are padded to nine.
std::optional<WallTime> parse_time(std::string_view text);
std::string format_time(WallTime time);

/// By what the version is known again.
store::SeenVersion seen_version(const store::ObjectInfo& info);

/// The value of one x-amz-meta-* header, by its name without the prefix; nullptr if there is none.
const std::string* find_metadata(const store::ObjectAttributes& attributes, std::string_view name);
void set_metadata(store::ObjectAttributes& attributes, std::string_view name, std::string value);
void erase_metadata(store::ObjectAttributes& attributes, std::string_view name);

}  // namespace pailfs::fs
