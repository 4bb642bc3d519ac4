// SPDX-License-Identifier: Apache-2.0
#include "list_position.h"

#include "pailfs/util/text.h"

namespace pailfs::journal {

std::string ListPosition::text() const {
  return (inside ? "+" : "-") + std::to_string(after.size()) + ":" + after + inner;
}

std::optional<ListPosition> ListPosition::parse(const std::string& text) {
  if (text.empty()) return ListPosition{};
  if (text.front() != '+' && text.front() != '-') return std::nullopt;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto length = parse_uint(text.substr(1, colon - 1));
  if (!length || *length > text.size() - colon - 1) return std::nullopt;
  const std::string rest = text.substr(colon + 1);
  return ListPosition{rest.substr(0, *length), rest.substr(*length), text.front() == '+'};
}

}  // namespace pailfs::journal
