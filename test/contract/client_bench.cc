// SPDX-License-Identifier: Apache-2.0
#include "client_bench.h"

#include <cstdlib>
#include <iostream>

#include "pailfs/http/curl_transport.h"

namespace pailfs::test {
namespace {

auth::Credentials credentials_for(const Service& service, const ClientChange& change) {
  auth::Credentials credentials;
  credentials.source = "test";
  if (!service.bearer.empty() && !change.access_key && !change.secret_key) {
    credentials.bearer = auth::Secret(service.bearer);
    credentials.google = service.google;
    return credentials;
  }
  credentials.access_key = change.access_key.value_or(service.access_key);
  credentials.secret_key = auth::Secret(change.secret_key.value_or(service.secret_key));
  credentials.session_token = auth::Secret(change.session_token.value_or(""));
  return credentials;
}

}  // namespace

WiredClient::WiredClient(const Service& service, const ClientStyle& style,
                         const ClientChange& change)
    : credentials_(credentials_for(service, change)) {
  http::Config http_config;
  http_config.allow_plain_http = service.url.starts_with("http://");
  http_config.ca_bundle = service.ca_bundle;
  auto transport = http::make_curl_transport(http_config);
  if (!transport) {
    std::cerr << "no transport: " << transport.error().text << '\n';
    std::abort();
  }
  transport_ = *std::move(transport);
  s3::Config config;
  config.url = style.path_style ? service.url : service.host_url;
  config.bucket = change.bucket.value_or(service.bucket);
  config.region = service.region;
  config.region_given = true;
  config.path_style = style.path_style;
  config.list_v2 = style.list_v2;
  config.signature = change.sigv2 ? s3::Signature::v2 : s3::Signature::v4;
  config.encryption = change.encryption;
  config.retries = style.retries;
  config.stall_limit = style.stall_limit;
  Clock& clock = style.impatient ? static_cast<Clock&>(impatient_) : patient_;
  client_ = s3::make_client(config, *transport_, credentials_, clock, random_);
}

ClientBench::ClientBench(std::string name, Service service, ClientStyle style)
    : Bench(std::move(name), unique_prefix()),
      service_(std::move(service)),
      style_(style),
      client_(std::make_unique<WiredClient>(service_, style_)) {}

ClientBench::~ClientBench() {
  clean();
}

store::ObjectStore* ClientBench::changed(const ClientChange& change) {
  others_.push_back(std::make_unique<WiredClient>(service_, style_, change));
  return &others_.back()->client();
}

std::optional<Bench::Session> ClientBench::session() {
  if (service_.session_token.empty()) return std::nullopt;
  return Session{service_.session_access, service_.session_secret, service_.session_token};
}

}  // namespace pailfs::test
