// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <string>
#include <vector>

#include "pailfs/util/text.h"

#include "cli/docs/docs.h"
#include "cli/docs/help.h"
#include "cli/options/options.h"
#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

std::vector<std::string> aliases_of(const OptionSpec& spec) {
  return spec.aliases.empty() ? std::vector<std::string>() : split(spec.aliases, ' ');
}

TEST_CASE("Every name and alias in the option table is unique and leads to its row") {
  std::set<std::string> seen;
  for (const OptionSpec& spec : option_table()) {
    CAPTURE(spec.name);
    CHECK(seen.insert(std::string(spec.name)).second);
    CHECK(find_option(spec.name) == &spec);
    for (const std::string& alias : aliases_of(spec)) {
      CAPTURE(alias);
      CHECK_FALSE(alias.empty());
      CHECK(seen.insert(alias).second);
      CHECK(find_option(alias) == &spec);
    }
  }
  CHECK(find_option("use-path-request-style") == find_option("use_path_request_style"));
  CHECK(find_option("") == nullptr);
}

TEST_CASE("Every option explains itself in sentences") {
  for (const OptionSpec& spec : option_table()) {
    CAPTURE(spec.name);
    REQUIRE(spec.help.size() > 10);
    CHECK(spec.help.back() == '.');
    CHECK((spec.help.front() >= '0' && spec.help.front() <= 'Z'));
    CHECK(spec.help.find('\n') == std::string_view::npos);
  }
}

TEST_CASE("Rows of one group stand together") {
  std::set<std::string_view> begun;
  std::string_view current;
  for (const OptionSpec& spec : option_table()) {
    const std::string_view title = group_title(spec.group);
    CHECK_FALSE(title.empty());
    if (title != current) CHECK(begun.insert(title).second);
    current = title;
  }
}

TEST_CASE("A default as it is printed sets just that default") {
  std::size_t checked = 0;
  for (const OptionSpec& spec : option_table()) {
    const std::string value = show_value(spec, Options{});
    if (value.empty()) continue;
    CAPTURE(spec.name, value);
    Options options;
    std::vector<std::string> warnings;
    CHECK(apply_option(spec.name, value, options, warnings).empty());
    CHECK(warnings.empty());
    CHECK(show_value(spec, options) == value);
    ++checked;
  }
  CHECK(checked > 40);
}

TEST_CASE("An option that is set shows its new value") {
  struct Row {
    const char* name;
    const char* value;
  };
  for (const Row& row :
       {Row{"url", "http://h"}, Row{"retries", "9"}, Row{"umask", "0022"}, Row{"uid", "12"},
        Row{"multipart_size", "64"}, Row{"noua", "1"}, Row{"use_xattr", "1"},
        Row{"dbglevel", "dbg"}, Row{"tmpdir", "/x"}, Row{"max_thread_count", "3"},
        Row{"attr_timeout", "0.5"}, Row{"default_acl", "public-read"}, Row{"connect_timeout", "2"},
        Row{"max_background", "7"}, Row{"fsname", "n"}}) {
    CAPTURE(row.name);
    Options options;
    std::vector<std::string> warnings;
    REQUIRE(find_option(row.name) != nullptr);
    CHECK(show_value(*find_option(row.name), options) != row.value);
    CHECK(apply_option(row.name, row.value, options, warnings).empty());
    CHECK(show_value(*find_option(row.name), options) == row.value);
  }
}

TEST_CASE("Every option of the table can be read from a command line") {
  for (const OptionSpec& spec : option_table()) {
    if (std::holds_alternative<Refused>(spec.field)) continue;
    std::vector<std::string> names = aliases_of(spec);
    names.emplace_back(spec.name);
    for (const std::string& name : names) {
      std::string value = show_value(spec, Options{});
      if (value.empty()) value = spec.name == "umask" ? "022" : "1";
      if (spec.name == "bucket_size") value = "1TB";
      if (spec.name == "metrics_listen") value = "9100";
      if (spec.name == "multipart_threshold") value = "25";
      const std::string text = needs_value(spec) ? name + "=" + value : name;
      CAPTURE(text);
      if (spec.group == Group::utility) {
        // These are for a bucket alone.
        CHECK(parse_command_line({"pailfs", "b", "--" + name}, {}).error.empty());
        continue;
      }
      const auto listed = parse_command_line({"pailfs", "b", "/m", "-o", text}, {});
      if (spec.name == "bucket") {
        CHECK(parse_command_line({"pailfs", "/m", "-o", text}, {}).error.empty());
        continue;
      }
      CHECK(listed.error.empty());
      if (name.front() == '_') continue;
      CHECK(parse_command_line({"pailfs", "b", "/m", "--" + text}, {}).error.empty());
    }
  }
}

TEST_CASE("Every option that s3fs 1.9x has is known") {
  const std::vector<std::string> names = split(
      // bucket, endpoint, transport
      "bucket url host servicepath endpoint region use_path_request_style sigv2 sigv4 "
      "no_check_certificate ssl_verify_hostname cipher_suites ssl_client_cert proxy "
      "proxy_cred_file ipresolve nodnscache nosscache connect_timeout readwrite_timeout retries "
      "noua instance_name requester_pays listobjectsv2 list_object_max_keys noxmlns "
      "enable_unsigned_payload enable_content_md5 ahbe_conf "
      // identity and permissions
      "uid gid umask mp_umask allow_other nonempty complement_stat use_xattr compat_dir "
      "notsup_compat_dir update_parent_dir_stat use_wtf8 bucket_size hard_remove "
      // credentials
      "passwd_file profile public_bucket use_session_token iam_role imdsv1only ecs ibm_iam_auth "
      "ibm_iam_endpoint credlib credlib_opts accessKeyId secretAccessKey "
      // cache, data path
      "use_cache check_cache_dir_exist del_cache tmpdir ensure_diskfree free_space_ratio "
      "fake_diskfree max_stat_cache_size stat_cache_expire stat_cache_interval_expire "
      "enable_noobj_cache enable_negative_cache disable_noobj_cache disable_negative_cache "
      "multireq_max parallel_count parallel_upload max_thread_count multipart_size "
      "multipart_copy_size multipart_threshold putheader_mp_threshold singlepart_copy_limit "
      "nomultipart nomixupload nocopyapi norenameapi max_dirty_data streamupload fd_page_size "
      // object attributes
      "default_acl storage_class use_rrs use_sse load_sse_c mime "
      // logging, misc
      "dbglevel curldbg insecure_logging logfile no_time_stamp_msg set_check_cache_sigusr1 f2 "
      "createbucket auto noauto user nouser users _netdev s3fs "
      // FUSE options, of both generations
      "allow_root auto_unmount default_permissions fsname subtype max_read kernel_cache auto_cache "
      "noforget remember entry_timeout attr_timeout negative_timeout ac_attr_timeout modules "
      "subdir ro rw noatime atime noexec exec nosuid suid nodev dev sync async dirsync blkdev "
      "big_writes atomic_o_trunc async_read sync_read use_ino readdir_ino direct_io intr "
      "intr_signal large_read max_write max_readahead max_background congestion_threshold "
      "splice_read splice_write splice_move no_splice_read no_splice_write no_splice_move "
      "no_remote_lock no_remote_flock no_remote_posix_lock max_threads max_idle_threads clone_fd "
      "debug "
      // utility mode, and words of fstab that reach a program started by hand
      "incomplete_mpu_list incomplete_mpu_abort defaults nofail relatime nodiratime strictatime "
      "lazytime comment",
      ' ');
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(find_option(name) != nullptr);
  }
}

TEST_CASE("Every option is in the help, the manual page, the markdown and the completions") {
  const std::string man = man_page();
  const std::string help = full_help();
  const std::string table = markdown();
  const std::string bash = bash_completion();
  const std::string zsh = zsh_completion();
  const std::string fish = fish_completion();
  for (const OptionSpec& spec : option_table()) {
    const std::string name(spec.name);
    CAPTURE(name);
    CHECK(man.find("\\fB" + name + "\\fR") != std::string::npos);
    CHECK(help.find("\n  " + name) != std::string::npos);
    CHECK(table.find("| `" + name) != std::string::npos);
    CHECK(help_on(name).has_value());
    const bool offered = !std::holds_alternative<Refused>(spec.field);
    const std::string word = name + (needs_value(spec) ? "=" : "");
    CHECK((bash.find(" " + word) != std::string::npos ||
           bash.find("\"" + word) != std::string::npos) == offered);
    CHECK((zsh.find("'" + name + "[") != std::string::npos) == offered);
    CHECK((fish.find(word) != std::string::npos) == offered);
  }
  CHECK_FALSE(bash.find("accessKeyId") != std::string::npos);
  for (const char* words : {" -u ", "--incomplete-mpu-list ", "--incomplete-mpu-abort "}) {
    CAPTURE(words);
    CHECK(bash.find(words) != std::string::npos);
  }
  CHECK(zsh.find("'-u[") != std::string::npos);
  CHECK(fish.find("-s u -d ") != std::string::npos);
}

}  // namespace
}  // namespace pailfs::cli
