// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "pailfs/fs/file_system.h"

#include "behaviour/direct_config.h"
#include "behaviour/direct_driver.h"
#include "judge.h"
#include "ledger.h"
#include "step.h"
#include "support/fault_store.h"
#include "support/scratch_directory.h"

namespace pailfs::test::shared {

/// A step of another mount that happens once while a request of this one is made, perhaps by a
/// thread that reads ahead; not when the step of this mount is over.
class Meanwhile final {
 public:
  explicit Meanwhile(std::function<void()> what) : what_(std::move(what)) {}
  void happen() {
    const std::lock_guard lock(mutex_);
    if (what_) std::exchange(what_, nullptr)();
  }
  /// Waits until it is over, if it has begun.
  void end() {
    const std::lock_guard lock(mutex_);
    what_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void()> what_;
};

/// One mount of the bucket, with the files that a program on it has open, and what it does: each
/// call is told to the judge.
class Mount final {
 public:
  Mount(std::size_t number, const Shape& shape, Judge& judge, Ledger& ledger,
        store::ObjectStore& client, Clock& clock);
  ~Mount();
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

  /// `meanwhile` is called where the step says so, by whatever thread sends the request.
  void perform(const Step& step, const std::function<void()>& meanwhile);
  /// Closes all files, stores what is unstored and ends.
  void finish();
  /// After a refresh nothing differs from the bucket; files are all closed.
  void compare_all();

 private:
  struct Slot {
    int fd = -1;
    int flags = 0;
    ContentPtr content;
  };

  void start();
  void end(bool store);
  void arm(const Step& step, const std::function<void()>& meanwhile);
  void on_files(const Step& step);
  void on_slot(const Step& step);
  void on_names(const Step& step);
  void on_attributes(const Step& step);

  /// Returns whether the slot is open.
  bool open(Slot& slot, const std::string& path, int flags);
  [[nodiscard]] bool is_unstored(const std::string& path) const;
  void write(Slot& slot, const Step& step);
  void cut(Slot& slot, std::uint64_t size);
  void show(Slot& slot, std::uint64_t offset, std::size_t size);
  void close(Slot& slot);
  void list(const std::string& directory);

  const std::size_t number_;
  const Shape shape_;
  Judge& judge_;
  Ledger& ledger_;
  Clock& clock_;
  LedgerStore noted_;
  FaultStore faults_;
  ScratchDirectory scratch_;
  fs::Config config_;
  std::unique_ptr<fs::FileSystem> files_;
  std::unique_ptr<DirectDriver> driver_;
  std::array<Slot, kSlots> slots_;
  std::uint64_t lost_races_ = 0;
  std::shared_ptr<Meanwhile> meanwhile_;
};

}  // namespace pailfs::test::shared
