// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "pailfs/store/limits.h"
#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"

namespace pailfs::fs {

struct UploadInput {
  std::uint64_t size = 0;           ///< of the file now
  const RangeSet* local = nullptr;  ///< bytes the local file holds
  /// Of them, those that differ from the stored version; null: all of them.
  const RangeSet* changed = nullptr;
  /// Bytes [0, base_size) not in `local` are those of the stored version; behind it lie holes.
  std::uint64_t base_size = 0;
  std::uint64_t part_size = 0;
  std::uint64_t copy_part_size = 0;
  store::Limits limits;
  bool multipart_allowed = true;
  bool copy_allowed = true;  ///< the store can copy ranges of the stored version itself
};

struct PlannedPart {
  Range range;
  bool copy = false;  ///< server-side from the stored version; otherwise sent from the local file
};

/// The steps that bring the object up to date. `download` first, then one PUT of the whole file if
/// `parts` is empty, else a multipart upload of exactly these parts in order.
struct UploadPlan {
  std::vector<Range> download;
  std::vector<PlannedPart> parts;
};

/// Pure. Every byte of [0, size) is in exactly one part; every part but the last has at least
/// limits.smallest_part bytes; at most limits.most_parts parts. EFBIG when the file exceeds what
/// they hold.
Result<UploadPlan> plan_upload(const UploadInput& input);

/// The ranges of a server-side copy of `size` bytes in pieces of about `part_size`.
std::vector<Range> plan_copy(std::uint64_t size, std::uint64_t part_size,
                             const store::Limits& limits);

}  // namespace pailfs::fs
