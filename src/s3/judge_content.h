// SPDX-License-Identifier: Apache-2.0
// The second half of the judgement: shape and content of a reply whose status is 2xx and whose body
// is no error document.
#pragma once

#include <string>

#include "judge.h"

namespace pailfs::s3 {

Verdict judge_content(const Asked& asked, const http::Exchange& exchange);

/// "GET some/key: "
std::string describe(const Asked& asked);
/// Not what this verb's reply looks like, from whoever it came.
Verdict malformed(const Asked& asked, const http::Exchange& exchange, const std::string& why);

}  // namespace pailfs::s3
