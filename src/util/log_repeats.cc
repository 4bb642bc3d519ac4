// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "pailfs/util/log.h"

namespace pailfs::log {
namespace {

/// A storm of equal errors still shows signs of life this often.
constexpr std::chrono::seconds kLongestSilence{30};

class Repeats final {
 public:
  explicit Repeats(RecordSink next) : next_(std::move(next)) {}
  ~Repeats() { tell(); }
  Repeats(const Repeats&) = delete;
  Repeats& operator=(const Repeats&) = delete;

  void take(const Record& record) {
    const bool again = record.level <= LogLevel::warning && record.level == last_.level &&
                       record.text == last_.text;
    if (!again) {
      tell();
      last_ = record;
      told_ = record.time;
      next_(record);
      return;
    }
    ++count_;
    last_.time = record.time;
    if (record.time - told_ >= kLongestSilence) tell();
  }

 private:
  void tell() {
    if (count_ == 0) return;
    const std::string times = count_ == 1 ? " time" : " times";
    next_({last_.level, last_.time, "last message repeated " + std::to_string(count_) + times, {}});
    count_ = 0;
    told_ = last_.time;
  }

  const RecordSink next_;
  Record last_;
  WallTime told_{};
  std::uint64_t count_ = 0;
};

}  // namespace

RecordSink collapse_repeats(RecordSink next) {
  auto repeats = std::make_shared<Repeats>(std::move(next));
  return [repeats](const Record& record) { repeats->take(record); };
}

}  // namespace pailfs::log
