// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/range_set.h"

namespace pailfs::fs {

/// The range of the part with that index (from 0) in an upload whose final size is not known yet.
/// Parts grow, so that 10,000 of them hold 5 TiB even if the first ones are small: 5000 of
/// `first_size` (memory holds those, and some services take only files whose parts are of one
/// size), 2000 five times, 2000 forty times as large, and the rest 1024 times; none above
/// `largest`.
Range growing_part(std::size_t index, std::uint64_t first_size, std::uint64_t largest);

/// The account of a multipart upload that goes on while its file is still being written: which
/// parts the store has, which are on their way, which have changed since. A state machine without
/// threads or I/O; not thread-safe.
///
/// Parts are sent in order, each when the file has no gap up to its end. One that changes after it
/// was sent is sent again when the upload ends, and only then, so that a file which is written
/// over and over is not sent over and over.
class PartLedger final {
 public:
  struct Job {
    std::size_t index = 0;
    Range range;
    bool copy = false;  ///< by the store, of the version that it has
  };

  /// The file begins with `copies`, which follow each other from 0 and do not change.
  explicit PartLedger(std::uint64_t first_size, std::vector<Range> copies = {},
                      const store::Limits& limits = {})
      : limits_(limits), first_size_(first_size), copies_(std::move(copies)) {}

  /// Where the bytes begin that are sent.
  [[nodiscard]] std::uint64_t copied() const { return copies_.empty() ? 0 : copies_.back().end; }

  /// Tells that bytes of the file have changed, behind those that are copied. From copied() to
  /// `front` the file now has no gap.
  void wrote(Range range, std::uint64_t front);
  /// Tells that the file ends at `size`, which is not below copied().
  void truncated(std::uint64_t size);

  /// The next part that is ready to be sent while the file is written; it then counts as on its
  /// way.
  std::optional<Job> next();
  /// The file ends at `size` and is being stored: `next` hands out its last, shorter part too.
  void close(std::uint64_t size) { end_ = size; }
  /// All parts that the store still lacks of a file of that size; they then count as on their way.
  /// Call it when no other part is on its way.
  std::vector<Job> missing(std::uint64_t size);
  void sent(std::size_t index, store::ETag etag);
  void failed(std::size_t index);

  [[nodiscard]] std::size_t on_their_way() const { return on_their_way_; }
  /// The parts of the whole, once nothing is missing.
  [[nodiscard]] std::vector<store::UploadedPart> parts(std::uint64_t size) const;
  /// Ranges that the store has as they are, so that their bytes may be given up; each is told once.
  /// From then on they may not change. None beside copies: a service may refuse these in the end
  /// (some do, unless all are of one size), and all has to be sent.
  [[nodiscard]] std::vector<Range> take_held();

 private:
  enum class State { idle, sending, sent };
  struct Part {
    State state = State::idle;
    bool changed = false;  // while it was on its way
    bool taken = false;    // its bytes have been given up
    Range range;           // as it was or is being sent
    store::ETag etag;
  };

  [[nodiscard]] Range layout(std::size_t index, std::uint64_t size) const;
  void touch(Range range);
  Job begin(std::size_t index, Range range);

  const store::Limits limits_;
  const std::uint64_t first_size_;
  const std::vector<Range> copies_;
  std::vector<Part> parts_;  // those that have been begun
  std::uint64_t front_ = 0;
  std::uint64_t end_ = UINT64_MAX;  // of the file, while it is being stored
  std::size_t on_their_way_ = 0;
};

}  // namespace pailfs::fs
