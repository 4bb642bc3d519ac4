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
  if (!source()) {
    auto now = search_();
    if (!now) {
      MutexLock lock(mutex_);
      why_ = now.error();
      return now.error();
    }
    none_ = std::move(now->none);
    take(std::move(now->source));
  }
  Status reached = probe();
  if (reached || !none_ || !is_about_keys(reached.error())) return reached;
  take(nullptr);
  MutexLock lock(mutex_);
  why_ = *none_;
  return why_;
}

Result<auth::Credentials> LateKeys::get() {
  if (source()) return SwitchableKeys::get();
  MutexLock lock(mutex_);
  return why_;
}

}  // namespace pailfs::cli
