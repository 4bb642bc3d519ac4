// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs::cache {

/// 16 hexadecimal digits (FNV-1a): a file name for a text that cannot be one itself. Two texts may
/// share it, so that the file must name its text.
std::string hashed_name(std::string_view text);

}  // namespace pailfs::cache
