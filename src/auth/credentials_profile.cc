// SPDX-License-Identifier: Apache-2.0
#include "credentials_profile.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

/// The x of a section [WORD x]; nothing if its heading begins with another word.
std::optional<std::string> named_in(std::string_view heading, std::string_view word) {
  if (!heading.starts_with(word)) return std::nullopt;
  const std::string_view rest = heading.substr(word.size());
  if (rest.empty() || (rest.front() != ' ' && rest.front() != '\t')) return std::nullopt;
  return std::string(trim(rest));
}

/// The profile that a section's heading opens, or nothing.
std::optional<std::string> profile_in(std::string_view heading, Profiles::Form form) {
  if (form == Profiles::Form::credentials || heading == "default") return std::string(heading);
  return named_in(heading, "profile");
}

const std::string& value_of(const Profiles::Section& section, std::string_view name) {
  static const std::string none;
  const auto found = section.find(name);
  return found == section.end() ? none : found->second.reveal();
}

/// Seconds that a role may be assumed for (AssumeRole in the AWS STS API reference).
constexpr std::uint64_t kShortestRole = 900;
constexpr std::uint64_t kLongestRole = 43'200;

/// Follows a profile's source_profile settings to the keys at their end.
class Planner final {
 public:
  Planner(const Profiles& profiles, const std::string& place)
      : profiles_(profiles), place_(place) {}

  Result<ProfilePlan> run(std::string profile) {
    for (;;) {
      const Profiles::Section* section = profiles_.find(profile);
      if (section == nullptr) {
        return Error{ENOENT,
                     "Could not find profile: " + printable(profile, 128) + " in file: " + place_};
      }
      here_ = place_ + " [" + printable(profile, 128) + "]";
      if (seen_.empty()) {
        plan_.region = value_of(*section, "region");
        plan_.endpoints = endpoints_of(*section);
      }
      const bool again = std::find(seen_.begin(), seen_.end(), profile) != seen_.end();
      // A profile that names itself as source_profile assumes its role with the keys beside it.
      if (!seen_.empty() && take_keys(*section)) return std::move(plan_);
      if (again) return Error{EINVAL, here_ + ": source_profile leads back to it"};
      seen_.push_back(profile);
      const auto next = step(*section);
      if (!next) return next.error();
      if (next->empty()) return std::move(plan_);
      profile = *next;
    }
  }

 private:
  /// Adds the section's settings to the plan. Returns the profile to go on with, empty at the end
  /// of the chain.
  Result<std::string> step(const Profiles::Section& section) {
    const auto has = [&](std::string_view name) { return !value_of(section, name).empty(); };
    const bool has_proof =
        has("web_identity_token_file") || has("source_profile") || has("credential_source");
    if (has("role_arn") && has_proof) return take_role(section);
    if (take_keys(section)) return std::string();
    if (has("sso_session") || has("sso_start_url")) return take_sso(section);
    if (has("login_session")) {
      plan_.login = {seen_.back(), value_of(section, "login_session")};
      plan_.base = ProfilePlan::Base::login;
      return std::string();
    }
    if (!has("credential_process")) return nothing_in(section);
    plan_.command = value_of(section, "credential_process");
    plan_.base = ProfilePlan::Base::process;
    return std::string();
  }

  Result<std::string> take_role(const Profiles::Section& section) {
    if (const Status possible = check_role(section); !possible) return possible.error();
    plan_.roles.insert(plan_.roles.begin(),
                       {value_of(section, "role_arn"), value_of(section, "role_session_name"),
                        value_of(section, "external_id"), value_of(section, "duration_seconds")});
    const std::string& token_file = value_of(section, "web_identity_token_file");
    if (!token_file.empty()) {
      plan_.base = ProfilePlan::Base::web_identity;
      plan_.token_file = token_file;
      return std::string();
    }
    const std::string& source_profile = value_of(section, "source_profile");
    if (!source_profile.empty()) return source_profile;
    return take_source(value_of(section, "credential_source"));
  }

  [[nodiscard]] Status check_role(const Profiles::Section& section) const {
    if (!value_of(section, "mfa_serial").empty()) {
      return Error{ENOTSUP,
                   here_ +
                       " wants a code from a person (mfa_serial), which a mount cannot ask "
                       "for: name a profile with temporary keys instead, as aws sts "
                       "get-session-token gives them for the code"};
    }
    const auto has = [&](std::string_view name) { return !value_of(section, name).empty(); };
    if (has("source_profile") && has("credential_source")) {
      return Error{EINVAL, here_ + " has both source_profile and credential_source: remove one"};
    }
    const std::string& duration = value_of(section, "duration_seconds");
    const auto seconds = parse_uint(duration);
    if (!duration.empty() && (!seconds || *seconds < kShortestRole || *seconds > kLongestRole)) {
      return Error{EINVAL, here_ + ": duration_seconds is \"" + printable(duration, 80) +
                               "\"; it can be 900 to 43200"};
    }
    return {};
  }

  [[nodiscard]] EndpointSettings endpoints_of(const Profiles::Section& section) const {
    EndpointSettings settings{value_of(section, "ignore_configured_endpoint_urls"),
                              value_of(section, "endpoint_url"),
                              {},
                              value_of(section, "sts_regional_endpoints")};
    const Profiles::Section* services = profiles_.find_services(value_of(section, "services"));
    if (services == nullptr) return settings;
    constexpr std::string_view kEnd = ".endpoint_url";
    for (const auto& [name, value] : *services) {
      if (name.ends_with(kEnd))
        settings.of_service[name.substr(0, name.size() - kEnd.size())] = value.reveal();
    }
    return settings;
  }

  /// The start URL and region stand in the section of the session, in the legacy form in the
  /// profile; where they stand in both they must be the same.
  Result<std::string> take_sso(const Profiles::Section& section) {
    SsoProfile& sso = plan_.sso;
    sso.profile = seen_.back();
    sso.session = value_of(section, "sso_session");
    const Profiles::Section* session =
        sso.session.empty() ? &section : profiles_.find_sso_session(sso.session);
    if (session == nullptr) {
      return Error{EINVAL, here_ + ": sso_session is \"" + printable(sso.session, 80) +
                               "\", but there is no section [sso-session " +
                               printable(sso.session, 80) + "]"};
    }
    struct Setting {
      const char* name;
      const Profiles::Section& in;
      std::string& to;
    };
    for (const Setting& setting : {Setting{"sso_start_url", *session, sso.start_url},
                                   Setting{"sso_region", *session, sso.region},
                                   Setting{"sso_account_id", section, sso.account},
                                   Setting{"sso_role_name", section, sso.role}}) {
      setting.to = value_of(setting.in, setting.name);
      if (setting.to.empty())
        return Error{EINVAL, here_ + " signs in by SSO, but has no " + setting.name};
      const std::string& beside = value_of(section, setting.name);
      if (!beside.empty() && beside != setting.to)
        return Error{EINVAL, here_ + ": " + setting.name + " is not that of its sso_session"};
    }
    plan_.base = ProfilePlan::Base::sso;
    return std::string();
  }

  Result<std::string> take_source(const std::string& source) {
    if (source == "Environment") {
      plan_.base = ProfilePlan::Base::environment;
    } else if (source == "EcsContainer") {
      plan_.base = ProfilePlan::Base::container;
    } else if (source == "Ec2InstanceMetadata") {
      plan_.base = ProfilePlan::Base::instance;
    } else {
      return Error{EINVAL, here_ + ": credential_source is \"" + printable(source, 80) +
                               "\"; it can be Environment, EcsContainer or Ec2InstanceMetadata"};
    }
    return std::string();
  }

  bool take_keys(const Profiles::Section& section) {
    const std::string& access = value_of(section, "aws_access_key_id");
    const std::string& secret = value_of(section, "aws_secret_access_key");
    if (access.empty() || secret.empty()) return false;
    plan_.base = ProfilePlan::Base::keys;
    plan_.keys = {access, Secret(secret), Secret(value_of(section, "aws_session_token")), here_};
    return true;
  }

  [[nodiscard]] Error nothing_in(const Profiles::Section& section) const {
    if (!value_of(section, "role_arn").empty()) {
      return {EINVAL, here_ +
                          " has a role_arn, but no source_profile, credential_source or "
                          "web_identity_token_file"};
    }
    const bool has_access = !value_of(section, "aws_access_key_id").empty();
    return {EINVAL,
            here_ + " has no " + (has_access ? "aws_secret_access_key" : "aws_access_key_id")};
  }

  const Profiles& profiles_;
  const std::string& place_;
  std::string here_;
  std::vector<std::string> seen_;
  ProfilePlan plan_;
};

}  // namespace

void Profiles::read(std::string_view text, Form form) {
  Sections profiles;
  Section* section = nullptr;
  std::string outer;  // name of the setting without a value that nested ones belong to
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view whole = text.substr(0, end);
    const std::string_view line = trim(whole);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      const std::string_view heading = trim(line.substr(1, line.find(']') - 1));
      const auto profile = profile_in(heading, form);
      const auto services = profile ? std::nullopt : named_in(heading, "services");
      const auto sso_session = profile ? std::nullopt : named_in(heading, "sso-session");
      section = profile       ? &profiles[*profile]
                : services    ? &services_[*services]
                : sso_session ? &sso_sessions_[*sso_session]
                              : nullptr;
      outer.clear();
      continue;
    }
    const bool indented = whole.front() == ' ' || whole.front() == '\t';
    const std::size_t equals = line.find('=');
    if (section == nullptr || equals == std::string_view::npos) continue;
    const std::string_view value = trim(line.substr(equals + 1));
    std::string name = to_lower(trim(line.substr(0, equals)));
    if (indented && !outer.empty()) {
      name.insert(0, outer + ".");
    } else {
      outer = value.empty() ? name : std::string();
    }
    (*section)[name] = Secret(std::string(value));
  }
  for (auto& [name, settings] : profiles) profiles_[name].merge(settings);
}

const Profiles::Section* Profiles::find(std::string_view profile) const {
  const auto found = profiles_.find(profile);
  return found == profiles_.end() ? nullptr : &found->second;
}

const Profiles::Section* Profiles::find_services(std::string_view name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : &found->second;
}

const Profiles::Section* Profiles::find_sso_session(std::string_view name) const {
  const auto found = sso_sessions_.find(name);
  return found == sso_sessions_.end() ? nullptr : &found->second;
}

Result<ProfilePlan> plan_profile(const Profiles& profiles, const std::string& profile,
                                 const std::string& place) {
  return Planner(profiles, place).run(profile);
}

}  // namespace pailfs::auth
