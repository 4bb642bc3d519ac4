// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <algorithm>
#include <shared_mutex>

#include "connections.h"
#include "controls.h"
#include "digest.h"
#include "listener.h"
#include "s3_session.h"
#include "service.h"
#include "synthetic.h"
#include "text.h"
#include "tls.h"
#include "xml_in.h"

namespace s3d {
namespace {

std::string url(std::string_view scheme, const std::string& host, std::uint16_t port) {
  bool v6 = host.find(':') != std::string::npos;
  return std::string(scheme) + "://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

/// Everything with threads. Destroyed from the bottom up: first the listeners, then the
/// connections, last the TLS context they used.
struct Server::Ports {
  std::string host;
  SelfSigned certificates;
  TlsContext tls;
  std::unique_ptr<Controls> controls;
  std::unique_ptr<Connections> connections;
  std::unique_ptr<Connections> control_connections;
  Listener plain_listener;
  Listener tls_listener;
  Listener control_listener;
};

Server::Server() : service_(std::make_unique<Service>()), ports_(std::make_unique<Ports>()) {}
Server::~Server() = default;

std::unique_ptr<Server> Server::start(const ServerOptions& options, std::string& reason) {
  std::unique_ptr<Server> server(new Server);
  if (!server->open(options, reason)) return nullptr;
  return server;
}

bool Server::open(const ServerOptions& options, std::string& reason) {
  init_xml();
  Service& service = *service_;
  Ports& ports = *ports_;
  for (const std::string& rule : options.rules) {
    if (set_rule(rule)) continue;
    reason = "no such rule: " + rule;
    return false;
  }
  service.domains = options.domains;
  service.set_credentials(options.credentials);
  service.tokens.set_api_key(options.ibm_api_key);
  set_latency_ms(options.latency_ms);
  set_bandwidth(options.bandwidth, options.total_bandwidth);
  if (!options.directory.empty() && !service.store.open_directory(options.directory, reason))
    return false;
  for (const std::string& bucket : options.buckets) create_bucket(bucket);

  ports.host = options.listen == "localhost" ? "127.0.0.1" : options.listen;
  if (!ports.plain_listener.open(ports.host, options.port, reason)) return false;
  if (options.control && !ports.control_listener.open(ports.host, options.control_port, reason))
    return false;
  if (options.tls_port) {
    std::string certificate = options.tls_certificate;
    std::string key = options.tls_key;
    if (!options.tls_self_signed.empty()) {
      if (!write_self_signed(options.tls_self_signed, options.domains, ports.certificates, reason))
        return false;
      certificate = ports.certificates.certificate_file;
      key = ports.certificates.key_file;
    }
    ports.tls = make_tls_context(certificate, key, reason);
    if (!ports.tls || !ports.tls_listener.open(ports.host, *options.tls_port, reason)) return false;
  }

  ports.connections = std::make_unique<Connections>(
      [&service](Stream& stream, std::uint64_t id, std::atomic<bool>& idle) {
        S3Session(service, stream, id, idle).run();
      },
      &service.stats);
  Connections* connections = ports.connections.get();
  ports.plain_listener.start([connections](int fd) { connections->add(fd, nullptr); });
  if (ports.tls)
    ports.tls_listener.start(
        [connections, tls = ports.tls.get()](int fd) { connections->add(fd, tls); });
  if (options.control) {
    ports.controls = std::make_unique<Controls>(*this);
    ports.control_connections = std::make_unique<Connections>(
        [controls = ports.controls.get()](Stream& stream, std::uint64_t, std::atomic<bool>&) {
          controls->serve(stream);
        },
        nullptr);
    ports.control_listener.start(
        [controls = ports.control_connections.get()](int fd) { controls->add(fd, nullptr); });
  }
  return true;
}

std::string Server::endpoint() const {
  return url("http", ports_->host, port());
}

std::string Server::control_endpoint() const {
  std::uint16_t port = ports_->control_listener.port();
  return port == 0 ? std::string() : url("http", ports_->host, port);
}

std::string Server::tls_endpoint() const {
  return tls_port() == 0 ? std::string() : url("https", ports_->host, tls_port());
}

std::uint16_t Server::port() const {
  return ports_->plain_listener.port();
}
std::uint16_t Server::tls_port() const {
  return ports_->tls_listener.port();
}
const std::string& Server::ca_file() const {
  return ports_->certificates.ca_file;
}

std::string Server::ready_line() const {
  std::string line = "pailfs-s3d: ready endpoint=" + endpoint();
  if (!control_endpoint().empty()) line += " control=" + control_endpoint();
  if (!tls_endpoint().empty()) line += " tls=" + tls_endpoint();
  return line;
}

Credentials Server::credentials() const {
  return *service_->credentials();
}

Tokens& Server::tokens() {
  return service_->tokens;
}

std::time_t Server::now() const {
  return service_->clock.now();
}

StatsView Server::stats() const {
  return service_->stats.view();
}
std::uint64_t Server::object_count() const {
  return service_->store.object_count();
}
std::size_t Server::open_uploads() const {
  return service_->uploads.size();
}

void Server::reset_stats() {
  service_->stats.reset();
  service_->log.clear();
}

std::vector<LogEntry> Server::log() const {
  return service_->log.all();
}
std::vector<Mutation> Server::history() {
  return service_->store.history().all();
}
std::vector<UploadPtr> Server::uploads() const {
  return service_->uploads.all("");
}

void Server::set_latency_ms(std::uint64_t ms) {
  service_->latency_ms = static_cast<std::int64_t>(ms);
}

void Server::set_bandwidth(std::uint64_t per_connection, std::uint64_t total) {
  service_->connection_rate = per_connection;
  service_->total_rate = total;
}

bool Server::set_rule(std::string_view rule, bool on) {
  return service_->rules.set(rule, on);
}
std::vector<std::string> Server::active_rules() const {
  return service_->rules.active();
}

bool Server::add_faults(std::string_view lines, std::string& reason) {
  return service_->faults.add(lines, reason);
}

void Server::clear_faults() {
  service_->faults.clear();
}
std::vector<Fault> Server::faults() const {
  return service_->faults.all();
}
void Server::set_clock_offset(std::int64_t seconds) {
  service_->clock.set_offset(seconds);
}

void Server::set_credentials(Credentials credentials) {
  service_->set_credentials(std::move(credentials));
}

std::size_t Server::close_idle_connections() {
  return ports_->connections->close_idle();
}

bool Server::create_bucket(const std::string& name) {
  return service_->store.create_bucket(name, service_->clock.now());
}

bool Server::discard_bucket(const std::string& name) {
  for (const UploadPtr& upload : service_->uploads.all(name)) service_->uploads.close(*upload);
  return service_->store.discard_bucket(name);
}

bool Server::set_public(const std::string& bucket, bool read, bool write) {
  BucketPtr home = service_->store.bucket(bucket);
  if (!home) return false;
  home->public_read = read;
  home->public_write = write;
  return true;
}

bool Server::put_foreign(const std::string& bucket, const std::string& key, Body body,
                         std::string etag, const Headers& headers) {
  BucketPtr home = service_->store.bucket(bucket);
  if (!home) return false;
  auto object = std::make_shared<Object>();
  take_object_headers(headers, service_->rules, *object);
  object->body = std::move(body);
  object->etag = etag.empty() ? object->md5->get(object->body) : std::move(etag);
  object->created_ms = service_->clock.now_ms();
  object->mtime = parse_i64(headers.get("x-s3d-mtime")).value_or(object->created_ms / 1000);
  return service_->store.put(*home, key, object, "foreign:PUT") == WriteOutcome::kDone;
}

bool Server::put_object(const std::string& bucket, const std::string& key, Body body,
                        const Headers& headers) {
  return put_foreign(bucket, key, std::move(body), "", headers);
}

bool Server::put_synthetic(const std::string& bucket, const std::string& key, std::uint64_t size,
                           std::uint64_t count, const Headers& headers) {
  const Body body = synthetic_body(size);
  const std::string etag = synthetic_etag(size);
  if (count == 1) return put_foreign(bucket, key, body, etag, headers);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 6 - std::min<std::size_t>(number.size(), 6), '0');
    if (!put_foreign(bucket, key + number, body, etag, headers)) return false;
  }
  return true;
}

ObjectPtr Server::get_object(const std::string& bucket, const std::string& key) const {
  BucketPtr home = service_->store.bucket(bucket);
  return home ? service_->store.get(*home, key) : nullptr;
}

bool Server::delete_object(const std::string& bucket, const std::string& key) {
  BucketPtr home = service_->store.bucket(bucket);
  bool ghost = service_->rules.listing_delay_ms() > 0;
  return home && service_->store.remove(*home, key, "foreign:DELETE", service_->clock.now_ms(),
                                        ghost, {"*", {}, false}) == WriteOutcome::kDone;
}

std::vector<std::string> Server::keys(const std::string& bucket) const {
  std::vector<std::string> out;
  BucketPtr home = service_->store.bucket(bucket);
  if (!home) return out;
  std::shared_lock lock(home->mutex);
  for (const auto& [key, object] : home->objects) out.push_back(key);
  return out;
}

}  // namespace s3d
