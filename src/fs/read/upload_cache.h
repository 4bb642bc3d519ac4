// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "block_fetcher.h"

namespace pailfs::fs {

/// Programs that write small files read them again: git, pip, compilers. These put bytes that the
/// mount itself has stored into the block cache, under the version that the store has made of them,
/// as if they had been fetched. Nothing is kept of larger files, without an ETag, or when memory is
/// short. Any thread.

/// Fills `out` with the bytes from `offset` on.
using ReadWritten = std::function<Status(std::uint64_t offset, std::span<char> out)>;
void keep_written(BlockFetcher& fetcher, const Version& version, const ReadWritten& read);

/// Keeps the blocks of `from` for `to`, which the store has made as its copy.
void keep_copied(BlockFetcher& fetcher, const Version& from, const Version& to);

}  // namespace pailfs::fs
