// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "pailfs/fs/config.h"

namespace pailfs::fs {

/// How long the answers of the store are believed without asking again.
struct Lifetimes {
  explicit Lifetimes(const Config& config)
      : attributes(config.attribute_ttl),
        listings(std::min(config.listing_ttl, config.attribute_ttl)),
        absences(std::min(std::chrono::seconds(1), listings)) {}

  std::chrono::seconds attributes;
  std::chrono::seconds listings;
  /// Of an absent name: as long as the kernel trusts an answer.
  std::chrono::seconds absences;
};

}  // namespace pailfs::fs
