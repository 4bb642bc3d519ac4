// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pailfs::test {

/// One system call of a random history: a value that makes sense in any state, so that a failing
/// history can be shortened by leaving calls out. Which members count depends on `kind`; text()
/// tells.
struct Call {
  enum class Kind {
    open,  ///< `path`, `flags`, `mode` into `slot`; what was open there is closed first
    close,
    dup,     ///< `slot` into slot `number`
    reopen,  ///< the same with a position and `flags` of its own, through /proc/self/fd
    read,    ///< `size` bytes, where the descriptor stands
    pread,
    write,  ///< `size` bytes made from `fill`
    pwrite,
    map_read,   ///< `size` bytes at `offset` through a private mapping
    map_write,  ///< the same through a shared one, msync, then both sides get fixed times
    ftruncate,
    truncate,
    fsync,
    fallocate,   ///< with mode `flags`
    copy_range,  ///< copy_file_range from `slot` to slot `number`
    fchmod,
    fchown,
    chmod,
    chown,   ///< follows symbolic links
    lchown,  ///< does not
    utimens,
    futimens,
    mkdir,
    rmdir,
    unlink,
    rename,   ///< `path` to `other`; with `flags` for renameat2
    link,     ///< refused where hard links cannot be stored
    symlink,  ///< `other` is the target
    readlink,
    mknod,
    access,
    stat,
    umask,  ///< the mask stays for later calls
    setxattr,
    getxattr,
    removexattr,
  };
  Kind kind = Kind::stat;
  int user = 0;  ///< index into users()
  std::string path;
  std::string other;
  int slot = 0;
  int number = 0;
  int flags = 0;
  mode_t mode = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  unsigned char fill = 0;
  int uid = -1;
  int gid = -1;
  std::string name;  ///< of an extended attribute
  bool follow = false;
  int atime = 0;  ///< see time_choice()
  int mtime = 0;

  /// As a line for a person.
  [[nodiscard]] std::string text() const;
};

inline constexpr int kSlots = 4;

/// Who makes the calls: root first.
struct User {
  const char* name;
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups;
};
const std::vector<User>& users();

/// 0: UTIME_NOW; 1: UTIME_OMIT; others: fixed times with and without nanoseconds, before 1970 too.
inline constexpr int kTimeChoices = 6;
timespec time_choice(int choice);

/// `count` calls over a small alphabet of names with bytes that sort before and after '/', blanks,
/// a control character and bytes that are no UTF-8.
std::vector<Call> random_calls(std::uint64_t seed, std::size_t count, bool with_xattrs);

}  // namespace pailfs::test
