// SPDX-License-Identifier: Apache-2.0
// The libfuse adapter through a real kernel mount, above a file system in memory: what programs
// see.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "pailfs/fuse/serve.h"
#include "pailfs/mount/mount.h"
#include "pailfs/process/daemon.h"
#include "pailfs/util/file.h"

#include "support/catch.h"
#include "unit/fuse/memory_file_system.h"

namespace pailfs::mount {
namespace {

using namespace std::chrono_literals;

constexpr int kRefused = 20;   // exit code of a server that could not begin
constexpr int kUnstored = 21;  // exit code of a server whose sync_all failed

/// Why no mount can be made here; empty when one can.
std::string obstacle() {
  const UniqueFd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  if (!device) return std::string("/dev/fuse cannot be used: ") + ::strerror(errno);
  return "";
}

process::Outcome serve_memory(const Config& config, int sync_errno,
                              const std::function<void()>& report_ready) {
  test::MemoryFileSystem files;
  files.supports_xattr = config.use_xattr;
  files.sync_errno = sync_errno;
  if (const auto fine = check_mountpoint(config); !fine) return {kRefused, fine.error().text};
  bool ready = false;
  const Status served = fuse::serve(config, files, [&] {
    ready = true;
    report_ready();
  });
  if (served) return {};
  return {ready ? kUnstored : kRefused, served.error().text};
}

/// A mount in a child of this process, gone with this object whatever happens.
class Mounted final {
 public:
  explicit Mounted(Config settings = {}, int sync_errno = 0) : config(std::move(settings)) {
    std::string pattern = std::filesystem::temp_directory_path() / "pailfs-adapter-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    ::chmod(root_.c_str(), 0755);  // other users shall reach the mount
    config.mountpoint = root_ + "/m";
    std::filesystem::create_directory(config.mountpoint);
    start(sync_errno);
  }
  ~Mounted() {
    ::umount2(path().c_str(), MNT_DETACH);
    if (server_ > 0) {
      ::kill(server_, SIGKILL);
      wait();
      ::umount2(path().c_str(), MNT_DETACH);
    }
    std::error_code ignored;
    std::filesystem::remove(config.mountpoint, ignored);
    std::filesystem::remove(root_, ignored);
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

  void start(int sync_errno = 0) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    server_ = ::fork();
    if (server_ == 0) {
      const process::Outcome outcome = serve_memory(config, sync_errno, [&write_end] {
        [[maybe_unused]] const ssize_t size = ::write(write_end.get(), "R", 1);
      });
      ::_exit(outcome.exit_code);
    }
    write_end = UniqueFd();
    char word = 0;
    ready = ::read(read_end.get(), &word, 1) == 1;
  }
  /// The server's exit code once it has ended; minus the signal if one killed it.
  int wait() {
    int state = 0;
    while (::waitpid(server_, &state, 0) < 0 && errno == EINTR) {
    }
    server_ = 0;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
  }
  void send(int number) const { ::kill(server_, number); }
  [[nodiscard]] const std::string& path() const { return config.mountpoint; }
  [[nodiscard]] std::string path(const std::string& name) const { return path() + "/" + name; }
  [[nodiscard]] bool in_mount_table() const { return mount_line().has_value(); }
  [[nodiscard]] std::optional<std::string> mount_line() const {
    std::ifstream table("/proc/self/mounts");
    std::string line;
    while (std::getline(table, line)) {
      if (line.find(" " + path() + " ") != std::string::npos) return line;
    }
    return std::nullopt;
  }

  Config config;
  bool ready = false;

 private:
  std::string root_;
  pid_t server_ = 0;
};

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("the mount is usable when it says so, and shows itself as s3fs", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  CHECK(std::filesystem::is_empty(mount.path()));
  const auto line = mount.mount_line();
  REQUIRE(line);
  CHECK(line->starts_with("s3fs " + mount.path() + " fuse.s3fs rw,nosuid,nodev"));
  CHECK(line->find("default_permissions") != std::string::npos);
}

TEST_CASE("mount options reach the mount table", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Config config;
  config.kernel_options = {"ro", "dev", "suid", "allow_other", "fsname=my,bucket"};
  config.subtype = "pailfs";
  Mounted mount(config);
  REQUIRE(mount.ready);
  const auto line = mount.mount_line();
  REQUIRE(line);
  CHECK(line->starts_with("my,bucket " + mount.path() + " fuse.pailfs ro,"));
  CHECK(line->find("nodev") == std::string::npos);
  CHECK(line->find("nosuid") == std::string::npos);
  CHECK(line->find("allow_other") != std::string::npos);
  CHECK(::mkdir(mount.path("d").c_str(), 0755) != 0);
  CHECK(errno == EROFS);
}

TEST_CASE("files are written, read, truncated and removed", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Config config;
  config.single_threaded = GENERATE(false, true);
  Mounted mount(config);
  REQUIRE(mount.ready);
  std::string bytes(5U << 20U, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3U);
  write_file(mount.path("f"), bytes);
  CHECK((content(mount.path("f")) == bytes));
  CHECK(std::filesystem::file_size(mount.path("f")) == bytes.size());
  CHECK(::truncate(mount.path("f").c_str(), 10) == 0);
  CHECK(content(mount.path("f")) == bytes.substr(0, 10));
  write_file(mount.path("f"), "short");
  CHECK(content(mount.path("f")) == "short");
  CHECK(::unlink(mount.path("f").c_str()) == 0);
  CHECK(::access(mount.path("f").c_str(), F_OK) != 0);
  CHECK(errno == ENOENT);
}

TEST_CASE("attributes are set and shown", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  const std::string file = mount.path("f");
  write_file(file, "x");
  CHECK(::chmod(file.c_str(), 0640) == 0);
  CHECK(::chown(file.c_str(), 12, 34) == 0);
  const std::array<struct timespec, 2> times = {timespec{1000, 1}, timespec{2000, 2}};
  CHECK(::utimensat(AT_FDCWD, file.c_str(), times.data(), 0) == 0);
  struct stat stat {};
  REQUIRE(::stat(file.c_str(), &stat) == 0);
  CHECK(stat.st_mode == (S_IFREG | 0640));
  CHECK(stat.st_uid == 12);
  CHECK(stat.st_gid == 34);
  CHECK(stat.st_atim.tv_sec == 1000);
  CHECK(stat.st_mtim.tv_sec == 2000);
  CHECK(stat.st_mtim.tv_nsec == 2);
}

TEST_CASE("suid goes away when the file is written or given away", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  if (::geteuid() != 0) SKIP("needs root to change the owner");
  Config config;
  config.kernel_options = {"allow_other"};
  Mounted mount(config);
  REQUIRE(mount.ready);
  const std::string file = mount.path("f");
  write_file(file, "x");
  REQUIRE(::chmod(file.c_str(), 06777) == 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    if (::setresgid(1234, 1234, 1234) != 0 || ::setresuid(1234, 1234, 1234) != 0) ::_exit(2);
    const int fd = ::open(file.c_str(), O_WRONLY);
    ::_exit(fd >= 0 && ::write(fd, "y", 1) == 1 ? 0 : 1);
  }
  int state = 0;
  ::waitpid(writer, &state, 0);
  CHECK(state == 0);
  struct stat stat {};
  REQUIRE(::stat(file.c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777U) == 0777);
  REQUIRE(::chmod(file.c_str(), 06755) == 0);
  REQUIRE(::chown(file.c_str(), 5, 5) == 0);
  REQUIRE(::stat(file.c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777U) == 0755);
}

TEST_CASE("a directory of 5000 entries is listed completely, with and without attributes",
          "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  REQUIRE(::mkdir(mount.path("d").c_str(), 0755) == 0);
  std::set<std::string> expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "entry-number-" + std::to_string(i);
    expected.insert(name);
    const UniqueFd file(::open(mount.path("d/" + name).c_str(), O_CREAT | O_WRONLY, 0644));
    REQUIRE(file);
  }
  for (const bool with_stat : {false, true, false}) {
    std::set<std::string> seen;
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(mount.path("d"))) {
      seen.insert(entry.path().filename());
      ++count;
      if (with_stat && entry.file_size() != 0) seen.insert("wrong size");
    }
    CHECK(count == expected.size());
    CHECK((seen == expected));
  }
}

TEST_CASE("names are renamed, linked symbolically, and never hard", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  write_file(mount.path("a"), "A");
  write_file(mount.path("b"), "B");
  CHECK(::renameat2(AT_FDCWD, mount.path("a").c_str(), AT_FDCWD, mount.path("b").c_str(),
                    RENAME_NOREPLACE) != 0);
  CHECK(errno == EEXIST);
  CHECK(::renameat2(AT_FDCWD, mount.path("a").c_str(), AT_FDCWD, mount.path("b").c_str(),
                    RENAME_EXCHANGE) != 0);
  CHECK(errno == EINVAL);
  CHECK(::rename(mount.path("a").c_str(), mount.path("b").c_str()) == 0);
  CHECK(content(mount.path("b")) == "A");

  CHECK(::symlink("b", mount.path("l").c_str()) == 0);
  CHECK(std::filesystem::read_symlink(mount.path("l")) == "b");
  CHECK(content(mount.path("l")) == "A");
  CHECK(::link(mount.path("b").c_str(), mount.path("h").c_str()) != 0);
  CHECK(errno == EOPNOTSUPP);

  CHECK(::mkdir(mount.path("d").c_str(), 0755) == 0);
  write_file(mount.path("d/x"), "X");
  CHECK(::rmdir(mount.path("d").c_str()) != 0);
  CHECK(errno == ENOTEMPTY);
  CHECK(::mknod(mount.path("pipe").c_str(), S_IFIFO | 0600, 0) == 0);
  CHECK(std::filesystem::is_fifo(mount.path("pipe")));
}

TEST_CASE("an open file survives its name", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  const UniqueFd file(::open(mount.path("f").c_str(), O_CREAT | O_RDWR, 0644));
  REQUIRE(file);
  REQUIRE(::write(file.get(), "kept", 4) == 4);
  REQUIRE(::unlink(mount.path("f").c_str()) == 0);
  std::array<char, 8> buffer{};
  CHECK(::pread(file.get(), buffer.data(), buffer.size(), 0) == 4);
  CHECK(std::string(buffer.data()) == "kept");
}

TEST_CASE("what the adapter leaves to the kernel and libc works", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  const UniqueFd file(::open(mount.path("f").c_str(), O_CREAT | O_RDWR, 0644));
  REQUIRE(file);
  CHECK(::posix_fallocate(file.get(), 0, 100'000) == 0);
  struct stat stat {};
  REQUIRE(::fstat(file.get(), &stat) == 0);
  CHECK(stat.st_size == 100'000);
  CHECK(::fsync(file.get()) == 0);

  struct flock lock {};
  lock.l_type = F_WRLCK;
  CHECK(::fcntl(file.get(), F_SETLK, &lock) == 0);
  CHECK(::lseek(file.get(), 0, SEEK_HOLE) == 100'000);
  CHECK(::access(mount.path("f").c_str(), R_OK) == 0);

  void* memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  REQUIRE(memory != MAP_FAILED);
  std::copy_n("mapped", 6, static_cast<char*>(memory));
  CHECK(::msync(memory, 4096, MS_SYNC) == 0);
  ::munmap(memory, 4096);
  CHECK(content(mount.path("f")).substr(0, 6) == "mapped");

  const UniqueFd copy(::open(mount.path("copy").c_str(), O_CREAT | O_RDWR, 0644));
  REQUIRE(copy);
  CHECK(::lseek(file.get(), 0, SEEK_SET) == 0);
  CHECK(::copy_file_range(file.get(), nullptr, copy.get(), nullptr, 6, 0) == 6);
  CHECK(content(mount.path("copy")).size() == 6);

  const UniqueFd directory(::open(mount.path().c_str(), O_RDONLY | O_DIRECTORY));
  CHECK(::fsync(directory.get()) == 0);
  struct statvfs numbers {};
  REQUIRE(::statvfs(mount.path().c_str(), &numbers) == 0);
  CHECK(numbers.f_frsize == 16U << 20U);
  CHECK(numbers.f_blocks == 1000);
}

TEST_CASE("extended attributes exist only when asked for", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  std::array<char, 16> buffer{};
  {
    Mounted mount;
    REQUIRE(mount.ready);
    write_file(mount.path("f"), "x");
    CHECK(::setxattr(mount.path("f").c_str(), "user.a", "1", 1, 0) != 0);
    CHECK(errno == ENOTSUP);
    CHECK(::getxattr(mount.path("f").c_str(), "user.a", buffer.data(), buffer.size()) < 0);
    CHECK(errno == ENOTSUP);
  }
  Config config;
  config.use_xattr = true;
  Mounted mount(config);
  REQUIRE(mount.ready);
  const std::string file = mount.path("f");
  write_file(file, "x");
  CHECK(::setxattr(file.c_str(), "user.a", "1", 1, XATTR_REPLACE) != 0);
  CHECK(errno == ENODATA);
  CHECK(::setxattr(file.c_str(), "user.a", "123", 3, XATTR_CREATE) == 0);
  CHECK(::getxattr(file.c_str(), "user.a", buffer.data(), buffer.size()) == 3);
  CHECK(::listxattr(file.c_str(), buffer.data(), buffer.size()) == 7);
  CHECK(::removexattr(file.c_str(), "user.a") == 0);
  CHECK(::getxattr(file.c_str(), "user.a", buffer.data(), buffer.size()) < 0);
  CHECK(errno == ENODATA);
}

TEST_CASE("umount ends the server with 0", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  REQUIRE(::umount2(mount.path().c_str(), 0) == 0);
  CHECK(mount.wait() == 0);
}

TEST_CASE("SIGTERM unmounts and ends the server with 0, also while files are open", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Config config;
  config.single_threaded = GENERATE(false, true);
  Mounted mount(config);
  REQUIRE(mount.ready);
  const UniqueFd file(::open(mount.path("f").c_str(), O_CREAT | O_RDWR, 0644));
  REQUIRE(file);
  mount.send(SIGTERM);
  CHECK(mount.wait() == 0);
  CHECK_FALSE(mount.in_mount_table());
  CHECK(::write(file.get(), "x", 1) < 0);
}

TEST_CASE("what could not be stored at the end shows in the exit code", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  for (const bool by_signal : {false, true}) {
    Mounted mount({}, ENOSPC);
    REQUIRE(mount.ready);
    if (by_signal) {
      mount.send(SIGTERM);
    } else {
      REQUIRE(::umount2(mount.path().c_str(), 0) == 0);
    }
    CHECK(mount.wait() == kUnstored);
    CHECK_FALSE(mount.in_mount_table());
  }
}

TEST_CASE("a second mount on the same directory is refused unless it is the same", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  const auto same = check_mountpoint(mount.config);
  REQUIRE(same.has_value());
  CHECK(*same == Mountpoint::same_mounted);
  Config other = mount.config;
  other.identity.source = "other";
  const auto status = check_mountpoint(other);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().err == EBUSY);
  CHECK(status.error().text.find("already mounted (pailfs, pid ") != std::string::npos);
}

TEST_CASE("a mount whose server was killed is taken away by the next one", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  Mounted mount;
  REQUIRE(mount.ready);
  mount.send(SIGKILL);
  CHECK(mount.wait() == -SIGKILL);
  REQUIRE(::access(mount.path().c_str(), F_OK) != 0);
  REQUIRE(errno == ENOTCONN);
  CHECK(check_mountpoint(mount.config).has_value());
  mount.start();
  REQUIRE(mount.ready);
  write_file(mount.path("f"), "alive");
  CHECK(content(mount.path("f")) == "alive");
  REQUIRE(::umount2(mount.path().c_str(), 0) == 0);
  CHECK(mount.wait() == 0);
  CHECK_FALSE(mount.in_mount_table());
}

TEST_CASE("the background command returns when the mount is usable", "[fuse]") {
  if (const std::string reason = obstacle(); !reason.empty()) SKIP(reason);
  std::string pattern = std::filesystem::temp_directory_path() / "pailfs-adapter-XXXXXX";
  Config config;
  config.mountpoint = ::mkdtemp(pattern.data());
  const int code = process::run_detached(
      [&config](const std::function<void()>& ready) { return serve_memory(config, 0, ready); },
      30s);
  CHECK(code == 0);
  write_file(config.mountpoint + "/f", "there");
  CHECK(content(config.mountpoint + "/f") == "there");
  // A background process is no child of ours: it has gone when its mount has.
  CHECK(::umount2(config.mountpoint.c_str(), 0) == 0);
  CHECK(std::filesystem::remove(config.mountpoint));
}

}  // namespace pailfs::mount
