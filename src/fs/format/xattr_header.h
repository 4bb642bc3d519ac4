// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "pailfs/util/result.h"

namespace pailfs::fs {

/// Extended attributes of one file: name (with its namespace) to value.
using Xattrs = std::map<std::string, std::string>;

/// s3fs keeps them in one header, x-amz-meta-xattr: the percent-encoded JSON object
/// {"name":"<base64 of the value>",...}, names sorted, no blanks. Pure functions.
/// Anything that is not of that form is EIO: it is never taken for "none".
Result<Xattrs> decode_xattrs(std::string_view header);
std::string encode_xattrs(const Xattrs& xattrs);

}  // namespace pailfs::fs
