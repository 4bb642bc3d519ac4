// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

#include "pailfs/fs/config.h"

namespace pailfs::fs {

/// How long the answers of the store are believed without asking again. Any thread may call any
/// member; one that reads beside a change gets the old or the new time of each.
class Lifetimes final {
 public:
  using Time = std::chrono::seconds;

  explicit Lifetimes(const Config& config) { set(config.attribute_ttl, config.listing_ttl); }

  [[nodiscard]] Time attributes() const { return attributes_.load(); }
  [[nodiscard]] Time listings() const { return listings_.load(); }
  /// Of an absent name: as long as the kernel trusts an answer.
  [[nodiscard]] Time absences() const { return std::min(Time(1), listings()); }

  void set(Time attributes, Time listings) {
    attributes_ = attributes;
    listings_ = std::min(listings, attributes);
  }

 private:
  std::atomic<Time> attributes_;
  std::atomic<Time> listings_;
};

}  // namespace pailfs::fs
