// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <sys/stat.h>

#include <algorithm>

namespace pailfs::test {
namespace {

std::string fresh_name() {
  static int last = 0;
  return "h" + std::to_string(++last);
}

std::optional<std::string> differ(const Side& tmpfs, const Side& pailfs, const Steps& steps,
                                  const ViewOptions& options) {
  const std::string wrong =
      first_difference(view_of(tmpfs, steps, options), view_of(pailfs, steps, options), options);
  if (wrong.empty()) return std::nullopt;
  return wrong;
}

std::string at_step(std::size_t step, const std::vector<Call>& calls, const std::string& what) {
  return "after step " + std::to_string(step) + " (" + calls.at(step - 1).text() + "): " + what;
}

}  // namespace

std::optional<std::string> play(const Pair& pair, const std::vector<Call>& calls,
                                const Judging& judging, Ending* ending) {
  const std::string name = fresh_name();
  Side tmpfs(pair.tmpfs() + "/" + name, true);
  Side pailfs(pair.pailfs() + "/" + name, false);
  Steps steps;
  ::umask(0);
  steps.begin_next();
  tmpfs.make_root();
  pailfs.make_root();
  std::size_t step = 0;
  std::optional<std::string> wrong;
  for (const Call& call : calls) {
    steps.begin_next();
    ++step;
    const Outcome expected = tmpfs.perform(call);
    const Outcome seen = pailfs.perform(call);
    if (!(expected == seen)) {
      wrong = "\n    tmpfs:  " + expected.text() + "\n    pailfs: " + seen.text();
    } else if (judging.look_every > 0 && step % static_cast<std::size_t>(judging.look_every) == 0) {
      wrong = differ(tmpfs, pailfs, steps, judging.view);
    }
    if (wrong) return at_step(step, calls, *wrong);
  }
  ::umask(0);
  wrong = differ(tmpfs, pailfs, steps, judging.view);
  if (wrong) return at_step(step, calls, *wrong);
  tmpfs.close_all();
  pailfs.close_all();
  wrong = differ(tmpfs, pailfs, steps, judging.view);
  if (wrong) return "after the last close: " + *wrong;
  if (ending != nullptr) *ending = {name, steps};
  return std::nullopt;
}

std::optional<std::string> look_again(const Pair& pair, const Ending& ending,
                                      const ViewOptions& options) {
  const Side tmpfs(pair.tmpfs() + "/" + ending.name, true);
  const Side pailfs(pair.pailfs() + "/" + ending.name, false);
  return differ(tmpfs, pailfs, ending.steps, options);
}

std::string shortest_story(const Pair& pair, std::vector<Call> failing, Judging judging) {
  // With a look after each call the difference shows where it arises, unless looking hides it.
  Judging closer = judging;
  closer.look_every = 1;
  if (play(pair, failing, closer)) judging = closer;
  const auto fails = [&](const std::vector<Call>& calls) {
    return !calls.empty() && play(pair, calls, judging).has_value();
  };
  for (std::size_t chunk = std::max<std::size_t>(failing.size() / 2, 1); chunk > 0;) {
    bool shortened = false;
    for (std::size_t at = 0; at < failing.size();) {
      std::vector<Call> shorter = failing;
      const auto begin = shorter.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t size = std::min(chunk, shorter.size() - at);
      shorter.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (fails(shorter)) {
        failing = std::move(shorter);
        shortened = true;
      } else {
        at += chunk;
      }
    }
    if (!shortened || chunk > 1) chunk /= 2;
  }
  std::string story;
  std::size_t step = 0;
  for (const Call& call : failing)
    story += "  " + std::to_string(++step) + ". " + call.text() + "\n";
  return story + "  " + play(pair, failing, judging).value_or("(does not differ every time)");
}

}  // namespace pailfs::test
