// SPDX-License-Identifier: Apache-2.0
#include "switchable_keys.h"

#include <cerrno>
#include <utility>

namespace pailfs::cli {

void SwitchableKeys::take(std::shared_ptr<auth::CredentialSource> source) {
  const MutexLock lock(mutex_);
  source_.swap(source);
}

std::shared_ptr<auth::CredentialSource> SwitchableKeys::source() {
  const MutexLock lock(mutex_);
  return source_;
}

Result<auth::Credentials> SwitchableKeys::get() {
  const auto now = source();
  return now ? now->get() : Error(ENOKEY, "no keys were looked for yet");
}

bool SwitchableKeys::refresh(const auth::Credentials& used) {
  const auto now = source();
  return now && now->refresh(used);
}

bool SwitchableKeys::has_others(const auth::Credentials& used) {
  const auto now = source();
  return now && now->has_others(used);
}

void SwitchableKeys::accepted(const auth::Credentials& used) {
  if (const auto now = source()) now->accepted(used);
}

void SwitchableKeys::reload() {
  if (const auto now = source()) now->reload();
}

}  // namespace pailfs::cli
