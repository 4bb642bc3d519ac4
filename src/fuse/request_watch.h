// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fuse_lowlevel.h>

#include "pailfs/fuse/request_counts.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/errand.h"
#include "pailfs/util/sync.h"

#include "caller_state.h"

namespace pailfs::fuse {

/// One request of the kernel that is under way. Its worker owns it; members without a word about
/// their use do not change once RequestWatch::begin() was called.
struct UnderWay {
  fuse_req_t request = nullptr;  ///< of the watch: null once answered, by the verb or by the watch
  Verb verb;
  fuse_ino_t ino = 0;
  std::string_view name = {};
  pid_t caller = 0;    ///< thread; 0: in a process namespace that we do not see
  bool waited = true;  ///< false: no process waits for the answer (release), so none can stop
  MonoTime since{};
  std::shared_ptr<Errand> errand = std::make_shared<Errand>();

  // Members of the watch, under its lock.
  bool kept = false;
  bool rests = false;
  std::size_t slot = 0;
  std::uint64_t number = 0;  ///< never used twice; 0: not in the list
  bool at_work = false;
  bool was_seen = false;
  bool was_told = false;
  MonoTime next_look{};
  std::optional<MonoTime> interrupted = {};  ///< when the watch saw it first
  std::optional<MonoTime> asked = {};        ///< when a signal whose handler is to end the process
                                             ///< was seen first
};

/// The facts about one request after a look at its caller, by which ends_wait() decides.
struct Looked {
  Asked asked = Asked::nothing;
  bool was_seen = false;                                  ///< by an earlier look
  std::optional<std::chrono::nanoseconds> interrupted{};  ///< how long ago
  std::optional<std::chrono::nanoseconds> to_end{};       ///< for how long Asked::to_end
  bool by_any_signal = false;                             ///< a wait for a lock
};
/// True: the kernel is told EINTR now. Pure. At once when the process is to die, or the thread has
/// gone (its request was a read ahead); after 0.8 s when a handler is to end it, so that a service
/// that answers makes no call fail; after 0.8 s too when the caller cannot be seen. A wait for a
/// lock ends by any signal.
bool ends_wait(const Looked& looked);

/// Knows every request under way, lets at most `at_once` of them work, and answers those whose
/// caller is to stop waiting (EINTR) while the worker goes on: SIGKILL ends every wait within a
/// second, even if the store does not answer. A worker that was given up does not count as working,
/// and further requests wait here and not in the kernel, so there is always a thread that reads
/// from the kernel. The kernel reports only the first signal (FUSE_INTERRUPT), and none that ends a
/// process whose files are then closed. So a thread of the watch, which no request waits for, looks
/// again and again at the callers of requests that take long. It also logs requests that have taken
/// longer than their limit, and shows the oldest in RequestCounts. Any thread may call the members.
class RequestWatch final {
 public:
  /// libfuse and /proc, replaceable for tests.
  struct Kernel {
    std::function<bool(fuse_req_t)> interrupted;
    std::function<void(fuse_req_t)> answer_interrupted;
    std::function<CallerState(pid_t)> look;
    /// Called several times a second while requests are under way; may be null, calls nothing back.
    std::function<void()> round = {};
  };
  static Kernel real_kernel(std::function<void()> round);

  struct Limits {
    unsigned at_once = 64;
    std::chrono::seconds tell_after{120};  ///< logged once when it has taken longer
  };

  /// `counts` may be null. The thread begins at once.
  RequestWatch(Limits limits, Kernel kernel, RequestCounts* counts);
  ~RequestWatch();
  RequestWatch(const RequestWatch&) = delete;
  RequestWatch& operator=(const RequestWatch&) = delete;

  /// Waits for a turn. False: the caller stopped waiting before it, so the verb does nothing.
  bool begin(UnderWay& request) EXCLUDES(mutex_);
  /// The request, which the calling thread must answer; null when it was answered.
  fuse_req_t take(UnderWay& request) EXCLUDES(mutex_);
  /// Calls `use` unless the request was answered, and keeps the watch from answering it meanwhile.
  /// `use` must be short: all requests wait for it.
  bool hold(UnderWay& request, const std::function<void(fuse_req_t)>& use) EXCLUDES(mutex_);
  /// From now on the watch does not answer the request; only the thread that calls take() does.
  /// False: it has been answered.
  bool keep(UnderWay& request) EXCLUDES(mutex_);
  /// The request waits for another process and works no more; any signal ends the wait.
  void rest(UnderWay& request) EXCLUDES(mutex_);
  /// Ends the request; to be called before its UnderWay is destroyed.
  void end(UnderWay& request) EXCLUDES(mutex_);

  /// One round of the watch's thread.
  void look_around(MonoTime now) EXCLUDES(mutex_);

 private:
  struct Due {
    std::uint64_t number;
    pid_t caller;
    CallerState state;
  };
  /// A request that was given up; its UnderWay may be gone.
  struct GivenUp {
    fuse_req_t request;
    Verb verb;
    std::string text;
  };

  void run() EXCLUDES(mutex_);
  std::vector<Due> collect(MonoTime now, std::vector<std::string>& tell) EXCLUDES(mutex_);
  std::vector<GivenUp> judge(const std::vector<Due>& looked, MonoTime now) EXCLUDES(mutex_);
  void show_oldest(MonoTime now) EXCLUDES(mutex_);
  void stop_working(UnderWay& request) REQUIRES(mutex_);
  void remove(UnderWay& request) REQUIRES(mutex_);

  const Limits limits_;
  const Kernel kernel_;
  RequestCounts* const counts_;
  // Asked for a request under locks of the file system (Reply::stays).
  Mutex mutex_{LockRank{960, "requests under way"}};
  CondVar turn_;
  CondVar wake_;
  std::vector<UnderWay*> requests_ GUARDED_BY(mutex_);
  std::uint64_t last_number_ GUARDED_BY(mutex_) = 0;
  unsigned working_ GUARDED_BY(mutex_) = 0;
  unsigned waiting_ GUARDED_BY(mutex_) = 0;
  bool idle_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace pailfs::fuse
