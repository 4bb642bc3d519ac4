// SPDX-License-Identifier: Apache-2.0
#include "fuzz_input.h"
#include "s3/xml.h"

namespace {

void check(std::string_view body) {
  using namespace pailfs::s3;
  static_cast<void>(parse_error(body));
  static_cast<void>(parse_list(body));
  static_cast<void>(parse_delete(body));
  static_cast<void>(parse_copy(body));
  static_cast<void>(parse_create_upload(body));
  static_cast<void>(parse_complete_upload(body));
  static_cast<void>(parse_parts(body));
  static_cast<void>(parse_uploads(body));
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
