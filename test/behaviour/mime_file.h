// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace pailfs::test {

/// A temporary file with kMimeTypes in it; removed when it goes.
class MimeFile final {
 public:
  MimeFile();
  ~MimeFile();
  MimeFile(const MimeFile&) = delete;
  MimeFile& operator=(const MimeFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace pailfs::test
