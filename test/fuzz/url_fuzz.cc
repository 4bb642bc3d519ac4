// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "pailfs/util/text.h"
#include "pailfs/util/url.h"

#include "fuzz_input.h"

namespace {

void check(std::string_view text) {
  const auto url = pailfs::normalise_url(std::string(text));
  if (url) {
    hold(url->starts_with("http://") || url->starts_with("https://"));
    hold(url->find('@') == std::string::npos);
    const auto again = pailfs::normalise_url(*url);
    hold(again && *again == *url);
  }
  hold(pailfs::percent_decode(pailfs::percent_encode(text, true)) == text);
  hold(pailfs::base64_decode(pailfs::base64(text)) == std::string(text));
  for (const char c : pailfs::printable(text)) hold(static_cast<unsigned char>(c) >= 0x20);
  static_cast<void>(pailfs::parse_iso8601(text));
  static_cast<void>(pailfs::parse_http_date(text));
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
