// SPDX-License-Identifier: Apache-2.0
#include "fs/tree/path_locks.h"

#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fs/tree/node_cache.h"
#include "support/catch.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using Hold = PathLocks::Hold;
using Patience = PathLocks::Patience;

constexpr auto kHang = 20s;  // a wait that lasts longer than this has hung

/// One request on a thread of its own; what it got it keeps until `let_go`.
class Asker final {
 public:
  Asker(PathLocks& locks, std::string from, std::string to = {})
      : thread_([this, &locks, from = std::move(from), to = std::move(to)] {
          const Patience patience{.limit = kHang};
          auto held = to.empty() ? locks.change(from, patience) : locks.alone(from, to, patience);
          const bool got = held.has_value();
          {
            MutexLock lock(mutex_);
            if (got) hold_ = std::move(*held);
          }
          (got ? has_ : failed_) = true;
        }) {}
  ~Asker() {
    thread_.join();
    let_go();
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  void let_go() {
    MutexLock lock(mutex_);
    hold_.release();
  }
  [[nodiscard]] bool has() const { return has_; }
  [[nodiscard]] bool gets() const {
    for (auto left = kHang / 1ms; left > 0 && !has_ && !failed_; --left) {
      std::this_thread::sleep_for(1ms);
    }
    return has_;
  }

 private:
  Mutex mutex_{LockRank{1, "asker"}};
  Hold hold_ GUARDED_BY(mutex_);
  std::atomic<bool> has_ = false;
  std::atomic<bool> failed_ = false;
  std::thread thread_;  // last: it uses the others
};

/// Requests in the order in which they come: each has its turn or waits before the next one comes.
struct Queue {
  Asker& change(const std::string& path) { return come(path, {}); }
  Asker& rename(const std::string& from, const std::string& to) { return come(from, to); }
  Asker& come(const std::string& from, const std::string& to) {
    const std::size_t before = locks.waiting();
    Asker& asker = askers.emplace_back(locks, from, to);
    while (!asker.has() && locks.waiting() == before) std::this_thread::sleep_for(100us);
    return asker;
  }
  PathLocks locks;
  std::deque<Asker> askers;
};

TEST_CASE("a path is compared by its components") {
  struct Row {
    const char* path;
    const char* prefix;
    bool below;
  };
  const Row rows[] = {
      {"a", "a", true},    {"a/b", "a", true},  {"a/b/c", "a/b", true}, {"ab", "a", false},
      {"a-b", "a", false}, {"a", "a/b", false}, {"b/a", "a", false},    {"a/bc", "a/b", false},
      {"", "", true},      {"a", "", true},     {"", "a", false},       {"a.d/x", "a", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path, row.prefix);
    CHECK(is_at_or_below(row.path, row.prefix) == row.below);
  }
}

TEST_CASE("two requests exclude each other only where a rename moves the other's path") {
  struct Row {
    const char* from;  // of what is held; with `to` a rename
    const char* to;
    const char* next_from;
    const char* next_to;
    bool waits;
  };
  const Row rows[] = {
      // Changes beside changes.
      {"a", "", "a", "", false},
      {"a", "", "a/b", "", false},
      // A change where a rename is under way.
      {"a", "b", "a", "", true},
      {"a", "b", "b", "", true},
      {"a", "b", "a/x/y", "", true},
      {"a", "b", "b/x", "", true},
      {"a", "b", "ab", "", false},
      {"a", "b", "c", "", false},
      {"a", "b", "", "", false},  // the root's own attributes
      {"d/a", "d/b", "d", "", false},
      {"d/a", "d/b", "d/c", "", false},
      // A rename where a change is under way.
      {"a/x", "", "a", "b", true},
      {"a/x", "", "b", "a", true},
      {"a", "", "a/x", "b", false},
      {"", "", "a", "b", false},
      // Renames that have a path in common, or one below the other's.
      {"a", "b", "b", "a", true},
      {"a", "b", "c", "b", true},
      {"a", "b", "a", "c", true},
      {"a", "b", "a/x", "c", true},
      {"a", "b", "c", "b/x", true},
      {"a/x", "b", "a", "c", true},
      {"c", "a/x", "a", "d", true},
      {"d/f", "e/f", "d/g", "e/g", false},
      {"d/f", "e/f", "d", "h", true},
      {"d/f", "e/f", "e", "h", true},
      {"a", "b", "c", "d", false},
      {"a", "b", "ab", "ba", false},
      // Into itself, which is refused later: it does not wait for itself.
      {"x", "", "a", "a/b", false},
      {"x", "", "a", "a", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.from, row.to, row.next_from, row.next_to);
    Queue queue;
    Asker& first = queue.come(row.from, row.to);
    REQUIRE(first.has());
    Asker& second = queue.come(row.next_from, row.next_to);
    CHECK(second.has() == !row.waits);
    first.let_go();
    CHECK(second.gets());
  }
}

TEST_CASE("a rename is not starved by a stream of changes and waits for those before it only") {
  Queue queue;
  Asker& first = queue.change("d/1");
  Asker& second = queue.change("d/2");
  Asker& rename = queue.rename("d", "e");
  Asker& late = queue.change("d/3");
  CHECK_FALSE(rename.has());
  CHECK_FALSE(late.has());
  first.let_go();
  CHECK_FALSE(rename.has());
  second.let_go();
  CHECK(rename.gets());
  CHECK_FALSE(late.has());
  rename.let_go();
  CHECK(late.gets());
}

TEST_CASE("a rename that waits holds up nothing outside its own paths") {
  Queue queue;
  Asker& writer = queue.change("d/1");
  Asker& rename = queue.rename("d", "e");
  REQUIRE_FALSE(rename.has());
  CHECK(queue.change("other/1").has());
  CHECK(queue.change("d2/1").has());
  CHECK(queue.change("").has());
  CHECK(queue.rename("x", "y").has());
  // This one waits as well, and neither does it hold up what is outside its own.
  Asker& into = queue.rename("z", "d/z");
  CHECK_FALSE(into.has());
  CHECK(queue.change("other/2").has());
  CHECK_FALSE(queue.change("z/1").has());
  writer.let_go();
  CHECK(rename.gets());
  rename.let_go();
  CHECK(into.gets());
  into.let_go();
}

TEST_CASE("changes go on beside each other as soon as the rename before them is over") {
  Queue queue;
  Asker& rename = queue.rename("d", "e");
  std::vector<Asker*> changes;
  for (int i = 0; i < 5; ++i) changes.push_back(&queue.change("d/" + std::to_string(i)));
  Asker& next = queue.rename("e", "f");
  rename.let_go();
  for (const Asker* change : changes) CHECK(change->gets());
  CHECK(next.gets());  // none of them is at e
  next.let_go();
}

TEST_CASE("renames that wait for each other's paths come in their order") {
  Queue queue;
  std::vector<Asker*> renames;
  renames.push_back(&queue.rename("a", "b"));
  renames.push_back(&queue.rename("b", "c"));
  renames.push_back(&queue.rename("c", "a"));
  renames.push_back(&queue.rename("a/x", "c/x"));
  for (std::size_t i = 0; i < renames.size(); ++i) {
    CHECK(renames[i]->gets());
    for (std::size_t later = i + 1; later < renames.size(); ++later) {
      CHECK_FALSE(renames[later]->has());
    }
    renames[i]->let_go();
  }
}

TEST_CASE("every order of three requests comes to its end without two that exclude each other") {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"a", ""}, {"a/x", ""}, {"b", ""}, {"a", "b"}, {"b", "a"}, {"a/x", "b"}, {"c", "a/x"}};
  for (const auto& one : kinds) {
    for (const auto& two : kinds) {
      for (const auto& three : kinds) {
        CAPTURE(one, two, three);
        Queue queue;
        Asker* const all[] = {&queue.come(one.first, one.second),
                              &queue.come(two.first, two.second),
                              &queue.come(three.first, three.second)};
        REQUIRE(all[0]->has());
        // Who has its turn lets go, until all have had it.
        for (Asker* asker : all) {
          REQUIRE(asker->gets());
          asker->let_go();
        }
        CHECK(queue.locks.waiting() == 0);
      }
    }
  }
}

TEST_CASE("a wait for a path ends at its limit and leaves nothing behind") {
  PathLocks locks;
  auto rename = locks.alone("d", "e", {});
  REQUIRE(rename);
  const auto late = locks.change("d/x", {.limit = 1ms});
  REQUIRE_FALSE(late);
  CHECK(late.error().err == ETIMEDOUT);
  CHECK(locks.waiting() == 0);
  rename->release();
  CHECK(locks.alone("d", "f", {.limit = 0ms}));
}

TEST_CASE("a rename that gives up lets those go on that waited behind it") {
  Queue queue;
  Asker& writer = queue.change("d/1");
  std::atomic<bool> killed = false;
  Status ended;
  std::thread rename([&] {
    const auto held =
        queue.locks.alone("d", "e", {.limit = kHang, .called_off = [&] { return killed.load(); }});
    if (!held) ended = held.error();
  });
  while (queue.locks.waiting() < 1) std::this_thread::sleep_for(100us);
  Asker& late = queue.change("d/2");
  CHECK_FALSE(late.has());
  killed = true;
  rename.join();
  REQUIRE_FALSE(ended);
  CHECK(ended.error().err == EINTR);
  CHECK(late.gets());
  writer.let_go();
}

TEST_CASE("to try for a path waits for nothing and passes no rename that waits") {
  Queue queue;
  Asker& writer = queue.change("d/1");
  CHECK(queue.locks.try_change("d/1"));
  Asker& rename = queue.rename("d", "e");
  CHECK_FALSE(queue.locks.try_change("d/1"));
  CHECK_FALSE(queue.locks.try_change("e/1"));
  CHECK(queue.locks.try_change("c"));
  writer.let_go();
  CHECK(rename.gets());
  CHECK_FALSE(queue.locks.try_change("d/1"));
  rename.let_go();
  CHECK(queue.locks.try_change("d/1"));
}

TEST_CASE("what is being renamed is told, except by one's own rename and by one that waits") {
  PathLocks locks;
  auto held = locks.alone("d", "e", {});
  REQUIRE(held);
  CHECK(locks.is_being_renamed("d"));
  CHECK(locks.is_being_renamed("d/x"));
  CHECK(locks.is_being_renamed("e/x"));
  CHECK_FALSE(locks.is_being_renamed("d/x", &*held));
  CHECK_FALSE(locks.is_being_renamed("c"));
  CHECK_FALSE(locks.is_being_renamed(""));
  held->release();
  CHECK_FALSE(locks.is_being_renamed("d"));
  const auto writer = locks.change("f/1", {});
  CHECK_FALSE(locks.is_being_renamed("f/1"));
}

TEST_CASE("under load no two that exclude each other have their turn at once") {
  PathLocks locks;
  const std::string paths[] = {"a", "a/x", "a/x/1", "b", "b/y", "c"};
  std::atomic<int> alone_in[6] = {};  // renames that have the path or one above it
  std::atomic<int> changes_of[6] = {};
  std::atomic<bool> right = true;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 8; ++seed) {
    threads.emplace_back([&, seed] {
      std::minstd_rand random(seed + 1);
      for (int round = 0; round < 400; ++round) {
        const std::size_t one = random() % 6;
        const std::size_t two = random() % 6;
        if (random() % 3 != 0) {
          const auto held = locks.change(paths[one], {.limit = kHang});
          ++changes_of[one];
          if (!held || alone_in[one] != 0) right = false;
          std::this_thread::yield();
          --changes_of[one];
          continue;
        }
        const auto held = locks.alone(paths[one], paths[two], {.limit = kHang});
        if (!held) right = false;
        const auto mine = [&](std::size_t i) {
          return is_at_or_below(paths[i], paths[one]) || is_at_or_below(paths[i], paths[two]);
        };
        for (std::size_t i = 0; i < 6; ++i) {
          if (mine(i) && (alone_in[i]++ != 0 || changes_of[i] != 0)) right = false;
        }
        std::this_thread::yield();
        for (std::size_t i = 0; i < 6; ++i) {
          if (mine(i)) --alone_in[i];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right);
  CHECK(locks.waiting() == 0);
}

}  // namespace
}  // namespace pailfs::fs
