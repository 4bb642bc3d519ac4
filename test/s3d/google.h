// SPDX-License-Identifier: Apache-2.0
/// Google's XML API as far as it differs from S3 where a request carries a bearer token: its
/// headers are x-goog-..., and Amazon's have no effect. Source: "HTTP headers and query string
/// parameters for XML API" in the documentation of Cloud Storage. Pure.
#pragma once
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "http_message.h"

namespace s3d {

/// Gives the headers of such a request the names that the server knows; drops Amazon's own.
void take_google_headers(Headers& headers);
/// Gives the headers of its reply Google's names.
void give_google_headers(Headers& headers);

/// A service account, whose programs prove by a web token (RS256) who they are.
struct GoogleAccount {
  std::string email;
  std::string public_key;  ///< PEM
};
/// Why Google would not give a token for this assertion; empty: it would. `audience` is the URL
/// that it is sent to.
std::string judge_assertion(const GoogleAccount& account, std::string_view assertion,
                            std::string_view audience, std::time_t now);

}  // namespace s3d
