// SPDX-License-Identifier: Apache-2.0
#include "cli/run/late_keys.h"

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

class OneKey final : public auth::CredentialSource {
 public:
  explicit OneKey(std::string key) : key_(std::move(key)) {}
  Result<auth::Credentials> get() override { return auth::Credentials{key_, {}, {}, "test"}; }
  bool refresh(const auth::Credentials&) override { return true; }

 private:
  const std::string key_;
};

/// What a search comes to: an error, keys, or (with an empty key) nothing anywhere.
struct Outcome {
  std::optional<Error> error;
  std::string key;

  [[nodiscard]] Result<auth::FoundCredentials> result() const {
    if (error) return *error;
    auth::FoundCredentials found;
    found.source = std::make_unique<OneKey>(key);
    if (key.empty()) found.none = Error(ENOKEY, "looked everywhere");
    return found;
  }
};

Error refusal(int status) {
  Error error(EPERM, "refused");
  error.http_status = status;
  return error;
}

std::string key_of(LateKeys& keys) {
  const auto got = keys.get();
  return got ? "key " + got->access_key : got.error().text;
}

}  // namespace

TEST_CASE("keys that come later than the mount are found and kept", "[late]") {
  Outcome outcome{Error(ENOENT, "/p does not exist"), {}};
  int searches = 0;
  LateKeys keys(
      [&] {
        ++searches;
        return outcome.result();
      },
      Error(ENOENT, "not there at the start"));
  int probes = 0;
  Status answer;
  const auto probe = [&] {
    ++probes;
    return answer;
  };
  const auth::Credentials none;

  CHECK(key_of(keys) == "not there at the start");
  CHECK_FALSE(keys.refresh(none));
  CHECK_FALSE(keys.look(probe));
  CHECK(key_of(keys) == "/p does not exist");
  CHECK(probes == 0);

  outcome = {std::nullopt, "AK"};
  answer = Error(ECONNREFUSED, "nobody there");
  CHECK(keys.look(probe).error().text == "nobody there");
  CHECK(key_of(keys) == "key AK");
  CHECK(keys.refresh(none));
  // Found once, they look after themselves, whatever the bucket says.
  answer = refusal(403);
  CHECK_FALSE(keys.look(probe));
  answer = {};
  CHECK(keys.look(probe));
  CHECK(key_of(keys) == "key AK");
  CHECK(searches == 2);
}

TEST_CASE("without keys anywhere a bucket is public or they are looked for again", "[late]") {
  Outcome outcome;
  LateKeys keys([&] { return outcome.result(); }, Error(ENOKEY, "looked everywhere"));
  CHECK(keys.look([] { return Status(refusal(403)); }).error().text == "looked everywhere");
  CHECK(key_of(keys) == "looked everywhere");
  // Not about keys: nothing is known yet.
  CHECK(keys.look([] { return Status(Error(ECONNREFUSED, "x")); }).error().text == "x");
  CHECK(keys.look([] { return Status(); }));
  CHECK(key_of(keys) == "key ");
}

TEST_CASE("only keys that are missing are waited for", "[late]") {
  CHECK(keys_may_come(Error(ENOENT, "")));
  CHECK(keys_may_come(Error(ENOKEY, "")));
  CHECK_FALSE(keys_may_come(Error(EACCES, "")));
  CHECK_FALSE(keys_may_come(Error(EINVAL, "")));
  CHECK(is_about_keys(refusal(401)));
  CHECK_FALSE(is_about_keys(refusal(400)));
  CHECK_FALSE(is_about_keys(refusal(404)));
}

}  // namespace pailfs::cli
