// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "behaviour/mount_process.h"
#include "contract/s3d_service.h"

namespace pailfs::test {

/// A tmpfs and a mounted bucket of the project's own server, side by side. The tmpfs is mounted
/// with noatime: reading moves no time in a bucket. Both roots may be written by everybody.
class Pair final {
 public:
  /// `options`: as after -o. Ends the program when something cannot be made.
  explicit Pair(std::vector<std::string> options);
  ~Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] std::string tmpfs() const { return directory_ + "/tmpfs"; }
  [[nodiscard]] std::string pailfs() const { return directory_ + "/pailfs"; }
  [[nodiscard]] S3dService& server() { return server_; }
  /// Everything that only memory held is gone then.
  void remount();

 private:
  void mount();

  std::vector<std::string> options_;
  S3dService server_;
  std::string directory_ = "/tmp/pailfs-posix-XXXXXX";
  MountProcess process_;
};

/// Why this machine cannot hold a Pair; empty when it can.
std::string why_no_pair();

}  // namespace pailfs::test
