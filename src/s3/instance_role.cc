// SPDX-License-Identifier: Apache-2.0
#include "instance_role.h"

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "site.h"

namespace pailfs::s3 {

/// False also when there are none.
bool InstanceRoleSource::lasts(std::chrono::nanoseconds span) const {
  return current_ && clock_.wall() + span < current_->expires;
}

bool InstanceRoleSource::rested(std::chrono::nanoseconds pause) const {
  return !answered_at_ || clock_.now() - *answered_at_ >= pause;
}

void InstanceRoleSource::renew() {
  if (asking_) {
    const unsigned before = answers_;
    while (answers_ == before) answered_.wait(mutex_);
    return;
  }
  asking_ = true;
  mutex_.unlock();
  auto fetched = metadata_.fetch();
  if (fetched && fetched->expires <= clock_.wall()) {
    fetched = Error{ENOKEY, "iam_role: the credentials of " + fetched->credentials.source +
                                " expired at " + iso8601_millis(fetched->expires)};
  }
  mutex_.lock();
  asking_ = false;
  ++answers_;
  answered_at_ = clock_.now();
  answered_.notify_all();
  if (fetched) {
    current_ = std::move(fetched).value();
    failure_ = Error{
        ENOKEY, "iam_role: the credentials of " + current_->credentials.source + " have expired"};
    log_info([&taken = *current_] {
      return "credentials of " + taken.credentials.source + " taken, they expire at " +
             iso8601_millis(taken.expires);
    });
    return;
  }
  failure_ = fetched.error();
  if (current_) log_warning("credentials not renewed: " + failure_.text);
}

Result<Credentials> InstanceRoleSource::get() {
  MutexLock lock(mutex_);
  if (!lasts(std::chrono::nanoseconds(0))) {
    if (asking_ || rested(kUrgentPause)) renew();
  } else if (!lasts(kEarly) && !asking_ && rested(kCalmPause)) {
    renew();
  }
  if (lasts(std::chrono::nanoseconds(0))) {
    Credentials credentials = current_->credentials;
    credentials.expires = current_->expires;
    return credentials;
  }
  return failure_;
}

bool InstanceRoleSource::refresh(const Credentials& used) {
  MutexLock lock(mutex_);
  const auto replaced = [&]() REQUIRES(mutex_) {
    return current_ && !same_keys(used, current_->credentials);
  };
  if (replaced()) return true;
  if (asking_ || rested(kUrgentPause)) renew();
  return replaced();
}

Result<std::unique_ptr<CredentialSource>> make_instance_role_source(const CredentialConfig& config,
                                                                    http::Transport& transport,
                                                                    const Clock& clock) {
  InstanceMetadata::Settings settings;
  settings.version1 = config.imdsv1only;
  if (config.iam_role != "auto") settings.role = config.iam_role.value_or("");
  if (!settings.role.empty() && !is_role_name(settings.role)) {
    return Error{EINVAL, "iam_role: \"" + printable(settings.role, 80) +
                             "\" is not a name that a role can have"};
  }
  const auto endpoint = config.environment.find("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (endpoint != config.environment.end() && !endpoint->second.empty()) {
    const auto url = parse_url(endpoint->second);
    if (!url) return Error{EINVAL, endpoint->first + ": " + url.error().text};
    settings.endpoint = url->text();
  }
  auto source = std::make_unique<InstanceRoleSource>(
      InstanceMetadata(std::move(settings), transport, clock), clock);
  if (auto first = source->get(); !first) return first.error();
  return std::unique_ptr<CredentialSource>(std::move(source));
}

}  // namespace pailfs::s3
