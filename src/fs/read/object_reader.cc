// SPDX-License-Identifier: Apache-2.0
#include "object_reader.h"

#include <algorithm>
#include <cerrno>
#include <span>

#include "fs/predict/small_files.h"

namespace pailfs::fs {
namespace {

using cache::BlockCache;
using cache::BlockPtr;
using cache::kBlockSize;

/// A wait from which on more requests side by side are worth it.
constexpr std::chrono::milliseconds kStall{2};

}  // namespace

ObjectReader::Plan ObjectReader::plan(const Version& version, Range range) {
  MutexLock lock(mutex_);
  const bool same = object_ && etag_ == version.etag && key_ == version.key;
  if (!same || object_->is_forgotten()) {
    object_ = fetcher_.open(version);
    key_ = version.key;
    etag_ = version.etag;
    pattern_ = {};
    stalled_ = false;
  }
  Plan plan{object_, {}};
  // Far from the store a reader that has caught up with its fetches waits for certain.
  const std::uint64_t last = (range.end - 1) / kBlockSize;
  const bool waits = link_.is_far() && !object_->has_bytes(last, range.end - last * kBlockSize);
  plan.advice = pattern_.on_read(range, version.size, stalled_ || waits, budget_.room_for_stream());
  stalled_ = false;
  budget_.set_streams(pattern_.streams());
  return plan;
}

Result<BlockPtr> ObjectReader::block(const Plan& plan, const Version& version, Range rest) {
  const auto reader =
      plan.advice.sequential ? BlockCache::Reader::sequential : BlockCache::Reader::random;
  std::uint64_t extended = rest.end;
  if (plan.advice.sequential) {
    extended =
        std::min(plan.advice.ahead.end, (rest.end / plan.advice.part + 1) * plan.advice.part);
  } else if (rest.begin < kSmallObject) {
    extended = std::min(std::max(rest.end, kSmallObject), version.size);
  }
  for (;;) {
    BlockPtr found = plan.object->find(rest.begin / kBlockSize, reader);
    if (found) return found;
    auto fetched = fetcher_.fetch_wanted(plan.object, version, rest, extended);
    if (!fetched) return fetched.error();
    // The cache is told that the block is read, unless it is gone again.
    if (*fetched) {
      static_cast<void>(plan.object->find(rest.begin / kBlockSize, reader));
      return fetched;
    }
  }
}

Result<ReadBytes> ObjectReader::read(const Version& version, Range range) {
  const Plan plan = this->plan(version, range);
  std::vector<BlockPtr> blocks;
  // All requests are on their way before the first one is waited for.
  for (std::uint64_t at = range.begin; at < range.end; at = (at / kBlockSize + 1) * kBlockSize) {
    auto block = this->block(plan, version, {at, range.end});
    if (!block) return block.error();
    blocks.push_back(std::move(*block));
  }
  if (!plan.advice.ahead.empty()) {
    fetcher_.fetch_ahead(plan.object, version, plan.advice.ahead, plan.advice.part);
  }

  ReadBytes bytes;
  const MonoTime start = clock_.now();
  for (BlockPtr& block : blocks) {
    const std::uint64_t at = range.begin % kBlockSize;
    const std::uint64_t n = std::min(range.size(), kBlockSize - at);
    const Status arrived = block->wait(at + n);
    // The handle for which these bytes were asked has been closed; this one still needs them.
    if (!arrived && arrived.error().err == ECANCELED) {
      auto rest = read(version, range);
      if (!rest) return rest.error();
      bytes.append(std::move(*rest));
      return bytes;
    }
    if (!arrived) return arrived.error();
    const std::span<const char> piece(block->bytes() + at, n);
    bytes.add(piece, std::move(block));
    range.begin += n;
  }
  if (clock_.now() - start > kStall && (link_.is_far() || link_.is_slow())) {
    MutexLock lock(mutex_);
    stalled_ = true;
  }
  return bytes;
}

}  // namespace pailfs::fs
