// SPDX-License-Identifier: Apache-2.0
#include "parse.h"

#include <algorithm>
#include <filesystem>

#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"
#include "pailfs/util/url.h"

#include "arguments.h"
#include "bucket_argument.h"
#include "endpoint.h"
#include "hide_secrets.h"
#include "version.h"

namespace pailfs::cli {
namespace {

constexpr std::string_view kUsage =
    " Usage: pailfs BUCKET[:/PATH] MOUNTPOINT [-o OPTION,...]; pailfs --help";

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string find(const Environment& environment, const std::string& name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? std::string() : entry->second;
}

/// s3fs's words for what follows bucket and mountpoint, and what was perhaps meant.
std::string unexpected_word(const std::string& word) {
  std::string text = "specified unknown third option(" + printable(word) + ")";
  const std::string name = word.substr(0, word.find_first_of("=,"));
  if (find_option(name) != nullptr) text += ": options follow -o, as in -o " + printable(word);
  return text;
}

/// The settings in words that other users may see.
std::vector<std::string> masked(const std::map<std::string, std::string>& settings) {
  std::vector<std::string> words;
  for (const auto& [name, value] : settings) words.push_back(masked_option(name, value));
  return words;
}

bool names_google_account(const std::string& variable) {
  return variable == "GOOGLE_APPLICATION_CREDENTIALS" || variable == "CLOUDSDK_CONFIG" ||
         variable == "GCE_METADATA_HOST";
}

/// Google's tokens are for Google's hosts; on this machine only a test or a gateway asks for them.
auth::GoogleTokens google_tokens_for(const std::string& address) {
  const auto url = parse_url(address);
  if (!url) return auth::GoogleTokens::forbidden;
  if (url->scheme == "https" && url->host.ends_with(".googleapis.com"))
    return auth::GoogleTokens::searched;
  return is_loopback(*url) ? auth::GoogleTokens::named : auth::GoogleTokens::forbidden;
}

bool needs_bucket(Action action) {
  return action == Action::mount || action == Action::list_uploads ||
         action == Action::abort_uploads;
}

bool asks_for_remount(const Argument& item) {
  if (item.kind != Argument::Kind::list) return false;
  const std::vector<std::string> words = split_option_list(item.value.value_or(""));
  return std::find(words.begin(), words.end(), "remount") != words.end();
}

/// Reads one command line into a CommandLine. Every step may leave an error, which ends the work.
class Reader final {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  CommandLine run(const std::vector<std::string>& argv) {
    const std::string name = argv.empty() ? std::string() : base_name(argv.front());
    line_.mount_helper = name.substr(0, 6) == "mount.";
    // A user or driver that starts ossfs looks for ossfs in the mount table.
    if (!argv.empty() && program_name(argv.front()) == "ossfs") {
      options().mount.fsname = options().mount.subtype = "ossfs";
      options().credentials.system_passwd_file = "/etc/passwd-ossfs";
      options().credentials.home_passwd_file = "/.passwd-ossfs";
    }
    const Arguments arguments = read_arguments(argv, line_.mount_helper);
    if (!arguments.error.empty()) fail(arguments.error);
    // mount(8): "tolerate sloppy mount options". It may stand behind them.
    lenient_ =
        line_.mount_helper &&
        std::any_of(arguments.items.begin(), arguments.items.end(), [](const Argument& item) {
          return item.kind == Argument::Kind::option && item.name == "s";
        });
    remounts_ = std::any_of(arguments.items.begin(), arguments.items.end(), asks_for_remount);
    for (const Argument& item : arguments.items) {
      if (failed()) break;
      if (item.kind == Argument::Kind::option) option(item);
      if (item.kind == Argument::Kind::list) list(item.value.value_or(""));
    }
    if (!failed() && needs_bucket(options().action)) {
      place_words(arguments.items);
      if (!failed()) read_environment();
      if (!failed()) fail(settle_endpoint(options(), environment_, line_.warnings));
      if (!failed()) settle_rest();
    }
    settle_timeouts();
    for (const auto& [key, value] : settings_) line_.settings += key + "=" + value + "\n";
    line_.given = masked(settings_);
    return std::move(line_);
  }

 private:
  Options& options() { return line_.options; }
  [[nodiscard]] bool failed() const { return !line_.error.empty(); }
  /// An empty text is no failure.
  void fail(std::string text) {
    if (failed() || text.empty()) return;
    line_.error = std::move(text);
    line_.exit = Exit::usage;
  }

  void option(const Argument& item) {
    if (item.name == "h" || item.name == "help") {
      options().action = item.value ? Action::help_topic : Action::help;
      options().topic = item.value.value_or("");
    } else if (item.name == "version") {
      options().action = Action::version;
    } else if (item.name == "generate") {
      options().action = Action::generate;
      options().topic = item.value.value_or("");
    } else if (item.name == "f") {
      // mount(8)'s -f is "fake", its -s "sloppy".
      (line_.mount_helper ? options().only_pretend : options().foreground) = true;
    } else if (item.name == "s") {
      options().mount.single_threaded = !line_.mount_helper;
    } else if (item.name == "N") {
      options().namespace_of = item.value.value_or("");
    } else if (item.name == "d") {
      ++options().debug_switches;
    } else if (item.name == "u") {
      apply("incomplete_mpu_list", std::nullopt);
    } else if (item.name.size() > 1) {
      apply(item.name, item.value);
    }
  }

  void list(const std::string& text) {
    for (const std::string& word : split_option_list(text)) {
      if (failed()) return;
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) {
        apply(word, std::nullopt);
      } else {
        apply(std::string_view(word).substr(0, equals), word.substr(equals + 1));
      }
    }
  }

  void apply(std::string_view name, const std::optional<std::string>& value) {
    std::optional<std::string_view> view;
    if (value) view = *value;
    const std::string complaint = apply_option(name, view, options(), line_.warnings);
    const bool unknown = !complaint.empty() && find_option(name) == nullptr;
    if (unknown && remounts_) {
      // mount(8) hands on the words of the kernel's mount table, which the command compares.
      settings_[std::string(name)] = value.value_or("1");
    } else if (unknown && lenient_) {
      line_.warnings.push_back(complaint + " (ignored)");
    } else if (!complaint.empty()) {
      fail(complaint);
    }
    note(name, value);
  }

  /// Derives the timeouts that were not given from those that were.
  void settle_timeouts() {
    s3::Config& s3 = options().s3;
    const auto given = settings_.find("readwrite_timeout");
    if (given != settings_.end() && given->second != "0") s3.work_limit = s3.stall_limit;
    if (!settings_.contains("operation_timeout")) {
      s3.operation_limit = std::max({s3.operation_limit, s3.stall_limit, s3.work_limit});
    }
    options().mount.tell_after = s3.operation_limit;
  }

  /// The last of equal names counts, as it does for the option itself.
  void note(std::string_view name, const std::optional<std::string>& value) {
    const OptionSpec* spec = find_option(name);
    if (spec == nullptr || std::holds_alternative<Accepted>(spec->field)) return;
    if (spec->name == "rw") {
      settings_.erase("ro");
      if (remounts_) settings_["rw"] = "1";  // a change, not the default
      return;
    }
    if (spec->name == "ro") settings_.erase("rw");
    // One row of the table stands for all flags of the kernel.
    const bool kernel = std::holds_alternative<Kernel>(spec->field);
    settings_[std::string(kernel ? name : spec->name)] = value.value_or("1");
  }

  /// s3fs's rule: a word is the bucket only if no bucket= was given anywhere.
  void place_words(const std::vector<Argument>& items) {
    for (const Argument& item : items) {
      if (item.kind != Argument::Kind::word) continue;
      const std::string word = item.value.value_or("");
      if (options().s3.bucket.empty()) {
        options().s3.bucket = word;
      } else if (options().mount.mountpoint.empty()) {
        options().mount.mountpoint = word;
      } else if (word != "s3fs") {
        return fail(unexpected_word(word));
      }
    }
    if (options().s3.bucket.empty()) return fail("missing BUCKET argument." + std::string(kUsage));
    const BucketArgument source = parse_bucket_argument(options().s3.bucket);
    if (!source.error.empty()) return fail(source.error);
    options().s3.bucket = source.bucket;
    options().fs.prefix = source.prefix;
    if (const std::string prefix = normalised_prefix(options().prefix_given); !prefix.empty()) {
      // mount(8) hands on the source of the mount as it is, which prefix= is to change.
      if (!source.prefix.empty() && source.prefix != prefix && !options().remount)
        return fail("two paths are given: BUCKET:/" + printable(source.prefix) +
                    " and prefix=" + printable(options().prefix_given));
      options().fs.prefix = prefix;
    }
    const bool mounts = options().action == Action::mount;
    if (!mounts && !options().mount.mountpoint.empty()) {
      return fail(
          "MOUNTPOINT " + printable(options().mount.mountpoint) +
          " is given, but nothing is mounted when unfinished uploads are listed or removed");
    }
    if (mounts && options().mount.mountpoint.empty()) {
      fail("missing MOUNTPOINT argument." + std::string(kUsage));
    }
  }

  void read_environment() {
    for (const auto& [name, value] : environment_) {
      if (name.substr(0, 3) == "AWS" || name == "HOME" || names_google_account(name)) {
        options().credentials.environment.emplace(name, value);
      }
    }
    options().encryption.environment_keys = auth::Secret(find(environment_, "AWSSSECKEYS"));
    if (options().encryption.kms_key.empty()) {
      options().encryption.kms_key = find(environment_, "AWSSSEKMSID");
    }
    std::string& password = options().http.client_certificate.password;
    if (password.empty()) password = find(environment_, "S3FS_SSL_PRIVKEY_PASSWORD");
    for (const char* name : {"CURL_CA_BUNDLE", "AWS_CA_BUNDLE"}) {
      if (options().http.ca_bundle.empty()) options().http.ca_bundle = find(environment_, name);
    }
    if (options().logfile.empty()) options().logfile = find(environment_, "S3FS_LOGFILE");
    const std::string stamps = to_lower(find(environment_, "S3FS_MSGTIMESTAMP"));
    if (stamps == "no" || stamps == "false" || stamps == "0") options().timestamps = false;
  }

  void settle_rest() {
    Options& o = options();
    if (o.debug_switches > 0) o.log_level = std::max(o.log_level, LogLevel::info);
    if (o.debug_switches > 1) {
      o.mount.debug = true;
      o.foreground = true;
    }
    if (!o.remembers_absent_names) o.fs.listing_ttl = std::chrono::seconds(0);
    if (o.reduced_redundancy) o.s3.storage_class = "REDUCED_REDUNDANCY";
    const bool encrypts =
        o.encryption.kind.value_or(s3::Encryption::Kind::none) != s3::Encryption::Kind::none;
    if (encrypts && o.s3.storage_class == "REDUCED_REDUNDANCY") {
      return fail("use_sse and the storage class REDUCED_REDUNDANCY exclude each other");
    }
    if (o.fs.disk.keep_free > 0 && o.fs.disk.keep_free_percent > 0) {
      return fail("ensure_diskfree and free_space_ratio exclude each other");
    }
    settle_copy_threshold();
    o.credentials.bucket = o.s3.bucket;
    o.credentials.google = google_tokens_for(o.s3.url);
    if (const std::string reason = no_ibm_token_because(o); !reason.empty()) {
      return fail("ibm_iam_auth and " + reason);
    }
    if (!o.credentials.ibm_iam_auth && settings_.contains("ibm_iam_endpoint")) {
      line_.warnings.emplace_back("option ibm_iam_endpoint is ignored: ibm_iam_auth is not given");
    }
    const char* const role_option = o.credentials.ecs ? "ecs" : "iam_role";
    if ((o.credentials.ecs || o.credentials.iam_role) && !o.credentials.passwd_file.empty()) {
      line_.warnings.push_back(std::string("option passwd_file is ignored: ") + role_option +
                               " is given");
    }
    if (o.durability_local && o.cache_directory.empty()) {
      return fail("durability=local needs use_cache=DIRECTORY, in which the journal is kept");
    }
    if (o.conditions_required && o.connect_later) {
      return fail("conditional=require and bg exclude each other: it is tried before the mount");
    }
    if (o.fs.exclusive_in_store && o.connect_later) {
      return fail(
          "exclusive=store and bg exclude each other: conditions are tried before the mount");
    }
    if (o.fs.exclusive_in_store && !o.s3.conditions) {
      return fail("exclusive=store and conditional=off exclude each other");
    }
    if (const std::string reason = no_locks_because(o); !reason.empty()) {
      return fail("locks=bucket and " + reason);
    }
    if (!o.durability_local && o.fsync_remote == false) {
      return fail("fsync=local needs durability=local");
    }
    o.fs.fsync_settles = o.durability_local && o.fsync_remote.value_or(false);
    if (o.credentials.public_bucket) o.fs.no_copy_api = true;
    if (o.fs.allow_other)
      o.mount.kernel_options.insert(o.mount.kernel_options.begin(), "allow_other");
    if (o.fs.read_only) o.mount.kernel_options.insert(o.mount.kernel_options.begin(), "ro");
    o.mount.use_xattr = o.fs.use_xattr;
    if (o.sends_user_agent) {
      o.http.user_agent = "pailfs/" + std::string(kVersion);
      if (!o.instance_name.empty()) o.http.user_agent += " [" + o.instance_name + "]";
    }
    warn_of_unsigned_payload();
  }

  /// Why IBM's tokens cannot be used, in part as in s3fs; empty: they can, or are not asked for.
  static std::string no_ibm_token_because(const Options& o) {
    if (!o.credentials.ibm_iam_auth) return {};
    if (o.credentials.ecs) return "ecs exclude each other";
    if (o.credentials.iam_role) return "iam_role exclude each other";
    if (o.s3.acl != "private" && o.s3.acl != "public-read")
      return "default_acl=" + printable(o.s3.acl) +
             " exclude each other: IBM has private and "
             "public-read only";
    return {};
  }

  /// Why there can be no locks between machines; empty when there can be, or none are asked for.
  static std::string no_locks_because(const Options& o) {
    if (!o.locks_in_bucket) return {};
    if (!o.s3.conditions)
      return "conditional=off exclude each other: locks need conditional writes";
    if (o.connect_later) return "bg exclude each other: conditions are tried before the mount";
    if (o.fs.read_only) return "ro exclude each other: locks are objects in the bucket";
    return {};
  }

  void warn_of_unsigned_payload() {
    const Options& o = options();
    if (o.unsigned_payload && o.http.allow_plain_http)
      line_.warnings.emplace_back("option enable_unsigned_payload is ignored: only over https");
    if (o.unsigned_payload && o.s3.signed_payload)
      line_.warnings.emplace_back(
          "option enable_unsigned_payload is ignored beside signed_payload");
  }

  /// s3fs has three sizes where pailfs makes one decision: the smallest given one is safe for every
  /// service.
  void settle_copy_threshold() {
    Options& o = options();
    for (const std::uint64_t given :
         {o.multipart_threshold, o.metadata_copy_threshold, o.rename_copy_threshold}) {
      std::uint64_t& from = o.fs.copy_in_parts_from;
      if (given > 0 && (from == 0 || given < from)) from = given;
    }
  }

  const Environment& environment_;
  CommandLine line_;
  bool lenient_ = false;
  bool remounts_ = false;
  std::map<std::string, std::string> settings_;
};

/// libfuse's rule: a backslash takes the next character as it is, or three octal digits as a byte.
char unescape(const std::string& text, std::size_t& at) {
  const auto octal = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '7';
  };
  if (octal(at) && text[at] <= '3' && octal(at + 1) && octal(at + 2)) {
    const int byte = (text[at] - '0') * 64 + (text[at + 1] - '0') * 8 + (text[at + 2] - '0');
    at += 2;
    return static_cast<char>(byte);
  }
  return text[at];
}

/// Length of " -o " at `at`, or 0: some callers forward several -o options as one word.
std::size_t stray_switch(const std::string& text, std::size_t at) {
  const auto blank = [&](std::size_t i) {
    return i < text.size() && (text[i] == ' ' || text[i] == '\t');
  };
  std::size_t end = at;
  while (blank(end)) ++end;
  if ((end == at && at != 0) || text.compare(end, 2, "-o") != 0) return 0;
  end += 2;
  if (!blank(end)) return 0;
  while (blank(end)) ++end;
  return end - at;
}

}  // namespace

std::vector<std::string> split_option_list(const std::string& list) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    const std::string_view bare = trim(word);
    if (!bare.empty()) words.emplace_back(bare);
    word.clear();
  };
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (const std::size_t length = stray_switch(list, at)) {
      finish();
      at += length - 1;
    } else if (list[at] == ',') {
      finish();
    } else if (list[at] == '\\' && at + 1 < list.size()) {
      word.push_back(unescape(list, ++at));
    } else {
      word.push_back(list[at]);
    }
  }
  finish();
  return words;
}

std::string join_options(const std::vector<std::string>& options) {
  std::string list;
  for (const std::string& option : options) {
    if (!list.empty()) list += ',';
    for (const char c : option) {
      if (c == ',' || c == '\\') list += '\\';
      list += c;
    }
  }
  return list;
}

CommandLine parse_command_line(const std::vector<std::string>& argv,
                               const Environment& environment) {
  return Reader(environment).run(argv);
}

void make_paths_absolute(Options& options, const std::string& current_directory) {
  const auto fix = [&](std::string& path) {
    if (path.empty() || path.front() == '/') return;
    path = (std::filesystem::path(current_directory) / path).lexically_normal().string();
  };
  fix(options.mount.mountpoint);
  for (const OptionSpec& spec : option_table()) {
    if (const Path* path = std::get_if<Path>(&spec.field)) fix(path->at(options));
  }
  fix(options.http.ca_bundle);
  http::ClientCertificate& own = options.http.client_certificate;
  if (own.type != "ENG" && own.type != "PROV") fix(own.certificate);
  if (own.key_type != "ENG" && own.key_type != "PROV") fix(own.key);
}

}  // namespace pailfs::cli
