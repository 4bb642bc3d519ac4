// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/errand.h"

#include <cerrno>
#include <utility>

#include "pailfs/util/text.h"

namespace pailfs {
namespace {

/// Most bytes of a key in a log line, which people read.
constexpr std::size_t kShown = 200;

thread_local std::shared_ptr<Errand> current;

}  // namespace

std::string Errand::waits_for() const {
  MutexLock lock(mutex_);
  return waits_for_;
}

std::string Errand::set_waits_for(std::string words) {
  MutexLock lock(mutex_);
  return std::exchange(waits_for_, std::move(words));
}

ErrandScope::ErrandScope(std::shared_ptr<Errand> errand)
    : errand_(std::move(errand)), before_(std::exchange(current, errand_)) {}

ErrandScope::~ErrandScope() {
  if (current == errand_) current = std::move(before_);
}

Status still_wanted() {
  if (current == nullptr || !current->given_up()) return {};
  return Error(EINTR, "its caller stopped waiting before anything was changed");
}

WaitsFor::WaitsFor(std::string_view what, std::string_view which) : errand_(current) {
  if (errand_ == nullptr) return;
  std::string words(what);
  if (!which.empty()) words += " \"" + printable(which, kShown) + "\"";
  before_ = errand_->set_waits_for(std::move(words));
}

WaitsFor::~WaitsFor() {
  if (errand_ != nullptr) static_cast<void>(errand_->set_waits_for(std::move(before_)));
}

}  // namespace pailfs
