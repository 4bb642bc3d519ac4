// SPDX-License-Identifier: Apache-2.0
#include "http/certificates.h"

#include <filesystem>
#include <fstream>

#include "support/catch.h"
#include "support/scratch_directory.h"

using namespace pailfs::http;  // NOLINT: a test file

namespace {

const std::string kDebian = "/etc/ssl/certs/ca-certificates.crt";
const std::string kFedora = "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";

void put(const std::string& path) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << "certificates";
}

}  // namespace

TEST_CASE("certificates are looked for where distributions keep them", "[http]") {
  const pailfs::test::ScratchDirectory scratch;
  const std::string root = scratch.path();
  SECTION("none anywhere: the error will name the usual place") {
    CHECK(find_certificates({}, root) == root + kDebian);
  }
  SECTION("none anywhere: the error will name libcurl's place") {
    CHECK(find_certificates({"/opt/ca.pem", {}}, root) == root + "/opt/ca.pem");
  }
  SECTION("libcurl's file is there: it finds it itself") {
    put(root + "/opt/ca.pem");
    put(root + kDebian);
    CHECK(find_certificates({"/opt/ca.pem", {}}, root).empty());
  }
  SECTION("libcurl's directory is there: it finds it itself") {
    put(root + "/opt/certs/a.pem");
    CHECK(find_certificates({{}, "/opt/certs"}, root).empty());
  }
  SECTION("libcurl's file is missing: a directory does not help it") {
    put(root + "/opt/certs/a.pem");
    put(root + kFedora);
    CHECK(find_certificates({"/opt/ca.pem", "/opt/certs"}, root) == root + kFedora);
  }
  SECTION("the first place wins") {
    put(root + kDebian);
    put(root + kFedora);
    CHECK(find_certificates({}, root) == root + kDebian);
  }
  SECTION("Alpine without its package") {
    put(root + "/etc/ssl/cert.pem");
    CHECK(find_certificates({}, root) == root + "/etc/ssl/cert.pem");
  }
}
