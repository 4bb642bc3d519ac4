// SPDX-License-Identifier: Apache-2.0
#include "faults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text.h"

namespace s3d {
namespace {

constexpr std::array<std::string_view, 30> kActions = {
    "status",       "error200",    "foreign",         "redirect",           "region_redirect",
    "stall_before", "drop",        "apply_then_drop", "reply_then_lose",    "late_apply",
    "stall_upload", "short206",    "wrong_range",     "reset_upload_after", "wrong_total",
    "wrong_etag",   "no_etag",     "corrupt",         "truncated_list",     "list_loop",
    "header",       "no_header",   "delay",           "delay_reply",        "drip",
    "stall",        "reset_after", "truncate",        "longer_body",        "close_idle"};

bool known_action(std::string_view name) {
  return name == "dup_content_length" ||
         std::find(kActions.begin(), kActions.end(), name) != kActions.end();
}

/// Uniform in [0, 1), a function of its arguments alone (splitmix64).
double draw(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed * 0x9e3779b97f4a7c15ULL + index * 0xd1342543de82ef95ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-53;
}

bool assign_number(std::string_view text, std::uint64_t& out) {
  auto value = parse_u64(text);
  if (value) out = *value;
  return value.has_value();
}

bool assign(std::string_view name, std::string_view value, Fault& fault) {
  if (name == "op") {
    if (value == "*") return true;
    fault.op = op_by_name(value);
    return fault.op.has_value();
  }
  if (name == "key" || name == "bucket") {
    auto glob = percent_decode(value, false);
    if (glob) (name == "key" ? fault.key : fault.bucket) = *glob;
    return glob.has_value();
  }
  if (name == "nth") return assign_number(value, fault.nth) && fault.nth > 0;
  if (name == "times") return assign_number(value, fault.times);
  if (name == "seed") return assign_number(value, fault.seed);
  if (name == "prob") {
    auto p = parse_double(value);
    if (p) fault.probability = *p;
    return p && *p >= 0 && *p <= 1;
  }
  if (name != "action") return false;
  std::size_t colon = value.find(':');
  fault.action.name = value.substr(0, colon);
  if (colon != std::string_view::npos) fault.action.argument = value.substr(colon + 1);
  return known_action(fault.action.name);
}

}  // namespace

std::string FaultAction::arg(std::size_t index) const {
  auto parts = split(argument, ':');
  return index < parts.size() ? std::string(parts[index]) : std::string();
}

std::uint64_t FaultAction::number(std::size_t index, std::uint64_t fallback) const {
  return parse_u64(arg(index)).value_or(fallback);
}

const FaultAction* FaultPlan::find(std::string_view name) const {
  for (const FaultAction& action : actions_)
    if (action.name == name) return &action;
  return nullptr;
}

std::optional<Fault> parse_fault(std::string_view line, std::string& reason) {
  Fault fault;
  fault.text = line;
  bool times_given = false;
  bool nth_given = false;
  for (std::string_view token : split(line, ' ')) {
    token = trim(token);
    if (token.empty()) continue;
    std::size_t eq = token.find('=');
    std::string_view name = token.substr(0, eq);
    if (eq == std::string_view::npos || !assign(name, token.substr(eq + 1), fault)) {
      reason = "cannot use '" + std::string(token) + "' in fault: " + std::string(line);
      return std::nullopt;
    }
    times_given |= name == "times";
    nth_given |= name == "nth";
  }
  if (fault.action.name.empty()) {
    reason = "no action in fault: " + std::string(line);
    return std::nullopt;
  }
  if (nth_given && !times_given) fault.times = 1;
  return fault;
}

bool FaultTable::add(std::string_view text, std::string& reason) {
  std::vector<Fault> fresh;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    auto fault = parse_fault(line, reason);
    if (!fault) return false;
    fresh.push_back(*std::move(fault));
  }
  std::lock_guard lock(mutex_);
  for (Fault& fault : fresh) faults_.push_back(std::move(fault));
  any_ = !faults_.empty();
  return true;
}

void FaultTable::clear() {
  std::lock_guard lock(mutex_);
  faults_.clear();
  any_ = false;
}

std::vector<Fault> FaultTable::all() const {
  std::lock_guard lock(mutex_);
  return faults_;
}

FaultPlan FaultTable::plan(Op op, std::string_view bucket, std::string_view key) {
  FaultPlan plan;
  if (!any_.load(std::memory_order_acquire)) return plan;
  std::lock_guard lock(mutex_);
  for (Fault& fault : faults_) {
    if (fault.op && *fault.op != op) continue;
    if (!glob_match(fault.bucket, bucket) || !glob_match(fault.key, key)) continue;
    std::uint64_t index = ++fault.matches;
    if (index < fault.nth || (fault.times > 0 && fault.hits >= fault.times)) continue;
    if (draw(fault.seed, index) >= fault.probability) continue;
    ++fault.hits;
    plan.add(fault.action);
  }
  return plan;
}

}  // namespace s3d
