// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

namespace pailfs::cli {

/// A source of keys that another one can take the place of while it is used: `pailfs remount -o
/// passwd_file=FILE`. Any thread may call any member.
class SwitchableKeys : public auth::CredentialSource {
 public:
  /// From now on the keys come from there; null: there are none, as before the first call.
  void take(std::shared_ptr<auth::CredentialSource> source) EXCLUDES(mutex_);

  Result<auth::Credentials> get() override;
  bool refresh(const auth::Credentials& used) override;
  bool has_others(const auth::Credentials& used) override;
  void accepted(const auth::Credentials& used) override;
  void reload() override;

 protected:
  [[nodiscard]] std::shared_ptr<auth::CredentialSource> source() EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::shared_ptr<auth::CredentialSource> source_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::cli
