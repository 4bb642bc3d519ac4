// SPDX-License-Identifier: Apache-2.0
#include "profile_keys.h"

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "pailfs/auth/sign.h"
#include "pailfs/util/text.h"

#include "aws_files.h"
#include "container_keys.h"
#include "credentials_file.h"
#include "credentials_process.h"
#include "instance_metadata.h"

namespace pailfs::auth {
namespace {

constexpr std::chrono::seconds kProcessLimit{10};

Result<Credentials> base_keys(const CredentialContext& world, const ProfilePlan& plan) {
  switch (plan.base) {
    case ProfilePlan::Base::keys:
      return plan.keys;
    case ProfilePlan::Base::process:
      return run_credential_process(plan.command, world.config.environment, kProcessLimit,
                                    "credential_process");
    case ProfilePlan::Base::web_identity:
      return fetch_web_identity_keys(world, plan.roles.front(), plan.token_file,
                                     {plan.region, plan.endpoints});
    case ProfilePlan::Base::sso:
      return fetch_sso_keys(world, plan.sso, plan.endpoints);
    case ProfilePlan::Base::login:
      return fetch_login_keys(world, plan.login, plan.region, plan.endpoints);
    case ProfilePlan::Base::environment:
      return environment_keys(world);
    case ProfilePlan::Base::container:
      return fetch_container_keys(world);
    case ProfilePlan::Base::instance:
      return fetch_instance_keys(world, Reason::told_to);
  }
  return Error{ENOKEY, "the profile has no keys"};
}

}  // namespace

ProfileName profile_name(const CredentialConfig& config, bool with_config) {
  const std::string from_environment = config.variable("AWS_PROFILE");
  const bool given = config.profile_given || from_environment.empty();
  return {given ? config.profile : from_environment, with_config};
}

std::vector<std::string> profile_files(const CredentialConfig& config, const ProfileName& name) {
  const auto path = [&](const char* variable, const char* standard) {
    std::string given = config.variable(variable);
    return given.empty() ? below_home(config, standard) : given;
  };
  std::vector<std::string> files{path("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")};
  if (name.with_config) files.push_back(path("AWS_CONFIG_FILE", "/.aws/config"));
  return files;
}

std::string profile_region(const CredentialConfig& config) {
  const ProfileName name = profile_name(config, true);
  Profiles profiles;
  auto form = Profiles::Form::credentials;
  for (const std::string& path : profile_files(config, name)) {
    if (const auto file = SecretFile::read(path)) profiles.read(file->text(), form);
    form = Profiles::Form::config;
  }
  const Profiles::Section* section = profiles.find(name.profile);
  if (section == nullptr) return {};
  const auto region = section->find("region");
  if (region == section->end() || !is_region(region->second.reveal())) return {};
  return region->second.reveal();
}

Result<ProfilePlan> read_profile(const CredentialContext& world, const ProfileName& name) {
  Profiles profiles;
  std::string place;
  std::optional<Error> missing;
  auto form = Profiles::Form::credentials;
  for (const std::string& path : profile_files(world.config, name)) {
    const auto file = SecretFile::read(path);
    if (file) {
      profiles.read(file->text(), form);
      place.append(place.empty() ? "" : " and ").append(path);
    } else if (file.error().err != ENOENT) {
      return file.error();
    } else {
      missing = file.error();
    }
    form = Profiles::Form::config;
  }
  if (place.empty()) return *missing;
  return plan_profile(profiles, name.profile, place);
}

Result<Credentials> fetch_profile_keys(const CredentialContext& world, const ProfilePlan& plan) {
  auto keys = base_keys(world, plan);
  // The token already stands for the first of them.
  std::size_t next = plan.base == ProfilePlan::Base::web_identity ? 1 : 0;
  for (; keys && next < plan.roles.size(); ++next) {
    const auto endpoint = sts_endpoint(world, plan.region, plan.endpoints);
    if (!endpoint) return endpoint.error();
    keys = assume_with_keys(world, *endpoint, plan.roles[next], *keys);
  }
  if (keys && world.config.use_session_token && keys->session_token.empty()) {
    return Error{EINVAL, keys->source + " has no aws_session_token (use_session_token)"};
  }
  return keys;
}

Result<Credentials> fetch_web_identity_keys(const CredentialContext& world, const RoleRequest& role,
                                            const std::string& file, const StsPlace& place) {
  const auto endpoint = sts_endpoint(world, place.region, place.endpoints);
  if (!endpoint) return endpoint.error();
  const auto content = SecretFile::read(file);
  if (!content) return Error{ENOKEY, "web identity token: " + content.error().text};
  const Secret token(std::string(trim(content->text())));
  if (!is_visible(token.reveal())) {
    return Error{ENOKEY, "web identity token: " + file + " does not hold one"};
  }
  return assume_with_token(world, *endpoint, role, token);
}

Result<Credentials> environment_keys(const CredentialContext& world) {
  const auto either = [&](const char* name, const char* old_name) {
    std::string value = world.variable(name);
    return value.empty() ? world.variable(old_name) : value;
  };
  const std::string access_key = either("AWS_ACCESS_KEY_ID", "AWSACCESSKEYID");
  const Secret secret(either("AWS_SECRET_ACCESS_KEY", "AWSSECRETACCESSKEY"));
  const Secret token(either("AWS_SESSION_TOKEN", "AWSSESSIONTOKEN"));
  if (access_key.empty() && secret.empty()) {
    return Error{ENOKEY, "environment: AWS_ACCESS_KEY_ID is not set"};
  }
  if (access_key.empty() || secret.empty()) {
    const std::string set = access_key.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID";
    const std::string unset = access_key.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
    return Error{EINVAL,
                 "the environment has " + set + " but not " + unset + ": set both or neither"};
  }
  if (token.empty() && world.config.use_session_token) {
    return Error{EINVAL, "use_session_token is given, but AWS_SESSION_TOKEN is not set"};
  }
  return Credentials{access_key, secret, token, "environment"};
}

Result<Credentials> fetch_instance_keys(const CredentialContext& world, Reason reason) {
  InstanceMetadata::Settings settings;
  if (reason == Reason::guess) {
    settings.tries = 1;
    settings.stall_limit = std::chrono::milliseconds(500);
  }
  settings.version1 = world.config.imdsv1only;
  if (world.config.iam_role != "auto") settings.role = world.config.iam_role.value_or("");
  if (!settings.role.empty() && !is_role_name(settings.role)) {
    return Error{EINVAL, "\"" + printable(settings.role, 80) +
                             "\" is not a name that a role can "
                             "have"};
  }
  const std::string given = world.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (!given.empty()) {
    const auto url = parse_url(given);
    if (!url) return Error{EINVAL, "AWS_EC2_METADATA_SERVICE_ENDPOINT: " + url.error().text};
    settings.endpoint = url->text();
  }
  return InstanceMetadata(std::move(settings), world.transports.local, world.clock).fetch();
}

}  // namespace pailfs::auth
