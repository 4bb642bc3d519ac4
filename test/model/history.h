// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operation.h"

namespace pailfs::test {

/// Plays the steps on a fresh file system over a fresh bucket and beside it on the model. After
/// every step the whole visible tree, every file's bytes and every object must be the model's. A
/// step that was made to fail may leave each object as it was before or as it would be after, and
/// may not have lost any byte on the way. Returns what was wrong first, nothing when all was right.
/// `journaled`: with durability=local; then what is seen must be what is carried out later.
std::optional<std::string> play(const std::vector<Operation>& operations, bool journaled = false);

using Fails = std::function<bool(const std::vector<Operation>&)>;
/// A short history that still fails, by leaving out steps; `failing` must fail. What is left cannot
/// lose one more step.
std::vector<Operation> shrink(std::vector<Operation> failing, const Fails& fails);

}  // namespace pailfs::test
