// SPDX-License-Identifier: Apache-2.0
#include "found_keys.h"

#include <cerrno>
#include <utility>

namespace pailfs::cli {

Status FoundKeys::find(const Options& options, const Clock& clock) {
  auto made = http::make_curl_transport(key_service_http(options.http));
  if (!made) return made.error();
  remote_ = std::move(*made);
  made = http::make_curl_transport(local_key_service_http(options.http));
  if (!made) return made.error();
  local_ = std::move(*made);
  const auto search = [this, &config = options.credentials, &clock] {
    return auth::find_credentials(config, {*local_, *remote_}, clock);
  };
  auto now = search();
  if (!now && !(options.connect_later && keys_may_come(now.error()))) return now.error();
  const std::optional<Error> none = now ? now->none : now.error();
  if (options.connect_later && none) {
    late_ = std::make_shared<LateKeys>(search, *none);
    current_.take(late_);
  } else {
    none_ = std::move(now->none);
    current_.take(std::move(now->source));
  }
  return {};
}

Status FoundKeys::change(const auth::CredentialConfig& config, const Clock& clock,
                         const std::function<Status(auth::CredentialSource&)>& probe) {
  if (late_)
    return Error(EBUSY, "a mount that began with bg and without keys looks for them itself");
  auto found = auth::find_credentials(config, {*local_, *remote_}, clock);
  if (!found) return found.error();
  auth::FoundCredentials& keys = *found;
  if (keys.none) return *keys.none;
  if (Status works = probe(*keys.source); !works) return works;
  current_.take(std::move(keys.source));
  return {};
}

http::Config key_service_http(http::Config config) {
  config.trace_body = false;
  config.allow_plain_http = false;
  config.connect_timeout = std::chrono::seconds(2);
  return config;
}

http::Config local_key_service_http(http::Config config) {
  config = key_service_http(std::move(config));
  config.allow_plain_http = true;
  config.no_proxy = true;
  config.family = http::AddressFamily::any;
  config.connect_timeout = std::chrono::seconds(1);
  return config;
}

}  // namespace pailfs::cli
