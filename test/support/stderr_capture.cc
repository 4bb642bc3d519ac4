// SPDX-License-Identifier: Apache-2.0
#include "stderr_capture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <span>

namespace pailfs::test {

StderrCapture::StderrCapture()
    : saved_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)),
      memory_(::memfd_create("stderr", MFD_CLOEXEC)) {
  if (!saved_ || !memory_) return;
  ::fflush(stderr);
  ::dup2(memory_.get(), STDERR_FILENO);
}

StderrCapture::~StderrCapture() {
  finish();
}

std::string StderrCapture::finish() {
  if (!saved_ || !memory_) return "";
  ::fflush(stderr);
  ::dup2(saved_.get(), STDERR_FILENO);
  constexpr std::size_t kLimit = 64U << 10U;
  std::string text(kLimit, '\0');
  const Result<std::size_t> size = read_fully(memory_.get(), std::span(text), 0);
  text.resize(size ? *size : 0);
  saved_ = UniqueFd();
  memory_ = UniqueFd();
  return text;
}

}  // namespace pailfs::test
