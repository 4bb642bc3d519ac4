// SPDX-License-Identifier: Apache-2.0
/// Content that is a function of the offset and takes no memory, for objects far larger than the
/// machine's.
#pragma once
#include <cstdint>
#include <string>

#include "body.h"

namespace s3d {

/// Byte N is byte N mod kSyntheticPeriod of one pattern that all such bodies share. The period is a
/// prime, so that no block of a power of two in size equals another one.
constexpr std::uint64_t kSyntheticPeriod = 1'048'583;

Body synthetic_body(std::uint64_t size);

/// An ETag in the form of a multipart upload's, which is no MD5 of the content, so that nothing
/// must be read to have it. Equal for equal sizes.
std::string synthetic_etag(std::uint64_t size);

}  // namespace s3d
