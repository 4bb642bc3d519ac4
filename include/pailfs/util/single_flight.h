// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "pailfs/util/clock.h"
#include "pailfs/util/sync.h"

namespace pailfs {

/// One request for all threads that want the same thing at the same time. The first to join() a key
/// begins a flight and has to land() it, on this thread or on a pool's; threads that join meanwhile
/// share it and get the value that it lands with. A thread that joins after the landing begins
/// another flight: nothing is remembered. So does one to which the value would be too old, because
/// the flight was begun before the moment that the thread names; those that share the older flight
/// get what that lands with. Any thread may call any member; only wait() and wait_if_begun() wait.
/// T is copied for each thread that waits.
template <class T>
class SingleFlight final {
 public:
  /// A request under way.
  class Flight final {
   public:
    Flight(std::string key, MonoTime joined) : key_(std::move(key)), joined_(joined) {}

    /// Begins a flight that waited in the queue of a pool. False when a thread has given it up; the
    /// caller then only lands it.
    bool begin() EXCLUDES(mutex_) {
      MutexLock lock(mutex_);
      if (given_up_) return false;
      begun_ = true;
      return true;
    }
    /// The value, as soon as the flight has landed.
    T wait() EXCLUDES(mutex_) {
      MutexLock lock(mutex_);
      while (!value_) landed_.wait(mutex_);
      return *value_;
    }
    /// The same, unless the flight has not begun yet: then it is given up, and the caller makes the
    /// request itself rather than wait for the queue of the pool.
    std::optional<T> wait_if_begun() EXCLUDES(mutex_) {
      MutexLock lock(mutex_);
      if (!begun_ && !value_) given_up_ = true;
      while (begun_ && !value_) landed_.wait(mutex_);
      return value_;
    }

   private:
    friend class SingleFlight;
    void land(T value) EXCLUDES(mutex_) {
      MutexLock lock(mutex_);
      value_.emplace(std::move(value));
      landed_.notify_all();
    }

    const std::string key_;
    const MonoTime joined_;  // by the first
    Mutex mutex_;
    CondVar landed_;
    bool begun_ GUARDED_BY(mutex_) = false;
    bool given_up_ GUARDED_BY(mutex_) = false;
    std::optional<T> value_ GUARDED_BY(mutex_);
  };
  using FlightPtr = std::shared_ptr<Flight>;

  struct Ticket {
    FlightPtr flight;
    bool is_first = false;  ///< the caller has to land it
  };
  /// `now` is a moment before the request of a flight that this call begins.
  Ticket join(const std::string& key, MonoTime now, MonoTime not_before) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    FlightPtr& flight = flights_[key];
    const bool is_first = flight == nullptr || flight->joined_ < not_before;
    if (is_first) flight = std::make_shared<Flight>(key, now);
    return {flight, is_first};
  }
  /// The flight under way for the key; null if there is none that is young enough.
  FlightPtr find(const std::string& key, MonoTime not_before) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = flights_.find(key);
    const bool joins = found != flights_.end() && found->second->joined_ >= not_before;
    return joins ? found->second : nullptr;
  }
  /// Ends the flight: all that wait for it get the value.
  void land(const FlightPtr& flight, T value) EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      const auto found = flights_.find(flight->key_);
      if (found != flights_.end() && found->second == flight) flights_.erase(found);
    }
    flight->land(std::move(value));
  }
  /// The value of the flight under way, or of a new one for which this thread calls `make`.
  T share(const std::string& key, MonoTime now, MonoTime not_before, const std::function<T()>& make)
      EXCLUDES(mutex_) {
    const Ticket ticket = join(key, now, not_before);
    if (ticket.is_first) land(ticket.flight, make());
    return ticket.flight->wait();
  }

 private:
  Mutex mutex_;
  std::unordered_map<std::string, FlightPtr> flights_ GUARDED_BY(mutex_);
};

}  // namespace pailfs
