// SPDX-License-Identifier: Apache-2.0
// Services whose ETag is no hash of the bytes: what takes an object's place may have its ETag.
#include <fcntl.h>

#include <string>

#include "support/catch.h"
#include "support/fs_world.h"
#include "support/scratch_directory.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;
using test::Replacement;

struct World : test::FsWorld {
  explicit World(bool on_disk) {
    Config config;
    if (on_disk) {
      config.kept_directory = scratch.path();
      config.kept_bytes = 64U << 20U;
    }
    files = make_file_system(config, store, clock);
  }
  std::string read_handle(HandleId handle) const {
    std::string out(1U << 20U, '?');
    std::size_t size = 0;
    for (;;) {
      const auto bytes = files->read(handle, size, 128U << 10U);
      if (!bytes) return "error " + std::to_string(bytes.error().err);
      if (bytes->size() == 0) break;
      bytes->copy_to(std::span(out).subspan(size, bytes->size()));
      size += bytes->size();
    }
    out.resize(size);
    return out;
  }
  std::string read(const char* name) const {
    const auto opened = files->open(look(name), O_RDONLY);
    if (!opened) return "error " + std::to_string(opened.error().err);
    std::string bytes = read_handle(opened->handle);
    files->release(opened->handle);
    return bytes;
  }

  test::ScratchDirectory scratch;
};

TEST_CASE("a file renamed over another of its size is read with its own bytes") {
  const bool on_disk = GENERATE(false, true);
  const auto habit = GENERATE(Replacement::hashed, Replacement::kept, Replacement::kept_unnoticed);
  const std::size_t size = GENERATE(std::size_t{9}, std::size_t{300'000});
  CAPTURE(on_disk, size, static_cast<int>(habit));
  World w(on_disk);
  const std::string old_bytes(size, 'o');
  const std::string new_bytes(size, 'n');
  w.store.put_raw("m1", new_bytes);
  w.store.put_raw("m2", old_bytes);
  w.store.set_replacement(habit);
  REQUIRE(w.read("m2") == old_bytes);
  if (GENERATE(false, true)) REQUIRE(w.read("m1") == new_bytes);
  REQUIRE(w.rename("m1", "m2"));
  w.clock.advance(2s);
  CHECK(w.read("m2") == new_bytes);
  w.clock.advance(1'000s);
  CHECK(w.read("m2") == new_bytes);
}

TEST_CASE("a file written anew is read with its new bytes whatever ETag they get") {
  const bool on_disk = GENERATE(false, true);
  const auto habit = GENERATE(Replacement::hashed, Replacement::kept, Replacement::kept_unnoticed);
  const std::size_t size = GENERATE(std::size_t{9}, std::size_t{300'000});
  CAPTURE(on_disk, size, static_cast<int>(habit));
  World w(on_disk);
  const std::string old_bytes(size, 'o');
  const std::string new_bytes(size, 'n');
  w.store.put_raw("f", old_bytes);
  w.store.set_replacement(habit);
  REQUIRE(w.read("f") == old_bytes);
  const auto opened = w.files->open(w.look("f"), O_RDWR);
  REQUIRE(opened);
  REQUIRE(w.read_handle(opened->handle) == old_bytes);
  REQUIRE(w.files->write(opened->handle, 0, new_bytes));
  REQUIRE(w.files->flush(opened->handle));
  CHECK(w.read_handle(opened->handle) == new_bytes);
  w.files->release(opened->handle);
  w.clock.advance(2s);
  CHECK(w.read("f") == new_bytes);
}

}  // namespace
}  // namespace pailfs::fs
