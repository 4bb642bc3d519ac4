// SPDX-License-Identifier: Apache-2.0
#include "read_pattern.h"

#include <algorithm>

namespace pailfs::fs {
namespace {

constexpr std::uint64_t kFirstWindow = 1U << 20U;
/// A window after a stall: enough for several requests side by side.
constexpr std::uint64_t kFirstStallWindow = 4U << 20U;
constexpr std::uint64_t kSmallestPart = 1U << 20U;
/// Reads this near to each other are one run: the kernel reads ahead with several requests at once,
/// which arrive in any order.
constexpr std::uint64_t kNear = 128U << 10U;
/// Page faults of a mapping jump about within the kernel's read-around; an established run accepts
/// such jumps.
constexpr std::uint64_t kJump = 2U << 20U;
constexpr std::uint64_t kEstablished = 3;  // reads
/// A place is forgotten after so many reads elsewhere.
constexpr std::uint64_t kForgotten = 64;
/// A window is at most this many times the bytes read in a row.
constexpr std::uint64_t kTrust = 16;

}  // namespace

bool ReadPattern::continues(const Place& place, Range read) {
  const std::uint64_t slack = place.reads >= kEstablished ? kJump : kNear;
  return read.begin <= place.run.end + slack && read.end + slack >= place.run.begin &&
         read.begin + kJump + slack >= place.run.end;
}

ReadPattern::Place& ReadPattern::place_of(Range read) {
  ++tick_;
  Place* best = nullptr;
  for (Place& place : places_) {
    if (!continues(place, read)) continue;
    if (best == nullptr || place.tick > best->tick) best = &place;
  }
  if (best == nullptr) {
    if (places_.size() < kPlaces) {
      best = &places_.emplace_back();
    } else {
      best = &*std::min_element(places_.begin(), places_.end(),
                                [](const Place& a, const Place& b) { return a.tick < b.tick; });
    }
    *best = {};
    best->run = read;
  }
  best->tick = tick_;
  return *best;
}

std::size_t ReadPattern::streams() const {
  return static_cast<std::size_t>(std::count_if(
      places_.begin(), places_.end(),
      [this](const Place& place) { return place.window > 0 && place.tick + kForgotten > tick_; }));
}

ReadAdvice ReadPattern::on_read(Range read, std::uint64_t file_size, bool stalled,
                                std::uint64_t room) {
  Place& place = place_of(read);
  ++place.reads;
  place.run.begin = std::min(place.run.begin, read.begin);
  place.run.end = std::max(place.run.end, read.end);
  ReadAdvice advice;
  advice.part = kPart;
  if (place.reads < 2) return advice;

  advice.sequential = true;
  place.far = place.far || stalled;
  if (place.window == 0) {
    place.window = stalled ? kFirstStallWindow : kFirstWindow;
    place.grown_at = place.run.end;
  } else if (stalled) {
    place.window *= 4;
    place.grown_at = place.run.end;
  } else if (place.run.end >= place.grown_at + place.window && place.window < 2 * kPart) {
    place.window *= 2;
    place.grown_at = place.run.end;
  }
  place.window =
      std::min({place.window, kMostParts * kPart, std::max(kTrust * place.run.size(), kFirstWindow),
                std::max(room, kFirstWindow)});
  // Four requests side by side where the latency limits, one where the processor does.
  const std::uint64_t piece =
      place.far && place.window < 2 * kPart ? place.window / 4 : place.window;
  advice.part = std::clamp(piece, kSmallestPart, kPart);
  // The advice ends at the end of a part, so that few requests fetch much, and names no byte twice.
  std::uint64_t to = place.run.end + place.window;
  to = to >= file_size ? file_size : to - to % advice.part;
  const std::uint64_t from = std::max(place.run.end, place.announced);
  if (to <= from) return advice;
  advice.ahead = {from, to};
  place.announced = to;
  return advice;
}

}  // namespace pailfs::fs
