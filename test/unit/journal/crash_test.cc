// SPDX-License-Identifier: Apache-2.0
// The whole journal, log and cleaning included, through many lives. A crash goes on with a copy of
// the journal's files as they are at that instant.
#include <cstdlib>
#include <random>
#include <string>

#include "play.h"
#include "support/catch.h"
#include "support/effort.h"

namespace pailfs::journal {
namespace {

std::string times(const std::string& events, int count) {
  std::string story;
  for (int i = 0; i < count; ++i) story += events;
  return story;
}

TEST_CASE("stories that once went wrong") {
  // Removed, or written again, after a crash: the record of the PUT whose confirmation was not
  // written down had been cleaned away, and with it by what to know the object as ours.
  CHECK(Play("ascs!Axx").run() == "");
  CHECK(Play("ascs!axx").run() == "");
  // The same bytes with other attributes were taken for what a rename was to make.
  CHECK(Play("al>asf<").run() == "");
  // A copy had arrived and its source was gone, which only the dead mount knew.
  CHECK(Play("asf>sfs!?").run() == "");
  CHECK(Play("asf>sfs!r").run() == "");
  // An upload in parts had gone straight to the store, but not yet to the disk that the removal
  // before it was over.
  CHECK(Play("asfAsfp!").run() == "");
  CHECK(Play("asfp!").run() == "");
  // An object made of parts had got another ETag by a copy whose reply was lost.
  CHECK(Play("p>sfrs").run() == "");
  CHECK(Play("p>sfrsc").run() == "");
  CHECK(Play("pmlf>").run() == "");
  // A listing showed a removal that an upload in parts had followed.
  CHECK(Play("a!Axfp?").run() == "");
  // Among the versions of ours that the store might hold the one that it held was forgotten, when
  // many changes of the key had been acknowledged since, in this life or the one before.
  CHECK(Play("al!wA!").run() == "");
  CHECK(Play("alwA!").run() == "");
  CHECK(Play("w!al!w!wA!").run() == "");
  // The first arrived, and hundreds after it did not: more than a record can name.
  const std::string lost = times("axf", 300);
  CHECK(Play("alf" + lost).run() == "");
  CHECK(Play("alf" + lost + "!" + lost).run() == "");
  CHECK(Play("alf" + lost + "A?!a").run() == "");
}

/// Without the events that it takes no part of to go wrong.
std::string shortened(std::string story) {
  for (std::size_t at = 0; at < story.size();) {
    std::string less = story;
    less.erase(at, 1);
    if (Play(less).run().empty()) {
      ++at;
    } else {
      story = std::move(less);
      at = 0;
    }
  }
  return story;
}

TEST_CASE("what was acknowledged survives random lives, lost replies and crashes") {
  if (const char* story = std::getenv("PAILFS_STORY")) FAIL(Play(story).run());
  const char* seed = std::getenv("PAILFS_STORY_SEED");
  std::mt19937_64 random(seed == nullptr ? 20261125 : std::strtoull(seed, nullptr, 10));
  const std::string events = "aabcAAB><rmpssslxff?!?!w";
  for (int round = 0; round < test::rounds(1500); ++round) {
    std::string story;
    for (std::size_t left = 8 + random() % 12; left > 0; --left)
      story += events[random() % events.size()];
    if (Play(story).run().empty()) continue;
    FAIL(Play(shortened(story)).run());
  }
}

TEST_CASE("each line that two clients append is there once, through lost replies and crashes") {
  for (const char* story :
       {"os", "oFs", "Fos", "FoFs", "olF!", "olFs", "oFlFs", "Fosol!F", "osofFs", "Fo!F", "oslFoF!",
        "FosoFlf!F", "FoslFfoF!s", "osFof!", "FooFsoFl!o"}) {
    CAPTURE(story);
    CHECK(Play(story).run() == "");
  }
  const char* seed = std::getenv("PAILFS_STORY_SEED");
  std::mt19937_64 random(seed == nullptr ? 20261130 : std::strtoull(seed, nullptr, 10));
  const std::string events = "oooFFsslxf!bB";
  for (int round = 0; round < test::rounds(1500); ++round) {
    std::string story = "o";
    for (std::size_t left = 4 + random() % 12; left > 0; --left)
      story += events[random() % events.size()];
    if (Play(story).run().empty()) continue;
    FAIL(Play(shortened(story)).run());
  }
}

TEST_CASE("no version of another client is undone by a change upon an earlier one") {
  for (const char* story : {"eGs", "Ges", "GesGe", "GelGf!", "GesfGe!", "Ge!G", "GelGfe!",
                            "GesGfe!", "GexGf!e", "GesGef!e"}) {
    CAPTURE(story);
    CHECK(Play(story).run() == "");
  }
  const char* seed = std::getenv("PAILFS_STORY_SEED");
  std::mt19937_64 random(seed == nullptr ? 20261201 : std::strtoull(seed, nullptr, 10));
  const std::string events = "eeeeGsslxff!bB";
  for (int round = 0; round < test::rounds(1500); ++round) {
    std::string story = "e";
    for (std::size_t left = 4 + random() % 12; left > 0; --left)
      story += events[random() % events.size()];
    if (Play(story).run().empty()) continue;
    FAIL(Play(shortened(story)).run());
  }
}

}  // namespace
}  // namespace pailfs::journal
