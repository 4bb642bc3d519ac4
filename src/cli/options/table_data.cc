// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

// 900 and 5 seconds are two defaults; a time the user names is meant for both.
std::string set_time_to_live(std::string_view name, Options& options, std::string_view value) {
  const auto seconds = parse_int(value);
  if (!seconds) {
    return "option " + std::string(name) + ": \"" + printable(value) +
           "\" is not a number of seconds";
  }
  // As in s3fs, 0 and less mean that nothing is kept; more than a decade is no different from one.
  const std::chrono::seconds kept(
      std::clamp<std::int64_t>(*seconds, 0, std::int64_t{10} * 365 * 86400));
  options.fs.attribute_ttl = kept;
  options.fs.listing_ttl = kept;
  return {};
}

std::string set_cache_expire(Options& options, std::string_view value) {
  options.fs.ttl_from_last_use = false;
  return set_time_to_live("stat_cache_expire", options, value);
}

std::string set_cache_interval_expire(Options& options, std::string_view value) {
  options.fs.ttl_from_last_use = true;
  return set_time_to_live("stat_cache_interval_expire", options, value);
}

std::string set_megabytes(std::string_view name, std::uint64_t least, std::string_view value,
                          std::uint64_t& bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{5} << 20U;
  const auto number = parse_uint(value);
  if (!number)
    return "option " + std::string(name) + ": \"" + printable(value) + "\" is not a number";
  if (*number < least || *number > kMost) {
    return std::string(name) + " option must be from " + std::to_string(least) + " to " +
           std::to_string(kMost) + " MB.";
  }
  bytes = *number << 20U;
  return {};
}

std::string shown_megabytes(std::uint64_t bytes) {
  return bytes == 0 ? std::string() : std::to_string(bytes >> 20U);
}

std::string set_multipart_threshold(Options& options, std::string_view value) {
  return set_megabytes("multipart_threshold", 5, value, options.multipart_threshold);
}

std::string set_metadata_threshold(Options& options, std::string_view value) {
  return set_megabytes("putheader_mp_threshold", 0, value, options.metadata_copy_threshold);
}

std::string set_rename_threshold(Options& options, std::string_view value) {
  return set_megabytes("singlepart_copy_limit", 1, value, options.rename_copy_threshold);
}

std::string set_ensure_diskfree(Options& options, std::string_view value) {
  return set_megabytes("ensure_diskfree", 0, value, options.fs.disk.keep_free);
}

std::string set_free_space_ratio(Options& options, std::string_view value) {
  const auto number = parse_uint(value);
  if (!number || *number > 100) {
    return "option free_space_ratio: \"" + printable(value) + "\" is not a number from 0 to 100";
  }
  options.fs.disk.keep_free_percent = static_cast<unsigned>(*number);
  return {};
}

std::string set_fake_diskfree(Options& options, std::string_view value) {
  std::uint64_t bytes = 0;
  if (std::string complaint = set_megabytes("fake_diskfree", 0, value, bytes); !complaint.empty()) {
    return complaint;
  }
  options.fs.disk.pretended_free = bytes;
  return {};
}

std::string set_cache_size(Options& options, std::string_view value) {
  return set_megabytes("cache_size", 1, value, options.cache_bytes.emplace());
}
std::string show_cache_size(const Options& options) {
  return options.cache_bytes ? shown_megabytes(*options.cache_bytes) : "";
}

// s3fs's forms, in its words; anything else is the name of a key file, as its manual has it.
std::string set_encryption(Options& options, std::string_view value) {
  using Kind = s3::Encryption::Kind;
  EncryptionChoice& choice = options.encryption;
  const std::size_t colon = value.find(':');
  const std::string_view word = value.substr(0, colon);
  const std::string rest(colon == std::string_view::npos ? "" : value.substr(colon + 1));
  const auto choose = [&](Kind kind) -> std::string {
    if (choice.kind && *choice.kind != Kind::none && *choice.kind != kind) {
      return "option use_sse: two kinds of encryption are given, but an object has only one";
    }
    choice.kind = kind;
    return {};
  };
  if (value == "0") {
    choice.kind = Kind::none;
    return {};
  }
  if (value.empty() || value == "1") return choose(Kind::service);
  if (colon != std::string_view::npos && rest.empty()) {
    return "option use_sse: nothing after \"" + printable(value) + "\"";
  }
  if (word == "kmsid" || word == "k") {
    if (!rest.empty()) choice.kms_key = rest;
    return choose(Kind::kms);
  }
  const bool custom = word == "custom" || word == "c";
  if (!custom || !rest.empty()) choice.key_file = custom ? rest : std::string(value);
  return choose(Kind::customer);
}

std::string show_encryption(const Options& options) {
  using Kind = s3::Encryption::Kind;
  const EncryptionChoice& choice = options.encryption;
  const auto with = [](const char* word, const std::string& rest) {
    return rest.empty() ? std::string(word) : word + (":" + rest);
  };
  if (!choice.kind) return {};
  switch (*choice.kind) {
    case Kind::none:
      return "0";
    case Kind::service:
      return "1";
    case Kind::customer:
      return with("custom", choice.key_file);
    case Kind::kms:
      return with("kmsid", choice.kms_key);
  }
  return {};
}

std::string set_durability(Options& options, std::string_view value) {
  if (value != "local" && value != "remote") {
    return "option durability: \"" + printable(value) + "\" is neither remote nor local";
  }
  options.durability_local = value == "local";
  return {};
}

std::string set_fsync(Options& options, std::string_view value) {
  if (value != "local" && value != "remote") {
    return "option fsync: \"" + printable(value) + "\" is neither remote nor local";
  }
  options.fsync_remote = value == "remote";
  return {};
}

std::string show_fsync(const Options& options) {
  return options.fsync_remote.value_or(!options.durability_local) ? "remote" : "local";
}

std::string set_conflict(Options& options, std::string_view value) {
  if (value != "last" && value != "fail") {
    return "option conflict: \"" + printable(value) + "\" is neither last nor fail";
  }
  options.fs.conflict_fails = value == "fail";
  return {};
}

std::string show_conflict(const Options& options) {
  return options.fs.conflict_fails ? "fail" : "last";
}

std::string set_attributes(Options& options, std::string_view value) {
  if (value != "object" && value != "listing") {
    return "option attributes: \"" + printable(value) + "\" is neither object nor listing";
  }
  const bool listing = value == "listing";
  options.fs.attributes = listing ? fs::AttributeSource::listing : fs::AttributeSource::object;
  return {};
}

std::string show_attributes(const Options& options) {
  return options.fs.attributes == fs::AttributeSource::listing ? "listing" : "object";
}

std::string set_exclusive(Options& options, std::string_view value) {
  if (value != "close" && value != "store") {
    return "option exclusive: \"" + printable(value) + "\" is neither close nor store";
  }
  options.fs.exclusive_in_store = value == "store";
  return {};
}

std::string show_exclusive(const Options& options) {
  return options.fs.exclusive_in_store ? "store" : "close";
}

std::string set_locks(Options& options, std::string_view value) {
  if (value != "local" && value != "bucket") {
    return "option locks: \"" + printable(value) + "\" is neither local nor bucket";
  }
  options.locks_in_bucket = value == "bucket";
  return {};
}

std::string show_locks(const Options& options) {
  return options.locks_in_bucket ? "bucket" : "local";
}

std::string set_lock_time(Options& options, std::string_view value) {
  const auto seconds = parse_uint(value);
  if (!seconds || *seconds < 3 || *seconds > 3600) {
    return "option lock_time: \"" + printable(value) + "\" is no number from 3 to 3600";
  }
  options.fs.lock_time = std::chrono::seconds(*seconds);
  return {};
}

std::string show_lock_time(const Options& options) {
  return std::to_string(options.fs.lock_time.count() / 1000);
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
    std::string known;
    for (const std::string_view acl : kAcls)
      known += (known.empty() ? "" : ", ") + std::string(acl);
    return "unknown value for default_acl: " + printable(value) + "; it is one of " + known;
  }
  options.s3.acl = std::string(value);
  return {};
}

std::string set_memory_limit(Options& options, std::string_view value) {
  const auto megabytes = parse_uint(value);
  if (!megabytes || *megabytes < 1 || *megabytes > (1U << 20U)) {
    return "option memory_limit: \"" + printable(value) + "\" is not a number of megabytes from 1";
  }
  options.fs.memory_limit = *megabytes << 20U;
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

// NOLINTNEXTLINE(readability-function-size): a table
void add_path_options(std::vector<OptionSpec>& table) {
  const Group group = Group::data;
  table.insert(
      table.end(),
      {
          {"stat_cache_expire", "SECONDS", group,
           Custom{set_cache_expire,
                  [](const Options& o) { return std::to_string(o.fs.attribute_ttl.count()); }},
           "How long attributes and listings are cached. When not given, listings are cached for 5 "
           "seconds only. The absence of a name is cached for 1 second at most. 0: nothing is cached."},
          {"stat_cache_interval_expire", "SECONDS", group,
           Custom{set_cache_interval_expire,
                  [](const Options& o) {
                    return o.fs.ttl_from_last_use ? std::to_string(o.fs.attribute_ttl.count()) : "";
                  }},
           "The same, but attributes that are asked for again are cached for as long anew. Of "
           "the two the last one counts."},
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
          {"memory_limit", "MB", group,
           Custom{set_memory_limit,
                  [](const Options& o) { return shown_megabytes(o.fs.memory_limit); }},
           "Most memory for bytes that were read, are read ahead or wait to be stored, of all "
           "files "
           "together. When not given: a quarter of what the machine or the container has, at most "
           "256."},
          {"multipart_size", "MB", group,
           Megabytes{[](Options& o) -> std::uint64_t& { return o.fs.multipart_size; }, 5, 5120},
           "Size of one part of a large upload; smaller files go up in one piece."},
          {"hole_limit", "MB", group,
           Megabytes{[](Options& o) -> std::uint64_t& { return o.fs.hole_limit; }, 1, 51'200'000},
           "How many zeros that no program has written a file may have. An object has no holes: "
           "they "
           "are all sent when the file is closed. What would make more of them fails with EFBIG."},
          {"multipart_copy_size", "MB", group,
           Megabytes{[](Options& o) -> std::uint64_t& { return o.fs.copy_part_size; }, 5, 5120},
           "Size of one part when a large object is copied on the server."},
          {"multipart_threshold", "MB", group,
           Custom{set_multipart_threshold,
                  [](const Options& o) { return shown_megabytes(o.multipart_threshold); }},
           "Size from which an object is copied in parts on the server. When none of this and the "
           "two below is given: multipart_copy_size. The smallest that is given counts."},
          {"putheader_mp_threshold", "MB", group,
           Custom{set_metadata_threshold,
                  [](const Options& o) { return shown_megabytes(o.metadata_copy_threshold); }},
           "The same, as s3fs has it for changes of attributes; 0: as if not given."},
          {"singlepart_copy_limit", "MB", group,
           Custom{set_rename_threshold,
                  [](const Options& o) { return shown_megabytes(o.rename_copy_threshold); }},
           "The same, as s3fs has it for renames."},
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
           "Keep what was read, and attributes, on disk here, for the next time and the next "
           "mount, and let "
           "unstored "
           "bytes wait here instead of in tmpdir. Made with mode 0700 if it is missing. Empty: as "
           "if not given."},
          {"cache_size", "MB", group, Custom{set_cache_size, show_cache_size},
           "How much use_cache keeps at most, of all mounts that are given the directory; what was used longest ago goes first. "
           "Default: a quarter of the file system. A tenth of the file system, at most 10 GiB, always "
           "stays free."},
          {"durability", "remote|local", group,
           Custom{set_durability,
                  [](const Options& o) {
                    return std::string(o.durability_local ? "local" : "remote");
                  },
                  "remote local"},
           "When a change counts as made. remote: when the service has confirmed it. local: when "
           "it "
           "is in a crash-safe journal in the directory of use_cache, from which it is carried out "
           "in the background; see DURABILITY."},
          {"fsync", "remote|local", group, Custom{set_fsync, show_fsync, "remote local"},
           "With durability=local: remote makes fsync wait for the service; the default is then "
           "local."},
          {"conflict", "last|fail", group, Custom{set_conflict, show_conflict, "last fail"},
           "A file that another client stored while it was being made, emptied or replaced here: "
           "with last it is replaced, as programs expect of the last close; with fail the close, "
           "or the rename over it, fails with ESTALE or EEXIST, as close always does for a file "
           "that was changed in part."},
          {"attributes", "object|listing", group,
           Custom{set_attributes, show_attributes, "object listing"},
           "Where the attributes of a file come from that was not opened yet. object: its object, "
           "one request for each file. listing: its directory's listing, which tells size and time "
           "of last modification of a thousand files with one request; owner and mode are the "
           "defaults, and a symbolic link looks like a file until it is opened. For large sets of "
           "files from programs other than pailfs and s3fs, with uid, gid and umask."},
          {"exclusive", "close|store", group,
           Custom{set_exclusive, show_exclusive, "close store"},
           "When it is decided which of several machines has made a file with O_EXCL. close: when "
           "it is first stored, and the others' close fails with EEXIST. store: when it is opened, "
           "with one more PUT, so that lock files hold between machines; mkdir, symlink and mknod "
           "then wait for the service with durability=local too. The service must obey conditions, "
           "which is tried as conditional=require does."},
          {"locks", "local|bucket", group, Custom{set_locks, show_locks, "local bucket"},
           "Between whom flock and fcntl locks hold. local: the processes of this machine. bucket: "
           "all mounts of the same path with locks=bucket, by objects that are taken and renewed "
           "with conditional writes. A lock that cannot be renewed is lost: the file is EIO until "
           "it is closed. Refused where the service does not obey conditions."},
          {"lock_time", "SECONDS", group, Custom{set_lock_time, show_lock_time},
           "With locks=bucket: after how long, and a tenth, without a sign of life others may take "
           "what a mount has locked. The mount itself takes its locks for lost a tenth before."},
          {"journal_size", "MB", group,
           Megabytes{[](Options& o) -> std::uint64_t& { return o.journal_bytes; }, 16, 1U << 20U},
           "How much may wait in the journal before writers have to wait too."},
          {"del_cache", "", group, Flag{[](Options& o) -> bool& { return o.delete_cache; }},
           "Remove what earlier mounts of the bucket have left there, and leave nothing but the "
           "journal."},
          {"check_cache_dir_exist", "", group,
           Flag{[](Options& o) -> bool& { return o.cache_directory_must_exist; }},
           "Do not make the directory of use_cache: refuse to mount when it is missing."},
          {"ensure_diskfree", "MB", group,
           Custom{set_ensure_diskfree,
                  [](const Options& o) { return std::to_string(o.fs.disk.keep_free >> 20U); }},
           "Leave this much of the file system of tmpdir or use_cache free: writing that would "
           "take it fails with ENOSPC."},
          {"free_space_ratio", "PERCENT", group,
           Custom{set_free_space_ratio,
                  [](const Options& o) { return std::to_string(o.fs.disk.keep_free_percent); }},
           "The same, in hundredths of that file system."},
          {"fake_diskfree", "MB", group,
           Custom{set_fake_diskfree,
                  [](const Options& o) {
                    const auto& free = o.fs.disk.pretended_free;
                    return free ? std::to_string(*free >> 20U) : "";
                  }},
           "For tests: take this for what is free there."},
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
          {"use_sse", "[1|custom[:FILE]|kmsid[:ID]]", group,
           Custom{set_encryption, show_encryption, "1 custom kmsid"},
           "Let the service encrypt new objects: with keys of its own (nothing or 1), with a key "
           "of yours (custom or c, or just a file), or with one of its key management (kmsid or "
           "k). "
           "See ENCRYPTION in pailfs(1)."},
          {"load_sse_c", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.encryption.more_keys_file; }},
           "More keys of yours to try on objects that are read, one a line."},
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
