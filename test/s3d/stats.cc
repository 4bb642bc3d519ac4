// SPDX-License-Identifier: Apache-2.0
#include "stats.h"

#include <sys/resource.h>

#include <utility>

#include "text.h"

namespace s3d {
namespace {

double process_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void Stats::count_error(const std::string& code) {
  std::lock_guard lock(mutex_);
  ++errors_[code];
}

void Stats::connection_opened() {
  connections_opened_.fetch_add(1, kRelaxed);
  connections_now_.fetch_add(1, kRelaxed);
}

void Stats::request_begins() {
  std::uint64_t now = requests_now_.fetch_add(1, kRelaxed) + 1;
  std::uint64_t peak = peak_.load(kRelaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, kRelaxed)) {
  }
}

StatsView Stats::view() const {
  StatsView view;
  for (int i = 0; i < kOpCount; ++i) {
    std::uint64_t n = requests_[static_cast<std::size_t>(i)].load(kRelaxed);
    if (n > 0) view.requests[std::string(op_name(static_cast<Op>(i)))] = n;
    view.requests_total += n;
  }
  view.bytes_in = bytes_in_.load(kRelaxed);
  view.bytes_out = bytes_out_.load(kRelaxed);
  view.connections_opened = connections_opened_.load(kRelaxed);
  view.connections_now = connections_now_.load(kRelaxed);
  view.requests_now = requests_now_.load(kRelaxed);
  view.peak_concurrent_requests = peak_.load(kRelaxed);
  std::lock_guard lock(mutex_);
  view.errors = errors_;
  view.cpu_seconds = process_cpu() - cpu_at_reset_;
  return view;
}

void Stats::reset() {
  for (Counter& counter : requests_) counter = 0;
  bytes_in_ = 0;
  bytes_out_ = 0;
  connections_opened_ = 0;
  peak_ = requests_now_.load();
  std::lock_guard lock(mutex_);
  errors_.clear();
  cpu_at_reset_ = process_cpu();
}

std::string to_json(const LogEntry& e) {
  std::string out = "{\"n\":" + std::to_string(e.n);
  auto text = [&](std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":").append(json_quote(value));
  };
  auto number = [&](std::string_view name, auto value) {
    out.append(",\"").append(name).append("\":").append(std::to_string(value));
  };
  number("time_ms", e.time_ms);
  text("op", op_name(e.op));
  text("method", e.method);
  text("bucket", e.bucket);
  text("key", e.key);
  text("query", e.query);
  number("status", e.status);
  text("code", e.code);
  text("range", e.range);
  text("content_range", e.content_range);
  number("bytes_in", e.bytes_in);
  number("bytes_out", e.bytes_out);
  number("connection", e.connection);
  number("latency_us", e.latency_us);
  number("began_us", e.began_us);
  number("ended_us", e.ended_us);
  text("user_agent", e.user_agent);
  text("headers", e.headers);
  text("faults", e.faults);
  return out + "}";
}

std::uint64_t RequestLog::append(LogEntry entry) {
  std::lock_guard lock(mutex_);
  entry.n = next_++;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kLimit) entries_.pop_front();
  return next_ - 1;
}

void RequestLog::amend(std::uint64_t n, std::uint64_t bytes_out, std::int64_t ended_us) {
  std::lock_guard lock(mutex_);
  if (entries_.empty() || n < entries_.front().n) return;
  LogEntry& entry = entries_[n - entries_.front().n];
  entry.bytes_out = bytes_out;
  entry.ended_us = ended_us;
}

std::vector<LogEntry> RequestLog::all() const {
  std::lock_guard lock(mutex_);
  return {entries_.begin(), entries_.end()};
}

void RequestLog::clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace s3d
