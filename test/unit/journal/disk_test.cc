// SPDX-License-Identifier: Apache-2.0
// The journal on a disk that is full or fails.
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "journal/journal.h"
#include "setting.h"

namespace pailfs::test {
namespace {

/// While it lives, no file of this process can be written beyond `size`: as if the disk failed.
class WritesEndAt final {
 public:
  explicit WritesEndAt(rlim_t size) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &old_) == 0);
    rlimit limit = old_;
    limit.rlim_cur = size;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~WritesEndAt() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  WritesEndAt(const WritesEndAt&) = delete;
  WritesEndAt& operator=(const WritesEndAt&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_CASE(
    "when the log cannot be written changes go to the store, and none is acknowledged early") {
  Setting disk;
  JournalStore& store = disk.reopen();
  REQUIRE(err(put_text(store, "before", "1")) == 0);
  REQUIRE(err(put_text(store, "changed", "1")) == 0);
  CHECK(disk.fake.keys().empty());
  {
    const WritesEndAt limit(20'000);
    CHECK(err(put_text(store, "during", pattern(50'000))) == 0);
    CHECK((disk.fake.object("during")->content() == pattern(50'000)));
  }
  // The disk works again, but it may have lost bytes and is not trusted any more.
  CHECK_FALSE(store.waiting().acknowledges);
  CHECK(err(put_text(store, "after", "2")) == 0);
  CHECK(disk.fake.object("after"));
  CHECK(err(put_text(store, "changed", "2")) == 0);
  CHECK(disk.fake.object("changed")->content() == "2");
  CHECK(err(store.remove("during")) == 0);
  CHECK_FALSE(disk.fake.object("during"));
  // What was acknowledged before stands, also for the next mount.
  CHECK(get_text(store, "before")->bytes == "1");
  JournalStore& next = disk.reopen();
  CHECK(get_text(next, "before")->bytes == "1");
  CHECK(err(next.settle({})) == 0);
  CHECK(disk.fake.object("before")->content() == "1");
  CHECK(disk.fake.object("changed")->content() == "2");
  CHECK_FALSE(disk.fake.object("during"));
}

TEST_CASE("a journal whose files were removed promises nothing any more") {
  Setting s;
  JournalStore& store = s.open();
  const bool large = GENERATE(true, false);
  const std::string text = pattern(large ? 300'000 : 300);
  REQUIRE(err(put_text(store, "before", "1")) == 0);
  REQUIRE(files::remove_all(s.inside()) > 0);
  // What is acknowledged from now on would be lost with the process: the store has it instead.
  CHECK(err(put_text(store, "after", text)) == 0);
  CHECK((s.content("after") == text));
  CHECK_FALSE(store.waiting().acknowledges);
  CHECK(err(store.remove("after")) == 0);
  CHECK(s.content("after") == "(absent)");
  // What was acknowledged before is carried out by this process.
  CHECK(get_text(store, "before")->bytes == "1");
  CHECK(err(store.settle({})) == 0);
  CHECK(s.content("before") == "1");
}

/// Says once that what was written could not be synced, though it is there.
class LyingDisk final : public journal::Disk {
 public:
  bool fails = false;
  Status sync(int file) override {
    if (std::exchange(fails, false)) return Error{EIO, "the disk fails"};
    return Disk::sync(file);
  }
};

TEST_CASE(
    "what could not be synced went to the store, and does not come back with the next mount") {
  Setting setting;
  auto directory = journal::take_directory(setting.config);
  REQUIRE(directory);
  auto disk = std::make_shared<LyingDisk>();
  directory->disk = disk;
  {
    journal::Journal first(setting.config, setting.faults, setting.clock, std::move(*directory));
    REQUIRE(err(first.open()) == 0);
    disk->fails = true;
    CHECK(err(put_text(first, "gone", "1")) == 0);
    CHECK(setting.content("gone") == "1");
    CHECK(err(first.remove("gone")) == 0);
    CHECK(setting.content("gone") == "(absent)");
  }
  JournalStore& next = setting.open();
  CHECK(err(next.head("gone")) == ENOENT);
  CHECK(err(next.settle({})) == 0);
  CHECK(setting.content("gone") == "(absent)");
}

/// A file system of its own in memory, of a size that is soon full.
class SmallDisk final {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=1m,mode=700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  const std::string path_;
  bool mounted_ = false;
};

TEST_CASE("a full disk refuses the new change and loses none") {
  Setting disk;
  const SmallDisk small(disk.directory.path());
  if (!small.mounted()) {
    WARN("skipped: no file system can be mounted here");
    return;
  }
  const bool inline_bodies = GENERATE(true, false);
  const std::size_t size = inline_bodies ? 60'000 : 200'000;
  disk.reopen();
  int taken = 0;
  int failure = 0;
  for (; failure == 0 && taken < 100; taken += failure == 0 ? 1 : 0) {
    failure = err(put_text(*disk.journal, "k" + std::to_string(taken), pattern(size)));
  }
  CHECK(failure == ENOSPC);
  CHECK(taken > 2);
  CHECK(disk.journal->waiting().acknowledges);
  const auto all_there = [&] {
    for (int i = 0; i < taken; ++i) {
      const auto got = get_text(*disk.journal, "k" + std::to_string(i));
      if (!got || got->bytes != pattern(size)) return false;
    }
    return err(disk.journal->head("k" + std::to_string(taken))) == ENOENT;
  };
  CHECK(all_there());
  disk.reopen();
  CHECK(all_there());
  // What is stored makes room.
  CHECK(err(disk.journal->settle({})) == 0);
  disk.reopen();
  CHECK(err(put_text(*disk.journal, "more", pattern(size))) == 0);
  CHECK_FALSE(disk.fake.object("more"));
  CHECK(err(disk.journal->settle({})) == 0);
  CHECK(disk.fake.keys().size() == static_cast<std::size_t>(taken) + 1);
  disk.journal.reset();
}

}  // namespace
}  // namespace pailfs::test
