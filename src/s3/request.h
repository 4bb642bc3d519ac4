// SPDX-License-Identifier: Apache-2.0
// One pure builder per S3 verb: makes an unsigned HTTP request. Fails only for requests that can
// never be sent: a key without bytes, with NUL or above the limit, a header value with a line end.
// Source: the S3 API reference, one page per verb.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/http/transport.h"
#include "pailfs/s3/store_words.h"

#include "built_request.h"
#include "site.h"

namespace pailfs::s3 {

/// `read_key` is the user's key that the object is encrypted with; null: none.
Result<Built> build_head(const Site& site, const Key& key, const CustomerKey* read_key = nullptr);
Result<Built> build_get(const Site& site, const GetRequest& get,
                        const CustomerKey* read_key = nullptr);
Result<Built> build_put(const Site& site, const PutRequest& put, const BodySums& sums = {});
Result<Built> build_remove(const Site& site, const Removal& removal);
/// `source_key` as in build_head(). A copy that no encryption is asked for keeps that key.
Result<Built> build_copy(const Site& site, const CopyRequest& copy,
                         const CustomerKey* source_key = nullptr);

/// At most 1000; always with Content-MD5, which Swift demands.
Result<Built> build_remove_many(const Site& site, const std::vector<Removal>& removals);
/// `start` is a marker (version 1) or a continuation token (version 2), empty for the first page.
/// Keys always come back URL-encoded where the service can, because XML cannot hold every key.
Built build_list(const Site& site, const ListRequest& list, const std::string& start, bool v2);

Result<Built> build_create_upload(const Site& site, const Key& key,
                                  const ObjectAttributes& attributes, const BodySums& sums = {});
Result<Built> build_upload_part(const Site& site, const Key& key, const UploadId& id, int number,
                                const BodySums& sums = {});
struct PartCopy {
  Key key;
  UploadId id;
  int number = 0;
  Key source;
  ETag source_if_match;
  ByteRange range;
  const CustomerKey* source_key = nullptr;
};
Result<Built> build_copy_part(const Site& site, const PartCopy& copy);
/// `checksums` by the numbers of the parts.
Result<Built> build_complete_upload(const Site& site, const Key& key, const UploadId& id,
                                    const std::vector<UploadedPart>& parts,
                                    const std::map<int, std::string>& checksums = {},
                                    const Condition& condition = {});
Result<Built> build_abort_upload(const Site& site, const Key& key, const UploadId& id);
Result<Built> build_list_parts(const Site& site, const Key& key, const UploadId& id,
                               const std::string& part_marker);
Built build_list_uploads(const Site& site, const std::string& prefix, const UploadPage& after);

}  // namespace pailfs::s3
