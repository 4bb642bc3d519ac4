// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pailfs/util/file.h"

namespace pailfs::test {

/// While it lives, file descriptor 2 is a memory file, also for programs started meanwhile, so that
/// the errors of fusermount3 and libfuse can become part of one message of ours. Only while the
/// process has one thread that writes there.
class StderrCapture final {
 public:
  StderrCapture();
  ~StderrCapture();
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;

  /// Gives stderr back and returns what was written, at most 64 KiB; "" when called again.
  std::string finish();

 private:
  UniqueFd saved_;
  UniqueFd memory_;
};

}  // namespace pailfs::test
