// SPDX-License-Identifier: Apache-2.0
#include "block_fetcher.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pailfs::fs {

using cache::Arrival;
using cache::BlockCache;
using cache::BlockPtr;
using cache::kBlockSize;

namespace {

/// Shorter ones tell nothing about the rate of a connection.
constexpr std::uint64_t kLongTransfer = 1U << 20U;
/// What a connection brings at least where the processor and not the network limits.
constexpr std::uint64_t kFast = 150U << 20U;

}  // namespace

/// A stretch on its way: `blocks` from block `first` on.
struct BlockFetcher::Fetch {
  BlockCache::ObjectPtr object;
  Version version;
  std::uint64_t first = 0;
  std::vector<BlockPtr> blocks;
  std::shared_ptr<Arrival> arrival;

  [[nodiscard]] std::uint64_t begin() const { return first * kBlockSize; }
  [[nodiscard]] std::uint64_t size() const {
    return std::min(blocks.size() * kBlockSize, version.size - begin());
  }
};

class BlockFetcher::Sink final : public s3::ByteSink {
 public:
  Sink(BlockFetcher& fetcher, const Fetch& fetch)
      : fetcher_(fetcher), fetch_(fetch), start_(fetcher.clock_.now()) {}

  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    if (filled_ == 0) {
      begun_ = fetcher_.clock_.now();
      fetcher_.note_latency(begun_ - start_);
    }
    if (offset != fetch_.begin() + filled_ || filled_ + bytes.size() > fetch_.size()) return false;
    while (!bytes.empty()) {
      const std::uint64_t at = filled_ % kBlockSize;
      const std::size_t n = std::min<std::size_t>(bytes.size(), kBlockSize - at);
      std::memcpy(fetch_.blocks[filled_ / kBlockSize]->bytes() + at, bytes.data(), n);
      bytes = bytes.subspan(n);
      filled_ += n;
    }
    // Without an ETag only the end of the reply tells whether it was the right version.
    if (!fetch_.version.etag.empty()) fetch_.arrival->reached(filled_);
    return true;
  }
  [[nodiscard]] std::uint64_t filled() const { return filled_; }
  void end() {
    if (filled_ >= kLongTransfer) fetcher_.note_rate(filled_, fetcher_.clock_.now() - begun_);
  }

 private:
  BlockFetcher& fetcher_;
  const Fetch& fetch_;
  const MonoTime start_;
  MonoTime begun_{};
  std::uint64_t filled_ = 0;
};

BlockCache::ObjectPtr BlockFetcher::open(const Version& version) {
  std::string identity = version.key;
  identity.push_back('\0');
  identity += version.etag.value;
  identity.push_back('\0');
  identity += std::to_string(version.size);
  return cache_.open(identity);
}

void BlockFetcher::run(const Fetch& fetch) {
  // Whoever waits for the blocks hears of it from them.
  static_cast<void>(perform(fetch));
}

Result<s3::ObjectInfo> BlockFetcher::perform(const Fetch& fetch) {
  // The handle that wanted it has been closed meanwhile: whoever else needs it asks anew.
  if (fetch.object.use_count() == 1) {
    fetch.object->settle(fetch.first, fetch.blocks.size(), 0);
    const Error gone{ECANCELED, "the reader has gone"};
    fetch.arrival->finish(gone);
    return gone;
  }
  Sink sink(*this, fetch);
  s3::GetRequest request;
  request.key = fetch.version.key;
  request.range = s3::ByteRange{fetch.begin(), fetch.size()};
  request.if_match = fetch.version.etag;
  const auto info = store_.get(request, sink);
  sink.end();
  Status status;
  std::uint64_t complete = fetch.blocks.size();
  if (!info) {
    status = info.error();
    complete = fetch.version.etag.empty() ? 0 : sink.filled() / kBlockSize;
  } else if (sink.filled() != fetch.size() || info->size != fetch.version.size) {
    // The store answered, but not for the version that was opened.
    status = Error{ESTALE, "object changed its size while open"};
    complete = 0;
  } else {
    fetch.arrival->reached(sink.filled());
  }
  // First forgotten, then told, so that who tries again does not meet the same blocks.
  fetch.object->settle(fetch.first, fetch.blocks.size(), complete);
  fetch.arrival->finish(status);
  return status ? info : Result<s3::ObjectInfo>(status.error());
}

Result<s3::ObjectInfo> BlockFetcher::fetch_whole(const Version& version) {
  Fetch fetch;
  fetch.object = open(version);
  const BlockCache::ObjectPtr held = fetch.object;
  fetch.version = version;
  fetch.arrival = std::make_shared<Arrival>();
  const std::uint64_t need = (version.size - 1) / kBlockSize + 1;
  fetch.blocks = held->reserve(0, need, BlockCache::Purpose::ahead, fetch.arrival);
  if (fetch.blocks.size() == need) return perform(fetch);
  const Error not_whole{ENOMEM, "no memory to read ahead, or it is being read"};
  held->settle(0, fetch.blocks.size(), 0);
  fetch.arrival->finish(not_whole);
  return not_whole;
}

Status BlockFetcher::fetch_wanted(const BlockCache::ObjectPtr& object, const Version& version,
                                  Range wanted, std::uint64_t extended) {
  auto fetch = std::make_shared<Fetch>();
  fetch->object = object;
  fetch->version = version;
  fetch->first = wanted.begin / kBlockSize;
  fetch->arrival = std::make_shared<Arrival>();
  const std::uint64_t need = (wanted.end - 1) / kBlockSize + 1 - fetch->first;
  fetch->blocks = object->reserve(fetch->first, need, BlockCache::Purpose::demand, fetch->arrival);
  if (fetch->blocks.empty()) {
    // Somebody else was quicker, or there is no memory.
    return object->has(fetch->first) ? Status() : Status(Error{ENOMEM, "no memory for a read"});
  }
  const std::uint64_t whole = (std::max(extended, wanted.end) - 1) / kBlockSize + 1 - fetch->first;
  if (fetch->blocks.size() == need && whole > need) {
    auto more = object->reserve(fetch->first + need, whole - need, BlockCache::Purpose::ahead,
                                fetch->arrival, need * kBlockSize);
    std::move(more.begin(), more.end(), std::back_inserter(fetch->blocks));
  }
  // A small file is wanted whole: nothing is gained by another thread that brings its front first.
  const bool at_once = fetch->size() == version.size;
  if (at_once || !pool_.try_submit([this, fetch] { run(*fetch); })) run(*fetch);
  return {};
}

void BlockFetcher::fetch_ahead(const BlockCache::ObjectPtr& object, const Version& version,
                               Range range, std::uint64_t part) {
  std::uint64_t at = range.begin / kBlockSize;
  while (at * kBlockSize < range.end) {
    const std::uint64_t part_end = std::min((at * kBlockSize / part + 1) * part, range.end);
    const std::uint64_t stop = (part_end - 1) / kBlockSize + 1;
    auto fetch = std::make_shared<Fetch>();
    fetch->object = object;
    fetch->version = version;
    fetch->first = at;
    fetch->arrival = std::make_shared<Arrival>();
    fetch->blocks = object->reserve(at, stop - at, BlockCache::Purpose::ahead, fetch->arrival);
    if (fetch->blocks.empty()) {
      if (!object->has(at)) return;  // memory is short
      ++at;
      continue;
    }
    at += fetch->blocks.size();
    pool_.submit([this, fetch] { run(*fetch); });
  }
}

bool BlockFetcher::is_far() const {
  return std::chrono::nanoseconds(latency_ns_.load()) > kFar;
}

bool BlockFetcher::is_slow() const {
  const std::uint64_t rate = rate_;
  return rate > 0 && rate < kFast;
}

std::uint64_t BlockFetcher::room_for_stream() const {
  const auto streams = static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(streams_, 1));
  return cache_.limit() / 4 * 3 / streams;
}

void BlockFetcher::note_rate(std::uint64_t bytes, std::chrono::nanoseconds time) {
  const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-6);
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds);
  const std::uint64_t old = rate_;
  rate_ = old == 0 ? rate : (old * 3 + rate) / 4;
}

void BlockFetcher::note_latency(std::chrono::nanoseconds latency) {
  const std::int64_t old = latency_ns_.load();
  latency_ns_ = old == 0 ? latency.count() : (old * 3 + latency.count()) / 4;
}

}  // namespace pailfs::fs
