// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fuse_lowlevel.h>

#include "pailfs/mount/mount.h"
#include "pailfs/util/log.h"

#include "fuse_ops.h"
#include "mount_failure.h"
#include "mountpoint.h"
#include "session_arguments.h"
#include "signal_watch.h"
#include "stderr_capture.h"

namespace pailfs::mount {
namespace {

/// libfuse's session; unmounted and destroyed with its owner.
class Session final {
 public:
  Session(const Config& config, const Environment& machine, Adapter& adapter)
      : words_(session_arguments(config, machine.may_mount)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    const fuse_lowlevel_ops table = make_operations(config);
    fuse_args arguments{};
    arguments.argc = static_cast<int>(pointers_.size());
    pointers_.push_back(nullptr);
    arguments.argv = pointers_.data();
    session_ = fuse_session_new(&arguments, &table, sizeof(table), &adapter);
    fuse_opt_free_args(&arguments);
  }
  ~Session() {
    unmount();
    if (session_ != nullptr) fuse_session_destroy(session_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] fuse_session* get() const { return session_; }
  bool mount(const std::string& mountpoint) {
    mounted_ = session_ != nullptr && fuse_session_mount(session_, mountpoint.c_str()) == 0;
    return mounted_;
  }
  void unmount() {
    if (mounted_) fuse_session_unmount(session_);
    mounted_ = false;
  }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
  fuse_session* session_ = nullptr;
  bool mounted_ = false;
};

int run_loop(const Config& config, fuse_session* session) {
  if (config.single_threaded) return fuse_session_loop(session);
    // Idle threads are kept: made and ended per request they cost several times the request.
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 12)
  const std::unique_ptr<fuse_loop_config, decltype(&fuse_loop_cfg_destroy)> loop(
      fuse_loop_cfg_create(), &fuse_loop_cfg_destroy);
  const unsigned threads = std::max(1U, config.max_threads);
  fuse_loop_cfg_set_clone_fd(loop.get(), 0);
  fuse_loop_cfg_set_max_threads(loop.get(), threads);
  fuse_loop_cfg_set_idle_threads(loop.get(), threads);
  return fuse_session_loop_mt(session, loop.get());
#else
  fuse_loop_config loop{};
  loop.clone_fd = 0;
  loop.max_idle_threads = std::max(1U, config.max_threads);
  return fuse_session_loop_mt(session, &loop);
#endif
}

Result<std::string> prepare(const Config& config, const Environment& machine) {
  if (passed_descriptor(config.mountpoint)) return config.mountpoint;
  Result<std::string> path = absolute_mountpoint(config.mountpoint);
  if (!path) return path;
  if (const Status clear = clear_stale(config, machine, *path); !clear) return clear.error();
  return path;
}

}  // namespace

Status serve(const Config& config, fs::FileSystem& file_system,
             const std::function<void()>& on_ready, const std::function<void()>& on_hangup) {
  const Environment machine = this_machine();
  const Result<std::string> path = prepare(config, machine);
  if (!path) return path.error();

  Adapter adapter{.config = config, .files = file_system, .on_ready = on_ready};
  StderrCapture capture;
  Session session(config, machine, adapter);
  if (session.get() == nullptr) {
    return explain_mount_failure(capture.finish(), *path, machine);
  }
  // Watching begins before mounting, so that no signal can leave a mount behind.
  Result<std::unique_ptr<SignalWatch>> watch = SignalWatch::start(
      [raw = session.get()] { fuse_session_exit(raw); }, ::pthread_self(), on_hangup);
  if (!watch) return watch.error();
  if (!session.mount(*path)) return explain_mount_failure(capture.finish(), *path, machine);
  const std::string said = capture.finish();
  if (!said.empty()) log_warning("while mounting: " + said);

  const int ended = run_loop(config, session.get());
  (*watch)->loop_ended();
  // First unmount: whoever still writes is told so, instead of waiting for the upload of the rest.
  session.unmount();
  const Status stored = file_system.sync_all();
  if (!stored) return stored;
  if (ended < 0) return system_error(-ended, "serve " + *path);
  if (!adapter.ready) return Error(ENODEV, "ended before the kernel began to use " + *path);
  return {};
}

}  // namespace pailfs::mount
