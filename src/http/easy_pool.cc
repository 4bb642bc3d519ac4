// SPDX-License-Identifier: Apache-2.0
#include "easy_pool.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "trace.h"

namespace pailfs::http {
namespace {

/// Dead peers are noticed after this, not after the kernel's 15 minutes of retransmission.
constexpr std::chrono::milliseconds kUserTimeout{20'000};

void lock_share(CURL*, curl_lock_data data, curl_lock_access, void* mutexes) {
  static_cast<std::mutex*>(mutexes)[data].lock();
}

void unlock_share(CURL*, curl_lock_data data, void* mutexes) {
  static_cast<std::mutex*>(mutexes)[data].unlock();
}

/// Older libcurl hands one OpenSSL session to several threads, which change it at the same time
/// (curl pull request 14751). Without sharing each handle still resumes its own.
bool tls_sessions_can_be_shared() {
  constexpr unsigned kVersion8_12 = 0x080c00;
  return curl_version_info(CURLVERSION_NOW)->version_num >= kVersion8_12;
}

/// Close-on-exec from birth: a child forked between socket() and fcntl() must not inherit it.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  const unsigned timeout_ms = *static_cast<const unsigned*>(context);
  if (address->family == AF_INET || address->family == AF_INET6) {
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
  }
  return fd;
}

void restrict_protocols(CURL* easy, bool allow_plain_http) {
#if LIBCURL_VERSION_NUM >= 0x075500
  const char* const allowed = allow_plain_http ? "http,https" : "https";
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, allowed);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, allowed);
#else
  const long allowed = CURLPROTO_HTTPS | (allow_plain_http ? CURLPROTO_HTTP : 0L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, allowed);
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, allowed);
#endif
}

void set_proxy(CURL* easy, const Config& config) {
  if (config.no_proxy) {
    // Only the empty name of a proxy outweighs the environment's.
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return;
  }
  if (!config.proxy.empty()) curl_easy_setopt(easy, CURLOPT_PROXY, config.proxy.c_str());
  if (!config.proxy_credentials.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, config.proxy_credentials.c_str());
  }
}

void set_http_options(CURL* easy, const Config& config) {
  restrict_protocols(easy, config.allow_plain_http);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_proxy(easy, config);
  if (!config.user_agent.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERAGENT, config.user_agent.c_str());
  }
}

void set_tls_options(CURL* easy, const Config& config, const std::string& ca_bundle) {
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, config.verify_peer ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, config.verify_host ? 2L : 0L);
  if (!ca_bundle.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_bundle.c_str());
  if (!config.cipher_suites.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSL_CIPHER_LIST, config.cipher_suites.c_str());
  }
  if (!config.shares_tls_sessions) curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  const ClientCertificate& own = config.client_certificate;
  if (own.certificate.empty()) return;
  curl_easy_setopt(easy, CURLOPT_SSLCERT, own.certificate.c_str());
  curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, own.type.c_str());
  if (!own.key.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLKEY, own.key.c_str());
    curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, own.key_type.c_str());
  }
  if (!own.password.empty()) curl_easy_setopt(easy, CURLOPT_KEYPASSWD, own.password.c_str());
}

long resolve_setting(AddressFamily family) {
  switch (family) {
    case AddressFamily::ipv4:
      return CURL_IPRESOLVE_V4;
    case AddressFamily::ipv6:
      return CURL_IPRESOLVE_V6;
    case AddressFamily::any:
      break;
  }
  return CURL_IPRESOLVE_WHATEVER;
}

}  // namespace

CurlShare::CurlShare(const Config& config) : share_(curl_share_init()) {
  curl_share_setopt(share_, CURLSHOPT_LOCKFUNC, lock_share);
  curl_share_setopt(share_, CURLSHOPT_UNLOCKFUNC, unlock_share);
  curl_share_setopt(share_, CURLSHOPT_USERDATA, mutexes_.data());
  if (config.shares_dns_cache) curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  if (config.shares_tls_sessions && tls_sessions_can_be_shared()) {
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
}

CurlShare::~CurlShare() {
  curl_share_cleanup(share_);
}

EasyPool::EasyPool(const Config& config, std::string ca_bundle)
    : config_(config),
      ca_bundle_(std::move(ca_bundle)),
      // It also bounds the connect phase, so it must not undercut the user's own limit.
      user_timeout_ms_(static_cast<unsigned>(
          std::max(kUserTimeout, std::chrono::milliseconds(config.connect_timeout)).count())),
      share_(config) {}

EasyHandle EasyPool::create() const {
  EasyHandle handle(curl_easy_init());
  CURL* const easy = handle.get();
  if (easy == nullptr) return handle;
  set_http_options(easy, config_);
  set_tls_options(easy, config_, ca_bundle_);
  curl_easy_setopt(easy, CURLOPT_SHARE, share_.get());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, config_.shares_dns_cache ? 60L : 0L);
  curl_easy_setopt(easy, CURLOPT_IPRESOLVE, resolve_setting(config_.family));
  curl_easy_setopt(easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(kMaxIdle.count()));
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, static_cast<long>(kMaxLifetime.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &user_timeout_ms_);
  if (config_.trace) trace_to_log(easy, config_.trace_body);
  return handle;
}

EasyHandle EasyPool::lease() {
  {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      EasyHandle easy = std::move(idle_.back().easy);
      idle_.pop_back();
      return easy;
    }
  }
  return create();
}

void EasyPool::give_back(EasyHandle easy) {
  const MonoTime now = std::chrono::steady_clock::now();
  EasyHandle surplus;  // outlives the lock: to end TLS may take a while
  MutexLock lock(mutex_);
  idle_.push_back({std::move(easy), now});
  // Closes one idle connection at a time, so that no caller closes all that a burst left behind.
  if (idle_.size() > config_.max_idle_connections || idle_.front().since + kMaxIdle < now) {
    surplus = std::move(idle_.front().easy);
    idle_.erase(idle_.begin());
  }
}

}  // namespace pailfs::http
