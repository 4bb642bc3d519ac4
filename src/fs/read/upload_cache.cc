// SPDX-License-Identifier: Apache-2.0
#include "upload_cache.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "fs/predict/small_files.h"

namespace pailfs::fs {
namespace {

using cache::BlockCache;
using cache::BlockPtr;
using cache::kBlockSize;

bool worth_keeping(const Version& version) {
  return version.size > 0 && version.size <= kSmallObject && !version.etag.empty();
}

}  // namespace

void keep_written(BlockFetcher& fetcher, const Version& version, const ReadWritten& read) {
  if (!worth_keeping(version)) return;
  const auto object = fetcher.open(version);
  const auto arrival = std::make_shared<cache::Arrival>();
  const std::uint64_t need = (version.size - 1) / kBlockSize + 1;
  const auto blocks = object->reserve(0, need, BlockCache::Purpose::ahead, arrival);
  Status filled = blocks.size() == need ? Status() : Status(Error{ENOMEM, "no memory to keep it"});
  for (std::uint64_t i = 0; filled && i < need; ++i) {
    const std::uint64_t n = std::min(kBlockSize, version.size - i * kBlockSize);
    filled = read(i * kBlockSize, {blocks[i]->bytes(), n});
  }
  if (filled) arrival->reached(version.size);
  object->settle(0, blocks.size(), filled ? need : 0);
  // A reader that has met the blocks meanwhile asks the store.
  arrival->finish(filled ? Status() : Status(Error{ECANCELED, "not kept"}));
  if (filled) fetcher.disk().keep(version, *object, 0, blocks);
  // The blocks count as read once, so that the least recently used go first.
  for (std::uint64_t i = 0; filled && i < need; ++i) {
    static_cast<void>(object->find(i, BlockCache::Reader::random));
  }
}

void keep_copied(BlockFetcher& fetcher, const Version& from, const Version& to) {
  if (!worth_keeping(from) || from.size != to.size) return;
  if (from.key == to.key && from.etag == to.etag) return;
  const auto object = fetcher.open(from);
  std::vector<BlockPtr> blocks;
  for (std::uint64_t at = 0; at < from.size; at += kBlockSize) {
    const std::uint64_t n = std::min(kBlockSize, from.size - at);
    if (!object->has_bytes(at / kBlockSize, n)) return;
    BlockPtr block = object->find(at / kBlockSize, BlockCache::Reader::random);
    if (!block) return;
    blocks.push_back(std::move(block));
  }
  keep_written(fetcher, to, [&](std::uint64_t offset, std::span<char> out) {
    std::memcpy(out.data(), blocks[offset / kBlockSize]->bytes(), out.size());
    return Status();
  });
}

}  // namespace pailfs::fs
