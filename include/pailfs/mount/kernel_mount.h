// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/mount/mount_words.h"
#include "pailfs/mount/mountpoint.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// A FUSE file system in the kernel's mount table, made by us; unmounted with its owner at the
/// latest. A process that may mount calls mount(2); other processes, and those that the kernel
/// refuses, use fusermount. libfuse only gets the descriptor, so that we put fusermount's errors
/// into words ourselves and can use the fusermount of FUSE 2 too. One thread.
class KernelMount final {
 public:
  /// Mounts on `path`, which is absolute. The error is a sentence with a remedy.
  static Result<KernelMount> make(const MountWords& words, const Environment& machine,
                                  const std::string& path);
  KernelMount(const KernelMount&) = delete;
  KernelMount& operator=(const KernelMount&) = delete;
  KernelMount(KernelMount&&) = default;
  KernelMount& operator=(KernelMount&&) = delete;
  ~KernelMount();

  /// The mounted /dev/fuse. Stays ours: a library that closes its descriptor gets a copy.
  [[nodiscard]] int device() const { return device_.get(); }

  /// Unmounts lazily, unless it is unmounted already. Every copy of the descriptor must be closed
  /// by then: otherwise the kernel would wait for answers that never come.
  void unmount();

 private:
  KernelMount(UniqueFd device, Environment machine, std::string path)
      : device_(std::move(device)), machine_(std::move(machine)), path_(std::move(path)) {}

  UniqueFd device_;
  UniqueFd lifeline_;  ///< of guard_mount()
  Environment machine_;
  std::string path_;
};

/// Unmounts the topmost mount on `path` lazily; by fusermount where the kernel refuses us.
Status unmount_lazily(const Environment& machine, const std::string& path);

}  // namespace pailfs::mount
