// SPDX-License-Identifier: Apache-2.0
#include "scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "pailfs/util/text.h"

namespace pailfs::test {
namespace {

std::optional<std::string> field(std::string_view head, std::string_view name) {
  for (const std::string& line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    if (equals_ignoring_case(std::string_view(line).substr(0, colon), name)) {
      return std::string(trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return std::nullopt;
}

std::shared_ptr<void> make_tls_context(const ScriptedServer::Tls& tls) {
  SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
  BIO* const certificate_bio = BIO_new_mem_buf(tls.certificate_pem.data(), -1);
  BIO* const key_bio = BIO_new_mem_buf(tls.key_pem.data(), -1);
  X509* const certificate = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  if (!tls.client_ca_pem.empty()) {
    BIO* const trusted_bio = BIO_new_mem_buf(tls.client_ca_pem.data(), -1);
    X509* const trusted = PEM_read_bio_X509(trusted_bio, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    X509_free(trusted);
    BIO_free(trusted_bio);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  return {context, [](void* p) { SSL_CTX_free(static_cast<SSL_CTX*>(p)); }};
}

}  // namespace

std::string ReceivedRequest::line() const {
  return head.substr(0, head.find('\r'));
}

std::string http_reply(int status, std::string_view body, std::string_view extra_headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Scripted\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(extra_headers) + "\r\n" + std::string(body);
}

/// One accepted socket, plain or TLS, and the bytes read beyond the last request.
class ScriptedServer::Connection final {
 public:
  Connection(int number, int fd, SSL_CTX* context) : number_(number), fd_(fd) {
    if (context == nullptr) return;
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, fd);
    alive_ = SSL_accept(ssl_) == 1;
  }
  ~Connection() { SSL_free(ssl_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool alive() const { return alive_; }

  /// Up to and including the blank line; nothing when the peer has gone.
  std::optional<std::string> read_head() {
    std::size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return std::nullopt;
    }
    return take(end + 4);
  }

  std::string read_body(std::string_view head) {
    const auto length = parse_uint(field(head, "content-length").value_or("0")).value_or(0);
    while (pending_.size() < length && fill()) {
    }
    return take(std::min<std::size_t>(length, pending_.size()));
  }

  bool send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ssl_ != nullptr
                            ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                            : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void reset() const {
    const linger hard{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }

 private:
  bool fill() {
    std::array<char, 65'536> buffer{};
    const ssize_t n = ssl_ != nullptr
                          ? SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()))
                          : recv(fd_, buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
  }

  std::string take(std::size_t size) {
    std::string out = pending_.substr(0, size);
    pending_.erase(0, size);
    return out;
  }

  const int number_;
  const int fd_;
  SSL* ssl_ = nullptr;
  bool alive_ = true;
  std::string pending_;
};

ScriptedServer::ScriptedServer(std::vector<Reply> script) : script_(std::move(script)) {
  listen_on_loopback();
}

ScriptedServer::ScriptedServer(std::vector<Reply> script, Tls tls)
    : script_(std::move(script)), tls_context_(make_tls_context(tls)) {
  listen_on_loopback();
}

void ScriptedServer::listen_on_loopback() {
  listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, size) != 0 || listen(listener_.get(), 128) != 0 ||
      getsockname(listener_.get(), generic, &size) != 0) {
    throw std::runtime_error("scripted server: cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

ScriptedServer::~ScriptedServer() {
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    stop_.notify_all();
    shutdown(listener_.get(), SHUT_RDWR);
    for (const int fd : open_fds_) shutdown(fd, SHUT_RDWR);
  }
  acceptor_.join();
  {
    MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

std::string ScriptedServer::url() const {
  return (tls_context_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

std::vector<ReceivedRequest> ScriptedServer::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

int ScriptedServer::connections() const {
  MutexLock lock(mutex_);
  return connections_;
}

void ScriptedServer::accept_loop() {
  for (;;) {
    const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    MutexLock lock(mutex_);
    if (stopping_) {
      close(fd);
      return;
    }
    open_fds_.push_back(fd);
    threads_.emplace_back([this, number = connections_++, fd] { serve(number, fd); });
  }
}

void ScriptedServer::serve(int number, int fd) {
  {
    Connection connection(number, fd, static_cast<SSL_CTX*>(tls_context_.get()));
    while (connection.alive()) {
      const auto head = connection.read_head();
      if (!head) break;
      std::size_t index = 0;
      {
        MutexLock lock(mutex_);
        index = requests_.size();
        requests_.push_back({number, *head, {}});
      }
      if (!play(connection, next_reply(index), index)) break;
    }
  }
  MutexLock lock(mutex_);
  std::erase(open_fds_, fd);
  close(fd);
}

Reply ScriptedServer::next_reply(std::size_t index) {
  if (script_.empty()) return {step::Send{http_reply(200, "")}};
  return script_.at(std::min(index, script_.size() - 1));
}

bool ScriptedServer::play(Connection& connection, const Reply& reply, std::size_t index) {
  const auto read_body = [&] {
    std::string head;
    {
      MutexLock lock(mutex_);
      head = requests_.at(index).head;
    }
    std::string body = connection.read_body(head);
    MutexLock lock(mutex_);
    requests_.at(index).body = std::move(body);
  };
  const bool reads_later = std::any_of(reply.begin(), reply.end(), [](const Step& s) {
    return std::holds_alternative<step::ReadBody>(s);
  });
  if (!reads_later) read_body();
  for (const Step& current : reply) {
    if (const auto* send = std::get_if<step::Send>(&current)) {
      if (!connection.send_all(send->bytes)) return false;
    } else if (const auto* drip = std::get_if<step::Drip>(&current)) {
      for (const char& byte : drip->bytes) {
        if (!connection.send_all({&byte, 1}) || !pause(drip->every)) return false;
      }
    } else if (const auto* wait = std::get_if<step::Pause>(&current)) {
      if (!pause(wait->length)) return false;
    } else if (std::holds_alternative<step::ReadBody>(current)) {
      read_body();
    } else if (std::holds_alternative<step::Reset>(current)) {
      connection.reset();
      return false;
    } else {
      return false;
    }
  }
  return true;
}

bool ScriptedServer::pause(std::chrono::milliseconds length) {
  const auto end = std::chrono::steady_clock::now() + length;
  MutexLock lock(mutex_);
  while (!stopping_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return true;
    stop_.wait_for(mutex_, left);
  }
  return false;
}

}  // namespace pailfs::test
