// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>

namespace pailfs::test {

/// An empty directory of mode 0700, removed with all that is in it when this goes.
class ScratchDirectory final {
 public:
  explicit ScratchDirectory(
      const std::filesystem::path& parent = std::filesystem::temp_directory_path())
      : path_((parent / "pailfs-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) {
      std::cerr << "cannot make " << path_ << '\n';
      std::abort();
    }
  }
  ~ScratchDirectory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace pailfs::test
