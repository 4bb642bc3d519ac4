// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/result.h"

#include <system_error>

namespace pailfs {

Error system_error(int errno_value, std::string_view what) {
  return {errno_value, std::string(what) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace pailfs
