// SPDX-License-Identifier: Apache-2.0
#include "front_proof.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "pailfs/util/digest.h"
#include "pailfs/util/text.h"

#include "fs/predict/small_files.h"

namespace pailfs::fs {
namespace {

using cache::BlockCache;
using cache::BlockPtr;
using cache::kBlockSize;

std::uint64_t total(const std::vector<Range>& ranges) {
  std::uint64_t sum = 0;
  for (const Range& range : ranges) sum += range.size();
  return sum;
}

/// The ETag without its quotes.
std::string_view bare(const store::ETag& etag) {
  std::string_view text = etag.value;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

}  // namespace

/// A piece of a block that was shown, with the older version's block.
struct FrontProof::Piece {
  Range range;
  BlockPtr old;
};

bool may_be_md5(const store::ETag& etag) {
  constexpr std::size_t kDigits = 32;
  const std::string_view text = bare(etag);
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

FrontWay choose_way(const Version& old, const Version& now, const std::vector<Range>& shown,
                    bool here) {
  if (now.size < old.size) return FrontWay::differs;
  const bool named = !old.etag.empty() && !now.etag.empty();
  if (named && old.etag == now.etag && old.size == now.size) return FrontWay::certain;
  if (total(shown) == 0) return FrontWay::certain;
  // What is read of a version that has no name may be another one's.
  if (!named) return FrontWay::none;
  if (here && total(shown) <= kMostProof) return FrontWay::compare;
  if (old.size <= kMostProof && may_be_md5(old.etag)) return FrontWay::digest;
  return FrontWay::none;
}

Result<Front> FrontProof::find_out(const Version& old, const Version& now,
                                   const std::vector<Range>& shown) {
  std::vector<Piece> pieces;
  bool here = !old.etag.empty() && total(shown) <= kMostProof;
  if (here) {
    const BlockCache::ObjectPtr object = fetcher_.open(old);
    for (const Range& range : shown) {
      for (std::uint64_t at = range.begin; here && at < range.end;) {
        const std::uint64_t index = at / kBlockSize;
        const std::uint64_t end = std::min(range.end, (index + 1) * kBlockSize);
        BlockPtr block = object->has_bytes(index, end - index * kBlockSize)
                             ? object->find(index, BlockCache::Reader::random)
                             : nullptr;
        here = block != nullptr;
        pieces.push_back({{at, end}, std::move(block)});
        at = end;
      }
    }
  }
  switch (choose_way(old, now, shown, here)) {
    case FrontWay::certain:
      return Front::same;
    case FrontWay::differs:
      return Front::differs;
    case FrontWay::compare:
      return compare(pieces, now);
    case FrontWay::digest:
      return digest(old, now);
    case FrontWay::none:
      break;
  }
  return Front::unproven;
}

Result<BlockPtr> FrontProof::block(const BlockCache::ObjectPtr& object, const Version& now,
                                   Range range) {
  // What was appended is wanted next.
  const std::uint64_t extended = std::min(now.size, range.end + kSmallObject);
  for (;;) {
    const std::uint64_t index = range.begin / kBlockSize;
    BlockPtr block = object->find(index, BlockCache::Reader::random);
    if (!block) {
      auto fetched = fetcher_.fetch_wanted(object, now, range, extended);
      if (!fetched) return fetched.error();
      block = std::move(*fetched);
    }
    if (!block) continue;  // another thread fetches it
    const std::uint64_t end = std::min(range.end, (index + 1) * kBlockSize);
    const Status arrived = block->wait(end - index * kBlockSize);
    if (arrived) return block;
    // The handle for which it was fetched has been closed.
    if (arrived.error().err != ECANCELED) return arrived.error();
  }
}

Result<Front> FrontProof::compare(const std::vector<Piece>& pieces, const Version& now) {
  const BlockCache::ObjectPtr object = fetcher_.open(now);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Range& range = pieces[i].range;
    // One request for all pieces that follow each other.
    std::uint64_t end = range.end;
    for (std::size_t next = i + 1; next < pieces.size() && pieces[next].range.begin == end; ++next)
      end = pieces[next].range.end;
    const auto block = this->block(object, now, {range.begin, end});
    if (!block) return block.error();
    const std::uint64_t at = range.begin % kBlockSize;
    if (std::memcmp((*block)->bytes() + at, pieces[i].old->bytes() + at, range.size()) != 0)
      return Front::differs;
  }
  return Front::same;
}

Result<Front> FrontProof::digest(const Version& old, const Version& now) {
  RunningDigest md5(Digest::md5);
  if (!md5.ok()) return Front::unproven;
  const BlockCache::ObjectPtr object = fetcher_.open(now);
  for (std::uint64_t at = 0; at < old.size; at += kBlockSize) {
    const auto block = this->block(object, now, {at, old.size});
    if (!block) return block.error();
    md5.add({(*block)->bytes(), std::min(old.size - at, kBlockSize)});
  }
  const std::string found = hex(md5.finish());
  // Another digest may also mean that the service's ETags are none.
  return equals_ignoring_case(found, bare(old.etag)) ? Front::same : Front::unproven;
}

}  // namespace pailfs::fs
