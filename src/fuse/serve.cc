// SPDX-License-Identifier: Apache-2.0
#include "pailfs/fuse/serve.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fuse_lowlevel.h>

#include "pailfs/fuse/kernel_caches.h"
#include "pailfs/mount/kernel_mount.h"
#include "pailfs/mount/mount.h"
#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/mount_words.h"
#include "pailfs/mount/mountpoint.h"
#include "pailfs/mount/process_birth.h"
#include "pailfs/mount/runtime_directory.h"
#include "pailfs/process/service_notice.h"
#include "pailfs/process/signal_watch.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "fuse_ops.h"
#include "handshake.h"
#include "lock_waits.h"

namespace pailfs::fuse {
namespace {

/// libfuse's session on a descriptor of /dev/fuse that is mounted already; destroyed with its
/// owner.
class Session final {
 public:
  Session(const mount::Config& config, std::vector<std::string> words, Adapter& adapter)
      : words_(std::move(words)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    fuse_lowlevel_ops table = make_operations(config);
    if (adapter.lock_waits != nullptr) add_lock_operations(table);
    fuse_args arguments{};
    arguments.argc = static_cast<int>(pointers_.size());
    pointers_.push_back(nullptr);
    arguments.argv = pointers_.data();
    session_ = fuse_session_new(&arguments, &table, sizeof(table), &adapter);
    fuse_opt_free_args(&arguments);
  }
  ~Session() { close(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] fuse_session* get() const { return session_; }
  /// The session goes on with `device` once the kernel has spoken, and closes it.
  Status attach(UniqueFd device) {
    Result<Handshake> handshake = Handshake::prepare();
    if (!handshake) return handshake.error();
    if (::fcntl(device.get(), F_GETFD) < 0 ||
        fuse_session_mount(session_, handshake->path().c_str()) != 0) {
      return Error(ENODEV, "libfuse cannot use /dev/fd/" + std::to_string(device.get()));
    }
    handshake->adopted();
    handshake->run(session_, device);
    return {};
  }
  void close() {
    if (session_ != nullptr) fuse_session_destroy(session_);
    session_ = nullptr;
  }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
  fuse_session* session_ = nullptr;
};

/// Requests that work at a time; RequestWatch lets no more begin.
unsigned requests_at_once(const mount::Config& config) {
  return config.single_threaded ? 1 : std::max(1U, config.max_threads);
}

/// libfuse begins a thread when none is left that reads, up to these: the further ones wait for
/// their turn, or serve a request that was given up. One that reads is always needed, for the
/// kernel to report interrupted callers.
constexpr unsigned kWaitingThreads = 1024;

int run_loop(const mount::Config& config, fuse_session* session) {
  const unsigned threads = requests_at_once(config);
  // Idle threads are kept: made and ended per request they cost several times the request.
  const unsigned idle = config.max_idle_threads == 0 ? threads + 1 : config.max_idle_threads;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 12)
  const std::unique_ptr<fuse_loop_config, decltype(&fuse_loop_cfg_destroy)> loop(
      fuse_loop_cfg_create(), &fuse_loop_cfg_destroy);
  fuse_loop_cfg_set_clone_fd(loop.get(), config.clone_fd ? 1 : 0);
  fuse_loop_cfg_set_max_threads(loop.get(), threads + kWaitingThreads);
  fuse_loop_cfg_set_idle_threads(loop.get(), idle);
  return fuse_session_loop_mt(session, loop.get());
#else
  fuse_loop_config loop{};
  loop.clone_fd = config.clone_fd ? 1 : 0;
  loop.max_idle_threads = idle;
  return fuse_session_loop_mt(session, &loop);
#endif
}

/// A Look at the file system that is mounted at `path` when it is called for the first time.
CallerDescriptors::Look look_for(const std::string& mountinfo, const std::string& path) {
  return [=, device = std::string()](pid_t pid, std::uint64_t ino) mutable {
    if (device.empty()) device = device_of_mount(mountinfo, path);
    return has_open_for_writing(pid, device, ino);
  };
}

/// The same for CallerDescriptors::LookAtEnd.
CallerDescriptors::LookAtEnd look_at_end_for(const std::string& mountinfo,
                                             const std::string& path) {
  return [=, device = std::string()](pid_t pid, std::uint64_t ino, std::uint64_t size) mutable {
    if (device.empty()) device = device_of_mount(mountinfo, path);
    return has_read_to(pid, device, ino, size);
  };
}

/// Notices that the loop of a session is to end while requests keep it from ending: there is no
/// other sign of an umount(8). Any thread.
class LoopEnd final {
 public:
  explicit LoopEnd(process::Ending* ending) : ending_(ending) {}
  /// Null ends the watching.
  void watch(fuse_session* session) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    session_ = session;
  }
  void look() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (ending_ == nullptr || session_ == nullptr) return;
    if (fuse_session_exited(session_) != 0) ending_->begin();
  }

 private:
  process::Ending* const ending_;
  Mutex mutex_{LockRank{120, "end of the loop"}};
  fuse_session* session_ GUARDED_BY(mutex_) = nullptr;
};

/// Most lines of the log about files that are not stored, and most names in the error.
constexpr std::size_t kMostTold = 1000;
constexpr std::size_t kMostNamed = 20;

void leave_record(const mount::Config& config, const mount::Environment& machine,
                  const std::string& path) {
  if (machine.runtime.empty()) return;
  // list_records() removes the records of killed processes, which would pile up otherwise.
  static_cast<void>(mount::list_records(machine.runtime, mount::read_mountinfo(machine.mountinfo)));
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const mount::MountRecord record{
      .pid = ::getpid(),
      .mountpoint = path,
      .started = std::chrono::duration_cast<std::chrono::seconds>(now).count(),
      .born = mount::process_birth(::getpid()).value_or(0),
      .what = config.identity};
  if (const Status written = mount::write_record(machine.runtime, record); !written) {
    log_warning("no record of this mount: " + written.error().text);
  }
}

void take_record(const mount::Environment& machine, const std::string& path) {
  if (machine.runtime.empty()) return;
  const auto record = mount::read_record(machine.runtime, path);
  // A record with another pid is that of a later mount there.
  if (!record || record->pid != ::getpid()) return;
  if (const Status gone = mount::remove_record(machine.runtime, path); !gone) {
    log_warning(gone.error().text);
  }
}

/// Logs the files that are not stored at the end, one line each.
void log_unstored(fs::FileSystem& files) {
  const fs::Activity activity = files.activity();
  std::size_t left = kMostTold;
  for (const fs::UnstoredFile& file : activity.unstored) {
    if (left-- == 0) break;
    log_critical("not stored: " + (file.path.empty() ? "(a removed file)" : printable(file.path)) +
                 ", " + std::to_string(file.bytes) + " bytes" +
                 (file.failure.empty() ? "" : ": " + file.failure));
  }
  if (activity.unstored.size() > kMostTold) {
    log_critical("not stored: " + std::to_string(activity.unstored.size() - kMostTold) + " more");
  }
}

/// The error of a mount that ends with unstored files, with the first names of them.
Error name_unstored(fs::FileSystem& files, Error error) {
  const fs::Activity activity = files.activity();
  if (activity.unstored.empty()) return error;
  std::string names;
  std::size_t left = kMostNamed;
  for (const fs::UnstoredFile& file : activity.unstored) {
    if (left-- == 0) break;
    if (file.path.empty()) continue;
    names += (names.empty() ? "" : ", ") + printable(file.path);
  }
  error.text = std::to_string(activity.unstored.size()) +
               " not stored and lost with this mount: " + names +
               (activity.unstored.size() > kMostNamed ? ", ...; " : "; ") + error.text;
  return error;
}

/// Takes the mount off whose place this one takes: programs go on with what they have open there.
Status take_place(const std::string& path, const mount::Config& config,
                  const mount::Environment& machine, const Instruments& instruments) {
  const auto record = mount::read_record(machine.runtime, path);
  if (!record || record->pid != config.replaces)
    return Error(EBUSY, "MOUNTPOINT " + path + " was mounted anew meanwhile");
  if (instruments.before_taking_place) instruments.before_taking_place();
  return mount::unmount_lazily(machine, path);
}

/// A mount of our own on `path`, and its record.
Result<mount::KernelMount> mount_on(const std::string& path, const mount::Config& config,
                                    const mount::MountWords& words,
                                    const mount::Environment& machine,
                                    const Instruments& instruments) {
  UniqueFd turn;
  if (!machine.runtime.empty()) turn = mount::lock_records(machine.runtime);
  if (config.replaces != 0) {
    if (const Status taken = take_place(path, config, machine, instruments); !taken)
      return taken.error();
  }
  if (const Status clear = mount::clear_stale(config, machine, path); !clear) return clear.error();
  if (const Status alone = mount::refuse_second_mount(config, machine, path); !alone) {
    return alone.error();
  }
  Result<mount::KernelMount> mounted = mount::KernelMount::make(words, machine, path);
  if (mounted) leave_record(config, machine, path);
  return mounted;
}

}  // namespace

Status serve(const mount::Config& config, fs::FileSystem& file_system,
             const std::function<void()>& on_ready, const Instruments& instruments,
             const std::function<void()>& on_hangup, process::Ending* ending) {
  const mount::Environment machine = mount::this_machine();
  const Result<mount::MountWords> words = mount::mount_words(config, machine.may_mount);
  if (!words) return words.error();
  const std::optional<int> passed = mount::passed_descriptor(config.mountpoint);
  const Result<std::string> path =
      passed ? config.mountpoint : mount::absolute_mountpoint(config.mountpoint);
  if (!path) return path.error();

  KernelReadAhead read_ahead(machine.mountinfo, passed ? "" : *path, config.max_readahead);
  std::optional<CallerDescriptors> descriptors;
  if (!passed) {
    descriptors.emplace(look_for(machine.mountinfo, *path),
                        look_at_end_for(machine.mountinfo, *path));
  }
  Adapter adapter{.config = config,
                  .files = file_system,
                  .on_ready = on_ready,
                  .instruments = instruments,
                  .descriptors = descriptors ? &*descriptors : nullptr,
                  .read_ahead = read_ahead};
  LoopEnd loop_end(ending);
  RequestWatch watch_requests({requests_at_once(config), config.tell_after},
                              RequestWatch::real_kernel([&] { loop_end.look(); }),
                              instruments.counts);
  adapter.watch = &watch_requests;
  LockWaits lock_waits;
  if (file_system.keeps_locks()) adapter.lock_waits = &lock_waits;
  Session session(config, words->for_libfuse, adapter);
  if (session.get() == nullptr) return Error(ENODEV, "libfuse cannot begin a session");
  adapter.session = session.get();
  loop_end.watch(session.get());
  if (instruments.caches != nullptr) instruments.caches->attach(session.get(), adapter.times);
  // Watching begins before mounting, so that no signal can leave a mount behind.
  Result<std::unique_ptr<process::SignalWatch>> watch = process::SignalWatch::start(
      [raw = session.get(), ending] {
        if (ending != nullptr) ending->begin();
        fuse_session_exit(raw);
      },
      ::pthread_self(), on_hangup);
  if (!watch) return watch.error();
  std::optional<mount::KernelMount> mounted;
  UniqueFd device(passed.value_or(-1));
  if (!passed) {
    Result<mount::KernelMount> made = mount_on(*path, config, *words, machine, instruments);
    if (!made) return made.error();
    mounted.emplace(std::move(*made));
    device = UniqueFd(::fcntl(mounted->device(), F_DUPFD_CLOEXEC, 3));
  }
  std::atomic<bool> is_mounted = mounted.has_value();
  if (ending != nullptr) {
    ending->set_last_words([&] {
      log_unstored(file_system);
      if (!is_mounted) return;
      static_cast<void>(mount::unmount_lazily(machine, *path));
      take_record(machine, *path);
    });
  }
  Status attached = session.attach(std::move(device));
  const int ended = attached ? run_loop(config, session.get()) : 0;
  (*watch)->loop_ended();
  loop_end.watch(nullptr);
  if (ending != nullptr) ending->begin();
  process::notify_service("STOPPING=1\nSTATUS=storing what is not stored yet");
  if (instruments.caches != nullptr) instruments.caches->detach();
  lock_waits.end();
  // Unmount first: programs that still write get an error at once, instead of waiting until all
  // files are stored.
  session.close();
  if (mounted) {
    mounted->unmount();
    take_record(machine, *path);
    is_mounted = false;
  }
  const Status stored = file_system.sync_all();
  if (!stored) log_unstored(file_system);
  file_system.give_locks_back();
  if (ending != nullptr) {
    ending->set_last_words({});
    // All is stored: reads ahead and aborts of uploads would only delay the end.
    ending->give_up();
  }
  if (!stored) return name_unstored(file_system, stored.error());
  if (!attached) return attached;
  if (ended < 0) return system_error(-ended, "serve " + *path);
  if (!adapter.ready) return Error(ENODEV, "ended before the kernel began to use " + *path);
  return {};
}

}  // namespace pailfs::fuse
