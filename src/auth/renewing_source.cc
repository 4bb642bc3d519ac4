// SPDX-License-Identifier: Apache-2.0
#include "renewing_source.h"

#include <sys/stat.h>

#include <cerrno>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

/// Tells two states of the files apart: device, inode, size and times of the files that the names
/// lead to.
std::string stamp_of(const std::vector<std::string>& files) {
  std::string stamp;
  for (const std::string& file : files) {
    struct stat status {};
    const bool there = ::stat(file.c_str(), &status) == 0;
    for (const auto number :
         {static_cast<std::int64_t>(there), std::int64_t(status.st_dev),
          std::int64_t(status.st_ino), std::int64_t(status.st_size),
          std::int64_t(status.st_mtim.tv_sec), std::int64_t(status.st_mtim.tv_nsec),
          std::int64_t(status.st_ctim.tv_sec), std::int64_t(status.st_ctim.tv_nsec)}) {
      stamp.append(std::to_string(number)).push_back(' ');
    }
  }
  return stamp;
}

}  // namespace

/// False also when there are none.
bool RenewingSource::lasts(std::chrono::nanoseconds span) const {
  return current_ && (!current_->expires || clock_.wall() + span < *current_->expires);
}

bool RenewingSource::rested(std::chrono::nanoseconds pause) const {
  return !answered_at_ || clock_.now() - *answered_at_ >= pause;
}

bool RenewingSource::changed() {
  if (origin_.files.empty() || asking_) return false;
  if (looked_at_ && clock_.now() - *looked_at_ < kLookPause) return false;
  looked_at_ = clock_.now();
  mutex_.unlock();
  const std::string stamp = stamp_of(origin_.files);
  mutex_.lock();
  return stamp != seen_;
}

bool RenewingSource::is_current(const Credentials& keys) const {
  return current_ && same_keys(keys, *current_);
}

bool RenewingSource::held() const {
  return current_ && proven_ && !current_->expires;
}

bool RenewingSource::has_offer() const {
  if (!offer_) return false;
  return !refused_ || !same_keys(*offer_, *refused_) || clock_.now() - refused_at_ >= kUrgentPause;
}

void RenewingSource::take(Credentials fetched, bool told) {
  warned_of_.clear();
  offer_.reset();
  if (is_current(fetched)) {
    current_ = std::move(fetched);
  } else if (held() && !told) {
    offer_ = std::move(fetched);
  } else {
    put_on_trial(std::move(fetched));
  }
}

void RenewingSource::put_on_trial(Credentials keys) {
  if (proven_) fallback_ = std::move(current_);
  current_ = std::move(keys);
  proven_ = fallback_ && same_keys(*current_, *fallback_);
  if (proven_) fallback_.reset();
  offer_.reset();
  failure_ = Error{ENOKEY, "the credentials of " + current_->source + " have expired"};
  log_info([&taken = *current_] {
    return "credentials taken from " + taken.source +
           (taken.expires ? ", they expire at " + iso8601_millis(*taken.expires) : "");
  });
}

/// False when there are no earlier keys that worked and have not expired.
bool RenewingSource::fall_back() {
  if (proven_ || !fallback_ || !current_) return false;
  if (fallback_->expires && clock_.wall() >= *fallback_->expires) return false;
  log_warning("the store refuses the credentials that lie in " + current_->source +
              " now; those that worked before stay in use");
  refused_ = std::move(current_);
  refused_at_ = clock_.now();
  current_ = std::move(fallback_);
  fallback_.reset();
  proven_ = true;
  return true;
}

void RenewingSource::complain(const Error& error) {
  failure_ = error;
  if (!current_ || warned_of_ == error.text) return;
  warned_of_ = error.text;
  log_warning("credentials not renewed, those at hand stay in use: " + error.text);
}

void RenewingSource::renew() {
  if (asking_) {
    const unsigned before = answers_;
    while (answers_ == before) answered_.wait(mutex_);
    return;
  }
  asking_ = true;
  const bool told = reload_.exchange(false);
  mutex_.unlock();
  // Stamped before the files are read, so that a change in between shows at the next look.
  std::string stamp = stamp_of(origin_.files);
  auto fetched = origin_.fetch();
  const auto expires = fetched ? fetched->expires : std::nullopt;
  if (expires && *expires <= clock_.wall()) {
    fetched = Error{ENOKEY, "the credentials of " + fetched->source + " expired at " +
                                iso8601_millis(*expires)};
  }
  mutex_.lock();
  asking_ = false;
  ++answers_;
  answered_at_ = clock_.now();
  looked_at_ = answered_at_;
  answered_.notify_all();
  // A file written in two steps within one tick of the clock has the same stamp after both, so a
  // file that could not be read is read again.
  seen_ = fetched || origin_.costly ? std::move(stamp) : std::string();
  if (fetched) {
    take(std::move(fetched).value(), told);
  } else {
    complain(fetched.error());
  }
}

void RenewingSource::look_again() {
  if (asking_ || !origin_.costly || rested(kUrgentPause)) renew();
}

Result<Credentials> RenewingSource::get() {
  MutexLock lock(mutex_);
  if (!lasts(std::chrono::nanoseconds(0))) {
    if (asking_ || rested(kUrgentPause)) renew();
  } else if (!asking_ &&
             (reload_ || (!lasts(kEarly) && rested(kCalmPause)) || (!held() && changed()))) {
    // changed() releases the mutex: another thread may be fetching by now.
    if (!asking_) renew();
  }
  if (current_ && lasts(std::chrono::nanoseconds(0))) return *current_;
  return failure_;
}

bool RenewingSource::refresh(const Credentials& used) {
  MutexLock lock(mutex_);
  const auto replaced = [&]() REQUIRES(mutex_) { return current_ && !same_keys(used, *current_); };
  if (replaced() || fall_back()) return true;
  look_again();
  if (replaced()) return true;
  if (!has_offer() || !offer_) return false;
  put_on_trial(*offer_);
  return true;
}

bool RenewingSource::has_others(const Credentials& used) {
  MutexLock lock(mutex_);
  if (!current_ || !same_keys(used, *current_) || fallback_) return current_.has_value();
  if (origin_.costly) return false;
  look_again();
  return !is_current(used) || has_offer();
}

void RenewingSource::accepted(const Credentials& used) {
  MutexLock lock(mutex_);
  if (proven_ || !is_current(used)) return;
  proven_ = true;
  fallback_.reset();
}

}  // namespace pailfs::auth
