// SPDX-License-Identifier: Apache-2.0
#include "auth/secret_writer.h"

#include <unistd.h>

#include "auth/credentials_file.h"
#include "key_fixture.h"

namespace pailfs::auth {
namespace {

std::string content_of(const std::string& path) {
  const auto file = SecretFile::read(path);
  return file ? file->text() : "error: " + file.error().text;
}

TEST_CASE("a file with a secret is replaced as a whole, and stays its owner's", "[s3]") {
  const TempDir dir;
  const std::string path = dir.write("token", "old", 0644);
  if (geteuid() == 0) REQUIRE(chown(path.c_str(), 1234, 5678) == 0);
  struct stat before {};
  REQUIRE(stat(path.c_str(), &before) == 0);
  REQUIRE(symlink(path.c_str(), (dir.path + "/link").c_str()) == 0);
  REQUIRE(replace_secret_file(dir.path + "/link", Secret("new")));
  CHECK(content_of(path) == "new");
  CHECK(std::filesystem::is_symlink(dir.path + "/link"));
  struct stat after {};
  REQUIRE(stat(path.c_str(), &after) == 0);
  CHECK((after.st_mode & 07777U) == 0600);
  CHECK(after.st_uid == before.st_uid);
  CHECK(after.st_gid == before.st_gid);
  CHECK(after.st_ino != before.st_ino);
  const std::filesystem::directory_iterator names(dir.path);
  CHECK(std::distance(begin(names), end(names)) == 2);
}

TEST_CASE("a file that cannot be replaced stays as it was", "[s3]") {
  const TempDir dir;
  CHECK(replace_secret_file(dir.path + "/absent", Secret("new")).error().err == ENOENT);
  CHECK_FALSE(std::filesystem::exists(dir.path + "/absent"));
  const auto refused = replace_secret_file("/proc/self/status", Secret("CANARY"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("CANARY") == std::string::npos);
}

}  // namespace
}  // namespace pailfs::auth
