// SPDX-License-Identifier: Apache-2.0
#include "late_keys.h"

#include <cerrno>
#include <utility>

namespace pailfs::cli {

bool keys_may_come(const Error& error) {
  return error.err == ENOENT || error.err == ENOKEY;
}

bool is_about_keys(const Error& probe) {
  const int status = probe.http_status;
  return status == 401 || status == 403 || (status == 400 && !probe.s3_code.empty());
}

Status LateKeys::look(const std::function<Status()>& probe) {
  if (!found()) {
    auto now = search_();
    MutexLock lock(mutex_);
    if (!now) {
      why_ = now.error();
      return now.error();
    }
    none_ = std::move(now->none);
    found_ = std::move(now->source);
  }
  Status reached = probe();
  if (reached || !none_ || !is_about_keys(reached.error())) return reached;
  MutexLock lock(mutex_);
  found_.reset();
  why_ = *none_;
  return why_;
}

Result<auth::Credentials> LateKeys::get() {
  if (const auto source = found()) return source->get();
  MutexLock lock(mutex_);
  return why_;
}

bool LateKeys::refresh(const auth::Credentials& used) {
  const auto source = found();
  return source && source->refresh(used);
}

bool LateKeys::has_others(const auth::Credentials& used) {
  const auto source = found();
  return source && source->has_others(used);
}

void LateKeys::accepted(const auth::Credentials& used) {
  if (const auto source = found()) source->accepted(used);
}

void LateKeys::reload() {
  if (const auto source = found()) source->reload();
}

std::shared_ptr<auth::CredentialSource> LateKeys::found() {
  MutexLock lock(mutex_);
  return found_;
}

}  // namespace pailfs::cli
