// SPDX-License-Identifier: Apache-2.0
// The profiles in ~/.aws/credentials and ~/.aws/config, and the plan by which the keys of one are
// fetched. Source: "Configuration and credential file settings" in the AWS CLI user guide, and the
// AWS SDKs and Tools reference. All of it is pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "aws_endpoint.h"
#include "login.h"
#include "sso.h"
#include "sts.h"

namespace pailfs::auth {

/// The settings of every profile by name.
class Profiles final {
 public:
  using Section = std::map<std::string, Secret, std::less<>>;
  /// In the credentials file a profile is [NAME], in the config file [profile NAME] or [default].
  enum class Form { credentials, config };

  /// Adds the settings in a file. Settings of an earlier file are stronger, so read the credentials
  /// file first. Within a file the last one counts. An indented line "b = c" below a setting "a"
  /// without a value is the setting "a.b".
  void read(std::string_view text, Form form);
  /// Null if there is no such profile.
  [[nodiscard]] const Section* find(std::string_view profile) const;
  /// The section [services NAME] of the config file; null if there is none.
  [[nodiscard]] const Section* find_services(std::string_view name) const;
  /// The section [sso-session NAME], likewise.
  [[nodiscard]] const Section* find_sso_session(std::string_view name) const;

 private:
  using Sections = std::map<std::string, Section, std::less<>>;
  Sections profiles_;
  Sections services_;
  Sections sso_sessions_;
};

/// The steps that lead to the keys of a profile.
struct ProfilePlan {
  enum class Base { keys, process, web_identity, sso, login, environment, container, instance };
  Base base = Base::keys;
  Credentials keys;        ///< for Base::keys
  std::string command;     ///< for Base::process
  std::string token_file;  ///< for Base::web_identity: proof for the first role
  SsoProfile sso;          ///< for Base::sso
  LoginProfile login;      ///< for Base::login
  /// Roles to assume in this order, each with the keys of the one before.
  std::vector<RoleRequest> roles;
  std::string region;  ///< of the profile, may be empty
  EndpointSettings endpoints;
};

/// The plan for `profile`. A role_arn with source_profile, credential_source or
/// web_identity_token_file is stronger than keys beside it; a role_arn alone says nothing. Keys of
/// a source_profile end the chain. `place` names the files, in messages and in Credentials::source.
/// ENOENT: no such profile; ENOTSUP: it asks a person (MFA); EINVAL: it leads nowhere, or in a
/// circle, or asks for what cannot be.
Result<ProfilePlan> plan_profile(const Profiles& profiles, const std::string& profile,
                                 const std::string& place);

}  // namespace pailfs::auth
