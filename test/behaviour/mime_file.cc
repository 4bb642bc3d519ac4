// SPDX-License-Identifier: Apache-2.0
#include "mime_file.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "pailfs/util/file.h"

#include "world.h"

namespace pailfs::test {

const char* const kMimeTypes =
    "# comment\n"
    "text/plain\ttxt text\n"
    "image/jpeg jpeg jpg\n"
    "application/x-tar tar\n"
    "application/no-extension\n";

MimeFile::MimeFile() : path_("/tmp/pailfs-test-mime-XXXXXX") {
  const UniqueFd fd(::mkstemp(path_.data()));
  if (!fd || !write_fully(fd.get(), {kMimeTypes, std::strlen(kMimeTypes)}, 0)) {
    std::perror("mime file");
    std::abort();
  }
}

MimeFile::~MimeFile() {
  ::unlink(path_.c_str());
}

}  // namespace pailfs::test
