// SPDX-License-Identifier: Apache-2.0
#include "kernel_read_ahead.h"

#include <fcntl.h>
#include <unistd.h>

#include "pailfs/mount/mount_table.h"
#include "pailfs/util/file.h"
#include "pailfs/util/log.h"

namespace pailfs::fuse {
namespace {
constexpr unsigned kBest = 1U << 20U;
}

void KernelReadAhead::settle() {
  if (settled_.exchange(true) || mountpoint_.empty()) return;
  const auto entry = mount::find_mount(mount::read_mountinfo(mountinfo_), mountpoint_);
  if (!entry) return;
  const std::string path = "/sys/class/bdi/" + entry->device + "/read_ahead_kb";
  const std::string value = std::to_string((bytes_ == 0 ? kBest : bytes_) >> 10U);
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  // Only root may write there, and in most containers /sys is read-only.
  if (file && ::write(file.get(), value.data(), value.size()) > 0) return;
  log_debug([&] { return path + " cannot be set; the kernel reads ahead by its default"; });
}

}  // namespace pailfs::fuse
