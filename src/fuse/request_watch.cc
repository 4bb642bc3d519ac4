// SPDX-License-Identifier: Apache-2.0
#include "request_watch.h"

#include <algorithm>
#include <cerrno>
#include <unordered_map>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::fuse {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kRound{100};
/// Most requests are over before this first look at their caller.
constexpr milliseconds kFirstLook{200};
constexpr milliseconds kNextLook{300};
constexpr milliseconds kPatience{800};
constexpr std::size_t kReserved = 1024;
/// Requests younger than this are not shown.
constexpr std::chrono::seconds kShownFrom{1};

std::string seconds_text(nanoseconds span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " s";
}

std::string subject(const UnderWay& request) {
  std::string text = "inode " + std::to_string(request.ino);
  if (!request.name.empty()) text += " name \"" + printable(request.name, 200) + "\"";
  return text + " for thread " + std::to_string(request.caller);
}

std::string reason(const UnderWay& request) {
  std::string words = request.errand->waits_for();
  if (!words.empty()) return words;
  return request.at_work ? "another request about the same files" : "its turn (max_threads)";
}

}  // namespace

bool ends_wait(const Looked& looked) {
  if (looked.by_any_signal && looked.interrupted) return true;
  switch (looked.asked) {
    case Asked::to_die:
      return true;
    case Asked::to_end:
      return looked.interrupted && looked.to_end && *looked.to_end >= kPatience;
    case Asked::absent:
      if (looked.was_seen) return true;
      [[fallthrough]];
    case Asked::unknown:
      return looked.interrupted && *looked.interrupted >= kPatience;
    case Asked::nothing:
      break;
  }
  return false;
}

RequestWatch::Kernel RequestWatch::real_kernel(std::function<void()> round) {
  const bool sees = proc_is_ours();
  return {[](fuse_req_t request) { return fuse_req_interrupted(request) != 0; },
          [](fuse_req_t request) { fuse_reply_err(request, EINTR); },
          [sees](pid_t thread) { return sees ? look_at_caller(thread) : CallerState(); },
          std::move(round)};
}

RequestWatch::RequestWatch(Limits limits, Kernel kernel, RequestCounts* counts)
    : limits_{std::max(1U, limits.at_once), limits.tell_after},
      kernel_(std::move(kernel)),
      counts_(counts) {
  requests_.reserve(kReserved);
  thread_ = std::thread([this] { run(); });
}

RequestWatch::~RequestWatch() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

bool RequestWatch::begin(UnderWay& request) {
  request.since = std::chrono::steady_clock::now();
  request.next_look = request.since + kFirstLook;
  MutexLock lock(mutex_);
  request.number = ++last_number_;
  request.slot = requests_.size();
  requests_.push_back(&request);
  if (idle_) wake_.notify_one();
  // A request that no process waits for (release) takes no turn, so it waits for no other request.
  while (request.waited && working_ >= limits_.at_once && request.request != nullptr) {
    ++waiting_;
    turn_.wait(mutex_);
    --waiting_;
  }
  if (request.request == nullptr) return false;
  request.at_work = true;
  if (request.waited) ++working_;
  return true;
}

void RequestWatch::stop_working(UnderWay& request) {
  if (!std::exchange(request.at_work, false) || !request.waited) return;
  --working_;
  if (waiting_ > 0) turn_.notify_one();
}

void RequestWatch::remove(UnderWay& request) {
  if (request.number == 0) return;
  stop_working(request);
  request.number = 0;
  requests_.back()->slot = request.slot;
  std::swap(requests_[request.slot], requests_.back());
  requests_.pop_back();
}

fuse_req_t RequestWatch::take(UnderWay& request) {
  MutexLock lock(mutex_);
  if (request.request != nullptr) remove(request);
  return std::exchange(request.request, nullptr);
}

bool RequestWatch::hold(UnderWay& request, const std::function<void(fuse_req_t)>& use) {
  MutexLock lock(mutex_);
  if (request.request == nullptr) return false;
  use(request.request);
  return true;
}

bool RequestWatch::keep(UnderWay& request) {
  MutexLock lock(mutex_);
  request.kept = true;
  return request.request != nullptr;
}

void RequestWatch::rest(UnderWay& request) {
  MutexLock lock(mutex_);
  request.rests = true;
  stop_working(request);
}

void RequestWatch::end(UnderWay& request) {
  MutexLock lock(mutex_);
  remove(request);
}

std::vector<RequestWatch::Due> RequestWatch::collect(MonoTime now, std::vector<std::string>& tell) {
  std::vector<Due> due;
  MutexLock lock(mutex_);
  for (UnderWay* one : requests_) {
    if (one->request == nullptr) continue;
    const nanoseconds age = now - one->since;
    if (!one->rests && age > limits_.tell_after && !std::exchange(one->was_told, true)) {
      tell.push_back(std::string(one->verb.name) + ": " + subject(*one) +
                     " has not been answered for " + seconds_text(age) + "; it waits for " +
                     reason(*one));
    }
    if (!one->waited || one->kept || age < kFirstLook) continue;
    if (!one->interrupted && kernel_.interrupted(one->request)) one->interrupted = now;
    const bool ends_now = one->rests && one->interrupted;
    if (now < one->next_look && !ends_now) continue;
    one->next_look = now + (one->interrupted ? kRound : kNextLook);
    due.push_back({one->number, one->caller, {}});
  }
  return due;
}

std::vector<RequestWatch::GivenUp> RequestWatch::judge(const std::vector<Due>& looked,
                                                       MonoTime now) {
  std::unordered_map<std::uint64_t, const CallerState*> states;
  for (const Due& one : looked) states.emplace(one.number, &one.state);
  std::vector<GivenUp> given_up;
  MutexLock lock(mutex_);
  for (UnderWay* one : requests_) {
    const auto found = states.find(one->number);
    if (found == states.end() || one->request == nullptr || one->kept) continue;
    Looked look;
    look.asked = what_is_asked(*found->second);
    look.was_seen = std::exchange(one->was_seen, one->was_seen || found->second->seen);
    if (look.asked != Asked::to_end) one->asked.reset();
    if (look.asked == Asked::to_end && !one->asked) one->asked = now;
    if (one->interrupted) look.interrupted = now - *one->interrupted;
    if (one->asked) look.to_end = now - *one->asked;
    look.by_any_signal = one->rests;
    if (!ends_wait(look)) continue;
    given_up.push_back({std::exchange(one->request, nullptr), one->verb,
                        subject(*one) + ": its caller stopped waiting after " +
                            seconds_text(now - one->since) + " for " + reason(*one)});
    one->errand->give_up();
    stop_working(*one);
  }
  if (!given_up.empty() && waiting_ > 0) turn_.notify_all();
  return given_up;
}

void RequestWatch::show_oldest(MonoTime now) {
  if (counts_ == nullptr) return;
  std::optional<OldestRequest> oldest;
  {
    MutexLock lock(mutex_);
    const UnderWay* found = nullptr;
    for (const UnderWay* one : requests_) {
      const bool older = found == nullptr || one->since < found->since;
      const bool shows = one->request != nullptr && !one->rests;
      if (shows && older && now - one->since >= kShownFrom) found = one;
    }
    if (found != nullptr) {
      oldest.emplace();
      oldest->verb = found->verb.name;
      oldest->name = printable(found->name, 200);
      oldest->thread = found->caller;
      oldest->age = std::chrono::duration_cast<std::chrono::seconds>(now - found->since);
      oldest->waits_for = reason(*found);
    }
  }
  counts_->show_oldest(std::move(oldest));
}

void RequestWatch::look_around(MonoTime now) {
  std::vector<std::string> tell;
  std::vector<Due> due = collect(now, tell);
  for (Due& one : due) {
    if (one.caller > 0) one.state = kernel_.look(one.caller);
  }
  const std::vector<GivenUp> given_up = due.empty() ? std::vector<GivenUp>() : judge(due, now);
  for (const GivenUp& one : given_up) {
    if (counts_ != nullptr) counts_->add(one.verb, EINTR);
    kernel_.answer_interrupted(one.request);
    log_info([&] { return std::string(one.verb.name) + ": " + one.text; });
  }
  for (const std::string& line : tell) log_warning(line);
  show_oldest(now);
  if (kernel_.round) kernel_.round();
}

void RequestWatch::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    idle_ = requests_.empty();
    if (idle_) {
      if (counts_ != nullptr) counts_->show_oldest(std::nullopt);
      wake_.wait(mutex_);
      continue;
    }
    wake_.wait_for(mutex_, kRound);
    if (stopping_) break;
    lock.unlock();
    look_around(std::chrono::steady_clock::now());
    lock.lock();
  }
}

}  // namespace pailfs::fuse
