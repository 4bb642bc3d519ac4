// SPDX-License-Identifier: Apache-2.0
#include "block_fetcher.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "pailfs/util/text.h"

namespace pailfs::fs {

using cache::Arrival;
using cache::BlockCache;
using cache::BlockPtr;
using cache::kBlockSize;

namespace {

/// After this many vain attempts to reserve a block there is no memory.
constexpr int kTries = 16;

}  // namespace

/// A stretch of an object on its way: `blocks` from block `first` on.
struct BlockFetcher::Fetch {
  Fetch(BlockCache::ObjectPtr of, Version pinned, std::uint64_t from)
      : object(std::move(of)), version(std::move(pinned)), first(from) {}
  BlockCache::ObjectPtr object;
  Version version;
  std::uint64_t first;
  std::vector<BlockPtr> blocks;
  std::shared_ptr<Arrival> arrival = std::make_shared<Arrival>();

  [[nodiscard]] std::uint64_t begin() const { return first * kBlockSize; }
  [[nodiscard]] std::uint64_t size() const {
    return std::min(blocks.size() * kBlockSize, version.size - begin());
  }
  /// Adds new blocks behind those that it has, up to `count`.
  void reserve(std::uint64_t count, BlockCache::Purpose purpose) {
    auto more =
        object->reserve(first + blocks.size(), count, purpose, arrival, blocks.size() * kBlockSize);
    std::move(more.begin(), more.end(), std::back_inserter(blocks));
  }
};

/// Puts the bytes of one reply into the blocks, and tells the readers how many have come.
class BlockFetcher::Sink final : public store::ByteSink {
 public:
  Sink(BlockFetcher& fetcher, const Fetch& fetch, std::uint64_t had)
      : fetcher_(fetcher), fetch_(fetch), start_(fetcher.clock_.now()), had_(had), filled_(had) {}

  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    if (filled_ == had_) {
      begun_ = fetcher_.clock_.now();
      fetcher_.link_.on_first_byte(begun_ - start_);
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
    if (filled_ > had_) fetcher_.link_.on_transfer(filled_ - had_, fetcher_.clock_.now() - begun_);
  }

 private:
  BlockFetcher& fetcher_;
  const Fetch& fetch_;
  const MonoTime start_;
  MonoTime begun_{};
  const std::uint64_t had_;  // bytes that were there before
  std::uint64_t filled_;     // those and the bytes that have come
};

BlockCache::ObjectPtr BlockFetcher::open(const Version& version) {
  std::string identity = identity_of(version).text;
  if (version.etag.empty()) {
    // Another version may have the same key and size.
    identity.push_back('\0');
    identity += std::to_string(++nameless_);
  }
  return cache_.open(identity);
}

void BlockFetcher::run(const Fetch& fetch) {
  std::uint64_t had = disk_.load(fetch.version, fetch.first, fetch.blocks, *fetch.arrival);
  if (had == fetch.blocks.size()) return end(fetch, had, {});
  const auto wanted = [&] { return fetch.object.use_count() > 1; };
  DiskCopies::Turn turn = disk_.await_turn(fetch.version, *fetch.object, fetch.first + had,
                                           fetch.blocks.size() - had, wanted);
  if (turn.waited) had = disk_.load(fetch.version, fetch.first, fetch.blocks, *fetch.arrival);
  if (had == fetch.blocks.size()) return end(fetch, had, {});
  // Readers that wait for the blocks get a failure through the blocks.
  static_cast<void>(perform(fetch, had, std::move(turn)));
}

void BlockFetcher::end(const Fetch& fetch, std::uint64_t complete, const Status& status) {
  // Failed blocks are dropped first, so that a reader that gets the failure and tries again does
  // not find them.
  fetch.object->settle(fetch.first, fetch.blocks.size(), complete);
  fetch.arrival->finish(status);
}

void BlockFetcher::forget(const Version& version) {
  if (version.etag.empty() || version.size == 0) return;
  cache_.forget(identity_of(version).text);
  disk_.forget(version);
}

void BlockFetcher::forget_below(const std::string& key) {
  disk_.forget_below(key, cache_.forget_unused([&](std::string_view identity) {
    return is_of_key_below(identity, key);
  }));
}

Result<store::ObjectInfo> BlockFetcher::perform(const Fetch& fetch, std::uint64_t had,
                                                DiskCopies::Turn turn) {
  // The handle that wanted the blocks has been closed since; another that needs them asks anew.
  if (fetch.object.use_count() == 1) {
    const Error gone{ECANCELED, "the reader has gone"};
    end(fetch, had, gone);
    return gone;
  }
  Sink sink(*this, fetch, had * kBlockSize);
  store::GetRequest request;
  request.key = fetch.version.key;
  request.range =
      store::ByteRange{fetch.begin() + had * kBlockSize, fetch.size() - had * kBlockSize};
  request.if_match = fetch.version.etag;
  request.size = fetch.version.size;
  const auto info = store_.get(request, sink);
  sink.end();
  Status status;
  std::uint64_t complete = fetch.blocks.size();
  if (!info) {
    status = info.error();
    complete = fetch.version.etag.empty() ? 0 : sink.filled() / kBlockSize;
  } else if (sink.filled() != fetch.size() || info->size != fetch.version.size) {
    // Without an ETag it is another version; with one it is a reply that contradicts itself.
    const int err = fetch.version.etag.empty() ? ESTALE : EIO;
    status = Error{err, printable(fetch.version.key) + ": another size than when it was opened"};
    complete = 0;
  } else {
    fetch.arrival->reached(sink.filled());
  }
  end(fetch, complete, status);
  if (complete > had) {
    disk_.keep(fetch.version, *fetch.object, fetch.first + had,
               std::span(fetch.blocks).subspan(had, complete - had), std::move(turn));
  }
  return status ? info : Result<store::ObjectInfo>(status.error());
}

Result<store::ObjectInfo> BlockFetcher::fetch_whole(const Version& version) {
  if (version.etag.empty()) return Error{ENOMEM, "no other reader would find its bytes"};
  // A second reference: perform() sends nothing for an object that only its fetch holds.
  const BlockCache::ObjectPtr object = open(version);
  Fetch fetch(object, version, 0);
  const std::uint64_t need = (version.size - 1) / kBlockSize + 1;
  fetch.reserve(need, BlockCache::Purpose::ahead);
  const bool reserved = fetch.blocks.size() == need;
  const std::uint64_t had = reserved ? disk_.load(version, 0, fetch.blocks, *fetch.arrival) : 0;
  if (reserved && had < need) return perform(fetch, had);
  if (reserved) {
    end(fetch, need, {});
    return Error{ENOMEM, "it is on the disk already"};
  }
  // A reader that has met the blocks meanwhile fetches them itself.
  end(fetch, 0, Error{ECANCELED, "not fetched ahead"});
  return Error{ENOMEM, "no memory to read ahead, or it is being read"};
}

Result<BlockPtr> BlockFetcher::fetch_wanted(const BlockCache::ObjectPtr& object,
                                            const Version& version, Range wanted,
                                            std::uint64_t extended) {
  auto fetch = std::make_shared<Fetch>(object, version, wanted.begin / kBlockSize);
  const std::uint64_t need = (wanted.end - 1) / kBlockSize + 1 - fetch->first;
  // Again, because the reader that had the block may have given it up just now.
  for (int tries = 0; fetch->blocks.empty() && tries < kTries; ++tries) {
    fetch->reserve(need, BlockCache::Purpose::demand);
    if (fetch->blocks.empty() && object->has(fetch->first)) return BlockPtr();
  }
  if (fetch->blocks.empty()) return Error{ENOMEM, "no memory for a read"};
  const std::uint64_t whole = (std::max(extended, wanted.end) - 1) / kBlockSize + 1 - fetch->first;
  if (fetch->blocks.size() == need && whole > need) {
    fetch->reserve(whole - need, BlockCache::Purpose::ahead);
  }
  // A small file is wanted whole: nothing is gained by another thread that brings its front first.
  const bool at_once = fetch->size() == version.size;
  if (at_once || !pool_.try_submit([this, fetch] { run(*fetch); })) run(*fetch);
  return fetch->blocks.front();
}

void BlockFetcher::fetch_ahead(const BlockCache::ObjectPtr& object, const Version& version,
                               Range range, std::uint64_t part) {
  std::uint64_t at = range.begin / kBlockSize;
  while (at * kBlockSize < range.end) {
    const std::uint64_t part_end = std::min((at * kBlockSize / part + 1) * part, range.end);
    const std::uint64_t stop = (part_end - 1) / kBlockSize + 1;
    auto fetch = std::make_shared<Fetch>(object, version, at);
    fetch->reserve(stop - at, BlockCache::Purpose::ahead);
    if (fetch->blocks.empty()) {
      if (!object->has(at)) return;  // memory is short
      ++at;
      continue;
    }
    at += fetch->blocks.size();
    pool_.submit([this, fetch] { run(*fetch); });
  }
}

}  // namespace pailfs::fs
