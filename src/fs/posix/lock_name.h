// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace pailfs::fs {

/// The name is one that programs give to a file, directory or link whose existence is a lock:
/// `index.lock`, `.yarn-lock`, `lockfile`, `LOCK`, `mbox.lck`, `.~lock.a#`. Other names may be
/// locks too; and `package-lock.json`, which is none, only costs a question more. Pure.
[[nodiscard]] bool is_lock_name(std::string_view name);

}  // namespace pailfs::fs
