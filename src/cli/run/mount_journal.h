// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "pailfs/journal/journal_store.h"
#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

#include "cli/options/options.h"

namespace pailfs::cli {

/// The journal in front of `store`, or null where a mount has none. A mount has one with
/// durability=local, and when an earlier mount has left changes in one. The latter not with ro
/// (with a message), and not while another process has that journal. `given_up` is true once the
/// mount does not wait for the store any more. `store` and `clock` must outlive it.
Result<std::unique_ptr<journal::JournalStore>> open_mount_journal(const Options& options,
                                                                  store::ObjectStore& store,
                                                                  Clock& clock,
                                                                  std::function<bool()> given_up);

}  // namespace pailfs::cli
