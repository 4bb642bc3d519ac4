// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cli/parse.h"

#include <algorithm>
#include <filesystem>

#include "pailfs/util/text.h"

#include "arguments.h"
#include "source.h"
#include "version.h"

namespace pailfs::cli {
namespace {

constexpr std::string_view kUsage = " Usage: pailfs BUCKET[:/PATH] MOUNTPOINT [-o OPTION,...]";

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string find(const Environment& environment, const std::string& name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? std::string() : entry->second;
}

/// Reads one command line into a CommandLine. Every step may leave an error, which ends the work.
class Reader final {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  CommandLine run(const std::vector<std::string>& argv) {
    const std::string name = argv.empty() ? std::string() : base_name(argv.front());
    line_.mount_helper = name.substr(0, 6) == "mount.";
    const Arguments arguments = read_arguments(argv, line_.mount_helper);
    if (!arguments.error.empty()) fail(arguments.error);
    for (const Argument& item : arguments.items) {
      if (failed()) break;
      if (item.kind == Argument::Kind::option) option(item);
      if (item.kind == Argument::Kind::list) list(*item.value);
    }
    if (!failed() && options().action == Action::mount) {
      place_words(arguments.items);
      if (!failed()) read_environment();
      if (!failed()) settle_service();
      if (!failed()) settle_rest();
    }
    return std::move(line_);
  }

 private:
  Options& options() { return line_.options; }
  [[nodiscard]] bool failed() const { return !line_.error.empty(); }
  void fail(std::string text) {
    if (failed()) return;
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
      options().foreground = true;
    } else if (item.name == "s") {
      // mount(8) passes -s to its helpers for "be lenient with unknown options".
      options().mount.single_threaded = !line_.mount_helper;
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
    if (!complaint.empty()) fail(complaint);
  }

  /// s3fs's rule: a word is the bucket only if no bucket= was given anywhere.
  void place_words(const std::vector<Argument>& items) {
    for (const Argument& item : items) {
      if (item.kind != Argument::Kind::word) continue;
      if (options().s3.bucket.empty()) {
        options().s3.bucket = *item.value;
      } else if (options().mount.mountpoint.empty()) {
        options().mount.mountpoint = *item.value;
      } else if (*item.value != "s3fs") {
        return fail("specified unknown third option(" + printable(*item.value) + ")");
      }
    }
    if (options().s3.bucket.empty()) return fail("missing BUCKET argument." + std::string(kUsage));
    Source source = parse_source(options().s3.bucket);
    if (!source.error.empty()) return fail(std::move(source.error));
    options().s3.bucket = source.bucket;
    options().fs.prefix = source.prefix;
    if (options().mount.mountpoint.empty()) {
      fail("missing MOUNTPOINT argument." + std::string(kUsage));
    }
  }

  void read_environment() {
    for (const auto& [name, value] : environment_) {
      if (name.substr(0, 3) == "AWS" || name == "HOME") {
        options().credentials.environment.emplace(name, value);
      }
    }
    options().encryption.environment_keys = s3::Secret(find(environment_, "AWSSSECKEYS"));
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

  void settle_service() {
    s3::Config& s3 = options().s3;
    if (s3.region.find("://") != std::string::npos) {
      if (options().url_given)
        return fail("endpoint= names a region, not an address: " + s3.region);
      line_.warnings.push_back("endpoint=" + printable(s3.region) + " is taken as url=");
      s3.url = s3.region;
      options().url_given = true;
      s3.region = s3::Config{}.region;
      s3.region_given = false;
    }
    settle_url();
    if (failed()) return;
    const std::string host = host_of(s3.url);
    if (is_amazon_host(host)) settle_amazon(host);
    if (is_bare_host(host) || s3.bucket.find('.') != std::string::npos) s3.path_style = true;
    options().http.allow_plain_http = s3.url.substr(0, 7) == "http://";
  }

  void settle_url() {
    std::string& url = options().s3.url;
    const std::size_t mark = url.find("://");
    const std::size_t start = mark == std::string::npos ? 0 : mark + 3;
    while (url.size() > start && url.back() == '/') url.pop_back();
    if (mark == std::string::npos) {
      if (url.empty()) return fail("option url must not be empty");
      const bool bare = is_bare_host(host_of(url));
      const bool secure = !bare || url.substr(url.rfind(':') + 1) == "443";
      url.insert(0, secure ? "https://" : "http://");
      line_.warnings.push_back("url without scheme: " + printable(url) + " is taken");
      return;
    }
    const std::string scheme = to_lower(std::string_view(url).substr(0, mark));
    if (scheme != "http" && scheme != "https") {
      return fail("option url has invalid format, missing http / https protocol: \"" +
                  printable(url) + "\"");
    }
    url.replace(0, mark, scheme);
    if (host_of(url).empty()) fail("option url has no host: \"" + printable(url) + "\"");
  }

  /// Only Amazon's hosts have Amazon's regions: elsewhere AWS_REGION is about something else.
  void settle_amazon(const std::string& host) {
    s3::Config& s3 = options().s3;
    if (s3.region_given) {
      // The global host answers for other regions by a redirect; the regional one at once.
      if (!options().url_given && s3.region != s3::Config{}.region) s3.url = amazon_url(s3.region);
      return;
    }
    std::string region = region_in_host(host);
    if (region.empty()) region = find(environment_, "AWS_REGION");
    if (region.empty()) region = find(environment_, "AWS_DEFAULT_REGION");
    if (!region.empty()) s3.region = region;
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
    if (o.credentials.iam_role && !o.credentials.passwd_file.empty()) {
      line_.warnings.emplace_back("option passwd_file is ignored: iam_role is given");
    }
    if (!o.cache_directory.empty()) {
      line_.warnings.emplace_back(
          "option use_cache: the directory holds what is not stored yet; nothing is kept there "
          "between mounts");
    }
    if (o.credentials.public_bucket) o.fs.no_copy_api = true;
    if (o.fs.allow_other)
      o.mount.kernel_options.insert(o.mount.kernel_options.begin(), "allow_other");
    if (o.fs.read_only) o.mount.kernel_options.insert(o.mount.kernel_options.begin(), "ro");
    o.mount.use_xattr = o.fs.use_xattr;
    if (o.sends_user_agent) {
      o.http.user_agent = "pailfs/" + std::string(kVersion);
      if (!o.instance_name.empty()) o.http.user_agent += " [" + o.instance_name + "]";
    }
    if (o.s3.unsigned_payload && o.http.allow_plain_http) {
      line_.warnings.emplace_back("option enable_unsigned_payload is ignored: only over https");
      o.s3.unsigned_payload = false;
    }
  }

  /// s3fs has three sizes for what is one decision here: the smallest that is given is safe for
  /// every service.
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
