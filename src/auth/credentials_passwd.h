// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

namespace pailfs::auth {

/// The entry for `bucket` in the text of a password file, else the default entry.
///
///   # comment
///   ACCESS_KEY:SECRET               default entry
///   bucket:ACCESS_KEY:SECRET        entry of one bucket; first and last colon separate
///   ACCESS_KEY:SECRET:TOKEN          temporary keys, where no line above fits
///   AWSAccessKeyId=ACCESS_KEY       both together: stronger than any line above
///   AWSSecretKey=SECRET
///
/// As in s3fs 1.90 to 1.97, except that the same line twice is tolerated and only a contradiction
/// is an error, and that s3fs knows no token. A line of three parts is one with a token only if its
/// first part looks like a key of AWS's, MinIO's or Alibaba's, or its last is longer than any
/// secret key, and there is no other such line. `path` is for messages and Credentials::source.
/// Messages carry line numbers, never contents. Pure.
enum class AccessKey { required, optional };
Result<Credentials> parse_passwd(std::string_view text, std::string_view bucket,
                                 const std::string& path,
                                 AccessKey access_key = AccessKey::required);

}  // namespace pailfs::auth
