// SPDX-License-Identifier: Apache-2.0
// The search for credentials: the places, their order, and the message when none has any.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/log.h"

#include "container_keys.h"
#include "credential_context.h"
#include "credentials_directory.h"
#include "credentials_file.h"
#include "credentials_passwd.h"
#include "google_token.h"
#include "ibm_token.h"
#include "profile_keys.h"
#include "renewing_source.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::seconds kDescriptorLimit{10};

/// Credentials that do not change: from the environment, or none for a public bucket.
class FixedSource final : public CredentialSource {
 public:
  explicit FixedSource(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> get() override { return credentials_; }
  bool refresh(const Credentials&) override { return false; }

 private:
  const Credentials credentials_;
};

std::unique_ptr<CredentialSource> unsigned_source(std::string why) {
  Credentials none;
  none.source = std::move(why);
  return std::make_unique<FixedSource>(std::move(none));
}

/// Nothing when `path` can be opened; else the reason in words.
std::optional<Error> unreadable(const std::string& path) {
  if (eaccess(path.c_str(), R_OK) == 0) return std::nullopt;
  const int reason = errno;
  const std::string who = " (running as uid " + std::to_string(geteuid()) + ")";
  if (reason == ENOENT) return Error{ENOENT, path + " does not exist" + who};
  Error error = system_error(reason, path);
  error.text += who;
  return error;
}

/// As s3fs, root takes a file of another user's: sandboxes write one as the user and mount by sudo.
void warn_if_foreign(const std::string& path, bool system_wide) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    log_warning("credentials file " + path + " belongs to uid " + std::to_string(status.st_uid) +
                ", who can read it and decide which keys this mount uses");
  }
  if (system_wide || (status.st_mode & S_IRWXG) == 0) return;
  log_warning("credentials file " + path + " is readable by its group; taken as a mounted secret");
}

/// A file for ibm_iam_auth may leave out the service instance: ":API_KEY".
AccessKey access_key_in(const CredentialConfig& config) {
  return config.ibm_iam_auth ? AccessKey::optional : AccessKey::required;
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// The search, with the places that had no keys so far.
class Search final {
 public:
  explicit Search(std::shared_ptr<const CredentialContext> world)
      : world_(std::move(world)), config_(world_->config) {}
  Result<FoundCredentials> run();

 private:
  using Found = std::unique_ptr<CredentialSource>;
  /// A source, or null when this place has no keys, or an error that ends the search.
  using Step = Result<Found>;

  Step passwd_option();
  Step environment();
  Step environment_file();
  Step keys_for_s3fs();
  Step home_passwd();
  Step system_passwd();
  Step rest_of_profile();
  Step web_identity();
  Step container();
  Step instance();
  Step only_container();
  Step only_instance();
  Step ibm_token();
  Step google_variable();
  Step google_default();
  Step google_machine();
  [[nodiscard]] Step google_file(const std::string& path, bool checked) const;

  [[nodiscard]] Step passwd_file(const std::string& path) const;
  [[nodiscard]] Step passwd_descriptor(const std::string& path, int fd) const;
  [[nodiscard]] Step profile(const ProfileName& name, const ProfilePlan& plan) const;
  [[nodiscard]] Step renewing(RenewingSource::Origin origin) const;
  [[nodiscard]] std::string variable(const std::string& name) const {
    return world_->variable(name);
  }
  [[nodiscard]] std::string home() const;
  Step miss(std::string why);
  template <class Places>
  Step first_of(const Places& places);
  [[nodiscard]] Error none_found() const;

  using Place = Step (Search::*)();
  static const std::array<Place, 7> kPlacesOfS3fs;
  static const std::array<Place, 4> kOtherPlaces;
  static const std::array<Place, 3> kPlacesOfGoogle;

  const std::shared_ptr<const CredentialContext> world_;
  const CredentialConfig& config_;
  std::vector<std::string> misses_;
};

const std::array<Search::Place, 7> Search::kPlacesOfS3fs = {
    &Search::passwd_option,    &Search::environment,   &Search::google_variable,
    &Search::environment_file, &Search::keys_for_s3fs, &Search::home_passwd,
    &Search::system_passwd};
const std::array<Search::Place, 4> Search::kOtherPlaces = {
    &Search::rest_of_profile, &Search::web_identity, &Search::container, &Search::instance};
const std::array<Search::Place, 3> Search::kPlacesOfGoogle = {
    &Search::rest_of_profile, &Search::google_default, &Search::google_machine};

/// Null when none of the places has keys.
template <class Places>
Search::Step Search::first_of(const Places& places) {
  for (const Place place : places) {
    Step found = (this->*place)();
    if (!found || *found) return found;
  }
  return Found();
}

Search::Step Search::miss(std::string why) {
  // The search meets ~/.aws/credentials twice.
  if (std::find(misses_.begin(), misses_.end(), why) == misses_.end()) {
    misses_.push_back(std::move(why));
  }
  return Found();
}

std::string Search::home() const {
  std::string home = variable("HOME");
  return home.empty() ? config_.home : home;
}

/// Makes a source that has fetched its first keys; the error says why it has none.
Search::Step Search::renewing(RenewingSource::Origin origin) const {
  const bool once = std::any_of(origin.files.begin(), origin.files.end(), [&](const auto& file) {
    return !config_.mountpoint.empty() && file.starts_with(config_.mountpoint + "/");
  });
  auto source = std::make_unique<RenewingSource>(std::move(origin), world_->clock);
  auto first = source->get();
  if (!first) return first.error();
  if (once) return Found(std::make_unique<FixedSource>(std::move(*first)));
  return Found(std::move(source));
}

Search::Step Search::passwd_descriptor(const std::string& path, int fd) const {
  const auto file = SecretFile::read_descriptor(fd, kDescriptorLimit, path);
  if (!file) return file.error();
  // Only processes that hold an end of a pipe can read it; a file needs the right mode.
  if (S_ISREG(file->status().st_mode)) {
    const Status allowed = check_permissions(path, file->status(), false, Caller::current());
    if (!allowed) return allowed.error();
  }
  if (looks_like_google(file->text())) {
    // The content of a descriptor can be read only once.
    return renewing(
        {.fetch = [document = Secret(file->text()), path,
                   world = world_] { return fetch_google_token(*world, document, path); },
         .costly = true});
  }
  auto keys = parse_passwd(file->text(), config_.bucket, path, access_key_in(config_));
  if (!keys) return keys.error();
  return Found(std::make_unique<FixedSource>(std::move(keys).value()));
}

Search::Step Search::passwd_file(const std::string& path) const {
  if (const auto fd = named_descriptor(path)) return passwd_descriptor(path, *fd);
  const bool system_wide = path == config_.system_passwd_file;
  // Absolute, because a mount in the background has left the directory it was started in.
  std::error_code ignored;
  const std::string where = std::filesystem::absolute(path, ignored).string();
  if (!is_directory(where)) {
    const auto file = SecretFile::read(where);
    if (file && looks_like_google(file->text())) return google_file(where, true);
  }
  RenewingSource::Origin origin;
  origin.files = key_directory_files(where);
  origin.files.push_back(where);
  origin.fetch = [path, where, system_wide, world = world_]() -> Result<Credentials> {
    if (is_directory(where)) {
      auto keys = read_key_directory(where, Caller::current());
      if (keys && world->config.use_session_token && keys->session_token.empty()) {
        return Error{EINVAL, path + " has no file SecurityToken (use_session_token)"};
      }
      return keys;
    }
    const auto file = SecretFile::read(where);
    if (!file) return file.error();
    const Status allowed = check_permissions(path, file->status(), system_wide, Caller::current());
    if (!allowed) return allowed.error();
    return parse_passwd(file->text(), world->config.bucket, path, access_key_in(world->config));
  };
  auto source = renewing(std::move(origin));
  if (source) warn_if_foreign(path, system_wide);
  return source;
}

Search::Step Search::passwd_option() {
  const std::string& path = config_.passwd_file;
  if (path.empty()) return miss("option passwd_file: not given");
  const auto reason = unreadable(path);
  if (reason) {
    return Error{reason->err, "specified passwd_file is not readable: passwd_file " + reason->text};
  }
  return passwd_file(path);
}

Search::Step Search::environment() {
  auto keys = environment_keys(*world_);
  if (keys) return Found(std::make_unique<FixedSource>(std::move(keys).value()));
  if (keys.error().err == ENOKEY) return miss(keys.error().text);
  return keys.error();
}

Search::Step Search::environment_file() {
  const std::string path = variable("AWS_CREDENTIAL_FILE");
  if (path.empty()) return miss("environment: AWS_CREDENTIAL_FILE is not set");
  const auto reason = unreadable(path);
  if (reason) return reason->with("AWS_CREDENTIAL_FILE: \"" + path + "\" is not readable");
  return passwd_file(path);
}

Search::Step Search::profile(const ProfileName& name, const ProfilePlan& plan) const {
  const bool only_keys = plan.base == ProfilePlan::Base::keys && plan.roles.empty();
  std::vector<std::string> files = profile_files(config_, name);
  // A new sign-in is noticed at once.
  if (plan.base == ProfilePlan::Base::login) files.push_back(login_token_file(config_, plan.login));
  if (plan.base == ProfilePlan::Base::sso) files.push_back(sso_token_file(config_, plan.sso));
  return renewing({.fetch = [name, world = world_]() -> Result<Credentials> {
                     const auto now = read_profile(*world, name);
                     if (!now) return now.error();
                     return fetch_profile_keys(*world, *now);
                   },
                   .files = std::move(files),
                   .costly = !only_keys});
}

/// A profile that the option or AWS_PROFILE names is read here with all its settings. Otherwise
/// only the keys that s3fs would find count: keys in ~/.passwd-s3fs are stronger than settings in
/// ~/.aws/config, which are meant for other programs.
Search::Step Search::keys_for_s3fs() {
  const bool by_option = config_.profile_given;
  const bool named = by_option || !variable("AWS_PROFILE").empty();
  // A missing profile is an error only when the option names it; AWS_PROFILE may be meant for other
  // programs.
  const bool insisted = by_option && config_.profile != "default";
  const ProfileName name = profile_name(config_, named);
  const auto plan = read_profile(*world_, name);
  if (plan && !named && (plan->base != ProfilePlan::Base::keys || !plan->roles.empty())) {
    return Found();  // rest_of_profile() looks at it
  }
  if (plan) return profile(name, *plan);
  if (!insisted) return miss(plan.error().text);
  constexpr std::string_view kWords = "Could not find profile: ";
  const bool about_files = plan.error().err == ENOENT && !plan.error().text.starts_with(kWords);
  if (!about_files) return plan.error();
  return plan.error().with(std::string(kWords) + name.profile +
                           " in file: " + profile_files(config_, name).front());
}

Search::Step Search::home_passwd() {
  if (home().empty()) return miss("~" + config_.home_passwd_file + ": no home directory is known");
  const std::string path = home() + config_.home_passwd_file;
  const auto reason = unreadable(path);
  if (reason) return miss(reason->text);
  return passwd_file(path);
}

Search::Step Search::system_passwd() {
  const auto reason = unreadable(config_.system_passwd_file);
  if (reason) return miss(reason->text);
  return passwd_file(config_.system_passwd_file);
}

Search::Step Search::rest_of_profile() {
  if (config_.profile_given || !variable("AWS_PROFILE").empty()) return Found();
  const ProfileName name = profile_name(config_, true);
  const auto plan = read_profile(*world_, name);
  if (!plan) return miss(plan.error().text);
  auto source = profile(name, *plan);
  if (!source) return miss(source.error().text);
  return source;
}

Search::Step Search::web_identity() {
  const std::string file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  const RoleRequest role{variable("AWS_ROLE_ARN"), variable("AWS_ROLE_SESSION_NAME"), {}, {}};
  if (file.empty()) return miss("environment: AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  if (role.arn.empty()) return miss("environment: AWS_ROLE_ARN is not set");
  return renewing(
      {.fetch = [role, file,
                 world = world_] { return fetch_web_identity_keys(*world, role, file, {}); },
       .costly = true});
}

Search::Step Search::container() {
  const auto endpoint = container_endpoint(*world_);
  if (!endpoint && endpoint.error().err == ENOKEY) {
    return miss("environment: " + endpoint.error().text);
  }
  return renewing(
      {.fetch = [world = world_] { return fetch_container_keys(*world); }, .costly = true});
}

Search::Step Search::instance() {
  if (variable("AWS_EC2_METADATA_DISABLED") == "true") {
    return miss("EC2 instance metadata: AWS_EC2_METADATA_DISABLED is true");
  }
  auto source =
      renewing({.fetch = [world = world_] { return fetch_instance_keys(*world, Reason::guess); },
                .costly = true});
  if (!source) return miss(source.error().text);
  return source;
}

Search::Step Search::only_container() {
  return renewing({.fetch = [world = world_]() -> Result<Credentials> {
                     auto keys = fetch_container_keys(*world);
                     if (!keys) return keys.error().with("ecs");
                     return keys;
                   },
                   .costly = true});
}

Search::Step Search::only_instance() {
  return renewing({.fetch = [world = world_]() -> Result<Credentials> {
                     auto keys = fetch_instance_keys(*world, Reason::told_to);
                     if (!keys) return keys.error().with("iam_role");
                     return keys;
                   },
                   .costly = true});
}

/// `checked`: no other user may read it, as with every password file.
Search::Step Search::google_file(const std::string& path, bool checked) const {
  return renewing({.fetch = [path, checked, world = world_]() -> Result<Credentials> {
                     const auto file = SecretFile::read(path);
                     if (!file) return file.error();
                     if (checked) {
                       const Status allowed =
                           check_permissions(path, file->status(), false, Caller::current());
                       if (!allowed) return allowed.error();
                     }
                     return fetch_google_token(*world, Secret(file->text()), path);
                   },
                   .files = {path},
                   .costly = true});
}

Search::Step Search::google_variable() {
  const std::string path = variable("GOOGLE_APPLICATION_CREDENTIALS");
  if (config_.google != GoogleTokens::searched) return Found();
  if (path.empty()) return miss("environment: GOOGLE_APPLICATION_CREDENTIALS is not set");
  auto source = google_file(path, false);
  if (!source) return source.error().with("GOOGLE_APPLICATION_CREDENTIALS");
  return source;
}

Search::Step Search::google_default() {
  const std::string path = google_default_file(config_);
  if (const auto reason = unreadable(path)) return miss(reason->text);
  return google_file(path, false);
}

Search::Step Search::google_machine() {
  auto source =
      renewing({.fetch = [world = world_] { return fetch_gce_token(*world); }, .costly = true});
  if (!source) return miss(source.error().text);
  return source;
}

/// An API key of IBM's is looked for where s3fs looks for keys.
Search::Step Search::ibm_token() {
  Step found = first_of(kPlacesOfS3fs);
  if (!found) return found;
  if (!*found) return none_found();
  const std::shared_ptr<CredentialSource> key = std::move(*found);
  return renewing({.fetch = [key, world = world_]() -> Result<Credentials> {
                     key->reload();
                     const auto now = key->get();
                     if (!now) return now.error();
                     return fetch_ibm_token(*world, *now);
                   },
                   .costly = true});
}

/// First the remedy, then the places that were searched.
Error Search::none_found() const {
  std::string text =
      (config_.ibm_iam_auth ? "write SERVICE_INSTANCE_ID:API_KEY into "
                            : "write ACCESS_KEY:SECRET_KEY into ") +
      (home().empty() ? config_.system_passwd_file : home() + config_.home_passwd_file) +
      " with mode 600, or name such a file with -o passwd_file=FILE: could not determine how to "
      "establish security credentials; looked at";
  const char* separator = " ";
  for (const std::string& place : misses_) {
    text.append(separator).append(place);
    separator = "; ";
  }
  return {ENOKEY, text};
}

Result<FoundCredentials> Search::run() {
  if (config_.public_bucket) return FoundCredentials{unsigned_source("public_bucket"), {}};
  if (config_.ecs || config_.iam_role) {
    // As in s3fs, ecs says which address iam_role asks.
    Step found = config_.ecs ? only_container() : only_instance();
    if (!found) return found.error();
    return FoundCredentials{std::move(*found), {}};
  }
  if (config_.ibm_iam_auth) {
    Step found = ibm_token();
    if (!found) return found.error();
    return FoundCredentials{std::move(*found), {}};
  }
  Step found = first_of(kPlacesOfS3fs);
  const bool google = config_.google == GoogleTokens::searched;
  if (found && !*found) found = google ? first_of(kPlacesOfGoogle) : first_of(kOtherPlaces);
  if (!found) return found.error();
  if (*found) return FoundCredentials{std::move(*found), {}};
  return FoundCredentials{unsigned_source("nowhere"), none_found()};
}

}  // namespace

Result<FoundCredentials> find_credentials(const CredentialConfig& config,
                                          const KeyTransports& transports, const Clock& clock) {
  return Search(std::make_shared<const CredentialContext>(
                    CredentialContext{config, transports, clock}))
      .run();
}

}  // namespace pailfs::auth
