// SPDX-License-Identifier: Apache-2.0
// Where the certificates of the authorities are that a transport trusts when neither the user nor
// the environment names a file.
#pragma once

#include <string>
#include <string_view>

namespace pailfs::http {

/// What libcurl was built with; empty: nothing. A static libcurl has nothing, because it cannot
/// know on which distribution it will run.
struct BuiltInCertificates {
  std::string_view file;
  std::string_view directory;
};
BuiltInCertificates built_in_certificates();

/// The file to name to libcurl, or nothing where libcurl's own place is there. Otherwise the first
/// place, of those that distributions use, that is there. Where none is, libcurl's file or else the
/// first place: libcurl's error then names it. `root` is put before every path, for tests.
std::string find_certificates(BuiltInCertificates built_in, const std::string& root = {});

}  // namespace pailfs::http
