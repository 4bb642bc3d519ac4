// SPDX-License-Identifier: Apache-2.0
/// The switches that make the strict server laxer or poorer, as other services are. All are off at
/// start and may change while the server runs. Thread-safe.
#pragma once
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "manners.h"
#include "operation.h"

namespace s3d {

enum class Rule {
  kNoListV2,
  kListV2AsV1,
  kNoDeleteObjects,
  kNoPartCopy,
  kNoCopy,
  kNoMultipart,
  kNoConditional,
  kConditional501,
  kEtagNotMd5,
  kNoEtag,
  kCopyKeepsEtag,
  kFullMd5,
  kNoEncodingType,
  kListSpacePercent20,
  kListWithoutNextMarker,
  kListMarkerNoDelimiter,
  kNoRange,
  kNoSignatureCheck,
  kNoSignedHeadersCheck,
  kNoSkewCheck,
  kNoRegionCheck,
  kNoMd5Check,
  kNoPayloadHashCheck,
  kNoChecksumCheck,
  kChecksum501,
  kNoDeleteMd5,
  kPlusLiteral,
  kAnyKeyBytes,
  kKeyLimitOff,
  kMetaLimitOff,
  kMinPartOff,
  kPartOrderOff,
  kCompleteOnce,
  kLengthCheckOff,
  kStorageClassIgnored,
  kVirtualOnly,
  kUpperEtag,
  kMultipartEtagNotMd5,
  kEqualParts,
  kNoAwsChunked,
  kAcceptEncodingChanged,
  kNoUnknownQuery,
  kRegionInWords,
  kRegionNames,
  kRegionalHosts,
  kSseCIgnored,
  kPublic,
  kMissingIs403,
  // Who asks.
  kNoSecretCheck,
  kUnknownKey404,
  kToken401,
  kGoogHeaders,
  // Conditions of writes.
  kIfMatchUnquoted,
  kAbsentIfMatch412,
  kAbsentDeleteOk,
  // ETags, and documents that tell them.
  kCopyResultEmpty,
  kCopyKeepsTargetEtag,
  kCompleteEtagEmpty,
  kCompleteEtagOther,
  kMultipartEtagMd5,
  kEtagRaw,
  kNoNamespace,
  kControlRaw,
  // Metadata.
  kReplaceMerges,
  kReplaceKeepsType,
  kMetaValueLimit,
  kSseIgnored,
  // Keys that are paths of a file system.
  kPathKeys400,
  kPathKeys409,
  kPathKeys500,
  kSlashesCollapse,
  kNoOddNames,
  kNoRootKey,
  kDirectoryImplied,
  kDirectoryNoMeta,
  kDirectoryNoEtag,
  kDirectoryNoBody,
  kDirectoryBody400,
  kDirectoryCopy400,
  // Listings.
  kListPrefixAsKey,
  kListPrefixRepeats,
  kListPrefixesEveryPage,
  kListOpaqueMarker,
  kListControlReplaced,
  kListSlashEncoded,
  kListEncodingEmpty,
  kListNoClass,
  kUploadsUndated,
  // Uploads and batches.
  kPut500Applied,
  kPartOfAnyUpload,
  kAllPartsListed,
  kNoPartNumber,
  kQuietIgnored,
  kDeleteNeedsMd5,
  kDigestBadRequest,
};
constexpr int kRuleCount = static_cast<int>(Rule::kDigestBadRequest) + 1;

class Rules {
 public:
  bool on(Rule rule) const {
    return switches_[static_cast<std::size_t>(rule)].load(std::memory_order_relaxed);
  }
  bool denied(Op op) const {
    return denied_[static_cast<std::size_t>(op)].load(std::memory_order_relaxed);
  }
  std::string region() const;
  /// Objects younger than this are missing from listings, and deleted ones are listed on, for so
  /// long.
  std::int64_t listing_delay_ms() const { return listing_delay_ms_.load(); }

  /// Keys begin with this or are not allowed (policy.h); empty: all are.
  std::string only_prefix() const;

  /// Never null; stays as it is while a request holds it.
  std::shared_ptr<const Manners> manners() const;

  /// `text` is a name of the table, `region=NAME`, `deny=OPERATION`, `delayed_listing=MS`,
  /// `only_prefix=PREFIX` or a manner (manners.h). False when it is none of these.
  bool set(std::string_view text, bool on);
  void set_region(std::string_view region);

  /// One line for each rule, for --help.
  static std::string describe();
  /// What is switched on now, in the form that set() takes.
  std::vector<std::string> active() const;

 private:
  std::array<std::atomic<bool>, kRuleCount> switches_{};
  std::array<std::atomic<bool>, kOpCount> denied_{};
  std::atomic<std::int64_t> listing_delay_ms_{0};
  mutable std::mutex mutex_;
  std::string region_ = "us-east-1";
  std::string only_prefix_;
  std::shared_ptr<const Manners> manners_ = std::make_shared<const Manners>();
};

}  // namespace s3d
