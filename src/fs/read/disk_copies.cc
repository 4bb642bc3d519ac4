// SPDX-License-Identifier: Apache-2.0
#include "disk_copies.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace pailfs::fs {
namespace {

/// A disk that is slower than the store must not delay reads: while so many fetches are being
/// written to it, further ones are not kept.
constexpr unsigned kMostWriters = 16;
/// How long another mount's fetch of the same blocks is waited for, and how often it is looked.
constexpr std::chrono::seconds kMostWait{10};
constexpr std::chrono::milliseconds kShortestPause{1};
constexpr std::chrono::milliseconds kLongestPause{20};

}  // namespace

std::uint64_t DiskCopies::load(const Version& version, std::uint64_t first,
                               std::span<const cache::BlockPtr> blocks, cache::Arrival& arrival) {
  if (disk_ == nullptr || version.etag.empty()) return 0;
  const auto kept = disk_->find(identity_of(version));
  if (!kept) return 0;
  const std::uint64_t size = version.size - first * cache::kBlockSize;
  std::uint64_t had = 0;
  while (had < blocks.size() && kept->read(first + had, blocks[had]->bytes())) {
    ++had;
    arrival.reached(std::min(had * cache::kBlockSize, size));
  }
  return had;
}

DiskCopies::Turn DiskCopies::await_turn(const Version& version,
                                        const cache::BlockCache::Object& object,
                                        std::uint64_t first, std::uint64_t count,
                                        const std::function<bool()>& wanted) {
  Turn turn;
  if (disk_ == nullptr || version.etag.empty()) return turn;
  turn.files = disk_->make(identity_of(version), [&object] { return !object.is_forgotten(); });
  const auto end = std::chrono::steady_clock::now() + kMostWait;
  for (auto pause = kShortestPause; turn.files && !turn.files->claim(first, count);
       pause = std::min(2 * pause, kLongestPause)) {
    if (!wanted() || std::chrono::steady_clock::now() > end) break;
    turn.waited = true;
    std::this_thread::sleep_for(pause);
  }
  return turn;
}

void DiskCopies::keep(const Version& version, const cache::BlockCache::Object& object,
                      std::uint64_t first, std::span<const cache::BlockPtr> blocks, Turn turn) {
  if (disk_ == nullptr || version.etag.empty() || blocks.empty()) return;
  if (++writers_ <= kMostWriters) {
    const auto kept = turn.files ? std::move(turn.files)
                                 : disk_->make(identity_of(version),
                                               [&object] { return !object.is_forgotten(); });
    for (std::size_t i = 0; kept && i < blocks.size(); ++i)
      kept->write(first + i, blocks[i]->bytes());
  }
  --writers_;
}

void DiskCopies::forget(const Version& version) {
  if (disk_ != nullptr) disk_->forget(identity_of(version));
}

void DiskCopies::forget_below(const std::string& key, std::vector<std::string> but) {
  if (disk_ != nullptr) disk_->forget_below(key, std::move(but));
}

UniqueFd DiskCopies::whole(const Version& version) {
  if (disk_ == nullptr || version.etag.empty()) return UniqueFd();
  return disk_->whole(identity_of(version));
}

}  // namespace pailfs::fs
