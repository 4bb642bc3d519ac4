// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/file.h"
#include "pailfs/util/result.h"
#include "pailfs/util/sync.h"

#include "disk.h"
#include "record.h"

namespace pailfs::journal {

/// One file of the log.
struct Segment {
  std::uint64_t number = 0;
  UniqueFd file;
};
/// The place of a record's bytes. Keeps its file open, which may have lost its name meanwhile.
struct Place {
  std::shared_ptr<const Segment> segment;
  std::uint64_t offset = 0;
};

/// The journal's records on disk: files log.000001 and on, mode 0600, records from the beginning
/// and zeros behind them. Many threads share one fdatasync. Lock: innermost, held over memory
/// operations and the making of a file.
class Log final {
 public:
  struct Sizes {
    std::uint64_t segment = 32U << 20U;  ///< bytes from which on a new one is begun
    /// Bytes of zeros written ahead: an fdatasync of records that replace zeros writes no new size
    /// and blocks, and takes little more than half the time.
    std::uint64_t ahead = 1U << 20U;
  };

  /// Reads the records, oldest first, and begins a new file. A tail that was never acknowledged is
  /// cut off. Damage before that ends the reading: the rest is set aside as damaged.*, and
  /// `damage()` says so. `directory` is ours alone. `disk` must outlive it.
  static Result<std::unique_ptr<Log>> open(
      const std::string& directory, Disk& disk, const Sizes& sizes,
      const std::function<void(const Record&, const Place&)>& visit);

  /// Records that one fdatasync makes durable, to wait for.
  class Batch;
  struct Appended {
    std::shared_ptr<Batch> batch;
    Place bytes;  ///< where Record::bytes will be
  };
  /// Takes the record in, without waiting. Records are durable in the order of these calls.
  Appended append(const Record& record) EXCLUDES(mutex_);
  /// Waits until the batch is durable, and writes it if no other thread does. On failure nothing of
  /// it is in the log. After ENOSPC the log may take records later; after any other failure it
  /// takes none any more.
  Status commit(const std::shared_ptr<Batch>& batch) EXCLUDES(mutex_);
  /// Makes everything appended so far durable.
  Status commit_all() EXCLUDES(mutex_);

  /// Number of the oldest segment that is still there.
  [[nodiscard]] std::uint64_t oldest_segment() EXCLUDES(mutex_);
  [[nodiscard]] std::size_t segments() EXCLUDES(mutex_);
  [[nodiscard]] std::uint64_t bytes() EXCLUDES(mutex_);
  /// Drops the oldest file, which is not needed any more. Not the one that is being written.
  void drop_oldest() EXCLUDES(mutex_);
  /// Drops all files, none of which is needed any more: the next batch goes to a new file.
  Status clear() EXCLUDES(mutex_);
  /// Removes the dropped files, one caller at a time. In order, because the record of a change must
  /// not outlive the record that it is over.
  Status remove_dropped() EXCLUDES(mutex_);

  [[nodiscard]] const std::string& damage() const { return damage_; }
  [[nodiscard]] const Sizes& sizes() const { return sizes_; }

 private:
  struct Old {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  Log(std::string directory, Disk& disk, const Sizes& sizes)
      : directory_(std::move(directory)), disk_(disk), sizes_(sizes) {}
  Status read_all(const std::function<void(const Record&, const Place&)>& visit);
  /// Makes the segment that records go into from now on.
  Status begin_segment(std::uint64_t number);
  Status set_aside(const std::vector<std::uint64_t>& numbers, std::size_t from, std::uint64_t good);
  [[nodiscard]] std::string path_of(std::uint64_t number) const;
  Result<std::shared_ptr<Segment>> make_segment(std::uint64_t number) const;
  struct Write {
    std::shared_ptr<Segment> segment;
    std::string bytes;
    std::uint64_t offset = 0;
    std::uint64_t zeros = 0;  ///< to be written behind the bytes, if there is room
    bool new_name = false;    ///< the segment's name is not durable
  };
  void begin_segment(std::shared_ptr<Segment> next) REQUIRES(mutex_);
  Write begin_write() REQUIRES(mutex_);
  Status perform(const Write& write) const;

  const std::string directory_;
  Disk& disk_;
  const Sizes sizes_;
  std::string damage_;  // constant after open()
  Mutex mutex_{LockRank{320, "log of the journal"}};
  CondVar change_;
  std::shared_ptr<Segment> current_ GUARDED_BY(mutex_);
  bool current_is_new_ GUARDED_BY(mutex_) = false;  // its name is not durable
  std::deque<Old> old_ GUARDED_BY(mutex_);          // segments before the current one
  std::deque<std::uint64_t> dropped_ GUARDED_BY(mutex_);
  std::uint64_t previous_end_ GUARDED_BY(mutex_) = 0;  // of the segment before the current one
  std::string buffer_ GUARDED_BY(mutex_);              // records of the open batch
  std::uint64_t buffer_at_ GUARDED_BY(mutex_) = 0;     // its place in the current segment
  std::uint64_t zeros_to_ GUARDED_BY(mutex_) = 0;      // end of the zeros in the current segment
  std::shared_ptr<Batch> open_ GUARDED_BY(mutex_);
  bool writing_ GUARDED_BY(mutex_) = false;
  std::optional<Error> broken_ GUARDED_BY(mutex_);
};

class Log::Batch final {
 public:
 private:
  friend class Log;  // guarded by its mutex
  bool over_ = false;
  Status status_;
};

}  // namespace pailfs::journal
