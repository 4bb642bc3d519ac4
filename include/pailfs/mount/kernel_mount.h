// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/mount/mount_words.h"
#include "pailfs/mount/mountpoint.h"
#include "pailfs/util/file.h"
#include "pailfs/util/result.h"

namespace pailfs::mount {

/// A FUSE file system in the kernel's mount table, made by us; unmounted with its owner at the
/// latest. Who may mount does so by mount(2), others and whom the kernel refuses by fusermount.
/// libfuse only gets the descriptor: so what fusermount says is ours to put into words, and the
/// program of FUSE 2 will do.
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

  /// The mounted /dev/fuse. Stays ours: whoever closes descriptors of its own gets a copy.
  [[nodiscard]] int device() const { return device_.get(); }

  /// Lazily, unless somebody else has unmounted. Every copy of the descriptor must be closed by
  /// then: otherwise the kernel would wait for answers that nobody gives any more.
  void unmount();

 private:
  KernelMount(UniqueFd device, Environment machine, std::string path)
      : device_(std::move(device)), machine_(std::move(machine)), path_(std::move(path)) {}

  UniqueFd device_;
  UniqueFd lifeline_;  ///< of guard_mount()
  Environment machine_;
  std::string path_;
};

/// Takes whatever is mounted on `path` off, lazily; by fusermount where the kernel refuses us.
Status unmount_lazily(const Environment& machine, const std::string& path);

}  // namespace pailfs::mount
