// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <string>

#include <fuse_lowlevel.h>

#include "pailfs/fs/file_system.h"
#include "pailfs/fuse/kernel_caches.h"
#include "pailfs/fuse/serve.h"
#include "pailfs/mount/mount.h"
#include "pailfs/util/log.h"

#include "caller_descriptors.h"
#include "kernel_read_ahead.h"
#include "passthrough.h"
#include "request_watch.h"

namespace pailfs::fuse {

class LockWaits;

/// The userdata of the session, which every verb gets from libfuse; outlives the session.
struct Adapter {
  const mount::Config& config;
  fs::FileSystem& files;
  const std::function<void()>& on_ready;
  const Instruments& instruments;
  CallerDescriptors* descriptors = nullptr;  ///< null where the mountpoint is not known
  KernelReadAhead& read_ahead;
  KernelTimes times{config};
  Passthrough passthrough{};
  bool kernel_obeys_acls = false;   ///< negotiated; written before any other request
  fuse_session* session = nullptr;  ///< null in tests that have none
  LockWaits* lock_waits = nullptr;  ///< with FileSystem::keeps_locks()
  RequestWatch* watch = nullptr;    ///< null: verbs are answered by their workers alone
  bool ready = false;  ///< FUSE_INIT was seen; written on one worker, read after the loop
};

/// Makes the kernel forget the attributes of a file: it asks for them when it next needs them, and
/// drops its pages if size or mtime have changed. Call it only while a request for that file is not
/// answered yet: the kernel then keeps the inode, and without a range of pages the call waits for
/// no request.
void invalidate_attributes(Adapter& adapter, fuse_ino_t ino);

/// libfuse's table, filled with translations to fs::FileSystem. Left out on purpose: access (the
/// kernel checks, default_permissions), locks and flock (the kernel keeps them, see
/// add_lock_operations), lseek,
/// copy_file_range, ioctl, poll (the kernel and libc emulate what can be), and, unless
/// config.use_xattr, the xattr verbs but setxattr, which user.pailfs.refresh needs: the ENOSYS that
/// libfuse then gives makes the kernel never ask again. A kernel that may ask does so before every
/// write, for security.capability: 10,000 writes of 4 KiB took twice as long.
fuse_lowlevel_ops make_operations(const mount::Config& config);

void add_node_operations(fuse_lowlevel_ops& table);
void add_directory_operations(fuse_lowlevel_ops& table);
void add_file_operations(fuse_lowlevel_ops& table);
void add_xattr_operations(fuse_lowlevel_ops& table);
/// With FileSystem::keeps_locks(); the kernel then keeps none itself.
void add_lock_operations(fuse_lowlevel_ops& table);
/// setxattr alone.
void add_refresh_operation(fuse_lowlevel_ops& table);

/// `guarded<verb>` is the verb as a C function: the top of a thread as far as we are concerned, so
/// exceptions (out of memory) end here. The Reply that unwinds has answered EIO by then.
template <auto Verb>
struct Guarded;
template <class... Args, void (*Verb)(Args...)>
struct Guarded<Verb> {
  static void call(Args... args) noexcept {
    try {
      Verb(args...);
    } catch (const std::exception& error) {
      log_critical(std::string("request given up: ") + error.what());
    }
  }
};
template <auto Verb>
inline constexpr auto guarded = &Guarded<Verb>::call;

}  // namespace pailfs::fuse
