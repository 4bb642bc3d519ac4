// SPDX-License-Identifier: Apache-2.0
#include "part_ledger.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pailfs::fs {
namespace {

struct Stage {
  std::size_t parts;
  std::uint64_t factor;
};
constexpr std::array<Stage, 4> kStages{{{5000, 1}, {2000, 5}, {2000, 40}, {1000, 1024}}};

}  // namespace

Range growing_part(std::size_t index, std::uint64_t first_size, std::uint64_t largest) {
  std::uint64_t begin = 0;
  for (const Stage& stage : kStages) {
    const std::uint64_t size = std::min(first_size * stage.factor, largest);
    if (index < stage.parts) return {begin + index * size, begin + (index + 1) * size};
    index -= stage.parts;
    begin += stage.parts * size;
  }
  return {begin, begin};
}

Range PartLedger::layout(std::size_t index, std::uint64_t size) const {
  Range range;
  if (index < copies_.size()) {
    range = copies_[index];
  } else {
    range = growing_part(index - copies_.size(), first_size_, limits_.largest_part);
    range.begin += copied();
    range.end += copied();
  }
  range.end = std::min(range.end, size);
  return range;
}

void PartLedger::touch(Range range) {
  // From the last part backwards, because programs mostly write at the end, where no part has been
  // begun yet.
  for (std::size_t i = parts_.size(); i > 0; --i) {
    Part& part = parts_[i - 1];
    if (part.range.end <= range.begin) break;
    if (part.range.begin >= range.end) continue;
    if (part.state == State::sending) part.changed = true;
    if (part.state == State::sent) part.state = State::idle;
  }
}

void PartLedger::wrote(Range range, std::uint64_t front) {
  front_ = front;
  end_ = UINT64_MAX;
  touch(range);
}

void PartLedger::truncated(std::uint64_t size) {
  front_ = std::min(front_, size);
  end_ = UINT64_MAX;
  touch({size, UINT64_MAX});
}

PartLedger::Job PartLedger::begin(std::size_t index, Range range) {
  if (index == parts_.size()) parts_.emplace_back();
  Part& part = parts_[index];
  part.state = State::sending;
  part.changed = false;
  part.range = range;
  ++on_their_way_;
  return {index, range, index < copies_.size()};
}

std::optional<PartLedger::Job> PartLedger::next() {
  const std::size_t index = parts_.size();
  const Range range = layout(index, end_);
  if (index >= limits_.most_parts || range.empty() || range.end > front_) return std::nullopt;
  return begin(index, range);
}

std::vector<PartLedger::Job> PartLedger::missing(std::uint64_t size) {
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < limits_.most_parts; ++i) {
    const Range range = layout(i, size);
    if (range.empty()) break;
    const bool has =
        i < parts_.size() && parts_[i].state == State::sent && parts_[i].range == range;
    if (!has) jobs.push_back(begin(i, range));
  }
  return jobs;
}

void PartLedger::sent(std::size_t index, store::ETag etag) {
  Part& part = parts_[index];
  part.state = part.changed ? State::idle : State::sent;
  part.etag = std::move(etag);
  --on_their_way_;
}

void PartLedger::failed(std::size_t index) {
  parts_[index].state = State::idle;
  --on_their_way_;
}

std::vector<store::UploadedPart> PartLedger::parts(std::uint64_t size) const {
  std::vector<store::UploadedPart> all;
  for (std::size_t i = 0; i < parts_.size() && parts_[i].range.begin < size; ++i) {
    all.push_back({static_cast<int>(i) + 1, parts_[i].etag, parts_[i].range.size()});
  }
  return all;
}

std::vector<Range> PartLedger::take_held() {
  std::vector<Range> ranges;
  if (!copies_.empty()) return ranges;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    if (part.state != State::sent || part.taken) continue;
    // A short last one has to be sent again when the file grows after an upload that failed to end.
    if (part.range != layout(i, UINT64_MAX)) continue;
    part.taken = true;
    ranges.push_back(part.range);
  }
  return ranges;
}

}  // namespace pailfs::fs
