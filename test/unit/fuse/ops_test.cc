// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/fuse.h>

#include <cerrno>
#include <future>
#include <map>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/fuse/kernel_caches.h"
#include "pailfs/fuse/request_counts.h"

#include "serving.h"
#include "support/catch.h"

namespace pailfs::fuse {

using test::Answer;
using test::bytes_of;
using test::read_as;
using test::Serving;

namespace {

constexpr fs::InodeId kRoot = fs::kRootInode;
const fs::Caller kSomebody{.uid = 1, .gid = 2, .pid = 3};

std::string text(std::string_view a) {
  return std::string(a) + '\0';
}

fs::InodeId make_file(Serving& serving, std::string_view name) {
  const Result<fs::Attr> attr = serving.files.mknod(kRoot, name, S_IFREG | 0644, 0, kSomebody);
  serving.files.forget(attr->ino, 1);
  return attr->ino;
}

std::string open_request(int flags) {
  fuse_open_in body{};
  body.flags = static_cast<std::uint32_t>(flags);
  return bytes_of(body);
}

std::string create_request(std::string_view name, int flags) {
  fuse_create_in body{};
  body.flags = static_cast<std::uint32_t>(flags);
  body.mode = S_IFREG | 0640;
  return bytes_of(body) + text(name);
}

std::string read_request(std::uint64_t handle, std::uint64_t offset, std::uint32_t size) {
  fuse_read_in body{};
  body.fh = handle;
  body.offset = offset;
  body.size = size;
  return bytes_of(body);
}

std::string write_request(std::uint64_t handle, std::uint64_t offset, std::string_view bytes) {
  fuse_write_in body{};
  body.fh = handle;
  body.offset = offset;
  body.size = static_cast<std::uint32_t>(bytes.size());
  return bytes_of(body) + std::string(bytes);
}

std::string handle_request(std::uint32_t opcode, std::uint64_t handle) {
  if (opcode == FUSE_FLUSH) {
    fuse_flush_in body{};
    body.fh = handle;
    return bytes_of(body);
  }
  if (opcode == FUSE_FSYNC) {
    fuse_fsync_in body{};
    body.fh = handle;
    return bytes_of(body);
  }
  fuse_release_in body{};
  body.fh = handle;
  return bytes_of(body);
}

struct Entry {
  std::string name;
  std::uint64_t node = 0;
  std::uint64_t ino = 0;
  std::uint64_t next = 0;
  std::uint32_t type = 0;
};

std::vector<Entry> parse_entries(const std::string& body, bool plus) {
  std::vector<Entry> result;
  const std::size_t skip = plus ? sizeof(fuse_entry_out) : 0;
  for (std::size_t at = 0; at + skip + sizeof(fuse_dirent) <= body.size();) {
    Entry entry;
    if (plus) entry.node = read_as<fuse_entry_out>(body, at).nodeid;
    const auto dirent = read_as<fuse_dirent>(body, at + skip);
    entry.name = body.substr(at + skip + FUSE_NAME_OFFSET, dirent.namelen);
    entry.ino = dirent.ino;
    entry.next = dirent.off;
    entry.type = dirent.type;
    result.push_back(entry);
    at += FUSE_DIRENT_ALIGN(skip + FUSE_NAME_OFFSET + dirent.namelen);
  }
  return result;
}

std::uint64_t open_directory(Serving& serving) {
  const Answer opened = serving.kernel.call(FUSE_OPENDIR, kRoot, open_request(0));
  return read_as<fuse_open_out>(opened.body).fh;
}

/// Makes the file system wait in its next verb until the connection is cut, sends the request,
/// cuts, and returns when everything has ended.
void cut_while_answering(Serving& serving, std::uint32_t opcode, std::uint64_t node,
                         const std::string& body) {
  std::promise<void> entered;
  std::promise<void> cut;
  const std::shared_future<void> was_cut = cut.get_future().share();
  serving.files.before = [&entered, was_cut] {
    entered.set_value();
    was_cut.wait();
  };
  serving.kernel.send(opcode, node, body);
  entered.get_future().wait();
  serving.kernel.close();
  cut.set_value();
  static_cast<void>(serving.wait());
}

}  // namespace

TEST_CASE("the connection is begun with the features that pay and without the others",
          "[mount][ops]") {
  Serving serving;
  CHECK(serving.ready == 1);
  CHECK(serving.kernel.max_write() == 1U << 20U);
  for (const auto on : {FUSE_ASYNC_READ, FUSE_ATOMIC_O_TRUNC, FUSE_AUTO_INVAL_DATA,
                        FUSE_DO_READDIRPLUS, FUSE_READDIRPLUS_AUTO, FUSE_BIG_WRITES, FUSE_MAX_PAGES,
                        FUSE_EXPORT_SUPPORT, FUSE_PARALLEL_DIROPS}) {
    CAPTURE(on);
    CHECK((serving.init_flags & static_cast<std::uint32_t>(on)) != 0);
  }
  for (const auto off : {FUSE_WRITEBACK_CACHE, FUSE_HANDLE_KILLPRIV, FUSE_HANDLE_KILLPRIV_V2,
                         FUSE_POSIX_LOCKS, FUSE_FLOCK_LOCKS, FUSE_DONT_MASK, FUSE_POSIX_ACL,
                         FUSE_SPLICE_READ, FUSE_SPLICE_WRITE, FUSE_SPLICE_MOVE}) {
    CAPTURE(off);
    CHECK((serving.init_flags & static_cast<std::uint32_t>(off)) == 0);
  }
}

TEST_CASE("lookup hands over attributes, times to live and one lookup count", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  const Answer answer = serving.kernel.lookup(kRoot, "f");
  REQUIRE(answer.err == 0);
  const auto entry = read_as<fuse_entry_out>(answer.body);
  CHECK(entry.nodeid == ino);
  CHECK(entry.attr.mode == (S_IFREG | 0644));
  CHECK(entry.attr.uid == 1);
  CHECK(entry.entry_valid == 1);
  CHECK(serving.files.lookups(ino) == 1);

  fuse_forget_in forget{};
  forget.nlookup = 1;
  serving.kernel.send(FUSE_FORGET, ino, bytes_of(forget));
  CHECK(serving.kernel.getattr(kRoot).err == 0);
  CHECK_FALSE(serving.cut().has_value());
  CHECK(serving.files.lookups(ino) == 0);
}

TEST_CASE("an absent name is ENOENT, or an entry to remember when negative names have a time",
          "[mount][ops]") {
  {
    Serving serving;
    CHECK(serving.kernel.lookup(kRoot, "x").err == ENOENT);
  }
  mount::Config config;
  config.negative_seconds = 2;
  Serving serving(config);
  const Answer answer = serving.kernel.lookup(kRoot, "x");
  CHECK(answer.err == 0);
  CHECK(read_as<fuse_entry_out>(answer.body).nodeid == 0);
  CHECK(read_as<fuse_entry_out>(answer.body).entry_valid == 2);
  serving.files.fail_next(Error(EACCES, "denied"));
  CHECK(serving.kernel.lookup(kRoot, "x").err == EACCES);
}

TEST_CASE("a lookup count whose answer was lost is taken back", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  cut_while_answering(serving, FUSE_LOOKUP, kRoot, text("f"));
  CHECK(serving.files.lookups(ino) == 0);
}

TEST_CASE("handles whose answer was lost are released", "[mount][ops]") {
  SECTION("open") {
    Serving serving;
    const fs::InodeId ino = make_file(serving, "f");
    cut_while_answering(serving, FUSE_OPEN, ino, open_request(O_RDWR));
    CHECK(serving.files.open_handles() == 0);
  }
  SECTION("create") {
    Serving serving;
    cut_while_answering(serving, FUSE_CREATE, kRoot, create_request("f", O_RDWR));
    CHECK(serving.files.open_handles() == 0);
    CHECK(serving.files.lookups(2) == 0);
    CHECK(serving.files.getattr(2).has_value());
  }
  SECTION("opendir") {
    Serving serving;
    cut_while_answering(serving, FUSE_OPENDIR, kRoot, open_request(0));
    CHECK(serving.files.open_handles() == 0);
  }
}

TEST_CASE("create, write, read, flush and release reach the file system", "[mount][ops]") {
  Serving serving;
  const Answer created =
      serving.kernel.call(FUSE_CREATE, kRoot, create_request("f", O_RDWR | O_CREAT));
  REQUIRE(created.err == 0);
  const auto entry = read_as<fuse_entry_out>(created.body);
  const auto open = read_as<fuse_open_out>(created.body, sizeof(fuse_entry_out));
  CHECK(entry.attr.uid == 1001);
  CHECK(entry.attr.gid == 1002);
  CHECK((entry.attr.mode & 07777U) == 0640);
  CHECK((open.open_flags & FOPEN_NOFLUSH) == 0);

  const std::string big(100'000, 'x');  // a message of the socket pair is no longer than 200 KiB
  const Answer written =
      serving.kernel.call(FUSE_WRITE, entry.nodeid, write_request(open.fh, 3, big));
  CHECK(read_as<fuse_write_out>(written.body).size == big.size());
  const Answer read =
      serving.kernel.call(FUSE_READ, entry.nodeid, read_request(open.fh, 0, 100'000));
  CHECK((read.body == std::string(3, '\0') + big.substr(3)));
  const Answer rest =
      serving.kernel.call(FUSE_READ, entry.nodeid, read_request(open.fh, 100'000, 4096));
  CHECK(rest.body == "xxx");
  const Answer beyond =
      serving.kernel.call(FUSE_READ, entry.nodeid, read_request(open.fh, 9U << 20U, 4096));
  CHECK(beyond.err == 0);
  CHECK(beyond.body.empty());

  CHECK(serving.kernel.call(FUSE_FLUSH, entry.nodeid, handle_request(FUSE_FLUSH, open.fh)).err ==
        0);
  serving.files.fail_next(Error(ENOSPC, "full"));
  CHECK(serving.kernel.call(FUSE_FLUSH, entry.nodeid, handle_request(FUSE_FLUSH, open.fh)).err ==
        ENOSPC);
  serving.files.fail_next(Error(EDQUOT, "quota"));
  CHECK(serving.kernel.call(FUSE_FSYNC, entry.nodeid, handle_request(FUSE_FSYNC, open.fh)).err ==
        EDQUOT);
  CHECK(
      serving.kernel.call(FUSE_RELEASE, entry.nodeid, handle_request(FUSE_RELEASE, open.fh)).err ==
      0);
  CHECK(serving.files.open_handles() == 0);
}

TEST_CASE("only handles through which nothing changes go without a flush", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  for (const auto& [flags, without] : {std::pair{O_RDONLY, true},
                                       {O_RDONLY | O_TRUNC, false},
                                       {O_WRONLY, false},
                                       {O_RDWR, false}}) {
    CAPTURE(flags);
    const Answer opened = serving.kernel.call(FUSE_OPEN, ino, open_request(flags));
    REQUIRE(opened.err == 0);
    const auto open = read_as<fuse_open_out>(opened.body);
    CHECK(((open.open_flags & FOPEN_NOFLUSH) != 0) == without);
    CHECK(serving.files.last_open_flags == flags);
  }
}

TEST_CASE("a directory read in small buffers gives every name once", "[mount][ops]") {
  const bool plus = GENERATE(false, true);
  const bool known = GENERATE(false, true);
  CAPTURE(plus, known);
  Serving serving;
  serving.files.attributes_known = known;
  std::set<std::string> expected = {".", ".."};
  std::vector<fs::InodeId> inodes;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "name-" + std::to_string(i);
    expected.insert(name);
    inodes.push_back(make_file(serving, name));
  }
  const std::uint64_t handle = open_directory(serving);
  std::set<std::string> seen;
  std::size_t count = 0;
  std::uint64_t offset = 0;
  bool ended = false;
  for (int round = 0; round < 200 && !ended; ++round) {
    const Answer answer = serving.kernel.call(plus ? FUSE_READDIRPLUS : FUSE_READDIR, kRoot,
                                              read_request(handle, offset, 700));
    REQUIRE(answer.err == 0);
    REQUIRE(answer.body.size() <= 700);
    for (const Entry& entry : parse_entries(answer.body, plus)) {
      seen.insert(entry.name);
      ++count;
      offset = entry.next;
      CHECK(entry.ino != 0);
      const bool dot = entry.name == "." || entry.name == "..";
      CHECK((entry.node != 0) == (plus && known && !dot));
      CHECK(entry.type == (dot ? S_IFDIR >> 12U : S_IFREG >> 12U));
    }
    ended = answer.body.empty();
  }
  CHECK(ended);
  CHECK(seen == expected);
  CHECK(count == expected.size());
  for (const fs::InodeId ino : inodes) CHECK(serving.files.lookups(ino) == (plus && known ? 1 : 0));
}

TEST_CASE("half a listing is an error and takes no lookup counts", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  const std::uint64_t handle = open_directory(serving);
  serving.files.fail_next(Error(EIO, "listing cut off"));
  const Answer answer = serving.kernel.call(FUSE_READDIRPLUS, kRoot, read_request(handle, 0, 4096));
  CHECK(answer.err == EIO);
  CHECK(serving.files.lookups(ino) == 0);
}

TEST_CASE("a listing whose answer was lost takes no lookup counts", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  const std::uint64_t handle = open_directory(serving);
  cut_while_answering(serving, FUSE_READDIRPLUS, kRoot, read_request(handle, 0, 4096));
  CHECK(serving.files.lookups(ino) == 0);
}

TEST_CASE("names are made, renamed and removed", "[mount][ops]") {
  Serving serving;
  fuse_mkdir_in mkdir{};
  mkdir.mode = 0750;
  const Answer made = serving.kernel.call(FUSE_MKDIR, kRoot, bytes_of(mkdir) + text("d"));
  REQUIRE(made.err == 0);
  CHECK(read_as<fuse_entry_out>(made.body).attr.mode == (S_IFDIR | 0750));
  CHECK(serving.kernel.call(FUSE_MKDIR, kRoot, bytes_of(mkdir) + text("d")).err == EEXIST);

  const Answer linked = serving.kernel.call(FUSE_SYMLINK, kRoot, text("l") + text("to/there"));
  REQUIRE(linked.err == 0);
  const fs::InodeId link = read_as<fuse_entry_out>(linked.body).nodeid;
  CHECK(serving.kernel.call(FUSE_READLINK, link, "").body == "to/there");

  fuse_rename2_in rename{};
  rename.newdir = kRoot;
  const auto rename_with = [&](std::uint32_t flags) {
    rename.flags = flags;
    return serving.kernel.call(FUSE_RENAME2, kRoot, bytes_of(rename) + text("l") + text("d")).err;
  };
  CHECK(rename_with(1) == EEXIST);  // RENAME_NOREPLACE
  CHECK(rename_with(2) == EINVAL);  // RENAME_EXCHANGE
  CHECK(rename_with(4) == EINVAL);  // RENAME_WHITEOUT
  CHECK(rename_with(0) == 0);
  CHECK(serving.kernel.call(FUSE_RMDIR, kRoot, text("none")).err == ENOENT);
  CHECK(serving.kernel.call(FUSE_UNLINK, kRoot, text("d")).err == 0);

  fuse_link_in hard{};
  hard.oldnodeid = link;
  CHECK(serving.kernel.call(FUSE_LINK, kRoot, bytes_of(hard) + text("h")).err == EOPNOTSUPP);
}

TEST_CASE("setattr changes what is named and answers with all attributes", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  fuse_setattr_in body{};
  body.valid = FATTR_MODE | FATTR_SIZE | FATTR_MTIME;
  body.mode = 04711;
  body.size = 5;
  body.mtime = 1000;
  body.mtimensec = 7;
  const Answer answer = serving.kernel.call(FUSE_SETATTR, ino, bytes_of(body));
  REQUIRE(answer.err == 0);
  const auto attr = read_as<fuse_attr_out>(answer.body).attr;
  CHECK(attr.mode == (S_IFREG | 04711));
  CHECK(attr.size == 5);
  CHECK(attr.mtime == 1000);
  CHECK(attr.mtimensec == 7);
  CHECK(attr.uid == 1);
}

TEST_CASE("without use_xattr the kernel is told never to ask again", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  fuse_getxattr_in get{};
  get.size = 100;
  CHECK(serving.kernel.call(FUSE_GETXATTR, ino, bytes_of(get) + text("user.a")).err == ENOSYS);
  CHECK(serving.kernel.call(FUSE_LISTXATTR, ino, bytes_of(get)).err == ENOSYS);
}

TEST_CASE("a refresh is asked for by an attribute, with or without use_xattr", "[mount][ops]") {
  for (const bool use_xattr : {false, true}) {
    CAPTURE(use_xattr);
    mount::Config config;
    config.use_xattr = use_xattr;
    KernelCaches caches;
    Instruments instruments;
    instruments.caches = &caches;
    Serving serving(config, instruments);
    const fs::InodeId ino = make_file(serving, "f");
    const auto set = [&](const std::string& name) {
      fuse_setxattr_in in{};
      in.size = 1;
      // Without FUSE_SETXATTR_EXT the kernel sends the first two fields only.
      serving.kernel.send(FUSE_SETXATTR, ino,
                          bytes_of(in).substr(0, FUSE_COMPAT_SETXATTR_IN_SIZE) + text(name) + "1");
      return serving.kernel.receive();
    };
    const auto told = set("user.pailfs.refresh");
    REQUIRE(told);
    CHECK(told->unique == 0);  // a notification, which has its code in place of an errno
    CHECK(-told->err == FUSE_NOTIFY_INVAL_INODE);
    const auto notice = read_as<fuse_notify_inval_inode_out>(told->body);
    CHECK(notice.ino == ino);
    CHECK(notice.off == -1);
    const auto answer = serving.kernel.receive();
    REQUIRE(answer);
    CHECK((answer->unique != 0 && answer->err == 0));
    CHECK(set("user.other")->err == (use_xattr ? 0 : EOPNOTSUPP));
  }
}

TEST_CASE("the root has a status to read where there are attributes", "[mount][ops]") {
  mount::Config config;
  config.use_xattr = true;
  Instruments instruments;
  instruments.status = [] { return std::string("{}"); };
  Serving serving(config, instruments);
  const fs::InodeId ino = make_file(serving, "f");
  const auto ask = [&](fs::InodeId whom, std::uint32_t size, const std::string& name) {
    fuse_getxattr_in get{};
    get.size = size;
    return serving.kernel.call(FUSE_GETXATTR, whom, bytes_of(get) + text(name));
  };
  CHECK(ask(kRoot, 100, "user.pailfs.status").body == "{}");
  // More room than needed now: it may have grown when it is read.
  CHECK(read_as<fuse_getxattr_out>(ask(kRoot, 0, "user.pailfs.status").body).size > 2);
  CHECK(ask(kRoot, 1, "user.pailfs.status").err == ERANGE);
  CHECK(ask(ino, 100, "user.pailfs.status").err == ENODATA);
  fuse_getxattr_in list{};
  list.size = 1000;
  const auto listed = serving.kernel.call(FUSE_LISTXATTR, kRoot, bytes_of(list));
  CHECK(listed.err == 0);
  CHECK(listed.body.find("pailfs") == std::string::npos);
}

TEST_CASE("every answer to the kernel is counted by verb and errno", "[mount][ops]") {
  RequestCounts counts;
  Serving serving(mount::Config{}, Instruments{&counts, {}});
  make_file(serving, "f");
  CHECK(serving.kernel.lookup(kRoot, "f").err == 0);
  CHECK(serving.kernel.lookup(kRoot, "g").err == ENOENT);
  CHECK(serving.kernel.lookup(kRoot, "h").err == ENOENT);
  std::map<std::pair<std::string_view, int>, std::uint64_t> seen;
  for (const RequestCounts::Row& row : counts.rows()) seen[{row.verb, row.errno_value}] = row.count;
  CHECK(seen[{"lookup", 0}] >= 1);
  CHECK(seen[{"lookup", ENOENT}] == 2);
  CHECK(seen[{"rename", 0}] == 0);
}

TEST_CASE("xattr sizes are asked for, too small buffers refused", "[mount][ops]") {
  mount::Config config;
  config.use_xattr = true;
  Serving serving(config);
  const fs::InodeId ino = make_file(serving, "f");
  REQUIRE(
      serving.files.setxattr(ino, "user.a", std::string_view("v\0w", 3), fs::XattrMode::any, {}));
  REQUIRE(serving.files.setxattr(ino, "user.b", "", fs::XattrMode::any, {}));
  const auto ask = [&](std::uint32_t opcode, std::uint32_t size, const std::string& name) {
    fuse_getxattr_in get{};
    get.size = size;
    return serving.kernel.call(opcode, ino, bytes_of(get) + name);
  };
  const std::string name = text("user.a");
  CHECK(read_as<fuse_getxattr_out>(ask(FUSE_GETXATTR, 0, name).body).size == 3);
  CHECK(ask(FUSE_GETXATTR, 3, name).body == std::string("v\0w", 3));
  CHECK(ask(FUSE_GETXATTR, 2, name).err == ERANGE);
  CHECK(ask(FUSE_GETXATTR, 3, text("user.none")).err == ENODATA);
  CHECK(read_as<fuse_getxattr_out>(ask(FUSE_LISTXATTR, 0, "").body).size == 14);
  CHECK(ask(FUSE_LISTXATTR, 14, "").body == text("user.a") + text("user.b"));
  CHECK(ask(FUSE_LISTXATTR, 13, "").err == ERANGE);
}

TEST_CASE("a verb that runs out of memory is EIO and the mount goes on", "[mount][ops]") {
  Serving serving;
  const fs::InodeId ino = make_file(serving, "f");
  serving.files.before = [] { throw std::bad_alloc(); };
  CHECK(serving.kernel.lookup(kRoot, "f").err == EIO);
  serving.files.before = nullptr;
  CHECK(serving.kernel.lookup(kRoot, "f").err == 0);
  CHECK(serving.files.lookups(ino) == 1);
}

TEST_CASE("statfs shows what the file system says", "[mount][ops]") {
  Serving serving;
  const Answer answer = serving.kernel.call(FUSE_STATFS, kRoot, "");
  const auto out = read_as<fuse_statfs_out>(answer.body).st;
  CHECK(out.bsize == 16U << 20U);
  CHECK(out.blocks == 1000);
  CHECK(out.bavail == 1000);
  CHECK(out.files == 77);
  CHECK(out.namelen == 255);
}

}  // namespace pailfs::fuse
