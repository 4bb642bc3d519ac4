// SPDX-License-Identifier: Apache-2.0
#include "call.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstdio>

#include "pailfs/util/text.h"

namespace pailfs::test {
namespace {

using Kind = Call::Kind;

std::string octal(mode_t mode) {
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), "0%o", static_cast<unsigned>(mode));
  return out.data();
}

std::string open_flags(int flags) {
  constexpr std::array<const char*, 4> kAccess = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
  std::string text = kAccess.at(static_cast<std::size_t>(flags & O_ACCMODE));
  const std::array<std::pair<int, const char*>, 6> more = {{{O_CREAT, "|O_CREAT"},
                                                            {O_EXCL, "|O_EXCL"},
                                                            {O_TRUNC, "|O_TRUNC"},
                                                            {O_APPEND, "|O_APPEND"},
                                                            {O_DIRECTORY, "|O_DIRECTORY"},
                                                            {O_NOFOLLOW, "|O_NOFOLLOW"}}};
  for (const auto& [bit, name] : more) {
    if ((flags & bit) == bit) text += name;
  }
  return text;
}

std::string time_text(int choice) {
  if (choice == 0) return "now";
  if (choice == 1) return "omit";
  const timespec time = time_choice(choice);
  return std::to_string(time.tv_sec) + "+" + std::to_string(time.tv_nsec) + "ns";
}

}  // namespace

const std::vector<User>& users() {
  static const std::vector<User> all = {{"root", 0, 0, {}},
                                        {"alice", 1001, 1001, {2001}},
                                        {"bob", 1002, 1002, {2001, 1001}},
                                        {"carol", 1003, 2001, {}}};
  return all;
}

timespec time_choice(int choice) {
  constexpr std::array<timespec, kTimeChoices> kChoices = {{{0, UTIME_NOW},
                                                            {0, UTIME_OMIT},
                                                            {1'000'000'000, 0},
                                                            {1'500'000'000, 123'456'789},
                                                            {-1'000, 500'000'000},
                                                            {0, 1}}};
  return kChoices.at(static_cast<std::size_t>(choice));
}

std::string Call::text() const {
  const std::string who = std::string(users().at(static_cast<std::size_t>(user)).name) + ": ";
  const std::string at = printable(path);
  const std::string fd = "fd" + std::to_string(slot);
  const std::string range = std::to_string(size) + " at " + std::to_string(offset);
  const std::string owner = std::to_string(uid) + ":" + std::to_string(gid);
  const std::string times = time_text(atime) + " " + time_text(mtime);
  const std::string other_fd = "fd" + std::to_string(number);
  switch (kind) {
    case Kind::open:
      return who + fd + " = open " + at + " " + open_flags(flags) + " " + octal(mode);
    case Kind::close:
      return who + "close " + fd;
    case Kind::dup:
      return who + other_fd + " = dup " + fd;
    case Kind::reopen:
      return who + other_fd + " = reopen " + fd + " " + open_flags(flags);
    case Kind::read:
      return who + "read " + fd + " " + std::to_string(size);
    case Kind::pread:
      return who + "pread " + fd + " " + range;
    case Kind::write:
      return who + "write " + fd + " " + std::to_string(size);
    case Kind::pwrite:
      return who + "pwrite " + fd + " " + range;
    case Kind::map_read:
      return who + "mmap, read " + fd + " " + range;
    case Kind::map_write:
      return who + "mmap, write " + fd + " " + range;
    case Kind::ftruncate:
      return who + "ftruncate " + fd + " " + std::to_string(size);
    case Kind::truncate:
      return who + "truncate " + at + " " + std::to_string(size);
    case Kind::fsync:
      return who + "fsync " + fd;
    case Kind::fallocate:
      return who + "fallocate " + fd + " " + range + " mode " + std::to_string(flags);
    case Kind::copy_range:
      return who + "copy_file_range " + fd + " to " + other_fd + " " + range;
    case Kind::fchmod:
      return who + "fchmod " + fd + " " + octal(mode);
    case Kind::fchown:
      return who + "fchown " + fd + " " + owner;
    case Kind::chmod:
      return who + "chmod " + at + " " + octal(mode);
    case Kind::chown:
      return who + "chown " + at + " " + owner;
    case Kind::lchown:
      return who + "lchown " + at + " " + owner;
    case Kind::utimens:
      return who + "utimensat " + at + " " + times + (follow ? "" : " nofollow");
    case Kind::futimens:
      return who + "futimens " + fd + " " + times;
    case Kind::mkdir:
      return who + "mkdir " + at + " " + octal(mode);
    case Kind::rmdir:
      return who + "rmdir " + at;
    case Kind::unlink:
      return who + "unlink " + at;
    case Kind::rename:
      return who + "rename " + at + " " + printable(other) + (flags != 0 ? " NOREPLACE" : "");
    case Kind::link:
      return who + "link " + at + " " + printable(other);
    case Kind::symlink:
      return who + "symlink " + at + " -> " + printable(other);
    case Kind::readlink:
      return who + "readlink " + at;
    case Kind::mknod:
      return who + "mknod " + at + " " + octal(mode) + " " + std::to_string(number);
    case Kind::access:
      return who + "access " + at + " " + std::to_string(flags);
    case Kind::stat:
      return who + (follow ? "stat " : "lstat ") + at;
    case Kind::umask:
      return "umask " + octal(mode);
    case Kind::setxattr:
      return who + "setxattr " + at + " " + name + " " + std::to_string(size) +
             (flags == 0   ? ""
              : flags == 1 ? " CREATE"
                           : " REPLACE");
    case Kind::getxattr:
      return who + "getxattr " + at + " " + name;
    case Kind::removexattr:
      return who + "removexattr " + at + " " + name;
  }
  return "?";
}

}  // namespace pailfs::test
