// SPDX-License-Identifier: Apache-2.0
/// Counters and the request log. A request is counted and logged before the last byte of its reply
/// is sent, so a client that has the reply also finds it here. Thread-safe.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "operation.h"

namespace s3d {

/// Values at one moment.
struct StatsView {
  std::map<std::string, std::uint64_t> requests;  ///< by operation, only those seen
  std::map<std::string, std::uint64_t> errors;    ///< by S3 code (HTTP status where there is none)
  std::uint64_t requests_total = 0;
  std::uint64_t bytes_in = 0;   ///< request bodies
  std::uint64_t bytes_out = 0;  ///< reply bodies
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_now = 0;
  std::uint64_t requests_now = 0;
  std::uint64_t peak_concurrent_requests = 0;
  double cpu_seconds = 0;  ///< of the whole process, since the last reset
};

class Stats {
 public:
  void count_request(Op op) { requests_[static_cast<std::size_t>(op)].fetch_add(1, kRelaxed); }
  void count_error(const std::string& code);
  void add_in(std::uint64_t bytes) { bytes_in_.fetch_add(bytes, kRelaxed); }
  void add_out(std::uint64_t bytes) { bytes_out_.fetch_add(bytes, kRelaxed); }
  void take_out(std::uint64_t bytes) { bytes_out_.fetch_sub(bytes, kRelaxed); }
  void connection_opened();
  void connection_closed() { connections_now_.fetch_sub(1, kRelaxed); }
  void request_begins();
  void request_ends() { requests_now_.fetch_sub(1, kRelaxed); }
  StatsView view() const;
  void reset();

 private:
  using Counter = std::atomic<std::uint64_t>;
  static constexpr std::memory_order kRelaxed = std::memory_order_relaxed;
  std::array<Counter, kOpCount> requests_{};
  Counter bytes_in_{0};
  Counter bytes_out_{0};
  Counter connections_opened_{0};
  Counter connections_now_{0};
  Counter requests_now_{0};
  Counter peak_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> errors_;
  double cpu_at_reset_ = 0;
};

struct LogEntry {
  std::uint64_t n = 0;
  std::int64_t time_ms = 0;
  Op op = Op::kMethodNotAllowed;
  std::string method;
  std::string bucket;
  std::string key;
  std::string query;
  int status = 0;  ///< 0: no reply was sent
  std::string code;
  std::string range;          ///< Range as asked for
  std::string content_range;  ///< as answered
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t connection = 0;
  std::uint64_t latency_us = 0;  ///< head read to reply begun
  std::int64_t began_us = 0;     ///< head read, of a clock that only runs forward
  std::int64_t ended_us = 0;     ///< reply handed to the kernel; 0 until then
  std::string user_agent;
  std::string headers;  ///< names, ','-separated, in the order received
  std::string faults;   ///< actions that fired, ','-separated
};

std::string to_json(const LogEntry& entry);

/// The last kLimit requests.
class RequestLog {
 public:
  static constexpr std::size_t kLimit = 100000;
  /// Returns the number that the entry got; numbers begin at 1 and go on over clear().
  std::uint64_t append(LogEntry entry);
  /// Adds what only the sending could show.
  void amend(std::uint64_t n, std::uint64_t bytes_out, std::int64_t ended_us);
  std::vector<LogEntry> all() const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::deque<LogEntry> entries_;
  std::uint64_t next_ = 1;
};

}  // namespace s3d
