// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "pailfs/http/curl_transport.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs::http {

/// DNS answers and, where libcurl does it safely, TLS sessions shared by all handles of one
/// transport. Connections are not: that sharing is not thread-safe in libcurl (CURLSHOPT_SHARE,
/// CURL_LOCK_DATA_CONNECT).
class CurlShare final {
 public:
  explicit CurlShare(const Config& config);
  ~CurlShare();
  CurlShare(const CurlShare&) = delete;
  CurlShare& operator=(const CurlShare&) = delete;
  [[nodiscard]] CURLSH* get() const { return share_; }

 private:
  std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
  CURLSH* share_;
};

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

/// Keeps idle easy handles, each with the connection it last used, and lends the most recently used
/// one, so that the connections in use are the warm ones and the rest age and go. A handle carries
/// every option that is the same for all requests. Any thread may lease and give back.
class EasyPool final {
 public:
  explicit EasyPool(const Config& config, std::string ca_bundle);

  [[nodiscard]] std::chrono::milliseconds connect_timeout() const {
    return config_.connect_timeout;
  }

  /// Null only when libcurl is out of memory.
  EasyHandle lease() EXCLUDES(mutex_);
  void give_back(EasyHandle easy) EXCLUDES(mutex_);

  /// A server may drop an idle connection at any time; ours are not reused after this.
  static constexpr std::chrono::seconds kMaxIdle{20};
  static constexpr std::chrono::seconds kMaxLifetime{300};

 private:
  struct Idle {
    EasyHandle easy;
    MonoTime since;
  };

  [[nodiscard]] EasyHandle create() const;

  const Config config_;
  const std::string ca_bundle_;
  const unsigned user_timeout_ms_;
  CurlShare share_;  // outlives the handles below
  Mutex mutex_;
  std::vector<Idle> idle_ GUARDED_BY(mutex_);  // most recently used last
};

}  // namespace pailfs::http
