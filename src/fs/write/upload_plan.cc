// SPDX-License-Identifier: Apache-2.0
#include "upload_plan.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) {
  return (value + by - 1) / by;
}

/// Cuts `range` into pieces of about `limit` bytes, of one size but for the last, which is a few
/// bytes shorter: some services take no others. None is below kMinPart unless the whole range is.
void append_pieces(Range range, std::uint64_t limit, bool copy, std::vector<PlannedPart>& parts) {
  std::uint64_t pieces = std::min(divide_up(range.size(), limit), range.size() / kMinPart);
  const auto last = [&] { return range.size() - (pieces - 1) * divide_up(range.size(), pieces); };
  while (pieces > 1 && last() < kMinPart) --pieces;
  const std::uint64_t piece = divide_up(range.size(), std::max<std::uint64_t>(pieces, 1));
  for (std::uint64_t at = range.begin; at < range.end; at += piece) {
    parts.push_back({{at, std::min(at + piece, range.end)}, copy});
  }
}

/// Part size from which `size` bytes need at most kMaxParts parts.
std::uint64_t fitting_part_size(std::uint64_t size, std::uint64_t wanted) {
  constexpr std::uint64_t kStep = 1U << 20U;
  const std::uint64_t needed = divide_up(divide_up(size, kMaxParts), kStep) * kStep;
  return std::max({wanted, needed, kMinPart});
}

/// Ranges of the stored version worth copying: clean runs of at least `shortest` bytes, shortened
/// where an upload run before them would otherwise be below kMinPart.
std::vector<Range> copy_runs(const UploadInput& in, std::uint64_t shortest) {
  std::vector<Range> runs;
  std::uint64_t upload_from = 0;  // where the upload run before the next copy run begins
  const RangeSet& changed = in.changed == nullptr ? *in.local : *in.changed;
  for (Range clean : changed.missing({0, std::min(in.base_size, in.size)})) {
    const std::uint64_t sent_before = clean.begin - upload_from;
    if (sent_before > 0 && sent_before < kMinPart) clean.begin += kMinPart - sent_before;
    if (clean.begin >= clean.end || clean.size() < shortest) continue;
    runs.push_back(clean);
    upload_from = clean.end;
  }
  return runs;
}

std::vector<PlannedPart> lay_out(const UploadInput& in, const std::vector<Range>& copies,
                                 std::uint64_t part_size) {
  std::vector<PlannedPart> parts;
  const std::uint64_t copy_size = std::clamp(in.copy_part_size, kMinPart, kMaxPart);
  std::uint64_t at = 0;
  for (const Range& copy : copies) {
    if (copy.begin > at) append_pieces({at, copy.begin}, part_size, false, parts);
    append_pieces(copy, std::max(copy_size, part_size), true, parts);
    at = copy.end;
  }
  if (at < in.size) append_pieces({at, in.size}, part_size, false, parts);
  return parts;
}

}  // namespace

Result<UploadPlan> plan_upload(const UploadInput& input) {
  const Range stored{0, std::min(input.base_size, input.size)};
  UploadPlan plan;
  if (!input.multipart_allowed || input.size < input.part_size || input.size <= kMinPart) {
    if (input.size > kMaxPart) return Error{EFBIG, "larger than 5 GiB and multipart is off"};
    plan.download = input.local->missing(stored);
    return plan;
  }
  const std::uint64_t part_size = fitting_part_size(input.size, input.part_size);
  if (part_size > kMaxPart) return Error{EFBIG, "larger than the 10,000 parts of an upload hold"};

  std::vector<Range> copies;
  if (input.copy_allowed) {
    // Many short clean runs could need more parts than S3 takes: then only longer ones are copied.
    std::uint64_t shortest = kMinPart;
    do {
      copies = copy_runs(input, shortest);
      plan.parts = lay_out(input, copies, part_size);
      shortest *= 2;
    } while (plan.parts.size() > kMaxParts && !copies.empty());
  } else {
    plan.parts = lay_out(input, {}, part_size);
  }
  RangeSet covered = *input.local;
  for (const Range& copy : copies) covered.add(copy);
  plan.download = covered.missing(stored);
  return plan;
}

std::vector<Range> plan_copy(std::uint64_t size, std::uint64_t part_size) {
  std::vector<PlannedPart> parts;
  append_pieces({0, size}, std::min(fitting_part_size(size, part_size), kMaxPart), true, parts);
  std::vector<Range> ranges;
  ranges.reserve(parts.size());
  for (const PlannedPart& part : parts) ranges.push_back(part.range);
  return ranges;
}

}  // namespace pailfs::fs
