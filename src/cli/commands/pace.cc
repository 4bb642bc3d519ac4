// SPDX-License-Identifier: Apache-2.0
#include "pace.h"

namespace pailfs::cli {
namespace {

using std::chrono::seconds;

constexpr seconds kWindow{10};
constexpr seconds kFirst{1};

}  // namespace

void Pace::note(std::chrono::steady_clock::time_point now, std::uint64_t left, std::uint64_t sent) {
  samples_.push_back({now, sent});
  while (samples_.size() > 2 && now - samples_.front().time > kWindow) samples_.pop_front();
  if (left == left_ && samples_.size() > 1) return;
  left_ = left;
  sent_at_left_ = sent;
}

std::optional<std::uint64_t> Pace::rate() const {
  if (samples_.size() < 2) return std::nullopt;
  const auto time = samples_.back().time - samples_.front().time;
  const std::uint64_t bytes = samples_.back().sent - samples_.front().sent;
  if (time < kFirst || bytes == 0) return std::nullopt;
  return static_cast<std::uint64_t>(static_cast<double>(bytes) /
                                    std::chrono::duration<double>(time).count());
}

std::optional<seconds> Pace::time_left() const {
  const auto each_second = rate();
  if (!each_second || *each_second == 0) return std::nullopt;
  // A part counts as stored when it is whole; what of it is on its way is subtracted here.
  const std::uint64_t on_the_way = samples_.back().sent - sent_at_left_;
  const std::uint64_t left = left_ > on_the_way ? left_ - on_the_way : 0;
  return seconds(static_cast<std::int64_t>(left / *each_second + 1));
}

}  // namespace pailfs::cli
