// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pailfs/fs/live_settings.h"
#include "pailfs/mount/identity.h"
#include "pailfs/util/log.h"
#include "pailfs/util/result.h"

namespace pailfs::cli {

/// What of a mount is changed while it lives (`pailfs remount`).
struct LiveChange {
  std::optional<bool> read_only;
  std::optional<LogLevel> log_level;
  fs::LiveSettings files;
  // See http::Rates.
  std::optional<std::uint64_t> bytes_per_second;
  std::optional<std::uint64_t> requests_per_second;
  // Of the kernel, in seconds.
  std::optional<double> attribute_seconds;
  std::optional<double> entry_seconds;
  std::optional<double> negative_seconds;
  // Where keys are taken from.
  std::optional<std::string> passwd_file;
  std::optional<std::string> profile;
  std::vector<std::string> options;  ///< "NAME=VALUE" as a record of the mount has them
  std::string list;                  ///< the words that ask for it, as a value of -o
};

/// The options that can change, for messages: "ro, rw, dbglevel, ...".
std::string live_options();

/// The change that `list`, a value of -o, asks for. Words that the mount has been given alike,
/// words of `table` (its options in the kernel's mount table) and words without effect are no
/// change: mount(8) hands on all that it knows. Any other option is EINVAL, by name. Pure.
Result<LiveChange> read_live_change(const std::string& list, const mount::Identity& what,
                                    const std::string& table = {});

/// `what` as it is after the change.
mount::Identity changed(mount::Identity what, const LiveChange& change);

}  // namespace pailfs::cli
