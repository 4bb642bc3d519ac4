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

/// A disk that is slower than the store must not hold up what is read: beyond so many fetches that
/// are being written to it, what has come is not kept.
constexpr unsigned kMostKeeping = 16;
/// A block that cannot be had so often is one that there is no memory for.
constexpr int kTries = 16;

cache::DiskBlocks::Identity identity_of(const Version& version) {
  std::string text = version.key;
  text.push_back('\0');
  text += version.etag.value;
  text.push_back('\0');
  text += std::to_string(version.size);
  return {std::move(text), version.size};
}

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
  std::uint64_t filled_;     // those and what has come
};

BlockCache::ObjectPtr BlockFetcher::open(const Version& version) {
  std::string identity = identity_of(version).text;
  if (version.etag.empty()) {
    // Whatever replaces it may look the same.
    identity.push_back('\0');
    identity += std::to_string(++nameless_);
  }
  return cache_.open(identity);
}

void BlockFetcher::run(const Fetch& fetch) {
  const std::uint64_t had = read_kept(fetch);
  if (had == fetch.blocks.size()) return end(fetch, had, {});
  // Whoever waits for the blocks hears of a failure from them.
  static_cast<void>(perform(fetch, had));
}

void BlockFetcher::end(const Fetch& fetch, std::uint64_t complete, const Status& status) {
  // First forgotten, then told, so that who tries again does not meet the same blocks.
  fetch.object->settle(fetch.first, fetch.blocks.size(), complete);
  fetch.arrival->finish(status);
}

std::uint64_t BlockFetcher::read_kept(const Fetch& fetch) {
  if (kept_ == nullptr || fetch.version.etag.empty()) return 0;
  const auto version = kept_->find(identity_of(fetch.version));
  if (!version) return 0;
  std::uint64_t had = 0;
  while (had < fetch.blocks.size() &&
         version->read(fetch.first + had, fetch.blocks[had]->bytes())) {
    ++had;
    fetch.arrival->reached(std::min(had * kBlockSize, fetch.size()));
  }
  return had;
}

void BlockFetcher::forget(const Version& version) {
  if (version.etag.empty() || version.size == 0) return;
  const auto identity = identity_of(version);
  cache_.forget(identity.text);
  if (kept_ != nullptr) kept_->forget(identity);
}

UniqueFd BlockFetcher::whole(const Version& version) {
  if (kept_ == nullptr || version.etag.empty()) return UniqueFd();
  return kept_->whole(identity_of(version));
}

void BlockFetcher::keep(const Version& version, const BlockCache::Object& object,
                        std::uint64_t first, std::span<const BlockPtr> blocks) {
  if (kept_ == nullptr || version.etag.empty() || blocks.empty()) return;
  if (++keeping_ <= kMostKeeping) {
    const auto kept =
        kept_->make(identity_of(version), [&object] { return !object.is_forgotten(); });
    for (std::size_t i = 0; kept && i < blocks.size(); ++i)
      kept->write(first + i, blocks[i]->bytes());
  }
  --keeping_;
}

Result<store::ObjectInfo> BlockFetcher::perform(const Fetch& fetch, std::uint64_t had) {
  // The handle that wanted it has been closed meanwhile: whoever else needs it asks anew.
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
    // Another version, or, where it is named, something that is not to be believed.
    const int err = fetch.version.etag.empty() ? ESTALE : EIO;
    status = Error{err, printable(fetch.version.key) + ": another size than when it was opened"};
    complete = 0;
  } else {
    fetch.arrival->reached(sink.filled());
  }
  end(fetch, complete, status);
  if (complete > had) {
    keep(fetch.version, *fetch.object, fetch.first + had,
         std::span(fetch.blocks).subspan(had, complete - had));
  }
  return status ? info : Result<store::ObjectInfo>(status.error());
}

Result<store::ObjectInfo> BlockFetcher::fetch_whole(const Version& version) {
  if (version.etag.empty()) return Error{ENOMEM, "nobody else would find it"};
  Fetch fetch;
  fetch.object = open(version);
  const BlockCache::ObjectPtr held = fetch.object;
  fetch.version = version;
  fetch.arrival = std::make_shared<Arrival>();
  const std::uint64_t need = (version.size - 1) / kBlockSize + 1;
  fetch.blocks = held->reserve(0, need, BlockCache::Purpose::ahead, fetch.arrival);
  const bool reserved = fetch.blocks.size() == need;
  const std::uint64_t had = reserved ? read_kept(fetch) : 0;
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
  auto fetch = std::make_shared<Fetch>();
  fetch->object = object;
  fetch->version = version;
  fetch->first = wanted.begin / kBlockSize;
  fetch->arrival = std::make_shared<Arrival>();
  const std::uint64_t need = (wanted.end - 1) / kBlockSize + 1 - fetch->first;
  // Again, because whoever had it may have given it up just now.
  for (int tries = 0; fetch->blocks.empty() && tries < kTries; ++tries) {
    fetch->blocks =
        object->reserve(fetch->first, need, BlockCache::Purpose::demand, fetch->arrival);
    if (fetch->blocks.empty() && object->has(fetch->first)) return BlockPtr();
  }
  if (fetch->blocks.empty()) return Error{ENOMEM, "no memory for a read"};
  const std::uint64_t whole = (std::max(extended, wanted.end) - 1) / kBlockSize + 1 - fetch->first;
  if (fetch->blocks.size() == need && whole > need) {
    auto more = object->reserve(fetch->first + need, whole - need, BlockCache::Purpose::ahead,
                                fetch->arrival, need * kBlockSize);
    std::move(more.begin(), more.end(), std::back_inserter(fetch->blocks));
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

}  // namespace pailfs::fs
