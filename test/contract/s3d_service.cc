// SPDX-License-Identifier: Apache-2.0
#include "s3d_service.h"

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "s3d/server.h"

namespace pailfs::test {

struct S3dService::Impl {
  std::string directory;  // of the throw-away certificates
  std::unique_ptr<s3d::Server> server;
  Service service;
};

S3dService::S3dService(Scheme scheme, const std::vector<std::string>& rules)
    : impl_(std::make_unique<Impl>()) {
  s3d::ServerOptions options;
  options.control = false;
  options.buckets = {"data"};
  options.rules = rules;
  if (scheme == Scheme::https) {
    impl_->directory = "/tmp/pailfs-test-tls-XXXXXX";
    if (::mkdtemp(impl_->directory.data()) == nullptr) std::abort();
    options.tls_port = 0;
    options.tls_self_signed = impl_->directory;
  }
  std::string reason;
  impl_->server = s3d::Server::start(options, reason);
  if (!impl_->server) {
    std::cerr << "pailfs-s3d does not start: " << reason << '\n';
    std::abort();
  }
  Service& service = impl_->service;
  service.name = "s3d";
  service.url = scheme == Scheme::https ? impl_->server->tls_endpoint() : impl_->server->endpoint();
  service.host_url = "http://s3.localhost:" + std::to_string(impl_->server->port());
  service.access_key = options.credentials.access_key;
  service.secret_key = options.credentials.secret_key;
  service.bucket = "data";
  service.ca_bundle = impl_->server->ca_file();
}

S3dService::~S3dService() {
  impl_->server.reset();
  std::error_code ignored;
  if (!impl_->directory.empty()) std::filesystem::remove_all(impl_->directory, ignored);
}

const Service& S3dService::service() const {
  return impl_->service;
}

bool S3dService::add_faults(const std::string& text) {
  std::string reason;
  return impl_->server->add_faults(text, reason);
}

void S3dService::clear_faults() {
  impl_->server->clear_faults();
}

std::uint64_t S3dService::faults_fired() const {
  std::uint64_t hits = 0;
  for (const s3d::Fault& fault : impl_->server->faults()) hits += fault.hits;
  return hits;
}

std::uint64_t S3dService::requests() const {
  return impl_->server->stats().requests_total;
}

std::uint64_t S3dService::connections() const {
  return impl_->server->stats().connections_opened;
}

void S3dService::reset_counters() {
  impl_->server->reset_stats();
}

std::string S3dService::history_of(const std::string& key) const {
  std::string text;
  for (const s3d::LogEntry& entry : impl_->server->log()) {
    if (entry.key != key) continue;
    text += std::to_string(entry.time_ms) + " " + entry.method + " " + entry.key + "?" +
            entry.query + " " + std::to_string(entry.status) + " " + entry.code + " in " +
            std::to_string(entry.bytes_in) + ", " + std::to_string(entry.latency_us) + " us, " +
            entry.faults + " connection " + std::to_string(entry.connection) + "\n";
  }
  constexpr std::size_t kMost = 4'000;
  return text.substr(text.size() - std::min(text.size(), kMost));
}

std::string S3dService::give_bearer() {
  const std::string token = "bearer-of-the-contract";
  impl_->server->tokens().add(token, impl_->server->now() + 3600);
  return token;
}

void S3dService::demand_token(const std::string& access_key, const std::string& secret_key,
                              const std::string& token) {
  impl_->server->set_credentials({access_key, secret_key, token, false});
}

}  // namespace pailfs::test
