// SPDX-License-Identifier: Apache-2.0
#include "upload_plan.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) {
  return (value + by - 1) / by;
}

/// Cuts `range` into pieces of about `limit` bytes, of one size but for the last, which is a few
/// bytes shorter: some services take no others. None is below the smallest part unless the whole
/// range is.
void append_pieces(Range range, std::uint64_t limit, bool copy, std::uint64_t smallest,
                   std::vector<PlannedPart>& parts) {
  std::uint64_t pieces = std::min(divide_up(range.size(), limit), range.size() / smallest);
  const auto last = [&] { return range.size() - (pieces - 1) * divide_up(range.size(), pieces); };
  while (pieces > 1 && last() < smallest) --pieces;
  const std::uint64_t piece = divide_up(range.size(), std::max<std::uint64_t>(pieces, 1));
  for (std::uint64_t at = range.begin; at < range.end; at += piece) {
    parts.push_back({{at, std::min(at + piece, range.end)}, copy});
  }
}

/// Part size from which `size` bytes need at most limits.most_parts parts.
std::uint64_t fitting_part_size(std::uint64_t size, std::uint64_t wanted,
                                const store::Limits& limits) {
  constexpr std::uint64_t kStep = 1U << 20U;
  const std::uint64_t needed = divide_up(divide_up(size, limits.most_parts), kStep) * kStep;
  return std::max({wanted, needed, limits.smallest_part});
}

/// Ranges of the stored version worth copying: clean runs of at least `shortest` bytes, shortened
/// where an upload run before them would otherwise be below the smallest part.
std::vector<Range> copy_runs(const UploadInput& in, std::uint64_t shortest) {
  const std::uint64_t smallest = in.limits.smallest_part;
  std::vector<Range> runs;
  std::uint64_t upload_from = 0;  // where the upload run before the next copy run begins
  const RangeSet& changed = in.changed == nullptr ? *in.local : *in.changed;
  for (Range clean : changed.missing({0, std::min(in.base_size, in.size)})) {
    const std::uint64_t sent_before = clean.begin - upload_from;
    if (sent_before > 0 && sent_before < smallest) clean.begin += smallest - sent_before;
    if (clean.begin >= clean.end || clean.size() < shortest) continue;
    runs.push_back(clean);
    upload_from = clean.end;
  }
  return runs;
}

std::vector<PlannedPart> lay_out(const UploadInput& in, const std::vector<Range>& copies,
                                 std::uint64_t part_size) {
  std::vector<PlannedPart> parts;
  const std::uint64_t smallest = in.limits.smallest_part;
  const std::uint64_t copy_size = std::clamp(in.copy_part_size, smallest, in.limits.largest_part);
  std::uint64_t at = 0;
  for (const Range& copy : copies) {
    if (copy.begin > at) append_pieces({at, copy.begin}, part_size, false, smallest, parts);
    append_pieces(copy, std::max(copy_size, part_size), true, smallest, parts);
    at = copy.end;
  }
  if (at < in.size) append_pieces({at, in.size}, part_size, false, smallest, parts);
  return parts;
}

}  // namespace

Result<UploadPlan> plan_upload(const UploadInput& input) {
  const Range stored{0, std::min(input.base_size, input.size)};
  const store::Limits& limits = input.limits;
  UploadPlan plan;
  if (!input.multipart_allowed || input.size < input.part_size ||
      input.size <= limits.smallest_part) {
    if (input.size > limits.largest_part)
      return Error{EFBIG, "larger than 5 GiB and multipart is off"};
    plan.download = input.local->missing(stored);
    return plan;
  }
  const std::uint64_t part_size = fitting_part_size(input.size, input.part_size, limits);
  if (part_size > limits.largest_part)
    return Error{EFBIG, "larger than the 10,000 parts of an upload hold"};

  std::vector<Range> copies;
  if (input.copy_allowed) {
    // Many short clean runs could need more parts than S3 takes: then only longer ones are copied.
    std::uint64_t shortest = limits.smallest_part;
    do {
      copies = copy_runs(input, shortest);
      plan.parts = lay_out(input, copies, part_size);
      shortest *= 2;
    } while (plan.parts.size() > limits.most_parts && !copies.empty());
  } else {
    plan.parts = lay_out(input, {}, part_size);
  }
  RangeSet covered = *input.local;
  for (const Range& copy : copies) covered.add(copy);
  plan.download = covered.missing(stored);
  return plan;
}

std::vector<Range> plan_copy(std::uint64_t size, std::uint64_t part_size,
                             const store::Limits& limits) {
  std::vector<PlannedPart> parts;
  const std::uint64_t piece =
      std::min(fitting_part_size(size, part_size, limits), limits.largest_part);
  append_pieces({0, size}, piece, true, limits.smallest_part, parts);
  std::vector<Range> ranges;
  ranges.reserve(parts.size());
  for (const PlannedPart& part : parts) ranges.push_back(part.range);
  return ranges;
}

}  // namespace pailfs::fs
