// SPDX-License-Identifier: Apache-2.0
// Words that command lines and fstabs in the world contain and that have no meaning of their own
// here. To ignore one must do no harm; where it would, the row refuses it and says why.
#include "tables.h"

namespace pailfs::cli {
namespace {

constexpr std::string_view kObsolete = "obsolete, it has no effect";
constexpr std::string_view kAutomatic = "this is chosen automatically";
constexpr std::string_view kPlugIn =
    "plug-ins of s3fs are not loaded; name their program as credential_process in ~/.aws/config "
    "instead";

void add_fstab_words(std::vector<OptionSpec>& table) {
  const Group group = Group::accepted;
  table.insert(
      table.end(),
      {
          {"_netdev", "", group, Accepted{}, "Words of fstab, accepted everywhere.",
           "auto noauto user nouser users nousers owner noowner group nogroup nofail defaults"},
          {"comment", "[TEXT]", group, Accepted{},
           "Remarks in fstab, as every option that begins with x-.", "helper uhelper"},
          {"relatime", "", group, Accepted{}, "Mount flags that mean nothing here.",
           "norelatime strictatime nostrictatime lazytime nolazytime diratime nodiratime iversion "
           "noiversion mand nomand loud silent blkdev"},
          {"s3fs", "", group, Accepted{}, "The literal word, left behind by mount helpers."},
      });
}

void add_fuse_words(std::vector<OptionSpec>& table) {
  const Group group = Group::accepted;
  table.insert(
      table.end(),
      {
          {"big_writes", "", group, Accepted{},
           "Options of FUSE 2, or without effect here, accepted for the sake of old command lines.",
           "atomic_o_trunc async_read sync_read use_ino readdir_ino intr "
           "large_read splice_read splice_write splice_move no_splice_read no_splice_write "
           "no_splice_move no_remote_lock no_remote_flock no_remote_posix_lock noforget"},
          {"hard_remove", "", group, Accepted{},
           "Always so: a removed file goes at once, the page cache is emptied when a file "
           "has changed, the kernel checks permissions.",
           "auto_cache default_permissions"},
          {"intr_signal", "[N]", group, Accepted{}, "Tuning of FUSE that is not needed here.",
           "remember ac_attr_timeout"},
          {"modules", "[LIST]", group,
           Refused{"stacking FUSE modules would change the names of files"},
           "Not available: modules of the FUSE library.",
           "subdir rellinks norellinks from_code "
           "to_code"},
      });
}

void add_unbuilt_words(std::vector<OptionSpec>& table) {
  const Group group = Group::accepted;
  table.insert(
      table.end(),
      {
          {"max_dirty_data", "MB", group, Warned{kAutomatic, true},
           "Accepted without effect: what is written is stored when the file is closed."},
          {"streamupload", "", group, Accepted{}, "Accepted: parts go up side by side without it.",
           "direct_read readdir_optimize"},
          {"set_check_cache_sigusr1", "[FILE]", group,
           Warned{"every block of the cache is checked when it is read"},
           "Accepted without effect: a check of the cache on SIGUSR1, which does nothing."},
          {"createbucket", "", group, Warned{"a bucket is never made by mounting it"},
           "Accepted without effect: make the bucket before."},
          {"notsup_compat_dir", "", group, Warned{kObsolete}, "Obsolete: it is the default."},
          {"insecure_logging", "", group, Warned{"secrets stay masked in the log"},
           "Accepted without effect: secrets are never logged."},
          {"use_metrics", "", group, Warned{"no metrics are kept"},
           "Accepted without effect: metrics.", "metrics_top"},
          {"complement_stat", "", group, Accepted{},
           "Always so: objects without a stored mode get one."},
          {"noxmlns", "", group, Warned{kObsolete}, "Obsolete, accepted without effect.",
           "fd_page_size"},
      });
}

std::string set_all_messages(Options& options, std::string_view /*value*/) {
  options.log_level = LogLevel::debug;
  return {};
}

/// In s3fs's words.
constexpr Refused kKeysInSight = {
    "other users can see command lines; put the keys into a passwd_file with mode 600",
    "is no longer supported"};

void add_refused_words(std::vector<OptionSpec>& table) {
  const Group group = Group::accepted;
  table.insert(
      table.end(),
      {
          {"f2", "", group, Custom{set_all_messages}, "Old form of dbglevel=dbg."},
          {"accessKeyId", "[KEY]", group, kKeysInSight,
           "Refused: other users can see command lines."},
          {"secretAccessKey", "[KEY]", group, kKeysInSight,
           "Refused: other users can see command lines."},
          {"credlib", "", group, Refused{kPlugIn},
           "Not available: plug-ins for credentials. A program can be named as credential_process "
           "in "
           "~/.aws/config.",
           "credlib_opts"},
          {"symlink_in_meta", "", group, Refused{"symbolic links would be stored differently"},
           "Not available: another form of symbolic links."},
          {"context", "[LABEL]", group, Refused{"files would not get the label that you ask for"},
           "Not available: security labels.", "fscontext defcontext rootcontext"},
      });
}

}  // namespace

void add_accepted_options(std::vector<OptionSpec>& table) {
  add_fstab_words(table);
  add_fuse_words(table);
  add_unbuilt_words(table);
  add_refused_words(table);
}

}  // namespace pailfs::cli
