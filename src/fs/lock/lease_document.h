// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/result.h"

#include "lock_table.h"

namespace pailfs::fs {

/// What one mount holds of a file.
struct LeaseEntry {
  std::string mount;                 ///< a random number for each mount, in hex
  std::uint64_t beat = 0;            ///< another one each time the mount writes; never used twice
  std::chrono::milliseconds time{};  ///< so long after this beat it is not to be taken from it
  Claims claims;
  friend bool operator==(const LeaseEntry&, const LeaseEntry&) = default;
};

/// The content of a lease object: who holds which locks on one file. A few lines of text:
///
///   pailfs locks 1
///   file a/b.txt
///   written 5f3a9c01d2e4b687
///   mount 9f86d081884c7d65 beat 12 time 30000
///   whole exclusive 0 9223372036854775807
///   record shared 100 199
///
/// `file` is for people, percent-encoded. `written` is random, so that no two versions of the
/// object are equal. A value. Pure.
struct LeaseDocument {
  std::vector<LeaseEntry> entries;

  /// Longer documents are refused by both sides.
  static constexpr std::size_t kMostBytes = std::size_t{256} << 10U;

  /// EIO for anything that is not such a document: a strange reply is never "no locks" (law L4).
  static Result<LeaseDocument> parse(std::string_view text);
  [[nodiscard]] std::string text(std::string_view file, std::uint64_t written) const;

  [[nodiscard]] const LeaseEntry* find(std::string_view mount) const;
  /// The same without the entries of `mount` and those that are `dead`.
  [[nodiscard]] LeaseDocument without(std::string_view mount,
                                      const std::function<bool(const LeaseEntry&)>& dead) const;
  /// The first claim that excludes one of `wanted`.
  [[nodiscard]] const Claim* conflict(const Claims& wanted) const;
};

/// Tells which foreign entries are dead: those whose mount has not renewed them for longer than it
/// may without having lost its locks.
///
/// No clock of another machine is asked. A mount counts the time of its lease from before it sent
/// the beat; others count from after they have seen that beat, which is later, on their own
/// clocks, and wait a fifth longer. So a holder knows that it has lost its locks before another
/// mount takes them, however wrong the clocks are set; they need to run equally fast, to a tenth.
///
/// Not thread-safe.
class Sightings final {
 public:
  /// A holder may use its locks for nine tenths of its time...
  static std::chrono::milliseconds usable(std::chrono::milliseconds time) { return time / 10 * 9; }
  /// ...and others wait for eleven.
  static std::chrono::milliseconds awaited(std::chrono::milliseconds time) {
    return time / 10 * 11;
  }
  using Time = std::chrono::steady_clock::time_point;

  /// Takes note of a document that was read from the store just now, at `now` or later.
  void saw(const LeaseDocument& document, Time now);
  [[nodiscard]] bool is_dead(const LeaseEntry& entry, Time now) const;
  [[nodiscard]] bool empty() const { return seen_.empty(); }

 private:
  struct Seen {
    std::string mount;
    std::uint64_t beat = 0;
    Time first{};
  };
  std::vector<Seen> seen_;
};

}  // namespace pailfs::fs
