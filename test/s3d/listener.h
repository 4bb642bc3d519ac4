// SPDX-License-Identifier: Apache-2.0
/// A listening socket on a loopback address with the thread that accepts from it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace s3d {

class Listener {
 public:
  Listener() = default;
  ~Listener() { stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Binds; port 0 takes a free one. Refuses every address that is not loopback: this server hands
  /// its data to any client of the control port.
  bool open(const std::string& address, std::uint16_t port, std::string& reason);
  std::uint16_t port() const { return port_; }
  /// `on_accept` owns the descriptor; called from the accepting thread.
  void start(std::function<void(int fd)> on_accept);
  void stop();

 private:
  int fd_ = -1;
  int wake_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace s3d
