// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>

#include "call.h"

namespace pailfs::test {
namespace {

using Kind = Call::Kind;

class Generator final {
 public:
  Generator(std::uint64_t seed, bool with_xattrs) : random_(seed), with_xattrs_(with_xattrs) {
    names_ = {"a", "b", "d", "d-", "d.", "d e", "f\x01", "\xc3\xa9", "\xff\xfe"};
    std::shuffle(names_.begin(), names_.end(), random_);
    names_.resize(4);
  }

  Call next() {
    Call call;
    call.kind = kind();
    // Root succeeds too often to be the rule.
    call.user = chance(40) ? 0 : static_cast<int>(below(users().size()));
    call.path = path();
    call.other = call.kind == Kind::symlink ? target() : path();
    call.slot = static_cast<int>(below(kSlots));
    call.number = static_cast<int>(below(kSlots));
    call.mode = mode();
    call.offset = offset();
    call.size = size();
    call.fill = static_cast<unsigned char>(1 + below(250));
    call.uid = pick<int>({-1, 0, 1001, 1002});
    call.gid = pick<int>({-1, 0, 1001, 1002, 2001});
    call.follow = chance(50);
    call.atime = static_cast<int>(below(kTimeChoices));
    call.mtime = static_cast<int>(below(kTimeChoices));
    call.name = pick<const char*>({"user.a", "user.b", "user.a b"});
    refine(call);
    return call;
  }

 private:
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + below(choices.size()));
  }

  std::string name() { return names_.at(below(names_.size())); }
  std::string path() {
    if (chance(2)) return "";
    std::string made = name();
    for (unsigned more = 45; chance(more); more = 20) made += "/" + name();
    return made;
  }
  /// Relative, so that it means the same on both sides; sometimes of the kinds that lead nowhere.
  std::string target() {
    if (chance(10)) return pick<const char*>({"nowhere", " blanks ", ".", "../.."});
    return chance(30) ? "../" + name() : path() + (chance(50) ? "" : name());
  }
  mode_t mode() {
    const auto bits = pick<mode_t>({0644, 0666, 0600, 0777, 0755, 0700, 0000, 0070, 0222, 0750});
    if (chance(75)) return bits;
    return bits | pick<mode_t>({S_ISUID, S_ISGID, S_ISVTX, S_ISUID | S_ISGID, S_ISVTX | S_ISGID});
  }
  std::uint64_t offset() {
    if (chance(1)) return (5U << 20U) + below(3U << 20U);
    return chance(50) ? 0 : below(chance(50) ? 300 : 200'000);
  }
  std::uint64_t size() { return chance(80) ? below(200) : below(300'000); }

  Kind kind() {
    static const std::vector<std::pair<Kind, unsigned>> weights = {
        {Kind::open, 30},    {Kind::close, 8},     {Kind::dup, 2},        {Kind::reopen, 4},
        {Kind::read, 4},     {Kind::pread, 4},     {Kind::write, 14},     {Kind::pwrite, 8},
        {Kind::map_read, 2}, {Kind::map_write, 3}, {Kind::ftruncate, 5},  {Kind::truncate, 5},
        {Kind::fsync, 4},    {Kind::fallocate, 4}, {Kind::copy_range, 2}, {Kind::fchmod, 3},
        {Kind::fchown, 3},   {Kind::chmod, 8},     {Kind::chown, 6},      {Kind::lchown, 3},
        {Kind::utimens, 6},  {Kind::futimens, 3},  {Kind::mkdir, 16},     {Kind::rmdir, 5},
        {Kind::unlink, 8},   {Kind::rename, 16},   {Kind::link, 2},       {Kind::symlink, 6},
        {Kind::readlink, 2}, {Kind::mknod, 6},     {Kind::access, 4},     {Kind::stat, 3},
        {Kind::umask, 2},    {Kind::setxattr, 10}, {Kind::getxattr, 4},   {Kind::removexattr, 4}};
    for (;;) {
      unsigned sum = 0;
      for (const auto& [kind, weight] : weights) sum += weight;
      auto at = below(sum);
      for (const auto& [kind, weight] : weights) {
        if (at >= weight) {
          at -= weight;
          continue;
        }
        if (kind >= Kind::setxattr && !with_xattrs_) break;
        return kind;
      }
    }
  }

  void refine(Call& call) {
    switch (call.kind) {
      case Kind::open:
        call.flags = pick<int>({O_RDONLY, O_WRONLY, O_RDWR, O_RDWR});
        if (chance(60)) call.flags |= O_CREAT;
        if (chance(10)) call.flags |= O_EXCL & (call.flags & O_CREAT ? O_EXCL : 0);
        if (chance(20)) call.flags |= O_TRUNC;
        if (chance(20)) call.flags |= O_APPEND;
        if (chance(8)) call.flags = O_RDONLY | O_DIRECTORY;
        if (chance(10)) call.flags |= O_NOFOLLOW;
        break;
      case Kind::chown:
      case Kind::fchown:
      case Kind::lchown:
        // Whether others may change nothing is told by the kernel, by S_ISGID and differently for
        // FUSE.
        if (call.uid == -1 && call.gid == -1) call.user = 0;
        break;
      case Kind::reopen:
        call.flags = pick<int>({O_RDONLY, O_WRONLY, O_RDWR}) | (chance(15) ? O_TRUNC : 0);
        break;
      case Kind::fallocate:
        call.flags =
            pick<int>({0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE});
        break;
      case Kind::rename:
        call.flags = chance(15) ? 1 : 0;
        break;
      case Kind::mknod:
        call.mode = (call.mode & 07777) |
                    pick<mode_t>({S_IFIFO, S_IFIFO, S_IFSOCK, S_IFREG, S_IFCHR, S_IFBLK});
        call.number = static_cast<int>(pick<unsigned>({0x103, 0x701, 0x10203}));
        break;
      case Kind::access:
        call.flags = static_cast<int>(below(8));
        break;
      case Kind::umask:
        call.mode = pick<mode_t>({0, 022, 077, 027});
        break;
      case Kind::setxattr:
        call.flags = chance(60) ? 0 : pick<int>({XATTR_CREATE, XATTR_REPLACE});
        call.size = below(40);
        break;
      default:
        break;
    }
  }

  std::mt19937_64 random_;
  bool with_xattrs_;
  std::vector<std::string> names_;
};

}  // namespace

std::vector<Call> random_calls(std::uint64_t seed, std::size_t count, bool with_xattrs) {
  Generator generator(seed, with_xattrs);
  std::vector<Call> calls;
  for (std::size_t i = 0; i < count; ++i) calls.push_back(generator.next());
  return calls;
}

}  // namespace pailfs::test
