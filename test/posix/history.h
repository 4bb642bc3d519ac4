// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "call.h"
#include "pair.h"
#include "view.h"

namespace pailfs::test {

struct Judging {
  ViewOptions view;
  int look_every = 1;  ///< calls between two looks at everything; 0: only at the end
};

/// What a history left on both sides, to be looked at again after a remount.
struct Ending {
  std::string name;  ///< of its directory on both sides
  Steps steps;
};

/// Makes the calls in a fresh directory on the tmpfs and in one on the mount, one by one on both,
/// and compares results, errors and what is there. Returns what differed first.
std::optional<std::string> play(const Pair& pair, const std::vector<Call>& calls,
                                const Judging& judging, Ending* ending = nullptr);

/// Compares the sides of an earlier history once more.
std::optional<std::string> look_again(const Pair& pair, const Ending& ending,
                                      const ViewOptions& options);

/// A short history that still differs, and what differs then.
std::string shortest_story(const Pair& pair, std::vector<Call> failing, Judging judging);

}  // namespace pailfs::test
