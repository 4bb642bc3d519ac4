// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

// 900 and 5 seconds are two defaults; a time the user names is meant for both.
std::string set_cache_expire(Options& options, std::string_view value) {
  const auto seconds = parse_int(value);
  if (!seconds) {
    return "option stat_cache_expire: \"" + printable(value) + "\" is not a number of seconds";
  }
  // As in s3fs, 0 and less mean that nothing is kept; more than a decade is no different from one.
  const std::chrono::seconds kept(
      std::clamp<std::int64_t>(*seconds, 0, std::int64_t{10} * 365 * 86400));
  options.fs.attribute_ttl = kept;
  options.fs.listing_ttl = kept;
  return {};
}

std::string set_acl(Options& options, std::string_view value) {
  static constexpr std::string_view kAcls[] = {"private",
                                               "public-read",
                                               "public-read-write",
                                               "aws-exec-read",
                                               "authenticated-read",
                                               "bucket-owner-read",
                                               "bucket-owner-full-control",
                                               "log-delivery-write"};
  if (std::find(std::begin(kAcls), std::end(kAcls), value) == std::end(kAcls)) {
    return "unknown value for default_acl: " + printable(value);
  }
  options.s3.acl = std::string(value);
  return {};
}

std::string set_storage_class(Options& options, std::string_view value) {
  std::string name(value);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const bool fits = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!fits) return "option storage_class: \"" + printable(value) + "\" is not a storage class";
  }
  if (name.empty()) return "option storage_class must not be empty";
  options.s3.storage_class = name;
  return {};
}

void add_path_options(std::vector<OptionSpec>& table) {
  const Group group = Group::data;
  table.insert(
      table.end(),
      {
          {"stat_cache_expire", "SECONDS", group,
           Custom{set_cache_expire,
                  [](const Options& o) { return std::to_string(o.fs.attribute_ttl.count()); }},
           "How long attributes and listings are believed. When not given, listings and absent "
           "names are believed for 5 seconds only. 0: for no time at all.",
           "stat_cache_interval_expire"},
          {"max_stat_cache_size", "N", group,
           Count{[](Options& o) -> std::size_t& { return o.fs.max_cached_attributes; }},
           "Files and directories whose attributes are kept."},
          {"enable_noobj_cache", "", group,
           Flag{[](Options& o) -> bool& { return o.remembers_absent_names; }},
           "Remember that a name does not exist, the default.", "enable_negative_cache"},
          {"disable_noobj_cache", "", group,
           Flag{[](Options& o) -> bool& { return o.remembers_absent_names; }, false},
           "Ask the service again for every name that did not exist, and list every directory "
           "anew.",
           "disable_negative_cache"},
          {"max_thread_count", "N", group,
           Count{[](Options& o) -> std::size_t& { return o.fs.parallel; }, 1},
           "Requests in flight at once for one upload, listing or rename.",
           "parallel_count parallel_upload multireq_max"},
          {"multipart_size", "MB", group,
           Megabytes{[](Options& o) -> std::uint64_t& { return o.fs.multipart_size; }, 5, 5120},
           "Size of one part of a large upload; smaller files go up in one piece."},
          {"multipart_copy_size", "MB", group,
           Megabytes{[](Options& o) -> std::uint64_t& { return o.fs.copy_part_size; }, 5, 5120},
           "Size of one part when a large object is copied on the server."},
          {"nomultipart", "", group, Flag{[](Options& o) -> bool& { return o.fs.no_multipart; }},
           "Upload and copy in one piece, whatever the size."},
          {"nomixupload", "", group, Flag{[](Options& o) -> bool& { return o.fs.no_mix_upload; }},
           "Do not let the service copy the unchanged parts of a changed file."},
          {"nocopyapi", "", group, Flag{[](Options& o) -> bool& { return o.fs.no_copy_api; }},
           "Never let the service copy: chmod, chown, touch and rename upload again."},
          {"norenameapi", "", group, Flag{[](Options& o) -> bool& { return o.fs.no_rename_api; }},
           "The same, for rename only."},
          {"tmpdir", "DIRECTORY", group,
           Path{[](Options& o) -> std::string& { return o.fs.temporary_directory; }},
           "Where bytes wait that are written and not yet stored, in files without a name."},
          {"use_cache", "[DIRECTORY]", group,
           Path{[](Options& o) -> std::string& { return o.cache_directory; }, true},
           "Where such bytes wait instead of in tmpdir. Made with mode 0700 if it is missing. "
           "Nothing is kept there between mounts yet; empty: as if not given."},
          {"check_cache_dir_exist", "", group,
           Flag{[](Options& o) -> bool& { return o.cache_directory_must_exist; }},
           "Do not make the directory of use_cache: refuse to mount when it is missing."},
      });
}

void add_attribute_options(std::vector<OptionSpec>& table) {
  const Group group = Group::attributes;
  table.insert(
      table.end(),
      {
          {"default_acl", "ACL", group,
           Custom{set_acl, [](const Options& o) { return o.s3.acl; },
                  "private public-read public-read-write aws-exec-read authenticated-read "
                  "bucket-owner-read bucket-owner-full-control log-delivery-write"},
           "Canned access rule given to new objects."},
          {"storage_class", "CLASS", group,
           Custom{set_storage_class, [](const Options& o) { return o.s3.storage_class; },
                  "STANDARD STANDARD_IA ONEZONE_IA REDUCED_REDUNDANCY INTELLIGENT_TIERING GLACIER "
                  "GLACIER_IR DEEP_ARCHIVE"},
           "Storage class of new objects."},
          {"use_rrs", "[0|1]", group,
           Flag{[](Options& o) -> bool& { return o.reduced_redundancy; }},
           "Same as storage_class=REDUCED_REDUNDANCY."},
          {"mime", "FILE", group, Path{[](Options& o) -> std::string& { return o.fs.mime_types; }},
           "Table of media types by file name ending."},
      });
}

}  // namespace

void add_data_options(std::vector<OptionSpec>& table) {
  add_path_options(table);
  add_attribute_options(table);
}

}  // namespace pailfs::cli
