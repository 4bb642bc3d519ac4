// SPDX-License-Identifier: Apache-2.0
#include "imitate.h"

#include "text.h"

namespace s3d {
namespace {

struct Row {
  std::string_view name;
  std::string_view rules;  ///< separated by blanks
};

// Sources: rclone's backend/s3/provider/*.yaml (quirks); Alibaba's "Compatibility with Amazon S3"
// and "Prevent objects from being overwritten"; Tencent's "PUT Object" (x-cos-forbid-overwrite);
// Cloudflare's "S3 API compatibility"; MinIO's error texts; from rclone on, the replies of the
// programs themselves to the same requests: rclone serve s3 1.76, S3Proxy 4.0 on a file system,
// versitygw 1.8 (posix), gofakes3 1.2 (memory), s3rver 3.7.1, moto 5.2, S3Mock 5.1, Swift 2.30 with
// s3api, Ceph RGW 16.2 and 18.2. Swift and Ceph 18 are taken to treat
// conditions on the destination of a copy, and <ETag> of DeleteObjects, as Swift's PUT and Ceph 16
// do; MinIO's DELETE: issue 10 of pgsty/silo.
constexpr Row kRows[] = {
    {"kodo", "region=cn-east-1 no_encoding_type multipart_etag_not_md5"},
    {"r2", "region_names equal_parts multipart_etag_not_md5 storage_class_ignored"},
    {"gcs",
     "no_region_check no_part_copy accept_encoding_changed no_unknown_query "
     "multipart_etag_not_md5 token_401 goog_headers"},
    {"oss",
     "no_region_check virtual_only upper_etag multipart_etag_not_md5 no_aws_chunked "
     "forbid_overwrite=x-oss-forbid-overwrite"},
    {"cos", "no_region_check multipart_etag_not_md5 forbid_overwrite=x-cos-forbid-overwrite"},
    {"minio",
     "region_in_words list_next_marker_always ignore=DeleteObject/if-match "
     "ignore=DeleteObjects/etag"},
    {"rclone",
     "no_region_check no_namespace root=CreateMultipartUpload:InitiateMultipartUpload "
     "copy_result_empty multipart_etag_md5 min_part_off put_500_applied path_keys_400 no_odd_names "
     "directory_body_400 directory_no_meta directory_implied name_limit=255:500:InternalError "
     "absent_delete_ok no_delete_md5 list_space_percent20 ignore=CopyObject/if-none-match "
     "sse_ignored "
     "refuse=PutObject/x-amz-server-side-encryption-customer-algorithm:501:NotImplemented "
     "ignore=CopyObject/if-match"},
    {"s3proxy",
     "no_region_check etag_raw root=UploadPartCopy:CopyObjectResult list_next_marker_always "
     "list_space_percent20 path_keys_500 slashes_collapse directory_no_etag directory_no_body "
     "name_limit=218:500:InternalError any_name_limit=255:500:InternalError part_of_any_upload "
     "part_order_off meta_limit_off "
     "no_part_number delete_needs_md5 ignore=CopyObject/if-none-match "
     "refuse=DeleteObject/if-match:501:NotImplemented "
     "refuse=PutObject/x-amz-server-side-encryption:501:NotImplemented "
     "refuse=PutObject/x-amz-server-side-encryption-customer-algorithm:501:NotImplemented "
     "refuse=CreateMultipartUpload/x-amz-server-side-encryption:501:NotImplemented "
     "refuse=DeleteObjects/etag:501:NotImplemented "
     "ignore=CopyObject/if-match"},
    {"versitygw",
     "unknown_key_404 no_namespace path_keys_409 slashes_collapse no_root_key directory_body_400 "
     "directory_copy_400 absent_delete_ok no_encoding_type list_encoding_empty "
     "list_control_replaced list_next_marker_always any_name_limit=255:400:KeyTooLongError "
     "any_key_bytes sse_ignored sse_c_ignored quiet_ignored ignore=CopyObject/if-none-match "
     "ignore=DeleteObjects/etag "
     "ignore=CopyObject/if-match"},
    {"gofakes3",
     "no_signature_check no_payload_hash_check no_checksum_check no_delete_md5 no_namespace "
     "any_key_bytes no_encoding_type list_control_replaced list_prefix_as_key list_prefix_repeats "
     "list_no_class complete_etag_other complete_once min_part_off part_order_off "
     "refuse=UploadPartCopy:411:MissingContentLength ignore=GetObject/if-match "
     "ignore=CopyObject/x-amz-copy-source-if-match ignore=CopyObject/if-none-match "
     "ignore=DeleteObject/if-match ignore=CompleteMultipartUpload/if-match "
     "ignore=CompleteMultipartUpload/if-none-match absent_if_match_412 replace_merges "
     "drop_header=cache-control drop_header=content-language drop_header=expires meta_limit=2000 "
     "sse_ignored sse_c_ignored no_part_number "
     "ignore=DeleteObjects/etag "
     "ignore=CopyObject/if-match"},
    {"s3rver",
     "no_secret_check no_region_check no_md5_check no_payload_hash_check no_checksum_check "
     "no_conditional ignore=GetObject/if-match no_namespace copy_keeps_target_etag "
     "multipart_etag_md5 complete_once unknown_upload=CompleteMultipartUpload:500:InternalError "
     "part_of_any_upload min_part_off part_order_off no_part_copy "
     "refuse=AbortMultipartUpload:405:MethodNotAllowed refuse=ListParts:405:MethodNotAllowed "
     "refuse=ListMultipartUploads:501:NotImplemented name_limit=233:0:crash "
     "decoded_twice=CopyObject meta_limit_off no_delete_md5 sse_ignored sse_c_ignored "
     "no_part_number "
     "ignore=DeleteObjects/etag"},
    {"moto",
     "no_signature_check no_md5_check no_payload_hash_check no_checksum_check no_delete_md5 "
     "meta_limit_off key_limit_off etag_raw root=ListParts:ListPartsResponse list_opaque_marker "
     "list_space_percent20 uploads_undated part_order_off quiet_ignored bad_byte=0a:404:html "
     "unknown_upload=CompleteMultipartUpload:500:html unknown_upload=UploadPart:500:html "
     "ignore=CopyObject/x-amz-copy-source-if-match "
     "ignore=UploadPartCopy/x-amz-copy-source-if-match ignore=CopyObject/if-none-match "
     "ignore=CompleteMultipartUpload/if-match sse_c_ignored no_part_number "
     "ignore=DeleteObjects/etag "
     "ignore=CopyObject/if-match"},
    {"s3mock",
     "no_signature_check no_payload_hash_check etag_raw list_prefixes_every_page "
     "list_next_marker_always list_space_percent20 replace_keeps_type digest_bad_request "
     "bad_byte=5c:400:html meta_limit_off key_limit_off no_delete_md5 sse_c_ignored "
     "no_part_number unknown_upload=CompleteMultipartUpload:400:json "
     "unknown_upload=UploadPart:400:json ignore=CopyObject/if-none-match "
     "ignore=DeleteObjects/etag ignore=CopyObject/if-match"},
    {"swift",
     "no_checksum_check meta_value_limit etag_raw control_raw list_space_percent20 "
     "absent_delete_ok delete_needs_md5 no_aws_chunked sse_c_ignored "
     "refuse=PutObject/if-match:501:NotImplemented "
     "refuse=PutObject/if-none-match:501:NotImplemented "
     "refuse=CopyObject/if-none-match:501:NotImplemented "
     "refuse=CopyObject/if-match:501:NotImplemented "
     "refuse=PutObject/x-amz-server-side-encryption:501:NotImplemented "
     "refuse=CopyObject/x-amz-server-side-encryption:501:NotImplemented "
     "refuse=CreateMultipartUpload/x-amz-server-side-encryption:501:NotImplemented "
     "ignore=DeleteObjects/etag"},
    {"ceph-16",
     "no_region_check no_checksum_check no_aws_chunked if_match_unquoted absent_if_match_412 "
     "complete_etag_empty bare_etag=CopyObject bare_etag=UploadPartCopy "
     "bare_etag=CompleteMultipartUpload list_slash_encoded list_space_percent20 "
     "list_next_marker_always part_order_off all_parts_listed meta_limit_off no_delete_md5 "
     "no_part_number decoded_twice=UploadPartCopy ignore=DeleteObject/if-match "
     "ignore=CopyObject/x-amz-copy-source-if-match ignore=CopyObject/if-match "
     "ignore=UploadPartCopy/x-amz-copy-source-if-match ignore=CopyObject/if-none-match "
     "ignore=CompleteMultipartUpload/if-none-match ignore=CompleteMultipartUpload/if-match "
     "unknown_upload=CompleteMultipartUpload:500:InternalError "
     "unknown_upload=ListParts:404:NoSuchKey "
     "refuse=CopyObject/x-amz-copy-source-server-side-encryption-customer-algorithm:501:"
     "NotImplemented "
     "ignore=DeleteObjects/etag"},
    {"ceph-18",
     "no_region_check no_checksum_check if_match_unquoted absent_if_match_412 "
     "bare_etag=UploadPartCopy bare_etag=CompleteMultipartUpload list_slash_encoded "
     "list_space_percent20 list_next_marker_always part_order_off all_parts_listed meta_limit_off "
     "no_delete_md5 no_part_number ignore=DeleteObject/if-match ignore=CopyObject/if-match "
     "ignore=UploadPartCopy/x-amz-copy-source-if-match ignore=CopyObject/if-none-match "
     "ignore=CompleteMultipartUpload/if-none-match ignore=CompleteMultipartUpload/if-match "
     "unknown_upload=CompleteMultipartUpload:500:InternalError "
     "unknown_upload=ListParts:404:NoSuchKey "
     "refuse=PutObject/x-amz-server-side-encryption:400:InvalidArgument "
     "refuse=CopyObject/x-amz-copy-source-server-side-encryption-customer-algorithm:501:"
     "NotImplemented "
     "ignore=DeleteObjects/etag"},
};
constexpr std::string_view kAws = "aws-";

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (std::string_view word : split(text, ' ')) out.emplace_back(word);
  return out;
}

}  // namespace

std::optional<std::vector<std::string>> rules_of_service(std::string_view name) {
  if (name.starts_with(kAws) && name.size() > kAws.size())
    return std::vector<std::string>{"region=" + std::string(name.substr(kAws.size())),
                                    "regional_hosts"};
  for (const Row& row : kRows)
    if (row.name == name) return words(row.rules);
  return std::nullopt;
}

std::vector<std::string> service_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return names;
}

std::string describe_services() {
  std::string out;
  constexpr std::size_t kIndent = 13;
  constexpr std::size_t kWidth = 100;
  for (const Row& row : kRows) {
    std::string line = "  " + std::string(row.name);
    line.append(kIndent - line.size() - 1, ' ');
    for (const std::string& word : words(row.rules)) {
      if (line.size() + word.size() >= kWidth) {
        out += line + '\n';
        line = std::string(kIndent - 1, ' ');
      }
      line += ' ' + word;
    }
    out += line + '\n';
  }
  return out + "  aws-REGION region=REGION regional_hosts\n";
}

}  // namespace s3d
