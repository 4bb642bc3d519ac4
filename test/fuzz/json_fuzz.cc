// SPDX-License-Identifier: Apache-2.0
#include "fuzz/fuzz_input.h"
#include "s3/json.h"

namespace {

void check(std::string_view text) {
  const auto object = pailfs::s3::parse_json_object(text);
  if (!object) {
    hold(object.error().err == EBADMSG);
    return;
  }
  hold(text.size() <= pailfs::s3::kMaxJsonBytes);
  hold(object->size() <= pailfs::s3::kMaxJsonMembers);
  for (const auto& [name, value] : *object) {
    const bool has_text =
        value.kind != pailfs::s3::JsonKind::null && value.kind != pailfs::s3::JsonKind::nested;
    hold(has_text || value.text.empty());
  }
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
