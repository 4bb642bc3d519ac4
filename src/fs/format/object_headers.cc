// SPDX-License-Identifier: Apache-2.0
#include "object_headers.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

/// The first of the named headers that is there and that `parse` accepts.
template <class Parse>
auto first_valid(const store::ObjectAttributes& attributes,
                 std::initializer_list<std::string_view> names, Parse parse)
    -> decltype(parse(std::string_view())) {
  for (const std::string_view name : names) {
    const std::string* value = find_metadata(attributes, name);
    if (value == nullptr) continue;
    if (auto parsed = parse(std::string_view(*value))) return parsed;
  }
  return std::nullopt;
}

/// strtoll's base 0, as s3fs reads modes: 0644 octal, 0x1a4 hexadecimal, 420 decimal.
std::optional<mode_t> parse_mode(std::string_view text) {
  text = trim(text);
  std::optional<std::uint64_t> value;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    value = parse_uint(text.substr(2), 16);
  } else if (text.size() > 1 && text.starts_with('0')) {
    value = parse_uint(text.substr(1), 8);
  } else {
    value = parse_uint(text);
  }
  if (!value || *value > 0177777) return std::nullopt;
  return static_cast<mode_t>(*value);
}

std::optional<mode_t> parse_octal_mode(std::string_view text) {
  const auto value = parse_uint(trim(text), 8);
  if (!value || *value > 0177777) return std::nullopt;
  return static_cast<mode_t>(*value);
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
  const auto value = parse_uint(trim(text));
  if (!value || *value >= UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::optional<mode_t> stored_mode(const store::ObjectAttributes& attributes) {
  const auto mode = first_valid(attributes, {"mode", "permissions"}, parse_mode);
  if (mode) return mode;
  return first_valid(attributes, {"goog-reserved-posix-mode"}, parse_octal_mode);
}

bool is_known_type(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFIFO:
    case S_IFSOCK:
    case S_IFCHR:
    case S_IFBLK:
      return true;
    default:
      return false;
  }
}

bool is_directory_type(std::string_view content_type) {
  const std::string_view bare = trim(content_type.substr(0, content_type.find(';')));
  return equals_ignoring_case(bare, kDirectoryType) ||
         equals_ignoring_case(bare, "httpd/unix-directory");
}

}  // namespace

bool is_storable_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

store::Key file_key(const std::string& prefix, std::string_view path) {
  return prefix + std::string(path);
}

store::Key directory_key(const std::string& prefix, std::string_view path) {
  if (path.empty()) return prefix.empty() ? "/" : prefix;
  return prefix + std::string(path) + "/";
}

std::string children_prefix(const std::string& prefix, std::string_view path) {
  return path.empty() ? prefix : prefix + std::string(path) + "/";
}

Stat implicit_directory_stat(const Config& config) {
  Stat stat;
  stat.mode = S_IFDIR | 0750;
  stat.uid = config.default_uid;
  stat.gid = config.default_gid;
  stat.size = kDirectorySize;
  return stat;
}

Node implicit_directory(const Config& config) {
  Node node;
  node.form = Form::implicit_directory;
  node.stat = implicit_directory_stat(config);
  return node;
}

Node decode(const store::ObjectInfo& info, bool key_ends_with_slash, const Config& config) {
  const store::ObjectAttributes& attributes = info.attributes;
  Node node;
  node.info = info;
  Stat& stat = node.stat;

  const auto mode = stored_mode(attributes);
  const bool mode_given = mode.has_value();
  stat.mode = mode.value_or(key_ends_with_slash ? 0750 : 0640);
  if (!is_known_type(stat.mode)) {
    const bool directory = key_ends_with_slash || is_directory_type(attributes.content_type);
    stat.mode = (stat.mode & 07777) | (directory ? S_IFDIR : S_IFREG);
    // s3fs shows an object whose permissions are all zero as readable by its owner.
    if (mode_given && (stat.mode & 0777) == 0) stat.mode |= directory ? 0500 : 0400;
    if (!mode_given && directory && !key_ends_with_slash) stat.mode = S_IFDIR | 0750;
  }
  // A key with a trailing slash is a directory, even if its metadata has another type.
  if (key_ends_with_slash) stat.mode = (stat.mode & 07777) | S_IFDIR;

  stat.uid = first_valid(attributes, {"uid", "owner", "goog-reserved-posix-uid"}, parse_id)
                 .value_or(config.default_uid);
  stat.gid = first_valid(attributes, {"gid", "group", "goog-reserved-posix-gid"}, parse_id)
                 .value_or(config.default_gid);
  stat.mtime = first_valid(attributes, {"mtime", "goog-reserved-file-mtime"}, parse_time)
                   .value_or(info.last_modified);
  stat.ctime = first_valid(attributes, {"ctime"}, parse_time).value_or(info.last_modified);
  stat.atime = first_valid(attributes, {"atime"}, parse_time).value_or(info.last_modified);
  if (S_ISCHR(stat.mode) || S_ISBLK(stat.mode)) {
    const auto rdev =
        first_valid(attributes, {"rdev"}, [](std::string_view t) { return parse_uint(t); });
    stat.rdev = static_cast<dev_t>(rdev.value_or(0));
  }
  const bool directory = S_ISDIR(stat.mode);
  stat.size = directory ? kDirectorySize : info.size;
  node.form = key_ends_with_slash ? Form::directory_marker
              : directory         ? Form::directory_object
                                  : Form::file;
  return node;
}

bool shows_as_directory(const store::ObjectInfo& info, const Config& config) {
  return decode(info, false, config).form == Form::directory_object;
}

mode_t root_mode(const Config& config) {
  return S_IFDIR | (config.allow_other ? 0777 & ~config.mount_umask.value_or(0) : 0700);
}

Node decode_root(const store::ObjectInfo& info, const Config& config) {
  Node node = decode(info, true, config);
  if (config.allow_other && !stored_mode(info.attributes)) node.stat.mode = root_mode(config);
  return node;
}

store::ObjectAttributes encode(const Stat& stat, store::ObjectAttributes base,
                               bool with_type_bits) {
  const mode_t mode = with_type_bits ? stat.mode : stat.mode & 07777;
  set_metadata(base, "mode", std::to_string(mode));
  set_metadata(base, "uid", std::to_string(stat.uid));
  set_metadata(base, "gid", std::to_string(stat.gid));
  set_metadata(base, "mtime", format_time(stat.mtime));
  set_metadata(base, "ctime", format_time(stat.ctime));
  set_metadata(base, "atime", format_time(stat.atime));
  if (S_ISCHR(stat.mode) || S_ISBLK(stat.mode)) {
    set_metadata(base, "rdev", std::to_string(stat.rdev));
  }
  return base;
}

bool surely_fit(const store::ObjectAttributes& attributes) {
  // S3 takes 8 KiB of headers: the rest has room for a long key, a session token and a signature.
  constexpr std::size_t kMostOthers = 2048;
  Stat longest;
  longest.mode = S_IFBLK | 07777;
  longest.uid = longest.gid = UINT32_MAX;
  longest.rdev = static_cast<dev_t>(UINT64_MAX);
  longest.atime = longest.mtime = longest.ctime = WallTime::min();
  const store::ObjectAttributes all = encode(longest, attributes);
  std::size_t metadata = 0;
  for (const auto& [name, value] : all.metadata) metadata += name.size() + value.size();
  std::size_t others = all.content_type.size();
  for (const auto& [name, value] : all.standard) others += name.size() + value.size();
  return metadata <= store::Limits().most_metadata && others <= kMostOthers;
}

bool says_already(const store::ObjectAttributes& headers, const Stat& stat) {
  const std::string* const ctime = find_metadata(headers, "ctime");
  if (ctime == nullptr) return false;
  for (const bool with_type_bits : {true, false}) {
    store::ObjectAttributes wanted = encode(stat, headers, with_type_bits);
    set_metadata(wanted, "ctime", *ctime);
    if (wanted == headers) return true;
  }
  return false;
}

std::optional<WallTime> parse_time(std::string_view text) {
  text = trim(text);
  const std::size_t point = text.find('.');
  const auto whole = parse_int(text.substr(0, point));
  // Beyond these, nanoseconds since 1970 do not fit 64 bits.
  constexpr std::int64_t kLimit = 9'223'372'035;
  if (!whole || *whole > kLimit || *whole < -kLimit) return std::nullopt;
  std::int64_t nanos = 0;
  if (point != std::string_view::npos) {
    std::string digits(text.substr(point + 1, 9));
    const auto padded = parse_uint(digits.append(9 - digits.size(), '0'));
    if (!padded) return std::nullopt;
    nanos = static_cast<std::int64_t>(*padded);
  }
  return WallTime{seconds{*whole} + nanoseconds{nanos}};
}

std::string format_time(WallTime time) {
  // Not floor: the first second that 64 bits of nanoseconds reach begins before them.
  constexpr long long kSecond = 1'000'000'000;
  const long long count = time.time_since_epoch().count();
  const long long nanos = (count % kSecond + kSecond) % kSecond;
  const long long whole = count / kSecond - (count % kSecond < 0 ? 1 : 0);
  std::array<char, 48> out{};
  if (nanos == 0) {
    std::snprintf(out.data(), out.size(), "%lld", whole);
  } else {
    std::snprintf(out.data(), out.size(), "%lld.%09lld", whole, nanos);
  }
  return out.data();
}

store::SeenVersion seen_version(const store::ObjectInfo& info) {
  store::SeenVersion seen{.etag = info.etag};
  if (const std::string* mtime = find_metadata(info.attributes, "mtime"))
    seen.mark = {"mtime", *mtime};
  return seen;
}

const std::string* find_metadata(const store::ObjectAttributes& attributes, std::string_view name) {
  for (const auto& [key, value] : attributes.metadata) {
    if (key == name) return &value;
  }
  return nullptr;
}

void set_metadata(store::ObjectAttributes& attributes, std::string_view name, std::string value) {
  for (auto& [key, old] : attributes.metadata) {
    if (key != name) continue;
    old = std::move(value);
    return;
  }
  attributes.metadata.emplace_back(name, std::move(value));
}

void erase_metadata(store::ObjectAttributes& attributes, std::string_view name) {
  std::erase_if(attributes.metadata, [&](const auto& entry) { return entry.first == name; });
}

}  // namespace pailfs::fs
