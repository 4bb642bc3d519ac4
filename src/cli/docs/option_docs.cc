// SPDX-License-Identifier: Apache-2.0
#include "option_docs.h"

#include "pailfs/util/text.h"

namespace pailfs::cli {

std::string spelling(const OptionSpec& spec) {
  std::string text(spec.name);
  if (spec.value.empty()) return text;
  if (spec.value.front() == '[') return text + "[=" + std::string(spec.value.substr(1));
  return text + "=" + std::string(spec.value);
}

std::string default_of(const OptionSpec& spec) {
  return spec.value.empty() ? std::string() : show_value(spec, Options{});
}

std::string comma_list(std::string_view words) {
  std::string text;
  for (const std::string& word : split(words, ' ')) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace pailfs::cli
