// SPDX-License-Identifier: Apache-2.0
// Power cuts: stories whose power fails before each of the changes and syncs of the journal's
// files, and leaves nothing of what was not synced, all of it, or some of it in any order.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

#include "play.h"
#include "support/catch.h"
#include "support/effort.h"

namespace pailfs::journal {
namespace {

/// At every place, or the last few, in `variants` variants; at every fifth when it must be quick.
/// What went wrong first.
std::string play_cuts(const std::string& story, unsigned variants, std::size_t last = 100'000) {
  Play whole(story);
  if (const std::string wrong = whole.run(); !wrong.empty()) return wrong;
  const std::size_t places = whole.changes();
  for (std::size_t at = places - std::min(last, places) + 1; at <= places;
       at += test::thorough() ? 1 : 5) {
    for (unsigned variant = 0; variant < variants; ++variant) {
      // The same survivors everywhere would be a poor choice. All of them are a kill.
      const unsigned chosen = variant == 0 ? 0 : static_cast<unsigned>(at) * 7 + variant;
      const std::string wrong = Play(story, {at, chosen, {}}).run();
      if (!wrong.empty()) return wrong;
    }
  }
  return {};
}

TEST_CASE("what was acknowledged survives a power cut at any place, whatever it leaves") {
  CHECK(play_cuts("abcs?", 5) == "");
  // A file of its own for the fifth.
  CHECK(play_cuts("aaaaas?A", 5) == "");
  CHECK(play_cuts("ab>sf?<ssB", 5) == "");
  CHECK(play_cuts("asAsasm!ms", 5) == "");
  CHECK(play_cuts("aspmsAs", 5) == "");
  // Segments come and go.
  CHECK(play_cuts("bwscwAsb", 2) == "");
  // All of them at once: what removed an object must not go before what made it.
  CHECK(play_cuts("awsAs", 40, 12) == "");
}

TEST_CASE("what was acknowledged survives a power cut in random stories") {
  const char* seed = std::getenv("PAILFS_STORY_SEED");
  const char* count = std::getenv("PAILFS_CUTS");
  std::mt19937_64 random(seed == nullptr ? 20261125 : std::strtoull(seed, nullptr, 10));
  const std::string events = "aabcAAB><rmpssslxff?!";
  const int rounds = count == nullptr ? test::rounds(300) : std::atoi(count);
  for (int round = 0; round < rounds; ++round) {
    std::string story;
    for (std::size_t left = 6 + random() % 12; left > 0; --left)
      story += events[random() % events.size()];
    Play whole(story);
    REQUIRE(whole.run() == "");
    for (int cut = 0; cut < 12; ++cut) {
      const std::size_t at = 1 + random() % whole.changes();
      CHECK(Play(story, {at, static_cast<unsigned>(random() % 100), {}}).run() == "");
    }
  }
}

TEST_CASE("after a power cut at any place each line that two clients append is there once") {
  for (const char* story : {"Foss", "FosFfss", "FoFlssFs", "FooFsoFlsof"}) {
    CAPTURE(story);
    CHECK(play_cuts(story, 3) == "");
  }
}

TEST_CASE("after a power cut at any place no version of another client is undone") {
  for (const char* story : {"Gess", "GesGess", "GelGfess", "GeesGfesGes"}) {
    CAPTURE(story);
    CHECK(play_cuts(story, 3) == "");
  }
}

TEST_CASE("after a power cut another's later version is not undone, and ours is kept beside it") {
  std::mt19937_64 random(7);
  for (const std::string story : {"abcs", "asasl", "aaaaasb", "aslA", "bwsc"}) {
    Play whole(story);
    REQUIRE(whole.run() == "");
    for (std::size_t at = 1; at <= whole.changes(); ++at) {
      const auto variant = static_cast<unsigned>(random() % 20);
      CHECK(Play(story, {at, variant, at % 2 == 0 ? "a" : "b"}).run() == "");
    }
  }
}

}  // namespace
}  // namespace pailfs::journal
