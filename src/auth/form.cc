// SPDX-License-Identifier: Apache-2.0
#include "form.h"

#include "pailfs/util/text.h"

namespace pailfs::auth {

Form::Form(std::size_t secret_size) {
  text_.reserve(8192 + 3 * secret_size);
}

void Form::add(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  const Secret encoded(percent_encode(value, false));
  if (!text_.empty()) text_ += '&';
  text_.append(name).append("=").append(encoded.reveal());
}

}  // namespace pailfs::auth
