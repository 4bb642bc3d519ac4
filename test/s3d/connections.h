// SPDX-License-Identifier: Apache-2.0
/// All open connections of one port, a thread each.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "stats.h"
#include "stream.h"

namespace s3d {

class Connections {
 public:
  /// Serves one connection until its end. `idle` is to be kept true while no request is under way.
  using Handler = std::function<void(Stream& stream, std::uint64_t id, std::atomic<bool>& idle)>;

  /// `stats` may be null.
  Connections(Handler handler, Stats* stats) : handler_(std::move(handler)), stats_(stats) {}
  ~Connections() { stop(); }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Takes the descriptor; with `tls`, the handshake comes first.
  void add(int fd, ssl_ctx_st* tls);
  /// Closes those that wait for a request; returns how many.
  std::size_t close_idle();
  /// Ends all and waits for their threads. Final.
  void stop();

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::unique_ptr<Stream> stream;
    std::atomic<bool> idle{false};
    std::atomic<bool> done{false};
    std::thread thread;
  };
  void reap();  ///< with mutex_ held

  const Handler handler_;
  Stats* const stats_;
  std::mutex mutex_;
  std::list<Entry> entries_;
  std::uint64_t next_ = 1;
  bool stopped_ = false;
};

}  // namespace s3d
