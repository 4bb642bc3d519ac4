// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/result.h"

namespace pailfs::test {

/// The refusals of the fake store, as S3 words them.
enum class StoreCode {
  no_such_key,
  no_such_upload,
  precondition_failed,
  already_there,  ///< If-None-Match: * failed
  invalid_range,
  invalid_argument,
  invalid_request,
  invalid_part,
  invalid_part_order,
  entity_too_small,
  entity_too_large,
  key_too_long,
  metadata_too_large,
  incomplete_body,
};

/// The Error a client makes of that refusal.
Error store_error(StoreCode code, const std::string& what);

}  // namespace pailfs::test
