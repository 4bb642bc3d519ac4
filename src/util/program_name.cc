// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/program_name.h"

#include <cerrno>

#include "pailfs/util/text.h"

namespace pailfs {

std::string program_name(std::string_view called) {
  called = called.substr(called.rfind('/') + 1);
  for (const std::string_view prefix : {"mount.", "fuse."}) {
    if (called.starts_with(prefix)) called.remove_prefix(prefix.size());
  }
  return called.empty() ? "pailfs" : printable(called, 64);
}

std::string program_name() {
  return program_name(program_invocation_name);
}

}  // namespace pailfs
