// SPDX-License-Identifier: Apache-2.0
#include "auth/json.h"
#include "fuzz_input.h"

namespace {

void check(std::string_view text) {
  const auto object = pailfs::auth::parse_json_object(text);
  if (!object) {
    hold(object.error().err == EBADMSG);
    return;
  }
  hold(text.size() <= pailfs::auth::kMaxJsonBytes);
  hold(object->size() <= pailfs::auth::kMaxJsonMembers);
  for (const auto& [name, value] : *object) {
    const bool has_text =
        value.kind != pailfs::auth::JsonKind::null && value.kind != pailfs::auth::JsonKind::nested;
    hold(has_text || value.text.empty());
  }
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
