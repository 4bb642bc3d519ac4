// SPDX-License-Identifier: Apache-2.0
// Where real servers are known to differ from S3. A rule that stands here is reported and not
// checked for that server; everything else must hold everywhere.
#include <fnmatch.h>

#include <array>

#include "bench.h"

namespace pailfs::test {
namespace {

struct Row {
  const char* server;  // glob over the name given in PAILFS_TEST_S3_SERVERS
  const char* rule;
  const char* reason;
};

constexpr std::array kRows{
    Row{"s3d token of Google", "keys of ours", "beside a token Google has other names for them"},
    Row{"ceph*", "key with control character", "RGW answers 500 for 0x01 to 0x1f in a key"},
    Row{"ceph*", "key of 1025 bytes", "RGW says InvalidObjectName"},
    Row{"ceph*", "complete if-match", "RGW 16 and 18 ignore it"},
    Row{"ceph*", "complete if-none-match", "RGW 16 and 18 ignore it"},
    Row{"ceph*", "copy onto if-match", "RGW 16 and 18 ignore it"},
    Row{"ceph*", "copy onto if-none-match", "RGW 16 and 18 ignore it"},
    Row{"ceph*", "remove if-match", "RGW 16 and 18 ignore it"},
    Row{"ceph*", "remove_many etag", "RGW 16 and 18 ignore it"},
    Row{"ceph*", "copy if-match", "RGW 16 ignores x-amz-copy-source-if-match"},
    Row{"ceph*", "part copy if-match", "RGW ignores it on UploadPartCopy"},
    Row{"ceph*", "part copy of a key with percent or plus", "RGW 16 decodes the source twice"},
    Row{"ceph*", "list uploads of odd keys", "RGW encodes the keys without saying so"},
    Row{"ceph*", "part order", "RGW sorts the parts itself"},
    Row{"ceph*", "2 KiB of metadata", "RGW has no limit"},
    Row{"ceph*", "list parts after abort", "RGW says NoSuchKey instead of NoSuchUpload"},
    Row{"ceph*", "copy under a key of ours", "RGW 16 and 18 answer 501"},
    Row{"swift*", "keys of ours", "s3api ignores them and stores in the clear"},
    Row{"swift*", "put if-match", "s3api answers 501"},
    Row{"swift*", "upload to a key with control character",
        "the reply to CreateMultipartUpload is not well-formed XML"},
    Row{"swift*", "put if-none-match", "s3api of Swift 2.30 answers 501"},
    Row{"swift*", "copy onto if-match", "s3api of Swift 2.30 answers 501"},
    Row{"swift*", "copy onto if-none-match", "s3api of Swift 2.30 answers 501"},
    Row{"swift*", "remove_many etag", "s3api knows no such element"},
    Row{"swift*", "2 KiB of metadata", "Swift limits each value to 256 bytes instead"},
    Row{"swift*", "standard headers", "s3api drops Cache-Control and Content-Language"},
    Row{"swift*", "read while replaced",
        "the object server may remove the older file while a reader opens it: 404"},
    Row{"swift*", "session token", "s3api has none"},
};

}  // namespace

std::optional<std::string> known_exception(std::string_view server, std::string_view rule) {
  for (const Row& row : kRows) {
    if (rule == row.rule && ::fnmatch(row.server, std::string(server).c_str(), 0) == 0) {
      return row.reason;
    }
  }
  return std::nullopt;
}

}  // namespace pailfs::test
