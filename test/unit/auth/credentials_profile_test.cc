// SPDX-License-Identifier: Apache-2.0
#include "auth/credentials_profile.h"

#include "key_fixture.h"

namespace pailfs::auth {
namespace {

using Catch::Matchers::ContainsSubstring;
using std::chrono::hours;
using std::chrono::minutes;
using test::RecordedRequest;
using test::reply;

using Base = ProfilePlan::Base;

constexpr const char* kConfig = R"(
# comment
[default]
region = eu-west-1
s3 =
  aws_access_key_id = NESTED
[profile work]
credential_process = /bin/p 'a b'
[ profile  role ]
role_arn = arn:role
source_profile = keys
external_id = ext
role_session_name = me
duration_seconds = 900
region = eu-west-3
[profile keys]
aws_access_key_id = CONFIGKEY
aws_secret_access_key = CS
[profile chain]
role_arn = arn:chain
source_profile = role
[profile self]
role_arn = arn:self
source_profile = self
aws_access_key_id = SELF
aws_secret_access_key = S
[profile lone]
role_arn = arn:lone
aws_access_key_id = LONE
aws_secret_access_key = S
[profile loop1]
role_arn = arn:1
source_profile = loop2
[profile loop2]
role_arn = arn:2
source_profile = loop1
[profile dangling]
role_arn = arn:d
source_profile = gone
[profile bare]
role_arn = arn:b
[profile web]
role_arn = arn:w
web_identity_token_file = /token
[profile overweb]
role_arn = arn:o
source_profile = web
[profile instance]
role_arn = arn:i
credential_source = Ec2InstanceMetadata
[profile container]
role_arn = arn:i
credential_source = EcsContainer
[profile environment]
role_arn = arn:i
credential_source = Environment
[profile elsewhere]
role_arn = arn:i
credential_source = Elsewhere
[profile sso]
sso_session = s
sso_account_id = 111122223333
sso_role_name = r
[profile oldsso]
sso_start_url = https://x
sso_region = eu-west-1
sso_account_id = 1
sso_role_name = r
[profile oversso]
role_arn = arn:o
source_profile = sso
[profile login]
login_session = me
credential_process = p
[profile lostsso]
sso_session = gone
[profile halfsso]
sso_session = s
sso_account_id = 1
[profile twosso]
sso_session = s
sso_start_url = https://other
sso_account_id = 1
sso_role_name = r
[sso-session s]
sso_start_url = https://s/start
sso_region = eu-west-2
[profile ssokeys]
sso_session = s
aws_access_key_id = SSO
aws_secret_access_key = S
[profile mfa]
role_arn = arn:m
source_profile = keys
mfa_serial = arn:device
[profile both]
role_arn = arn:b
source_profile = keys
credential_source = Environment
[profile brief]
role_arn = arn:b
source_profile = keys
duration_seconds = 899
[profile unending]
role_arn = arn:b
source_profile = keys
duration_seconds = 1h
[profile placed]
credential_process = p
endpoint_url = https://all
ignore_configured_endpoint_urls = false
sts_regional_endpoints = legacy
services = mine
[services mine]
sts =
  endpoint_url = https://sts
  other = x
sso_oidc =
    endpoint_url = https://oidc
endpoint_url = https://unnamed
[services other]
sts =
  endpoint_url = https://wrong
[profile half]
aws_access_key_id = H
[profile empty]
region = x
[sso-session hidden]
aws_access_key_id = X
aws_secret_access_key = X
[profilehidden]
aws_access_key_id = X
aws_secret_access_key = X
)";

Result<ProfilePlan> plan(const std::string& profile, const std::string& credentials = "") {
  Profiles profiles;
  profiles.read(credentials, Profiles::Form::credentials);
  profiles.read(kConfig, Profiles::Form::config);
  return plan_profile(profiles, profile, "/f");
}

TEST_CASE("a profile leads to keys, a program or a service, and to roles", "[s3]") {
  struct Row {
    std::string profile;
    Base base;
    std::string key;
    std::vector<std::string> roles;
  };
  const Row row = GENERATE(
      Row{"work", Base::process, "", {}}, Row{"keys", Base::keys, "CONFIGKEY", {}},
      Row{"role", Base::keys, "CONFIGKEY", {"arn:role"}},
      Row{"chain", Base::keys, "CONFIGKEY", {"arn:role", "arn:chain"}},
      Row{"self", Base::keys, "SELF", {"arn:self"}}, Row{"lone", Base::keys, "LONE", {}},
      Row{"web", Base::web_identity, "", {"arn:w"}},
      Row{"overweb", Base::web_identity, "", {"arn:w", "arn:o"}},
      Row{"instance", Base::instance, "", {"arn:i"}},
      Row{"container", Base::container, "", {"arn:i"}}, Row{"sso", Base::sso, "", {}},
      Row{"login", Base::login, "", {}}, Row{"oldsso", Base::sso, "", {}},
      Row{"oversso", Base::sso, "", {"arn:o"}},
      Row{"environment", Base::environment, "", {"arn:i"}}, Row{"ssokeys", Base::keys, "SSO", {}});
  CAPTURE(row.profile);
  const auto made = plan(row.profile);
  CAPTURE(made ? "" : made.error().text);
  REQUIRE(made);
  CHECK(made->base == row.base);
  CHECK(made->keys.access_key == row.key);
  std::vector<std::string> roles;
  for (const RoleRequest& role : made->roles) roles.push_back(role.arn);
  CHECK(roles == row.roles);
}

TEST_CASE("a role is asked for as its profile wants it", "[s3]") {
  const auto made = plan("role");
  REQUIRE(made);
  CHECK(made->region == "eu-west-3");
  REQUIRE(made->roles.size() == 1);
  CHECK(made->roles[0].external_id == "ext");
  CHECK(made->roles[0].session_name == "me");
  CHECK(made->roles[0].duration == "900");
  CHECK(plan("work")->command == "/bin/p 'a b'");
  CHECK(plan("web")->token_file == "/token");
}

TEST_CASE("a profile signs in as its section or that of its session says", "[s3]") {
  const auto session = plan("oversso");
  REQUIRE(session);
  CHECK(session->sso.profile == "sso");
  CHECK(session->sso.session == "s");
  CHECK(session->sso.start_url == "https://s/start");
  CHECK(session->sso.region == "eu-west-2");
  CHECK(session->sso.account == "111122223333");
  CHECK(session->sso.role == "r");
  const auto legacy = plan("oldsso");
  REQUIRE(legacy);
  CHECK(legacy->sso.session.empty());
  CHECK(legacy->sso.start_url == "https://x");
  CHECK(legacy->sso.region == "eu-west-1");
}

TEST_CASE("a profile may say where services are asked", "[s3]") {
  const auto made = plan("placed");
  REQUIRE(made);
  CHECK(made->endpoints.of_all == "https://all");
  CHECK(made->endpoints.ignored == "false");
  CHECK(made->endpoints.sts_regional == "legacy");
  CHECK(made->endpoints.of_service ==
        std::map<std::string, std::string>{{"sts", "https://sts"}, {"sso_oidc", "https://oidc"}});
  CHECK(plan("work")->endpoints.of_service.empty());
}

TEST_CASE("a profile that leads nowhere says why", "[s3]") {
  struct Row {
    std::string profile;
    int err;
    std::string text;
  };
  const Row row =
      GENERATE(Row{"none", ENOENT, "Could not find profile: none in file: /f"},
               Row{"default", EINVAL, "/f [default] has no aws_access_key_id"},
               Row{"half", EINVAL, "/f [half] has no aws_secret_access_key"},
               Row{"empty", EINVAL, "/f [empty] has no aws_access_key_id"},
               Row{"loop1", EINVAL, "/f [loop1]: source_profile leads back to it"},
               Row{"dangling", ENOENT, "Could not find profile: gone in file: /f"},
               Row{"bare", EINVAL, "/f [bare] has a role_arn, but no source_profile"},
               Row{"elsewhere", EINVAL, "credential_source is \"Elsewhere\"; it can be"},
               Row{"lostsso", EINVAL, "but there is no section [sso-session gone]"},
               Row{"halfsso", EINVAL, "signs in by SSO, but has no sso_role_name"},
               Row{"twosso", EINVAL, "sso_start_url is not that of its sso_session"},
               Row{"mfa", ENOTSUP, "wants a code from a person (mfa_serial), which a mount cannot"},
               Row{"both", EINVAL, "has both source_profile and credential_source: remove one"},
               Row{"brief", EINVAL, "duration_seconds is \"899\"; it can be 900 to 43200"},
               Row{"unending", EINVAL, "duration_seconds is \"1h\"; it can be 900 to 43200"},
               Row{"hidden", ENOENT, "Could not find"}, Row{"work ", ENOENT, "Could not find"});
  CAPTURE(row.profile);
  const auto made = plan(row.profile);
  REQUIRE_FALSE(made);
  CHECK(made.error().err == row.err);
  CHECK_THAT(made.error().text, ContainsSubstring(row.text));
}

TEST_CASE("the credentials file is stronger than the config file", "[s3]") {
  const std::string text =
      "; comment\n[default]\naws_access_key_id = DA\naws_secret_access_key=D=S\r\n\n"
      "[ keys ]\n AWS_ACCESS_KEY_ID=WA\naws_secret_access_key = old\naws_secret_access_key = WS\n"
      "aws_session_token = WT\n[profile keys]\naws_access_key_id = X\n";
  const auto standard = plan("default", text);
  REQUIRE(standard);
  CHECK(standard->keys.access_key == "DA");
  CHECK(standard->keys.secret_key.reveal() == "D=S");
  CHECK(standard->keys.session_token.empty());
  CHECK(standard->keys.source == "/f [default]");
  CHECK(standard->region == "eu-west-1");
  const auto keys = plan("role", text);
  REQUIRE(keys);
  CHECK(keys->keys.access_key == "WA");
  CHECK(keys->keys.secret_key.reveal() == "WS");
  CHECK(keys->keys.session_token.reveal() == "WT");
}

/// A machine with files in ~/.aws.
struct Home : Machine {
  TempDir dir;
  Home() { config = empty_config(dir); }
  [[nodiscard]] std::string aws(const std::string& name, const std::string& text) const {
    return dir.write("home/.aws/" + name, text);
  }
  std::string found() {
    const auto source = find(config);
    return source ? key_of(**source) : "error: " + source.error().text;
  }
};

TEST_CASE("what s3fs does not know comes after what it does, unless it is named", "[s3]") {
  Home home;
  const std::string keys = "\naws_access_key_id=FROMCONFIG\naws_secret_access_key=S\n";
  static_cast<void>(home.aws("config", "[default]" + keys));
  static_cast<void>(home.dir.write("home/.passwd-s3fs", "PASSWD:S\n"));
  CHECK(home.found() == "PASSWD");
  home.config.environment["AWS_PROFILE"] = "default";
  CHECK(home.found() == "FROMCONFIG");
  home.config.environment.clear();
  home.config.profile_given = true;
  CHECK(home.found() == "FROMCONFIG");
  home.config.profile_given = false;
  std::filesystem::remove(home.dir.path + "/home/.passwd-s3fs");
  CHECK(home.found() == "FROMCONFIG");
  home.config.environment["AWS_CONFIG_FILE"] =
      home.dir.write("moved", "[default]\naws_access_key_id=MOVED\naws_secret_access_key=S\n");
  CHECK(home.found() == "MOVED");
}

TEST_CASE("the keys of a program are renewed before they expire", "[s3]") {
  Home home;
  const auto print = [&](const std::string& key, WallTime expires) {
    static_cast<void>(home.dir.write("out", R"({"Version":1,"AccessKeyId":")" + key +
                                                R"(","SecretAccessKey":"S","SessionToken":"T",)" +
                                                R"("Expiration":")" + iso8601_millis(expires) +
                                                "\"}"));
  };
  static_cast<void>(
      home.aws("config", "[default]\ncredential_process = cat " + home.dir.path + "/out\n"));
  print("P1", home.clock.wall() + hours(1));
  auto source = home.find(home.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  print("P2", home.clock.wall() + hours(2));
  home.clock.advance(minutes(55) - std::chrono::seconds(1));
  CHECK(key_of(**source) == "P1");
  home.clock.advance(std::chrono::seconds(1));
  CHECK(key_of(**source) == "P2");
  static_cast<void>(home.dir.write("out", "garbage"));
  home.clock.advance(minutes(56));
  CHECK(key_of(**source) == "P2");
}

TEST_CASE("a role over a source profile is assumed, chain by chain", "[s3]") {
  Home home;
  static_cast<void>(home.aws("credentials",
                             "[base]\naws_access_key_id=BASE\n"
                             "aws_secret_access_key=CANARY\n"));
  static_cast<void>(
      home.aws("config",
               "[profile one]\nrole_arn=arn:1\nsource_profile=base\n"
               "[profile two]\nrole_arn=arn:2\nsource_profile=one\nregion=eu-west-3\n"));
  home.config.profile = "two";
  home.config.profile_given = true;
  int number = 0;
  home.remote.otherwise([&](const RecordedRequest&) {
    return reply(200, {},
                 "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>K" +
                     std::to_string(++number) +
                     "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T"
                     "</SessionToken><Expiration>" +
                     iso8601_millis(home.clock.wall() + hours(1)) +
                     "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  });
  auto source = home.find(home.config);
  CAPTURE(source ? "" : source.error().text);
  REQUIRE(source);
  CHECK(key_of(**source) == "K2");
  const auto asked = home.remote.requests();
  REQUIRE(asked.size() == 2);
  CHECK_THAT(asked[0].body, ContainsSubstring("RoleArn=arn%3A1"));
  CHECK_THAT(asked[1].body, ContainsSubstring("RoleArn=arn%3A2"));
  for (const auto& request : asked) {
    CHECK(request.request.url == "https://sts.eu-west-3.amazonaws.com/");
  }
  CHECK_THAT(std::string(asked[1].request.headers.find("Authorization").value_or("")),
             ContainsSubstring("Credential=K1/"));
  home.clock.advance(minutes(55));
  CHECK(key_of(**source) == "K4");
}

TEST_CASE("a profile that was asked for and fails is an error, any other is a miss", "[s3]") {
  Home home;
  static_cast<void>(home.aws("config",
                             "[default]\ncredential_process = false\n"
                             "[profile sso]\nsso_start_url = https://s\nsso_region = eu-west-1\n"
                             "sso_account_id = 1\nsso_role_name = r\n"));
  CHECK_THAT(home.found(), ContainsSubstring("could not determine") &&
                               ContainsSubstring("credential_process false failed (status 1)"));
  home.config.profile = "sso";
  home.config.profile_given = true;
  CHECK_THAT(home.found(), ContainsSubstring("error: ") &&
                               ContainsSubstring("profile sso is not signed in: run aws sso login "
                                                 "--profile sso") &&
                               !ContainsSubstring("could not determine"));
}

TEST_CASE("instance metadata is the last place, asked once and not when forbidden", "[s3]") {
  Home home;
  CHECK_THAT(home.found(), ContainsSubstring("the instance metadata service at"));
  REQUIRE(home.local.requests().size() == 1);
  CHECK(home.local.requests()[0].request.stall_limit == std::chrono::milliseconds(500));
  home.config.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  CHECK_THAT(home.found(), ContainsSubstring("AWS_EC2_METADATA_DISABLED is true"));
  CHECK(home.local.requests().size() == 1);
  home.config.environment.clear();
  home.local.then(reply(200, {}, "session"))
      .then(reply(200, {}, "web-role"))
      .then(reply(200, {},
                  R"({"AccessKeyId":"IMDS","SecretAccessKey":"S","Token":"T","Expiration":")" +
                      iso8601_millis(home.clock.wall() + hours(6)) + "\"}"));
  CHECK(home.found() == "IMDS");
}

TEST_CASE("nothing found signs nothing, so that a public bucket can be tried", "[s3]") {
  Home home;
  const auto found = find_credentials(home.config, {home.local, home.remote}, home.clock);
  REQUIRE(found);
  REQUIRE(found->none);
  CHECK(found->none->err == ENOKEY);
  CHECK(found->source->get()->access_key.empty());
  CHECK_FALSE(found->source->refresh(*found->source->get()));
}

TEST_CASE("the region of a profile is that of the option, of AWS_PROFILE or of the default",
          "[s3]") {
  const TempDir dir;
  CredentialConfig config = empty_config(dir);
  CHECK(profile_region(config).empty());
  (void)dir.write("home/.aws/config",
                  "[default]\nregion = eu-west-1\n[profile work]\nregion = eu-west-2\n"
                  "[profile odd]\nregion = a/b c\n[profile none]\n");
  CHECK(profile_region(config) == "eu-west-1");
  config.environment["AWS_PROFILE"] = "work";
  CHECK(profile_region(config) == "eu-west-2");
  for (const char* without : {"odd", "none", "absent"}) {
    config.profile = without;
    config.profile_given = true;
    CHECK(profile_region(config).empty());
  }
  // The credentials file is the stronger one; keys are not needed in either.
  (void)dir.write("home/.aws/credentials", "[work]\nregion = us-west-2\n");
  config.profile = "work";
  CHECK(profile_region(config) == "us-west-2");
  config.environment["AWS_SHARED_CREDENTIALS_FILE"] = dir.path + "/absent";
  config.environment["AWS_CONFIG_FILE"] =
      dir.write("other", "[profile work]\nregion = ca-west-1\n");
  CHECK(profile_region(config) == "ca-west-1");
}

}  // namespace
}  // namespace pailfs::auth
