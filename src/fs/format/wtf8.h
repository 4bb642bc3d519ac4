// SPDX-License-Identifier: Apache-2.0
// Names that are not UTF-8, in keys that must be (use_wtf8). As in s3fs: a byte that is not part of
// a valid sequence becomes the private code point U+E000 + byte. So do the bytes of the code points
// U+E000 to U+E0FF themselves, so that every name comes back as it was.
#pragma once

#include <string>
#include <string_view>

namespace pailfs::fs {

std::string encode_wtf8(std::string_view name);
std::string decode_wtf8(std::string_view name);

}  // namespace pailfs::fs
