// SPDX-License-Identifier: Apache-2.0
#include "player.h"

#include <atomic>
#include <thread>

#include "mount.h"
#include "support/fake_clock.h"
#include "support/text_io.h"
#include "support/unconditional.h"

namespace pailfs::test::shared {
namespace {

using Kind = Step::Kind;

class FakeBucket final : public Bucket {
 public:
  FakeBucket(Clock& clock, const Shape& shape)
      : store_(clock, limits_of(shape)), careless_(store_), conditional_(shape.conditional) {}
  store::ObjectStore& client() override {
    return conditional_ ? static_cast<store::ObjectStore&>(store_) : careless_;
  }

 private:
  static StoreLimits limits_of(const Shape& shape) {
    StoreLimits limits;
    limits.page = 3;  // every directory of the history needs several
    if (shape.parts) limits.min_part = 1;
    return limits;
  }
  FakeStore store_;
  Unconditional careless_;
  const bool conditional_;
};

class Player final {
 public:
  Player(const Shape& shape, const MakeBucket& make)
      : bucket_(make(clock_, shape)),
        foreign_(bucket_->client()),
        ledger_(foreign_, clock_, bucket_->prefix()),
        noted_(foreign_, ledger_, kForeign),
        judge_(ledger_, clock_, shape) {
    for (std::size_t i = 0; i < shape.mounts; ++i) {
      mounts_.push_back(
          std::make_unique<Mount>(i, shape, judge_, ledger_, bucket_->client(), clock_));
    }
  }

  /// What was wrong.
  std::optional<std::string> step(const Step& step) {
    perform(step);
    return judge_.verdict();
  }

  std::optional<std::string> finish() {
    for (std::size_t i = 0; i < mounts_.size() && !judge_.verdict(); ++i) {
      begin(Kind::remount, i);
      mounts_[i]->finish();
      judge_.end(i);
    }
    for (std::size_t i = 0; i < mounts_.size() && !judge_.verdict(); ++i) {
      begin(Kind::refresh, i);
      mounts_[i]->compare_all();
      judge_.end(i);
    }
    return judge_.verdict();
  }

 private:
  void begin(Kind kind, std::size_t mount) {
    Step step;
    step.kind = kind;
    step.mount = mount;
    judge_.begin(step, ++steps_);
  }

  void perform(const Step& step) {
    // No two clients change anything in the same nanosecond: a version is known again by its time.
    clock_.advance(std::chrono::microseconds(1));
    if (step.is_foreign()) return foreign(step);
    if (step.kind == Kind::wait) return clock_.advance(std::chrono::milliseconds(step.number));
    judge_.begin(step, ++steps_);
    mounts_[step.mount]->perform(step, [&] {
      // By another thread: this one holds locks of its mount, which come before none of the other.
      std::thread([&] { perform(*step.meanwhile); }).join();
      clock_.advance(std::chrono::microseconds(1));
    });
    judge_.end(step.mount);
  }

  void foreign(const Step& step) {
    ledger_.begin_step(kForeign, ++steps_);
    const store::Key key(bucket_->prefix() + step.path);
    if (step.kind == Kind::remove) {
      static_cast<void>(noted_.remove(key));
    } else {
      static_cast<void>(put_text(noted_, key, records(step.write, 'z', step.size)));
    }
  }

  FakeClock clock_;
  std::unique_ptr<Bucket> bucket_;
  store::ObjectStore& foreign_;
  Ledger ledger_;
  LedgerStore noted_;
  Judge judge_;
  std::vector<std::unique_ptr<Mount>> mounts_;
  std::atomic<std::uint64_t> steps_ = 0;
};

}  // namespace

std::unique_ptr<Bucket> fake_bucket(Clock& clock, const Shape& shape) {
  return std::make_unique<FakeBucket>(clock, shape);
}

std::optional<std::string> play(const History& history, const MakeBucket& make) {
  Player player(history.shape, make);
  for (std::size_t i = 0; i < history.steps.size(); ++i) {
    if (auto wrong = player.step(history.steps[i])) {
      return "step " + std::to_string(i + 1) + ", " + history.steps[i].text() + ":\n  " + *wrong;
    }
  }
  if (auto wrong = player.finish()) return "at the end: " + *wrong;
  return std::nullopt;
}

}  // namespace pailfs::test::shared
