// SPDX-License-Identifier: Apache-2.0
// What a program finds when it opens a name that another client has changed since the kernel learnt
// of it: every pair of the kernel's version and the store's, with every way to open and the first
// call after that.
#pragma once

#include <string>
#include <vector>

namespace pailfs::test {

enum class Had { read, asked, absent, directory };  ///< the kernel: its pages too, attributes only
enum class Has { same, longer, shorter, other_bytes, other_bytes_same_time, nothing, directory };
enum class First { read, fstat, seek_end, map, write, read_beyond };

struct OpenCase {
  Had had;
  Has has;
  int flags;
  First first;
  [[nodiscard]] std::string name() const;
};

/// What a right file system does.
struct Expected {
  int error = 0;           ///< of open; then nothing else counts
  bool directory = false;  ///< opened is a directory
  std::string bytes;       ///< of the file once it is open
  std::string stored;      ///< of the object after the close; of a name without one "(none)"
};

std::vector<OpenCase> all_open_cases();
/// The bytes that a file of this kind has had, or has now; all begin alike and are more than a
/// page.
std::string bytes_of(Has has);
Expected expected_of(const OpenCase& one);

/// Opens `path`, makes the first call, closes. Empty, or what was not as expected.
std::string try_open(const std::string& path, const OpenCase& one, const Expected& expected);

}  // namespace pailfs::test
