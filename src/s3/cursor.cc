// SPDX-License-Identifier: Apache-2.0
#include "cursor.h"

#include "pailfs/util/text.h"

namespace pailfs::s3 {

std::optional<Cursor> Cursor::step(const std::string& next) const {
  if (next == token || next == landmark) return std::nullopt;
  Cursor stepped{page + 1, landmark, next};
  const bool power_of_two = (stepped.page & (stepped.page - 1)) == 0;
  if (power_of_two) stepped.landmark = next;
  return stepped;
}

std::string Cursor::text() const {
  return std::to_string(page) + " " + percent_encode(landmark, false) + " " + token;
}

std::optional<Cursor> Cursor::parse(const std::string& text) {
  if (text.empty()) return Cursor{};
  const std::size_t first = text.find(' ');
  const std::size_t second = first == std::string::npos ? first : text.find(' ', first + 1);
  if (second == std::string::npos) return std::nullopt;
  const std::optional<std::uint64_t> page = parse_uint(text.substr(0, first));
  if (!page) return std::nullopt;
  return Cursor{*page, percent_decode(text.substr(first + 1, second - first - 1)),
                text.substr(second + 1)};
}

}  // namespace pailfs::s3
