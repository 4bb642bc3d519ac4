// SPDX-License-Identifier: Apache-2.0
#include "content_type.h"

#include <sstream>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {

ContentTypes ContentTypes::read(const std::string& path) {
  const auto text = read_file(path, 4U << 20U);
  return text ? parse(*text) : ContentTypes();
}

ContentTypes ContentTypes::parse(std::string_view text) {
  ContentTypes table;
  for (const std::string& line : split(text, '\n')) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string type;
    std::string suffix;
    words >> type;
    while (words >> suffix) table.by_suffix_.emplace(suffix, type);
  }
  return table;
}

std::string ContentTypes::type_of(std::string_view name) const {
  name = name.substr(name.rfind('/') + 1);
  const std::size_t last = name.rfind('.');
  if (last == std::string_view::npos) return "application/octet-stream";
  auto found = by_suffix_.find(std::string(name.substr(last + 1)));
  if (found == by_suffix_.end() && last > 0) {
    const std::size_t previous = name.rfind('.', last - 1);
    if (previous != std::string_view::npos) {
      found = by_suffix_.find(std::string(name.substr(previous + 1, last - previous - 1)));
    }
  }
  return found == by_suffix_.end() ? "application/octet-stream" : found->second;
}

}  // namespace pailfs::fs
