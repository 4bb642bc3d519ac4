// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "auth/credential_context.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace pailfs::auth {

/// A directory of its own, gone with the test.
struct TempDir {
  std::string path = "/tmp/pailfs-credentials-XXXXXX";
  TempDir() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  ~TempDir() { std::filesystem::remove_all(path); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  /// Returns the full path of the new file.
  [[nodiscard]] std::string write(const std::string& name, const std::string& text,
                                  mode_t mode = 0600) const {
    const std::string full = path + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::ofstream(full, std::ios::trunc) << text;
    REQUIRE(chmod(full.c_str(), mode) == 0);
    return full;
  }
};

/// What is logged at `level` and above goes into `lines`.
struct LogLines {
  std::vector<std::string> lines;
  explicit LogLines(LogLevel level = LogLevel::debug) {
    log::set_level(level);
    log::set_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
  }
  ~LogLines() {
    log::set_sink(log::stream_sink(2, {}));
    log::set_level(LogLevel::critical);
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
};

/// A machine with nothing on it but its clock and two networks without a service.
struct Machine {
  test::FakeClock clock;
  test::FakeTransport local;
  test::FakeTransport remote;
  CredentialConfig config;

  [[nodiscard]] CredentialContext world() { return {config, {local, remote}, clock}; }

  /// "None found" is an error here.
  Result<std::unique_ptr<CredentialSource>> find(const CredentialConfig& wanted) {
    auto found = find_credentials(wanted, {local, remote}, clock);
    if (!found) return found.error();
    if (found->none) return *found->none;
    return std::move(found->source);
  }
};

/// The access key that a source hands out, or "error: ...".
inline std::string key_of(CredentialSource& source) {
  const auto credentials = source.get();
  return credentials ? credentials->access_key : "error: " + credentials.error().text;
}

/// Nothing is found anywhere with this.
inline CredentialConfig empty_config(const TempDir& dir) {
  CredentialConfig config;
  config.bucket = "bucket";
  config.home = dir.path + "/home";
  config.system_passwd_file = dir.path + "/etc-passwd-s3fs";
  return config;
}

}  // namespace pailfs::auth
