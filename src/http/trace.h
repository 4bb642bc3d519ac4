// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <curl/curl.h>

namespace pailfs::http {

/// One line of an HTTP head, or of libcurl's commentary, with everything secret in it replaced by
/// "[SENSITIVE]": values of header fields that carry keys, tokens or cookies, and of query
/// parameters that sign a URL. Pure.
std::string mask_secrets(std::string_view line);

/// Writes the heads that `easy` sends and receives to the log, secrets masked; bodies only if
/// asked.
void trace_to_log(CURL* easy, bool with_bodies);

}  // namespace pailfs::http
