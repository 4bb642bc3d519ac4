// SPDX-License-Identifier: Apache-2.0
#include "fuse_ops.h"

#include <algorithm>

namespace pailfs::fuse {
namespace {

void want(fuse_conn_info& connection, unsigned flag) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  fuse_set_feature_flag(&connection, flag);
#else
  connection.want |= connection.capable & flag;
#endif
}

void refuse(fuse_conn_info& connection, unsigned flag) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
  fuse_unset_feature_flag(&connection, flag);
#else
  connection.want &= ~flag;
#endif
}

void init(void* user_data, fuse_conn_info* connection) {
  Adapter& adapter = *static_cast<Adapter*>(user_data);
  want(*connection, FUSE_CAP_ASYNC_READ);
  want(*connection, FUSE_CAP_ASYNC_DIO);
  want(*connection, FUSE_CAP_ATOMIC_O_TRUNC);
  want(*connection, FUSE_CAP_AUTO_INVAL_DATA);
  want(*connection, FUSE_CAP_PARALLEL_DIROPS);
  want(*connection, FUSE_CAP_READDIRPLUS);
  want(*connection, FUSE_CAP_READDIRPLUS_AUTO);

  if (adapter.files.obeys_acls() && (connection->capable & FUSE_CAP_POSIX_ACL) != 0) {
    want(*connection, FUSE_CAP_POSIX_ACL);
    // The default list of a directory takes the place of the umask.
    want(*connection, FUSE_CAP_DONT_MASK);
    adapter.kernel_obeys_acls = true;
  }
  // File handles: the kernel looks up "." of the number of an inode that it has forgotten.
  want(*connection, FUSE_CAP_EXPORT_SUPPORT);
  // This would make the kernel the authority on size and mtime and hide changes by other clients of
  // the bucket.
  refuse(*connection, FUSE_CAP_WRITEBACK_CACHE);
  // Measured at a third of the speed of a copy.
  refuse(*connection, FUSE_CAP_SPLICE_READ);
  refuse(*connection, FUSE_CAP_SPLICE_WRITE);
  refuse(*connection, FUSE_CAP_SPLICE_MOVE);
  // Refused, the kernel itself takes suid and sgid away, by a SETATTR with the new mode before the
  // write, truncate or chown; so no verb needs to know about them.
  refuse(*connection, FUSE_CAP_HANDLE_KILLPRIV);
#ifdef FUSE_CAP_HANDLE_KILLPRIV_V2
  refuse(*connection, FUSE_CAP_HANDLE_KILLPRIV_V2);
#endif

  const mount::Config& config = adapter.config;
  if (adapter.files.has_whole_files() && !config.direct_io) {
    adapter.passthrough.negotiate(*connection);
  }
  connection->max_write = config.max_write;
  connection->max_background = config.max_background;
  connection->congestion_threshold = config.congestion_threshold > 0
                                         ? config.congestion_threshold
                                         : std::max(1U, config.max_background / 4 * 3);
  // The kernel's offer is its limit.
  if (config.max_readahead > 0) {
    connection->max_readahead = std::min(connection->max_readahead, config.max_readahead);
  }
  adapter.ready = true;
  // The kernel queues requests until INIT is answered, which libfuse does when we return, so
  // programs can use the mount from now on.
  if (adapter.on_ready) adapter.on_ready();
}

}  // namespace

void invalidate_attributes(Adapter& adapter, fuse_ino_t ino) {
  if (adapter.session == nullptr) return;
  constexpr off_t kNoPages = -1;
  const int failed = fuse_lowlevel_notify_inval_inode(adapter.session, ino, kNoPages, 0);
  // ENOENT: the kernel does not know the inode. Before an unmount the connection may be gone.
  if (failed != 0 && log::enabled(LogLevel::debug)) {
    log::write(LogLevel::debug, "attributes of inode " + std::to_string(ino) +
                                    " not taken from the kernel: errno " + std::to_string(-failed));
  }
}

fuse_lowlevel_ops make_operations(const mount::Config& config) {
  fuse_lowlevel_ops table{};
  table.init = guarded<init>;
  add_node_operations(table);
  add_directory_operations(table);
  add_file_operations(table);
  add_refresh_operation(table);
  if (config.use_xattr) add_xattr_operations(table);
  return table;
}

}  // namespace pailfs::fuse
