// SPDX-License-Identifier: Apache-2.0
// When the store fails: nothing acknowledged is lost, nothing dirty is dropped, nothing is mixed.
#include <fcntl.h>

#include <algorithm>
#include <random>

#include "pailfs/util/log.h"

#include "direct_world.h"
#include "files.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

Fault failing(Verb verb, std::string key = "*", int err = EIO) {
  Fault fault;
  fault.verb = verb;
  fault.key = std::move(key);
  fault.error = Error{err, "injected"};
  return fault;
}

TEST_CASE("a failed flush reports, keeps the bytes, and a later flush stores them") {
  DirectWorld world;
  Driver& posix = world.posix();
  const auto fd = posix.open("f", O_RDWR | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "precious")) == 0);
  world.faults()->add(failing(Verb::put, "f"));
  CHECK(err(posix.fsync(*fd)) == EIO);
  CHECK(*posix.pread(*fd, 0, 100) == "precious");
  CHECK(posix.stat("f")->size == 8);
  CHECK_FALSE(object(world, "f"));
  world.faults()->clear();
  // An error that has been reported may be reported once more to a new call, but not for ever.
  if (!posix.fsync(*fd)) CHECK(err(posix.fsync(*fd)) == 0);
  CHECK(object(world, "f")->bytes == "precious");
  CHECK(err(posix.close(*fd)) == 0);
}

TEST_CASE("close returns the store's error, and bytes it could not store yet are stored later") {
  DirectWorld world;
  Driver& posix = world.posix();
  world.faults()->add(failing(Verb::put, "f", EIO));
  CHECK(write_file(posix, "f", "precious") == EIO);
  CHECK_FALSE(object(world, "f"));
  CHECK(file_text(posix, "f") == "precious");
  CHECK(err(world.file_system().sync_all()) == EIO);
  world.faults()->clear();
  CHECK(err(world.file_system().sync_all()) == 0);
  REQUIRE(object(world, "f"));
  CHECK(object(world, "f")->bytes == "precious");
}

TEST_CASE("close returns a refusal as it is, and what is shown afterwards is not half of each") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(write_file(posix, "f", "old content") == 0);
  world.faults()->add(failing(Verb::put, "f", EACCES));
  CHECK(write_file(posix, "f", "precious") == EACCES);
  world.faults()->clear();
  CHECK(object(world, "f")->bytes == "old content");
  const std::string text = file_text(posix, "f");
  CHECK((text == "old content" || text == "precious"));
}

TEST_CASE("every handle learns that the file could not be stored") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(write_file(posix, "f", "old") == 0);
  const auto a = posix.open("f", O_RDWR);
  const auto b = posix.open("f", O_RDWR);
  REQUIRE(err(a) == 0);
  REQUIRE(err(b) == 0);
  REQUIRE(err(posix.pwrite(*a, 0, "new")) == 0);
  world.faults()->add(failing(Verb::put, "f"));
  CHECK(err(posix.fsync(*a)) == EIO);
  CHECK(err(posix.fsync(*b)) == EIO);
  CHECK(err(posix.close(*b)) == EIO);
  world.faults()->clear();
  if (!posix.fsync(*a)) CHECK(err(posix.fsync(*a)) == 0);
  CHECK(err(posix.close(*a)) == 0);
  CHECK(object(world, "f")->bytes == "new");
}

TEST_CASE("a put whose reply was lost is not an acknowledgement, and doing it again is harmless") {
  DirectWorld world;
  Driver& posix = world.posix();
  Fault lost = failing(Verb::put, "f");
  lost.action = Fault::Action::apply_then_fail;
  lost.times = 1;
  world.faults()->add(lost);
  const auto fd = posix.open("f", O_WRONLY | O_CREAT);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 0, "text")) == 0);
  CHECK(err(posix.fsync(*fd)) == EIO);
  if (!posix.fsync(*fd)) CHECK(err(posix.fsync(*fd)) == 0);
  CHECK(err(posix.close(*fd)) == 0);
  CHECK(object(world, "f")->bytes == "text");
}

TEST_CASE("a failing part fails the flush, leaves the old object, and is repaired by the next") {
  WorldOptions options;
  options.multipart_size = 5U << 20U;
  DirectWorld world(options);
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "f", "old") == 0);
  const std::string text = pattern(16U << 20U);
  Fault fault = failing(GENERATE(Verb::create_upload, Verb::upload_part, Verb::complete_upload));
  CAPTURE(verb_name(*fault.verb));
  if (fault.verb == Verb::upload_part) fault.nth = 2;
  fault.times = 1;
  world.faults()->add(fault);
  const auto fd = posix.open("f", O_WRONLY | O_TRUNC);
  REQUIRE(err(fd) == 0);
  // Parts may be sent while writing; then a write may bring the error, but a flush always does.
  const Status written = posix.pwrite(*fd, 0, text);
  CHECK((err(written) == 0 || err(written) == EIO));
  CHECK(err(posix.fsync(*fd)) == EIO);
  CHECK(object(world, "f")->bytes == "old");
  if (!written) REQUIRE(err(posix.pwrite(*fd, 0, text)) == 0);
  if (!posix.fsync(*fd)) CHECK(err(posix.fsync(*fd)) == 0);
  CHECK(err(posix.close(*fd)) == 0);
  CHECK((object(world, "f")->bytes == text));
  CHECK(world.fake()->uploads_in_progress() == 0);
}

TEST_CASE("a read that fails is an error and the next one is right") {
  DirectWorld world;
  Driver& posix = world.posix();
  const std::string text = pattern(200'000);
  REQUIRE(put_object(world, "f", text) == 0);
  Fault fault = failing(Verb::get);
  fault.times = 1;
  SECTION("before the first byte") {}
  SECTION("in the middle") {
    fault.action = Fault::Action::cut;
    fault.cut_after = 70'000;
  }
  world.faults()->add(fault);
  const auto fd = posix.open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  const auto failed = posix.pread(*fd, 100'000, 1'000);
  CHECK((!failed || *failed == text.substr(100'000, 1'000)));
  CHECK((*posix.pread(*fd, 100'000, 1'000) == text.substr(100'000, 1'000)));
  CHECK((*posix.pread(*fd, 0, 200'000) == text));
  CHECK(err(posix.close(*fd)) == 0);
}

TEST_CASE("a failed request is never taken for an empty directory or a missing file") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "d/f", "x") == 0);
  const int injected = GENERATE(EIO, EACCES, ETIMEDOUT);
  for (const Verb verb : {Verb::head, Verb::list})
    world.faults()->add(failing(verb, "*", injected));
  CHECK(err(posix.stat("d/f")) == injected);
  CHECK(err(posix.readdir("")) == injected);
  CHECK(err(posix.mkdir("d")) != 0);
  CHECK(write_file(posix, "d/f", "overwritten") != 0);
  world.faults()->clear();
  CHECK(object(world, "d/f")->bytes == "x");
  CHECK(file_text(posix, "d/f") == "x");
  CHECK(names_in(posix, "") == std::vector<std::string>{"d"});
}

TEST_CASE("a directory listing that fails on its second page fails as a whole") {
  DirectWorld world;
  Driver& posix = world.posix();
  for (int i = 0; i < 1'500; ++i) world.fake()->put_raw("d/" + std::to_string(i), "");
  REQUIRE(err(posix.stat("d")) == 0);  // which saw the first page
  Fault fault = failing(Verb::list, "d/");
  world.faults()->add(fault);
  CHECK(err(posix.readdir("d")) == EIO);
  world.faults()->clear();
  CHECK(names_in(posix, "d").size() == 1'500);
}

TEST_CASE("a rename that fails in the middle loses nothing") {
  DirectWorld world;
  Driver& posix = world.posix();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(put_object(world, "d/f" + std::to_string(i), std::to_string(i)) == 0);
  }
  SECTION("a copy fails: every source is still there") {
    Fault fault = failing(Verb::copy);
    fault.nth = 10;
    world.faults()->add(fault);
    CHECK(err(posix.rename("d", "e")) == EIO);
    for (int i = 0; i < 20; ++i) {
      CHECK(object(world, "d/f" + std::to_string(i))->bytes == std::to_string(i));
    }
  }
  SECTION("the copy's reply is lost: the file is somewhere") {
    Fault fault = failing(Verb::copy);
    fault.action = Fault::Action::apply_then_fail;
    fault.nth = 10;
    world.faults()->add(fault);
    CHECK(err(posix.rename("d", "e")) == EIO);
    for (int i = 0; i < 20; ++i) CHECK(object(world, "d/f" + std::to_string(i)));
  }
  SECTION("a removal fails: every file has its copy") {
    world.faults()->add(failing(Verb::remove_many, "d/f3"));
    world.faults()->add(failing(Verb::remove, "d/f3"));
    const Status renamed = posix.rename("d", "e");
    CHECK(err(renamed) == EIO);
    for (int i = 0; i < 20; ++i) {
      CHECK(object(world, "e/f" + std::to_string(i))->bytes == std::to_string(i));
    }
  }
  world.faults()->clear();
  world.let_caches_expire();
  // Whatever happened, the file system and the bucket agree afterwards.
  for (int i = 0; i < 20; ++i) {
    const std::string name = "/f" + std::to_string(i);
    for (const char* dir : {"d", "e"}) {
      const auto stored = object(world, dir + name);
      const auto text = file_text(posix, dir + name);
      CHECK(text == (stored ? stored->bytes : "error " + std::to_string(ENOENT)));
    }
  }
}

TEST_CASE("a file rename whose copy fails leaves the source, a failing removal both") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "a", "text") == 0);
  REQUIRE(put_object(world, "b", "old") == 0);
  const std::size_t rule = world.faults()->add(failing(Verb::copy));
  CHECK(err(posix.rename("a", "b")) == EIO);
  CHECK(world.faults()->fired(rule) >= 1);
  CHECK(object(world, "a")->bytes == "text");
  CHECK(object(world, "b")->bytes == "old");
  CHECK(file_text(posix, "a") == "text");
  world.faults()->clear();
  world.faults()->add(failing(Verb::remove, "a"));
  world.faults()->add(failing(Verb::remove_many, "a"));
  CHECK(err(posix.rename("a", "b")) == EIO);
  CHECK(object(world, "a")->bytes == "text");
  CHECK(object(world, "b")->bytes == "text");
}

TEST_CASE("a failed unlink, rmdir, mkdir or chmod changes nothing that is shown") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(write_file(posix, "f", "x", 0644) == 0);
  REQUIRE(err(posix.mkdir("d")) == 0);
  for (const Verb verb : {Verb::remove, Verb::remove_many, Verb::put, Verb::copy}) {
    world.faults()->add(failing(verb));
  }
  CHECK(err(posix.unlink("f")) == EIO);
  CHECK(err(posix.rmdir("d")) == EIO);
  CHECK(err(posix.mkdir("e")) == EIO);
  CHECK(err(posix.symlink("t", "l")) == EIO);
  CHECK(err(posix.chmod("f", 0600)) == EIO);
  world.faults()->clear();
  CHECK(names_in(posix, "") == std::vector<std::string>{"d", "f"});
  CHECK(posix.stat("f")->mode == (S_IFREG | 0644U));
  world.remount();
  CHECK(names_in(world.posix(), "") == std::vector<std::string>{"d", "f"});
  CHECK(world.posix().stat("f")->mode == (S_IFREG | 0644U));
}

TEST_CASE("an open file never shows bytes of two versions") {
  DirectWorld world;
  Driver& posix = world.posix();
  constexpr std::size_t kSize = 32U << 20U;
  REQUIRE(put_object(world, "f", std::string(kSize, 'a')) == 0);
  const auto fd = posix.open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  REQUIRE(*posix.pread(*fd, 0, 4) == "aaaa");
  world.fake()->put_raw("f", std::string(kSize, 'b'));
  int stale = 0;
  int wrong = 0;
  for (std::size_t at = 0; at < kSize; at += 1U << 20U) {
    const auto piece = posix.pread(*fd, at, 100'000);
    if (!piece) {
      CHECK(err(piece) == ESTALE);
      ++stale;
    } else if (*piece != std::string(100'000, 'a')) {
      ++wrong;
    }
  }
  CHECK(wrong == 0);
  CHECK(stale > 0);  // the file is larger than all that may be held of it
  CHECK(err(posix.close(*fd)) == 0);
  world.let_caches_expire();
  CHECK((file_text(posix, "f") == std::string(kSize, 'b')));
}

TEST_CASE("a write into an object that changed meanwhile does not mix the two") {
  WorldOptions options;
  options.multipart_size = 5U << 20U;
  DirectWorld world(options);
  Driver& posix = world.posix();
  constexpr std::size_t kSize = 20U << 20U;
  REQUIRE(put_object(world, "f", std::string(kSize, 'a')) == 0);
  const auto fd = posix.open("f", O_RDWR);
  REQUIRE(err(fd) == 0);
  REQUIRE(err(posix.pwrite(*fd, 1'000'000, "mine")) == 0);
  world.fake()->put_raw("f", std::string(kSize, 'b'));
  const Status closed = posix.close(*fd);
  const std::string now = object(world, "f")->bytes;
  const bool has_a = now.find('a') != std::string::npos;
  const bool has_b = now.find('b') != std::string::npos;
  CHECK_FALSE((has_a && has_b));
  if (closed) CHECK(now.substr(1'000'000, 4) == "mine");
}

TEST_CASE("a file that is deleted behind an open reader gives an error, not an end of file") {
  DirectWorld world;
  Driver& posix = world.posix();
  REQUIRE(put_object(world, "f", std::string(20U << 20U, 'a')) == 0);
  const auto fd = posix.open("f", O_RDONLY);
  REQUIRE(err(fd) == 0);
  world.fake()->remove_raw("f");
  const auto piece = posix.pread(*fd, 15U << 20U, 1'000);
  CHECK((err(piece) == ESTALE || err(piece) == ENOENT));
  CHECK(err(posix.close(*fd)) == 0);
}

/// Writes, syncs and closes at random while some requests fail and some replies are lost; returns
/// the fault, if there was one. There is no other writer: whatever fsync has said, a close that
/// says 0 has stored all that was written.
std::string random_syncs(std::uint64_t seed, bool journaled) {
  std::mt19937_64 random(seed);
  DirectWorld world({}, {}, journaled);
  Driver& posix = world.posix();
  std::string truth(200'000, 'a');
  world.fake()->put_raw("f", truth);
  const auto trouble = [&](Verb verb, int err, double probability, Fault::Action action) {
    Fault fault = failing(verb, "*", err);
    fault.probability = probability;
    fault.action = action;
    world.faults()->add(fault);
  };
  for (int round = 0; round < 6; ++round) {
    trouble(Verb::get, ESTALE, 0.3, Fault::Action::fail);
    trouble(Verb::put, EIO, 0.2, Fault::Action::apply_then_fail);
    trouble(Verb::copy, EIO, 0.2, Fault::Action::apply_then_fail);
    const auto fd = posix.open("f", O_RDWR);
    if (!fd) continue;
    std::string written = truth;
    for (std::uint64_t left = 1 + random() % 5; left > 0; --left) {
      const std::size_t at = random() % truth.size();
      const std::string text(std::min<std::size_t>(1 + random() % 9'000, truth.size() - at),
                             static_cast<char>('b' + random() % 20));
      if (posix.pwrite(*fd, at, text)) written.replace(at, text.size(), text);
      if (random() % 3 == 0) static_cast<void>(posix.fsync(*fd));
      if (random() % 4 == 0) static_cast<void>(posix.fchmod(*fd, 0600 + random() % 64));
    }
    const bool closed = posix.close(*fd).has_value();
    world.faults()->clear();
    const Status carried = world.carry_out();
    if (!carried) return "seed " + std::to_string(seed) + ": " + carried.error().text;
    const std::string stored = object(world, "f")->bytes;
    if (closed && stored != written) return "seed " + std::to_string(seed) + ": lost after a close";
    if (stored != written && stored != truth && !world.file_system().sync_all()) {
      return "seed " + std::to_string(seed) + ": neither old nor new";
    }
    const auto all = world.file_system().sync_all();
    truth = object(world, "f")->bytes;
    if (all && file_text(posix, "f") != truth) {
      return "seed " + std::to_string(seed) + ": a read is wrong";
    }
  }
  return {};
}

TEST_CASE("a close that says 0 has stored what was written, whatever fsync has said before") {
  log::set_sink([](LogLevel, std::string_view) {});
  const bool journaled = GENERATE(false, true);
  std::string wrong;
  for (std::uint64_t seed = 1; seed <= 60 && wrong.empty(); ++seed) {
    wrong = random_syncs(seed, journaled);
  }
  CHECK(wrong == "");
}

TEST_CASE("with fsync=remote each handle hears that somebody else's version was in the way") {
  WorldOptions options;
  options.fsync_settles = true;
  DirectWorld world(options, {}, true);
  Driver& posix = world.posix();
  world.fake()->put_raw("f", "before");
  const auto one = posix.open("f", O_RDWR);
  const auto two = posix.open("f", O_RDWR);
  REQUIRE(err(one) == 0);
  REQUIRE(err(two) == 0);
  REQUIRE(err(posix.pwrite(*one, 0, "1")) == 0);
  REQUIRE(err(posix.pwrite(*two, 1, "2")) == 0);
  Fault fault = failing(Verb::put, "f");
  fault.action = Fault::Action::none;
  fault.times = 1;
  fault.before = [&](const StoreCall&) { world.fake()->put_raw("f", "somebody else's"); };
  world.faults()->add(fault);
  CHECK(err(posix.fsync(*one)) == ESTALE);
  CHECK(err(posix.fsync(*two)) == ESTALE);
  CHECK(err(posix.close(*one)) == 0);
  CHECK(err(posix.close(*two)) == 0);
  CHECK(object(world, "f")->bytes == "somebody else's");
}

}  // namespace
}  // namespace pailfs::test
