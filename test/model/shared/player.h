// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

#include "step.h"

namespace pailfs::test::shared {

/// The bucket that a history is played on, fresh and empty below `prefix`.
class Bucket {
 public:
  virtual ~Bucket() = default;
  /// One for each mount, and for the foreign client; as a process has it. It lives as long as the
  /// bucket.
  virtual store::ObjectStore& client() = 0;
  [[nodiscard]] virtual std::string prefix() const { return {}; }
};
/// `shape.conditional` false: the service ignores conditions. `clock` outlives it.
using MakeBucket = std::function<std::unique_ptr<Bucket>(Clock& clock, const Shape& shape)>;

/// In the memory of this process.
std::unique_ptr<Bucket> fake_bucket(Clock& clock, const Shape& shape);

/// Plays the history on fresh mounts of a fresh bucket. Returns what was wrong first, nothing when
/// all was right.
std::optional<std::string> play(const History& history, const MakeBucket& make = fake_bucket);

}  // namespace pailfs::test::shared
