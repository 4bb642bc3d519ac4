// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs::test {

/// The 16 raw bytes of the digest.
std::string md5(std::string_view bytes);

}  // namespace pailfs::test
