// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "pailfs/util/range_set.h"
#include "pailfs/util/result.h"

#include "block_fetcher.h"
#include "version.h"

namespace pailfs::fs {

/// Most bytes of a newer version that are read to prove what it begins with.
inline constexpr std::uint64_t kMostProof = 8U << 20U;

/// Whether a newer version of an object has the bytes that an older one had.
enum class Front { same, differs, unproven };

/// The way to find that out.
enum class FrontWay {
  certain,  ///< it is the same, without a look at any byte
  differs,  ///< it is not, likewise
  compare,  ///< the ranges of both versions, byte by byte
  digest,   ///< the MD5 of the newer version's front, of the older one's size, with its ETag
  none      ///< it cannot be found out, or not with few enough bytes
};

/// The way to find out whether `now` has what `old` had in the ranges `shown`, of which none
/// exceeds `old`. `here`: the bytes of `old` in those ranges are at hand. A version that is shorter
/// than the older one was cut, and differs. Pure.
FrontWay choose_way(const Version& old, const Version& now, const std::vector<Range>& shown,
                    bool here);

/// True of an ETag that looks like the MD5 of an object's bytes. Services that encrypt, or make
/// others up, have such ETags too: only an equal digest proves anything.
bool may_be_md5(const store::ETag& etag);

/// Finds out whether a newer version of an object begins as an older one did, for those who were
/// shown bytes of that one and would go on with this one: a reader at the end of a file that grows,
/// or what was appended to a version that is not the newest any more. The older bytes are taken
/// from the block cache, never from the store, which may not have them any more; the newer ones are
/// fetched through the cache, so that the reader's next read finds them there. Any thread; waits
/// for up to two requests.
class FrontProof final {
 public:
  explicit FrontProof(BlockFetcher& fetcher) : fetcher_(fetcher) {}

  /// An error says nothing about the versions: the newer one could not be read.
  Result<Front> find_out(const Version& old, const Version& now, const std::vector<Range>& shown);

 private:
  struct Piece;
  Result<Front> compare(const std::vector<Piece>& pieces, const Version& now);
  Result<Front> digest(const Version& old, const Version& now);
  /// The block of `now` that begins at `at`, with its bytes up to `range.end` there; fetched with
  /// those behind it.
  Result<cache::BlockPtr> block(const cache::BlockCache::ObjectPtr& object, const Version& now,
                                Range range);

  BlockFetcher& fetcher_;
};

}  // namespace pailfs::fs
