// SPDX-License-Identifier: Apache-2.0
#include "pailfs/s3/credentials.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>
#include <vector>

#include <openssl/crypto.h>

#include "pailfs/util/log.h"
#include "pailfs/util/sync.h"

#include "credentials_file.h"
#include "credentials_passwd.h"
#include "credentials_profile.h"

namespace pailfs::s3 {
namespace {

/// What was given once and does not change: the environment, or a bucket that wants no signature.
class FixedSource final : public CredentialSource {
 public:
  explicit FixedSource(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> get() override { return credentials_; }
  bool refresh(const Credentials&) override { return false; }

 private:
  const Credentials credentials_;
};

using Load = std::function<Result<Credentials>()>;

/// A file that somebody may replace while we run. Keys that worked are only ever replaced by keys
/// that could be read whole: a half-written file changes nothing and is looked at again next time.
class FileSource final : public CredentialSource {
 public:
  FileSource(Load load, Credentials first) : load_(std::move(load)), current_(std::move(first)) {}

  Result<Credentials> get() override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return current_;
  }

  bool refresh(const Credentials& used) override EXCLUDES(mutex_) {
    // Held while the file is read, so that a storm of refusals reads it once.
    MutexLock lock(mutex_);
    if (!same_keys(used, current_)) return true;
    // Always read: keys of equal length written within one tick of the file system's clock leave
    // size and time as they were.
    auto loaded = load_();
    if (!loaded) {
      log_warning("credentials not read again: " + loaded.error().text);
      return false;
    }
    if (same_keys(*loaded, current_)) return false;
    current_ = std::move(loaded).value();
    log_info([&] { return "credentials read again from " + current_.source; });
    return true;
  }

 private:
  const Load load_;
  Mutex mutex_;
  Credentials current_ GUARDED_BY(mutex_);
};

std::string running_as() {
  return " (running as uid " + std::to_string(geteuid()) + ")";
}

/// Null when `path` can be opened; else why not, in words.
std::optional<Error> unreadable(const std::string& path) {
  if (eaccess(path.c_str(), R_OK) == 0) return std::nullopt;
  const int reason = errno;
  if (reason == ENOENT) return Error{ENOENT, path + " does not exist" + running_as()};
  Error error = system_error(reason, path);
  error.text += running_as();
  return error;
}

void warn_if_shared(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & S_IRWXG) == 0) return;
  log_warning("credentials file " + path + " is readable by its group; taken as a mounted secret");
}

/// The search, and what it has looked at in vain so far.
class Search final {
 public:
  explicit Search(const CredentialConfig& config) : config_(config) {}
  Result<std::unique_ptr<CredentialSource>> run();

 private:
  using Found = std::unique_ptr<CredentialSource>;
  /// A source, or null when this place has nothing to say, or an error that ends the search.
  using Step = Result<Found>;

  Step passwd_option();
  Step environment();
  Step environment_file();
  Step profile_file();
  Step home_passwd();
  Step system_passwd();

  Step passwd_file(const std::string& path) const;
  [[nodiscard]] std::string variable(const std::string& name) const;
  [[nodiscard]] std::string home_directory() const;
  Step miss(std::string place, std::string_view why);

  const CredentialConfig& config_;
  std::vector<std::string> misses_;
};

Search::Step Search::miss(std::string place, std::string_view why) {
  misses_.push_back(std::move(place.append(": ").append(why)));
  return Found();
}

/// Empty counts as unset: `docker run -e NAME=` sets what nobody gave.
std::string Search::variable(const std::string& name) const {
  const auto found = config_.environment.find(name);
  return found == config_.environment.end() ? std::string() : found->second;
}

std::string Search::home_directory() const {
  std::string home = variable("HOME");
  return home.empty() ? config_.home : home;
}

Search::Step Search::passwd_file(const std::string& path) const {
  const bool system_wide = path == config_.system_passwd_file;
  // Absolute, because a mount in the background has left the directory it was started in.
  std::error_code ignored;
  Load load = [path, where = std::filesystem::absolute(path, ignored).string(), system_wide,
               bucket = config_.bucket]() -> Result<Credentials> {
    const auto file = SecretFile::read(where);
    if (!file) return file.error();
    const Status allowed = check_permissions(path, file->status(), system_wide, Caller::current());
    if (!allowed) return allowed.error();
    return parse_passwd(file->text(), bucket, path);
  };
  auto first = load();
  if (!first) return first.error();
  if (!system_wide) warn_if_shared(path);
  return Found(std::make_unique<FileSource>(std::move(load), std::move(first).value()));
}

Search::Step Search::passwd_option() {
  const std::string& path = config_.passwd_file;
  if (path.empty()) return miss("option passwd_file", "not given");
  const auto reason = unreadable(path);
  if (reason) {
    return Error{reason->err, "specified passwd_file is not readable: passwd_file " + reason->text};
  }
  return passwd_file(path);
}

Search::Step Search::environment() {
  const auto either = [&](const std::string& name, const std::string& old_name) {
    const std::string value = variable(name);
    return value.empty() ? variable(old_name) : value;
  };
  const std::string access_key = either("AWS_ACCESS_KEY_ID", "AWSACCESSKEYID");
  const Secret secret(either("AWS_SECRET_ACCESS_KEY", "AWSSECRETACCESSKEY"));
  const Secret token(either("AWS_SESSION_TOKEN", "AWSSESSIONTOKEN"));
  if (access_key.empty() && secret.empty()) {
    return miss("environment", "AWS_ACCESS_KEY_ID is not set");
  }
  if (access_key.empty() || secret.empty()) {
    const std::string set = access_key.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
    const std::string unset = access_key.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
    return Error{EINVAL,
                 "the environment has " + set + " but not " + unset + ": set both or neither"};
  }
  if (token.empty() && config_.use_session_token) {
    return Error{EINVAL, "use_session_token is given, but AWS_SESSION_TOKEN is not set"};
  }
  return Found(
      std::make_unique<FixedSource>(Credentials{access_key, secret, token, "environment"}));
}

Search::Step Search::environment_file() {
  const std::string path = variable("AWS_CREDENTIAL_FILE");
  if (path.empty()) return miss("environment", "AWS_CREDENTIAL_FILE is not set");
  const auto reason = unreadable(path);
  if (reason) return reason->with("AWS_CREDENTIAL_FILE: \"" + path + "\" is not readable");
  return passwd_file(path);
}

Search::Step Search::profile_file() {
  const std::string from_environment = variable("AWS_PROFILE");
  const std::string profile =
      config_.profile_given || from_environment.empty() ? config_.profile : from_environment;
  // Only what the user asked of us is an error when missing; AWS_PROFILE may be meant for others.
  const bool insisted = config_.profile_given && profile != "default";
  std::string path = variable("AWS_SHARED_CREDENTIALS_FILE");
  if (path.empty()) path = config_.home + "/.aws/credentials";

  Load load = [path, profile, wants_token = config_.use_session_token]() -> Result<Credentials> {
    const auto file = SecretFile::read(path);
    if (!file) return file.error();
    auto parsed = parse_profile(file->text(), profile, path);
    if (!parsed) return parsed.error();
    if (wants_token && parsed->session_token.empty()) {
      return Error{EINVAL, parsed->source + " has no aws_session_token (use_session_token)"};
    }
    return parsed;
  };
  auto first = load();
  if (first) {
    return Found(std::make_unique<FileSource>(std::move(load), std::move(first).value()));
  }
  const std::string& why = first.error().text;
  if (insisted) {
    constexpr std::string_view kWords = "Could not find profile: ";
    if (why.starts_with(kWords)) return first.error();
    return first.error().with(std::string(kWords) + profile + " in file: " + path);
  }
  misses_.push_back(why);
  return Found();
}

Search::Step Search::home_passwd() {
  const std::string home = home_directory();
  if (home.empty()) return miss("~/.passwd-s3fs", "no home directory is known");
  const std::string path = home + "/.passwd-s3fs";
  const auto reason = unreadable(path);
  if (reason) {
    misses_.push_back(reason->text);
    return Found();
  }
  return passwd_file(path);
}

Search::Step Search::system_passwd() {
  const auto reason = unreadable(config_.system_passwd_file);
  if (reason) {
    misses_.push_back(reason->text);
    return Found();
  }
  return passwd_file(config_.system_passwd_file);
}

Result<std::unique_ptr<CredentialSource>> Search::run() {
  if (config_.public_bucket) {
    Credentials none;
    none.source = "public_bucket";
    return Found(std::make_unique<FixedSource>(std::move(none)));
  }
  for (const auto step : {&Search::passwd_option, &Search::environment, &Search::environment_file,
                          &Search::profile_file, &Search::home_passwd, &Search::system_passwd}) {
    Step found = (this->*step)();
    if (!found || *found) return found;
  }
  std::string text = "could not determine how to establish security credentials; looked at";
  const char* separator = " ";
  for (const std::string& place : misses_) {
    text.append(separator).append(place);
    separator = "; ";
  }
  return Error{ENOKEY, text};
}

}  // namespace

Secret::~Secret() {
  value_.resize(value_.capacity());
  OPENSSL_cleanse(value_.data(), value_.size());
}

bool same_keys(const Credentials& a, const Credentials& b) {
  return a.access_key == b.access_key && a.secret_key.reveal() == b.secret_key.reveal() &&
         a.session_token.reveal() == b.session_token.reveal();
}

Result<std::unique_ptr<CredentialSource>> find_credentials(const CredentialConfig& config) {
  return Search(config).run();
}

}  // namespace pailfs::s3
