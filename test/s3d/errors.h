// SPDX-License-Identifier: Apache-2.0
/// S3's error codes with their status and text ("Error responses" in the Amazon S3 API Reference).
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace s3d {

/// A refusal on its way to becoming an <Error> document.
struct S3Error {
  std::string code;
  std::string message;                                       ///< empty: the table's text
  std::vector<std::pair<std::string, std::string>> details;  ///< further elements, in order
  int status = 0;                                            ///< 0: the table's status
};

// Codes that are no S3 code but another kind of reply.
inline constexpr std::string_view kNoReply = "no reply";  ///< the connection ends
inline constexpr std::string_view kPage = "html";         ///< a web server's page
inline constexpr std::string_view kProblem = "json";      ///< application/problem+json

int status_of(std::string_view code);  ///< 400 for codes that the table does not know
std::string_view message_of(std::string_view code);

}  // namespace s3d
