// SPDX-License-Identifier: Apache-2.0
/// null_fuse: the file system that does nothing, as the limit of what any other can do through the
/// kernel's FUSE. Reads give zeros from memory, writes are counted and dropped.
///
///     null_fuse MOUNTPOINT SIZE [READ_AHEAD_KIB]
///
/// One file, `data`, of SIZE bytes; it may be written anywhere. Requests of 1 MiB on the low-level
/// API; as root the mount's read-ahead is set, which the protocol cannot raise. Runs in the
/// foreground until it is unmounted.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <fuse3/fuse_lowlevel.h>

namespace {

constexpr unsigned kRequest = 1 << 20;
constexpr fuse_ino_t kFile = 2;
constexpr double kTimeout = 3600;
constexpr unsigned kThreads = 10;

struct Null {
  std::atomic<off_t> size{0};
  std::vector<char> zeros = std::vector<char>(kRequest);
};

Null& of(fuse_req_t request) {
  return *static_cast<Null*>(fuse_req_userdata(request));
}

bool describe(const Null& null, fuse_ino_t ino, struct stat& out) {
  out = {};
  out.st_ino = ino;
  out.st_nlink = 1;
  out.st_mode = ino == kFile ? S_IFREG | 0666 : S_IFDIR | 0777;
  out.st_size = ino == kFile ? null.size.load() : 0;
  return ino == kFile || ino == FUSE_ROOT_ID;
}

void init(void*, fuse_conn_info* connection) {
  connection->max_write = kRequest;
  connection->max_read = kRequest;
  connection->max_background = 64;
  connection->want |= connection->capable & FUSE_CAP_ASYNC_READ;
}

void lookup(fuse_req_t request, fuse_ino_t, const char* name) {
  fuse_entry_param entry{};
  if (std::strcmp(name, "data") != 0) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  entry.ino = kFile;
  entry.attr_timeout = entry.entry_timeout = kTimeout;
  describe(of(request), kFile, entry.attr);
  fuse_reply_entry(request, &entry);
}

void getattr(fuse_req_t request, fuse_ino_t ino, fuse_file_info*) {
  struct stat attributes;
  if (!describe(of(request), ino, attributes)) {
    fuse_reply_err(request, ENOENT);
    return;
  }
  fuse_reply_attr(request, &attributes, kTimeout);
}

void setattr(fuse_req_t request, fuse_ino_t ino, struct stat* wanted, int which,
             fuse_file_info* info) {
  if ((which & FUSE_SET_ATTR_SIZE) != 0) of(request).size = wanted->st_size;
  getattr(request, ino, info);
}

void open(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  info->keep_cache = 1;
  fuse_reply_open(request, info);
}

void read(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info*) {
  Null& null = of(request);
  const off_t left = std::max<off_t>(0, null.size - offset);
  fuse_reply_buf(request, null.zeros.data(),
                 std::min({size, static_cast<std::size_t>(left), null.zeros.size()}));
}

void write(fuse_req_t request, fuse_ino_t, const char*, std::size_t size, off_t offset,
           fuse_file_info*) {
  std::atomic<off_t>& end = of(request).size;
  off_t seen = end;
  const off_t reached = offset + static_cast<off_t>(size);
  while (seen < reached && !end.compare_exchange_weak(seen, reached)) {
  }
  fuse_reply_write(request, size);
}

void done(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
  fuse_reply_err(request, 0);
}

void fsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
  fuse_reply_err(request, 0);
}

fuse_lowlevel_ops operations() {
  fuse_lowlevel_ops table{};
  table.init = init;
  table.lookup = lookup;
  table.getattr = getattr;
  table.setattr = setattr;
  table.open = open;
  table.read = read;
  table.write = write;
  table.flush = done;
  table.release = done;
  table.fsync = fsync;
  return table;
}

/// False where it is not permitted; then the kernel's 128 KiB stand.
bool set_read_ahead(const char* mountpoint, const char* kib) {
  struct stat attributes;
  if (stat(mountpoint, &attributes) != 0) return false;
  const std::string path = "/sys/class/bdi/" + std::to_string(major(attributes.st_dev)) + ":" +
                           std::to_string(minor(attributes.st_dev)) + "/read_ahead_kb";
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fputs(kib, file) >= 0;
  return std::fclose(file) == 0 && written;
}

/// Idle threads are kept: made and ended for each request they cost several times the request.
int run_loop(fuse_session* session) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 12)
  fuse_loop_config* loop = fuse_loop_cfg_create();
  fuse_loop_cfg_set_idle_threads(loop, kThreads);
  fuse_loop_cfg_set_max_threads(loop, kThreads);
  const int status = fuse_session_loop_mt(session, loop);
  fuse_loop_cfg_destroy(loop);
  return status;
#else
  fuse_loop_config loop{};
  loop.max_idle_threads = kThreads;
  return fuse_session_loop_mt(session, &loop);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: null_fuse MOUNTPOINT SIZE [READ_AHEAD_KIB]\n");
    return 2;
  }
  Null null;
  null.size = std::atoll(argv[2]);
  const char* words[] = {argv[0], "-o", "fsname=null_fuse,max_read=1048576"};
  fuse_args arguments FUSE_ARGS_INIT(3, const_cast<char**>(words));
  const fuse_lowlevel_ops table = operations();
  fuse_session* session = fuse_session_new(&arguments, &table, sizeof table, &null);
  if (session == nullptr || fuse_set_signal_handlers(session) != 0) return 1;
  if (fuse_session_mount(session, argv[1]) != 0) return 1;
  // The kernel answers stat() only once the loop runs.
  std::thread tuner([&] {
    if (argc == 4 && !set_read_ahead(argv[1], argv[3]))
      std::fprintf(stderr, "null_fuse: the read-ahead cannot be set\n");
  });
  const int status = run_loop(session);
  tuner.join();
  fuse_session_unmount(session);
  fuse_remove_signal_handlers(session);
  fuse_session_destroy(session);
  return status == 0 ? 0 : 1;
}
