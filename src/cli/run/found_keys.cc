// SPDX-License-Identifier: Apache-2.0
#include "found_keys.h"

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
    auto later = std::make_unique<LateKeys>(search, *none);
    late_ = later.get();
    found_.source = std::move(later);
  } else {
    found_ = std::move(*now);
  }
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
