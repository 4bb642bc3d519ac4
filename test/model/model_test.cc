// SPDX-License-Identifier: Apache-2.0
// Random histories on the file system and on the model of it. PAILFS_MODEL_SEED chooses the first
// seed, PAILFS_MODEL_COUNT the number of histories (default: as many as fit into ten seconds).
#include "model.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "history.h"
#include "support/catch.h"

namespace pailfs::test {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : parse_uint(text).value_or(fallback);
}

void play_histories(bool journaled) {
  log::set_sink([](LogLevel, std::string_view) {});  // failures are made on purpose, thousands
  const std::uint64_t first = from_environment("PAILFS_MODEL_SEED", 1);
  const std::uint64_t count = from_environment("PAILFS_MODEL_COUNT", 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::uint64_t played = 0;
  for (std::uint64_t seed = first; count > 0 ? played < count : true; ++seed) {
    if (count == 0 && played > 0 && std::chrono::steady_clock::now() >= end) break;
    ++played;
    const auto operations = random_operations(seed, 60);
    const auto wrong = play(operations, journaled);
    if (!wrong) continue;
    const auto shortest = shrink(operations, [&](const std::vector<Operation>& each) {
      return play(each, journaled).has_value();
    });
    std::string story = "PAILFS_MODEL_SEED=" + std::to_string(seed) + "\n";
    for (const Operation& op : shortest) story += "  " + op.text() + "\n";
    const auto again = play(shortest, journaled);
    FAIL(story << (again ? *again : "does not fail every time; the first time: " + *wrong));
  }
  CHECK(played > 0);
  WARN(played << " histories of 60 steps");
}

TEST_CASE("random histories leave mount and bucket as the model says, after every step") {
  play_histories(false);
}

TEST_CASE("the same with a journal, whose changes wait until somebody else writes") {
  play_histories(true);
}

TEST_CASE("the model itself knows what hides what") {
  Model model({{"x", "file"}, {"x/y", "hidden"}, {"d/e/f", "deep"}, {"m/", ""}});
  CHECK(model.kind("x") == Model::Kind::file);
  CHECK(model.kind("x/y") == Model::Kind::none);
  CHECK(model.walk("x/y") == ENOTDIR);
  CHECK(model.kind("d/e") == Model::Kind::directory);
  CHECK(model.tree() ==
        Model::Objects{{"x", "file"}, {"d/", ""}, {"d/e/", ""}, {"d/e/f", "deep"}, {"m/", ""}});
  CHECK(model.rmdir("d") == ENOTEMPTY);
  CHECK(model.rmdir("m") == 0);
  CHECK(model.rename("d", "d/e/g") == EINVAL);
  CHECK(model.rename("d", "n") == 0);
  CHECK(model.kind("n/e/f") == Model::Kind::file);
  CHECK(model.unlink("x") == 0);
  CHECK(model.kind("x") == Model::Kind::directory);
}

TEST_CASE("a history that fails is shortened to the steps that matter") {
  const auto operations = random_operations(7, 60);
  REQUIRE(operations.size() == 60);
  // "Fails" when one certain step is followed by another, whatever is between them.
  const auto one = operations.at(11).text();
  const auto two = operations.at(47).text();
  int runs = 0;
  const auto shortest = shrink(operations, [&](const std::vector<Operation>& each) {
    ++runs;
    std::size_t at = 0;
    while (at < each.size() && each[at].text() != one) ++at;
    while (at < each.size() && each[at].text() != two) ++at;
    return at < each.size();
  });
  REQUIRE(shortest.size() == 2);
  CHECK(shortest.front().text() == one);
  CHECK(shortest.back().text() == two);
  CHECK(runs < 200);
}

TEST_CASE("equal seeds give equal histories, others do not") {
  const auto story = [](std::uint64_t seed) {
    std::string text;
    for (const Operation& op : random_operations(seed, 60)) text += op.text() + "\n";
    return text;
  };
  CHECK(story(3) == story(3));
  CHECK(story(3) != story(4));
}

TEST_CASE("a file system that differs from the model is found out") {
  // The model knows nothing of empty components, which a mount cannot show.
  Operation put;
  put.kind = Operation::Kind::foreign_put;
  put.path = "a//b";
  put.bytes = "x";
  const auto wrong = play({put});
  REQUIRE(wrong);
  CHECK(wrong->starts_with("step 1, foreign put a//b"));
}

}  // namespace
}  // namespace pailfs::test
