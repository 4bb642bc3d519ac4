// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "pailfs/util/range_set.h"

namespace pailfs::fs {

/// The bytes worth fetching for one read and after it.
struct ReadAdvice {
  bool sequential = false;  ///< one of several reads in a row
  Range ahead;              ///< to be fetched beyond the read, in no advice before
  std::uint64_t part = 0;   ///< in requests of this size, aligned to it
};

/// Predicts the next reads of one open file from those before. Pure: no clock, no I/O, not
/// thread-safe.
///
/// Several places that are read in turn (a loader of several tensors, a mapping with page faults
/// here and there) are told apart. A place's first read fetches only its own bytes. From the second
/// read on more is fetched ahead, the further the longer the run: twice as far for every such
/// stretch read, up to two parts; four times as far, up to `kMostParts`, whenever the reader had to
/// wait for bytes, because then the latency of the store limits and not the reader.
class ReadPattern final {
 public:
  static constexpr std::uint64_t kPart = 8U << 20U;
  static constexpr std::uint64_t kMostParts = 16;
  static constexpr std::size_t kPlaces = 8;

  /// `stalled`: the reader of this place has to wait, or had to since the last read. `room`: bytes
  /// that one place may have fetched ahead.
  ReadAdvice on_read(Range read, std::uint64_t file_size, bool stalled, std::uint64_t room);
  /// Places from which a program reads on at the moment.
  [[nodiscard]] std::size_t streams() const;

 private:
  struct Place {
    Range run;  // bytes read in a row
    std::uint64_t reads = 0;
    std::uint64_t window = 0;  // how far ahead of run.end fetching goes
    std::uint64_t grown_at = 0;
    bool far = false;             // its reader had to wait
    std::uint64_t announced = 0;  // end of the last `ahead`
    std::uint64_t tick = 0;
  };

  [[nodiscard]] static bool continues(const Place& place, Range read);
  Place& place_of(Range read);

  std::vector<Place> places_;
  std::uint64_t tick_ = 0;
};

}  // namespace pailfs::fs
