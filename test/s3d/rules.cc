// SPDX-License-Identifier: Apache-2.0
#include "rules.h"

#include <optional>

#include "text.h"

namespace s3d {
namespace {

struct Row {
  Rule rule;
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array<Row, kRuleCount> kRows = {{
    {Rule::kNoListV2, "no_list_v2", "ListObjectsV2 answers 501"},
    {Rule::kListV2AsV1, "list_v2_as_v1", "list-type=2 is ignored, the reply is a V1 listing"},
    {Rule::kNoDeleteObjects, "no_delete_objects", "DeleteObjects answers 501"},
    {Rule::kNoPartCopy, "no_part_copy", "UploadPartCopy answers 501"},
    {Rule::kNoCopy, "no_copy", "CopyObject answers 501"},
    {Rule::kNoMultipart, "no_multipart", "CreateMultipartUpload answers 501"},
    {Rule::kNoConditional, "no_conditional",
     "conditional headers of writes and copies are ignored"},
    {Rule::kConditional501, "conditional_501", "conditional headers of writes answer 501"},
    {Rule::kEtagNotMd5, "etag_not_md5", "ETags are random-looking, as with SSE-KMS"},
    {Rule::kNoEtag, "no_etag", "replies carry no ETag header"},
    {Rule::kCopyKeepsEtag, "copy_keeps_etag",
     "a copy of a multipart object keeps the -N ETag (AWS: MD5 of the content)"},
    {Rule::kFullMd5, "full_md5", "Complete computes the whole MD5 for the history at once"},
    {Rule::kNoEncodingType, "no_encoding_type", "encoding-type=url is ignored"},
    {Rule::kListSpacePercent20, "list_space_percent20", "encoded listings write a blank as %20"},
    {Rule::kListWithoutNextMarker, "list_without_next_marker", "V1 listings never have NextMarker"},
    {Rule::kListMarkerNoDelimiter, "list_next_marker_always",
     "V1 listings have NextMarker without a delimiter too"},
    {Rule::kNoRange, "no_range", "Range is ignored, answers are 200"},
    {Rule::kNoSignatureCheck, "no_signature_check", "everybody may do everything"},
    {Rule::kNoSignedHeadersCheck, "no_signed_headers_check", "unsigned x-amz-* headers pass"},
    {Rule::kNoSkewCheck, "no_skew_check", "any date is good"},
    {Rule::kNoRegionCheck, "no_region_check", "any region in the credential scope is good"},
    {Rule::kNoMd5Check, "no_md5_check", "Content-MD5 is ignored"},
    {Rule::kNoPayloadHashCheck, "no_payload_hash_check", "x-amz-content-sha256 is not compared"},
    {Rule::kNoChecksumCheck, "no_checksum_check",
     "x-amz-checksum-* is ignored, as on old services"},
    {Rule::kChecksum501, "checksum_501", "x-amz-checksum-* answers 501"},
    {Rule::kNoDeleteMd5, "no_delete_md5", "DeleteObjects needs no Content-MD5 or checksum"},
    {Rule::kPlusLiteral, "plus_literal", "'+' in a path is a plus sign (AWS: a blank)"},
    {Rule::kAnyKeyBytes, "any_key_bytes", "keys need not be UTF-8"},
    {Rule::kKeyLimitOff, "key_limit_off", "keys may exceed 1024 bytes"},
    {Rule::kMetaLimitOff, "meta_limit_off", "user metadata may exceed 2 KiB"},
    {Rule::kMinPartOff, "min_part_off", "parts may be smaller than 5 MiB"},
    {Rule::kPartOrderOff, "part_order_off", "Complete sorts the parts itself"},
    {Rule::kCompleteOnce, "complete_once",
     "a repeated Complete answers NoSuchUpload (AWS: 200 again)"},
    {Rule::kLengthCheckOff, "length_check_off", "chunked PUT without a length is accepted"},
    {Rule::kStorageClassIgnored, "storage_class_ignored", "x-amz-storage-class is dropped"},
    {Rule::kVirtualOnly, "virtual_only",
     "the bucket in the path answers SecondLevelDomainForbidden"},
    {Rule::kUpperEtag, "upper_etag", "ETags are in upper case"},
    {Rule::kMultipartEtagNotMd5, "multipart_etag_not_md5",
     "ETags of multipart objects are random-looking"},
    {Rule::kEqualParts, "equal_parts", "all parts but the last must be of one size"},
    {Rule::kNoAwsChunked, "no_aws_chunked", "aws-chunked bodies are refused"},
    {Rule::kAcceptEncodingChanged, "accept_encoding_changed",
     "Accept-Encoding is rewritten on the way: a signature over it fails"},
    {Rule::kNoUnknownQuery, "no_unknown_query", "the SDKs' x-id in the query is refused"},
    {Rule::kRegionInWords, "region_in_words",
     "a wrong region is corrected in the message only, without <Region> and header"},
    {Rule::kRegionNames, "region_names",
     "a region that is not one of R2's is InvalidRegionName; all of them are good"},
    {Rule::kRegionalHosts, "regional_hosts",
     "*.REGION.amazonaws.com of another region answers PermanentRedirect"},
    {Rule::kSseCIgnored, "sse_c_ignored", "keys of SSE-C are dropped, objects are not encrypted"},
    {Rule::kPublic, "public", "every bucket may be read and written anonymously"},
    {Rule::kMissingIs403, "missing_is_403",
     "GET and HEAD of what is not there answer AccessDenied, as without s3:ListBucket"},
    {Rule::kNoSecretCheck, "no_secret_check", "only the key id is looked at, not the signature"},
    {Rule::kUnknownKey404, "unknown_key_404",
     "a key id that is not known is 404 XAdminUserNotFound"},
    {Rule::kToken401, "token_401",
     "a bearer token that is not good answers 401 AuthenticationRequired (else 403)"},
    {Rule::kGoogHeaders, "goog_headers",
     "beside a bearer token headers are Google's, x-goog-..., and Amazon's have no effect"},
    {Rule::kIfMatchUnquoted, "if_match_unquoted",
     "If-Match of a change is compared with its quotes on: the right ETag is 412"},
    {Rule::kAbsentIfMatch412, "absent_if_match_412",
     "If-Match of a PUT to a key that is not there is 412 (AWS: 404)"},
    {Rule::kAbsentDeleteOk, "absent_delete_ok",
     "DeleteObject with If-Match of a key that is not there is 204 (AWS: 404)"},
    {Rule::kCopyResultEmpty, "copy_result_empty",
     "the reply to a copy of an object onto itself tells no ETag"},
    {Rule::kCopyKeepsTargetEtag, "copy_keeps_target_etag",
     "a copy with new metadata has the ETag of the object that it replaces"},
    {Rule::kCompleteEtagEmpty, "complete_etag_empty", "Complete answers an empty ETag"},
    {Rule::kCompleteEtagOther, "complete_etag_other",
     "Complete answers an ETag -N, every later reply the content's MD5"},
    {Rule::kMultipartEtagMd5, "multipart_etag_md5",
     "the ETag of a multipart object is its content's MD5"},
    {Rule::kEtagRaw, "etag_raw", "quotes of ETags stand in XML as they are"},
    {Rule::kNoNamespace, "no_namespace",
     "the replies to copies, uploads and batches have no XML namespace"},
    {Rule::kControlRaw, "control_raw", "control characters stand in XML as they are"},
    {Rule::kReplaceMerges, "replace_merges",
     "new metadata of a copy is added to what the source has"},
    {Rule::kReplaceKeepsType, "replace_keeps_type",
     "a copy with new metadata keeps the source's Content-Type"},
    {Rule::kMetaValueLimit, "meta_value_limit",
     "a value of user metadata above 256 bytes is 500 InternalError"},
    {Rule::kSseIgnored, "sse_ignored", "x-amz-server-side-encryption is dropped"},
    {Rule::kPathKeys400, "path_keys_400",
     "a key that is a directory, or lies in a file, is refused: 400 InvalidRequest"},
    {Rule::kPathKeys409, "path_keys_409",
     "the same with 409 ExistingObjectIsDirectory, ObjectParentIsFile"},
    {Rule::kPathKeys500, "path_keys_500", "the same with 500 InternalError"},
    {Rule::kSlashesCollapse, "slashes_collapse", "several slashes in a key are one"},
    {Rule::kNoOddNames, "no_odd_names",
     "a key with an empty, . or .. component is 400 InvalidArgument"},
    {Rule::kNoRootKey, "no_root_key", "the key / is 400 in any request"},
    {Rule::kDirectoryImplied, "directory_implied",
     "GET and HEAD of x/ find something where keys lie below"},
    {Rule::kDirectoryNoMeta, "directory_no_meta", "metadata of a key x/ is dropped"},
    {Rule::kDirectoryNoEtag, "directory_no_etag", "GET and HEAD of a key x/ tell no ETag"},
    {Rule::kDirectoryNoBody, "directory_no_body", "the body of a key x/ is dropped"},
    {Rule::kDirectoryBody400, "directory_body_400",
     "a key x/ with a body is 400 DirectoryObjectContainsData"},
    {Rule::kDirectoryCopy400, "directory_copy_400",
     "a copy of x/ to another key is 400 DirectoryObjectContainsData"},
    {Rule::kListPrefixAsKey, "list_prefix_as_key",
     "a delimited listing shows x/ as a key, and x/y beside it as a prefix"},
    {Rule::kListPrefixRepeats, "list_prefix_repeats",
     "a listing goes on inside a common prefix and shows it again"},
    {Rule::kListPrefixesEveryPage, "list_prefixes_every_page",
     "each page has all common prefixes to come and max-keys keys beside them"},
    {Rule::kListOpaqueMarker, "list_opaque_marker", "NextMarker is no key, and always there"},
    {Rule::kListControlReplaced, "list_control_replaced",
     "what XML cannot hold is listed as U+FFFD"},
    {Rule::kListSlashEncoded, "list_slash_encoded",
     "encoded listings write a slash in a key as %2F"},
    {Rule::kListEncodingEmpty, "list_encoding_empty", "listings have an empty EncodingType"},
    {Rule::kListNoClass, "list_no_class", "listings have no StorageClass"},
    {Rule::kUploadsUndated, "uploads_undated", "every upload was begun in 2010"},
    {Rule::kPut500Applied, "put_500_applied",
     "each fifth PUT takes effect and is answered 500 InternalError"},
    {Rule::kPartOfAnyUpload, "part_of_any_upload",
     "a part of an upload that does not exist is taken and forgotten"},
    {Rule::kAllPartsListed, "all_parts_listed", "Complete must name every part that was uploaded"},
    {Rule::kNoPartNumber, "no_part_number", "partNumber of a GET is ignored"},
    {Rule::kQuietIgnored, "quiet_ignored", "DeleteObjects lists what is gone although quiet"},
    {Rule::kDeleteNeedsMd5, "delete_needs_md5",
     "DeleteObjects needs Content-MD5, a checksum does not do"},
    {Rule::kDigestBadRequest, "digest_bad_request",
     "a wrong Content-MD5 or checksum is BadRequest"},
}};

/// The part after "name=", when `text` begins so.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.size() <= name.size() || text[name.size()] != '=')
    return std::nullopt;
  return text.substr(name.size() + 1);
}

}  // namespace

std::string Rules::region() const {
  std::lock_guard lock(mutex_);
  return region_;
}

std::string Rules::only_prefix() const {
  std::lock_guard lock(mutex_);
  return only_prefix_;
}

std::shared_ptr<const Manners> Rules::manners() const {
  std::lock_guard lock(mutex_);
  return manners_;
}

void Rules::set_region(std::string_view region) {
  std::lock_guard lock(mutex_);
  region_ = region;
}

bool Rules::set(std::string_view text, bool on) {
  for (const Row& row : kRows) {
    if (row.name != text) continue;
    switches_[static_cast<std::size_t>(row.rule)] = on;
    return true;
  }
  if (auto region = value_of(text, "region")) {
    set_region(on ? *region : std::string_view("us-east-1"));
    return true;
  }
  if (auto name = value_of(text, "deny")) {
    auto op = op_by_name(*name);
    if (op) denied_[static_cast<std::size_t>(*op)] = on;
    return op.has_value();
  }
  if (auto prefix = value_of(text, "only_prefix")) {
    std::lock_guard lock(mutex_);
    only_prefix_ = on ? *prefix : std::string_view();
    return true;
  }
  if (auto ms = value_of(text, "delayed_listing")) {
    auto value = parse_i64(*ms);
    if (value) listing_delay_ms_ = on ? *value : 0;
    return value.has_value();
  }
  std::lock_guard lock(mutex_);
  auto changed = changed_manners(*manners_, text, on);
  if (changed) manners_ = std::make_shared<const Manners>(*std::move(changed));
  return changed.has_value();
}

std::string Rules::describe() {
  std::string out;
  auto line = [&](std::string_view name, std::string_view meaning) {
    out.append("  ").append(name);
    out.append(name.size() < 26 ? 26 - name.size() : 1, ' ').append(meaning).append("\n");
  };
  for (const Row& row : kRows) line(row.name, row.meaning);
  line("region=NAME", "the server's region");
  line("deny=OPERATION", "AccessDenied for one operation, e.g. deny=DeleteObject");
  line("only_prefix=PREFIX", "AccessDenied for keys, and lists, that do not begin with PREFIX");
  line("delayed_listing=MS",
       "new objects appear in, deleted ones vanish from listings so much later");
  for (const auto& [form, meaning] : kMannerForms) line(form, meaning);
  return out;
}

std::vector<std::string> Rules::active() const {
  std::vector<std::string> out;
  for (const Row& row : kRows)
    if (on(row.rule)) out.emplace_back(row.name);
  out.push_back("region=" + region());
  for (int i = 0; i < kOpCount; ++i)
    if (denied(static_cast<Op>(i)))
      out.push_back("deny=" + std::string(op_name(static_cast<Op>(i))));
  if (!only_prefix().empty()) out.push_back("only_prefix=" + only_prefix());
  if (listing_delay_ms() != 0)
    out.push_back("delayed_listing=" + std::to_string(listing_delay_ms()));
  for (const std::string& text : manners()->texts) out.push_back(text);
  return out;
}

}  // namespace s3d
