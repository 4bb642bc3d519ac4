// SPDX-License-Identifier: Apache-2.0
// The second half of the judgement: shape and content of a reply whose status is 2xx and whose body
// is no error document.
#pragma once

#include <string>

#include "verdict.h"

namespace pailfs::s3 {

Verdict judge_content(const Expectation& asked, const http::Exchange& exchange);

/// Judges status and headers of a get before its first byte is accepted; everything that judge()
/// says about them, without the body.
Verdict judge_get_head(const Expectation& asked, const http::Exchange& head);

/// "GET some/key: "
std::string describe(const Expectation& asked);
/// The verdict on a reply of another shape than this verb's: perhaps it is not an S3 service's.
Verdict malformed(const Expectation& asked, const http::Exchange& exchange, const std::string& why);

}  // namespace pailfs::s3
