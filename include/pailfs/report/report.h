// SPDX-License-Identifier: Apache-2.0
// The report of a running mount about itself, in three formats. Pure functions; no secret gets into
// any of them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/fuse/request_counts.h"
#include "pailfs/journal/journal_store.h"
#include "pailfs/mount/identity.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/clock.h"

namespace pailfs::report {

/// The part of a report that stays the same for the life of a mount.
struct Subject {
  mount::Identity what;
  std::string mountpoint;
  std::string version;
  std::string log;            ///< where messages go
  std::string conflicts;      ///< the directory where bytes of lost races are kept
  std::string keeps_nothing;  ///< why use_cache keeps nothing; empty: it does, or is not wanted
  pid_t pid = 0;
  WallTime started{};
};

/// A mount at one moment.
struct Report {
  Subject subject;
  WallTime now{};
  std::optional<std::string> unreached;  ///< with -o bg: why the bucket is not reached yet
  std::string region;
  /// What the service does with conditions of changes; nothing: none are used.
  std::optional<store::Obedience> obedience;
  std::string credentials;  ///< where they come from, or why there are none
  std::optional<WallTime> credentials_expire;
  fs::Activity activity;
  std::optional<journal::Waiting> journal;  ///< with durability=local
  std::vector<s3::RequestCount> requests;
  std::uint64_t bytes_sent = 0;  ///< of bodies, also of requests under way
  std::uint64_t bytes_received = 0;
  std::optional<s3::FailedRequest> failed_request;  ///< the last one
  std::vector<fuse::RequestCounts::Row> kernel;
  std::optional<fuse::OldestRequest> oldest;  ///< nothing has waited for long: none
};

/// One object on one line; lists of files are cut after `most_files`, those with a failure first.
std::string to_json(const Report& report, std::size_t most_files);

/// For a person: lines, each with its end.
std::string to_text(const Report& report);

/// Prometheus' text format, version 0.0.4; names begin with pailfs_.
std::string to_metrics(const Report& report);

/// What failed last: a file that could not be stored, or any other request. Its path is that in the
/// mount, of a request the key.
std::optional<fs::StoreFailure> last_error(const Report& report);

/// How much has yet to be sent, and what has been.
struct Sending {
  std::uint64_t left = 0;  ///< bytes that are not stored, without those of finished parts
  std::uint64_t sent = 0;  ///< bytes of bodies since the mount began, those under way too
  std::string words;       ///< both for a person: "1 file, 76.3 MiB; big 51.0 of 76.3 MiB (66 %)"
};
Sending describe_sending(const fs::Activity& activity, const journal::Waiting& waiting,
                         std::uint64_t sent);

/// "3 files, 12.0 MiB": the files that the store does not have yet.
std::string describe_unstored(const fs::Activity& activity);
/// "3 changes, 12.0 MiB, the oldest 5 s old"
std::string describe_waiting(const journal::Waiting& waiting);

}  // namespace pailfs::report
