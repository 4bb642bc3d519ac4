// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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
/// HTTP port (GET /metrics, one request a connection). One thread does both and waits for no
/// client: each has 2 seconds, and when there are more than 64 the oldest connection is closed.
/// Create it after the process has detached.
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

  using SteadyTime = std::chrono::steady_clock::time_point;
  /// A client at the port. With a reply it is being answered.
  struct Asker {
    UniqueFd socket;  // never blocks
    SteadyTime deadline;
    std::string head;
    std::string reply;
  };
  [[nodiscard]] int pause(SteadyTime now, SteadyTime due) const;
  void admit();
  /// False when the connection can be closed.
  bool serve(Asker& asker);

  const std::string file_;
  const std::function<std::string()> metrics_;
  const UniqueFd listener_;
  const UniqueFd wake_;  // readable: the outlet ends
  bool complained_ = false;
  std::vector<Asker> askers_;  // of the thread only, oldest first
  std::thread thread_;
};

}  // namespace pailfs::report
