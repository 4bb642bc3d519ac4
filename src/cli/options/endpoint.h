// SPDX-License-Identifier: Apache-2.0
// The url, region and addressing style that follow from the options and the environment. Pure.
#pragma once

#include <string>
#include <vector>

#include "options.h"

namespace pailfs::cli {

/// Host of a URL without user, port and brackets; lower case.
std::string host_of(std::string_view url);
/// An IPv4 or IPv6 address or localhost: no bucket name can stand before it.
bool is_bare_host(const std::string& host);

/// Settles url, region and addressing style; the bucket must be known. Repairs settings that can
/// only be meant one way (an address in endpoint=, a url without scheme or with the bucket in it),
/// takes AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION and AWS_DEFAULT_REGION where no option
/// was given, and adds a notice for each repair to `notices`. Returns the complaint, empty when all
/// is well.
std::string settle_endpoint(Options& options, const Environment& environment,
                            std::vector<std::string>& notices);

}  // namespace pailfs::cli
