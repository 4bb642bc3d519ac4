// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::report {

struct MetricsConfig {
  std::string file;  ///< empty: none
  std::string
      listen;  ///< "PORT" on loopback, or "ADDRESS:PORT" with a numeric address; empty: none
};

/// Where `listen` leads. Pure.
struct ListenAddress {
  std::string host;  ///< without brackets
  std::string port;
};
Result<ListenAddress> parse_listen(const std::string& text);

/// The reply to one HTTP request, of which `head` is the beginning. Pure, but for `metrics`.
std::string answer_http(const std::string& head, const std::function<std::string()>& metrics);

/// Shows metrics: in a file that is replaced every 15 seconds and once more at the end, and at an
/// HTTP port (GET /metrics, one request a connection, one at a time). One thread does both. Create
/// it after the process has detached.
class MetricsOutlet final {
 public:
  /// `metrics` is called on the outlet's thread, and on the thread that destroys it. EADDRINUSE and
  /// the like when the port cannot be had.
  static Result<std::unique_ptr<MetricsOutlet>> start(const MetricsConfig& config,
                                                      std::function<std::string()> metrics);
  ~MetricsOutlet();
  MetricsOutlet(const MetricsOutlet&) = delete;
  MetricsOutlet& operator=(const MetricsOutlet&) = delete;

 private:
  MetricsOutlet(std::string file, std::function<std::string()> metrics, UniqueFd listener,
                UniqueFd wake);
  void run();
  void write_file();
  void serve_one();

  const std::string file_;
  const std::function<std::string()> metrics_;
  const UniqueFd listener_;
  const UniqueFd wake_;  // readable: the outlet goes
  bool complained_ = false;
  std::thread thread_;
};

}  // namespace pailfs::report
