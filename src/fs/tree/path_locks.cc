// SPDX-License-Identifier: Apache-2.0
#include "path_locks.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pailfs/util/text.h"

#include "fs/format/paths.h"

namespace pailfs::fs {

PathLocks::Hold& PathLocks::Hold::operator=(Hold&& other) noexcept {
  if (this == &other) return *this;
  release();
  locks_ = std::exchange(other.locks_, nullptr);
  own_ = other.own_;
  return *this;
}

void PathLocks::Hold::release() {
  PathLocks* const locks = std::exchange(locks_, nullptr);
  if (locks == nullptr) return;
  MutexLock lock(locks->mutex_);
  locks->drop(own_);
}

bool PathLocks::exclude_each_other(const Request& one, const Request& other) {
  if (!one.alone && !other.alone) return false;
  for (const std::string& a : one.paths) {
    for (const std::string& b : other.paths) {
      if (one.alone && is_at_or_below(b, a)) return true;
      if (other.alone && is_at_or_below(a, b)) return true;
    }
  }
  return false;
}

bool PathLocks::is_free(Requests::const_iterator own) const {
  if (!own->alone && alone_ == 0) return true;
  return std::none_of(requests_.begin(), own,
                      [&](const Request& earlier) { return exclude_each_other(earlier, *own); });
}

PathLocks::Requests::iterator PathLocks::enqueue(std::vector<std::string> paths, bool alone) {
  Request& request = requests_.emplace_back();
  request.paths = std::move(paths);
  request.alone = alone;
  if (alone) ++alone_;
  return std::prev(requests_.end());
}

void PathLocks::drop(Requests::iterator own) {
  if (own->alone) --alone_;
  requests_.erase(own);
  for (auto request = requests_.begin(); request != requests_.end(); ++request) {
    if (request->granted || !is_free(request)) continue;
    request->granted = true;
    request->wake.notify_one();
  }
}

constexpr std::chrono::milliseconds kNap{200};

Result<PathLocks::Hold> PathLocks::take(std::vector<std::string> paths, bool alone,
                                        const Patience& patience) {
  using Steady = std::chrono::steady_clock;
  const auto until = Steady::now() + patience.limit;
  MutexLock lock(mutex_);
  const auto own = enqueue(std::move(paths), alone);
  own->granted = is_free(own);
  while (!own->granted) {
    const auto now = Steady::now();
    const bool called_off = patience.called_off && patience.called_off();
    if (called_off || now >= until) {
      const std::string path = printable(own->paths.front());
      drop(own);
      if (called_off) return Error{EINTR, path + ": called off while it waited for a rename"};
      return Error{ETIMEDOUT, path + ": waited too long for a rename or a change; try again"};
    }
    // called_off() is polled, because nothing wakes the thread of a caller that stops waiting.
    const auto nap = patience.called_off ? kNap : until - now;
    own->wake.wait_for(mutex_, std::min<Steady::duration>(nap, until - now));
  }
  return Hold(*this, own);
}

Result<PathLocks::Hold> PathLocks::change(const std::string& path, const Patience& patience) {
  return take({path}, false, patience);
}

Result<PathLocks::Hold> PathLocks::alone(const std::string& from, const std::string& to,
                                         const Patience& patience) {
  return take({from, to}, true, patience);
}

std::optional<PathLocks::Hold> PathLocks::try_change(const std::string& path) {
  MutexLock lock(mutex_);
  const auto own = enqueue({path}, false);
  if (is_free(own)) {
    own->granted = true;
    return Hold(*this, own);
  }
  requests_.erase(own);  // the last one: no request waits for it
  return std::nullopt;
}

bool PathLocks::is_being_renamed(const std::string& path, const Hold* own) {
  MutexLock lock(mutex_);
  if (alone_ == 0) return false;
  const Request* const mine = own != nullptr && own->locks_ == this ? &*own->own_ : nullptr;
  return std::any_of(requests_.begin(), requests_.end(), [&](const Request& request) {
    if (!request.alone || !request.granted || &request == mine) return false;
    return std::any_of(request.paths.begin(), request.paths.end(),
                       [&](const std::string& prefix) { return is_at_or_below(path, prefix); });
  });
}

std::size_t PathLocks::waiting() {
  MutexLock lock(mutex_);
  return static_cast<std::size_t>(std::count_if(
      requests_.begin(), requests_.end(), [](const Request& request) { return !request.granted; }));
}

}  // namespace pailfs::fs
