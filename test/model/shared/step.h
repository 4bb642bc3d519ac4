// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace pailfs::test::shared {

/// Files that a program of a mount holds open at a time, at most.
inline constexpr std::size_t kSlots = 3;

/// One step of a random history: what a program does on one mount, or a foreign client to the
/// bucket. A pure value that makes sense in any state (a slot without a file: nothing happens), so
/// that a failing history can be shortened by leaving steps out.
struct Step {
  enum class Kind {
    replace,    ///< open(O_CREAT|O_TRUNC), write, close
    exclusive,  ///< open(O_CREAT|O_EXCL), write, close
    append,     ///< open(O_CREAT|O_APPEND), write, close
    patch,      ///< open(O_RDWR), pwrite, close
    read,       ///< open(O_RDONLY), read all, close
    open,
    write,  ///< to an open file, from here on `slot`
    cut,    ///< ftruncate
    show,   ///< pread
    fsync,
    close,
    truncate,
    stat,
    list,
    mkdir,
    rmdir,
    unlink,
    rename,      ///< of a file
    rename_new,  ///< RENAME_NOREPLACE
    rename_directory,
    symlink,
    chmod,
    utimens,
    setxattr,
    refresh,
    remount,
    kill,  ///< the mount ends without storing anything
    wait,
    put,     ///< by the foreign client
    remove,  ///< likewise
  };
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::remove) + 1;
  Kind kind = Kind::wait;
  std::size_t mount = 0;
  std::size_t slot = 0;
  std::string path;
  std::string other;
  int flags = 0;             ///< of open
  std::uint64_t number = 0;  ///< offset or size in records, mode, milliseconds
  std::size_t size = 0;      ///< in records
  unsigned write = 0;        ///< another one for each step
  int lost_reply = 0;        ///< the reply to this request of the step is lost; 0: none
  /// This happens before this request of the step is made, or after; by another mount, or by the
  /// foreign client.
  std::shared_ptr<const Step> meanwhile = {};
  int meanwhile_at = 0;
  bool meanwhile_after = false;

  [[nodiscard]] bool is_foreign() const { return kind == Kind::put || kind == Kind::remove; }
  /// As a line for a person.
  [[nodiscard]] std::string text() const;
};

/// What a history is like.
struct Shape {
  std::size_t mounts = 2;
  std::size_t steps = 60;
  bool conditional = true;  ///< the service obeys conditions
  bool lost_replies = false;
  bool parts = false;  ///< files of several parts
  int attribute_seconds = 900;
  [[nodiscard]] std::string text() const;
};

struct History {
  Shape shape;
  std::vector<Step> steps;
};

/// Equal seeds give equal histories.
History random_history(std::uint64_t seed);

}  // namespace pailfs::test::shared
