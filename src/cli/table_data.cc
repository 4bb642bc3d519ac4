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

std::string set_log_level(Options& options, std::string_view value) {
  struct Word {
    std::string_view word;
    LogLevel level;
  };
  static constexpr Word kWords[] = {
      {"crit", LogLevel::critical},    {"critical", LogLevel::critical},
      {"silent", LogLevel::critical},  {"err", LogLevel::error},
      {"error", LogLevel::error},      {"warn", LogLevel::warning},
      {"wan", LogLevel::warning},      {"warning", LogLevel::warning},
      {"info", LogLevel::info},        {"inf", LogLevel::info},
      {"information", LogLevel::info}, {"dbg", LogLevel::debug},
      {"debug", LogLevel::debug}};
  for (const Word& row : kWords) {
    if (!equals_ignoring_case(row.word, value)) continue;
    options.log_level = row.level;
    return {};
  }
  return "option dbglevel has unknown parameter(" + printable(value) +
         "): it is crit, err, warn, info or dbg";
}

std::string show_log_level(const Options& options) {
  switch (options.log_level) {
    case LogLevel::critical:
      return "crit";
    case LogLevel::error:
      return "err";
    case LogLevel::warning:
      return "warn";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "dbg";
  }
  return {};
}

std::string set_trace(Options& options, std::string_view value) {
  if (!value.empty() && value != "normal" && value != "body") {
    return "option curldbg has unknown parameter(" + printable(value) + "): it is normal or body";
  }
  options.http.trace = true;
  options.http.trace_body = value == "body";
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

void add_logging_options(std::vector<OptionSpec>& table) {
  const Group group = Group::logging;
  table.insert(
      table.end(),
      {
          {"dbglevel", "LEVEL", group,
           Custom{set_log_level, show_log_level, "crit err warn info dbg"},
           "Least important kind of message that is logged: crit, err, warn, info or dbg."},
          {"curldbg", "[normal|body]", group, Custom{set_trace, nullptr, "normal body"},
           "Log the headers of every request, with secrets masked; body: the bodies as well."},
          {"logfile", "FILE", group, Path{[](Options& o) -> std::string& { return o.logfile; }},
           "Append the log to this file."},
          {"no_time_stamp_msg", "", group,
           Flag{[](Options& o) -> bool& { return o.timestamps; }, false}, "Log without the time."},
          {"instance_name", "NAME", group,
           Text{[](Options& o) -> std::string& { return o.instance_name; }},
           "Name of this mount in the User-Agent and in syslog."},
      });
}

}  // namespace

void add_data_options(std::vector<OptionSpec>& table) {
  add_path_options(table);
  add_attribute_options(table);
  add_logging_options(table);
}

}  // namespace pailfs::cli
