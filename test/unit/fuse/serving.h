// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "pailfs/fuse/serve.h"

#include "fake_kernel.h"
#include "memory_file_system.h"

namespace pailfs::test {

/// serve() on a thread, a MemoryFileSystem below it and a FakeKernel above. The connection is cut
/// at the end at the latest.
class Serving final {
 public:
  explicit Serving(mount::Config settings = {}, fuse::Instruments watching = {},
                   MemoryFileSystem::OnLock on_lock = {})
      : config(std::move(settings)), instruments(std::move(watching)) {
    files.on_lock = std::move(on_lock);
    config.mountpoint = kernel.mountpoint();
    config.max_threads = 4;
    thread_ = std::thread([this] {
      const Status status = fuse::serve(
          config, files, [this] { ++ready; }, instruments);
      result_.emplace(status);
    });
    init_flags = kernel.init();
  }
  ~Serving() {
    if (thread_.joinable()) static_cast<void>(cut());
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  /// Waits until serve() has returned.
  Status wait() {
    thread_.join();
    return *result_;
  }
  /// Ends the connection like an aborted mount.
  Status cut() {
    kernel.close();
    return wait();
  }

  mount::Config config;
  fuse::Instruments instruments;
  MemoryFileSystem files;
  FakeKernel kernel;
  std::atomic<int> ready{0};
  std::uint32_t init_flags = 0;

 private:
  std::optional<Status> result_;
  std::thread thread_;
};

}  // namespace pailfs::test
