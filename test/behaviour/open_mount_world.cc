// SPDX-License-Identifier: Apache-2.0
// The world of the mounted driver: the project's own server in this process, `pailfs` in another.
// The server imitates the service that PAILFS_TEST_IMITATE names.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "contract/client_bench.h"
#include "contract/imitation.h"
#include "contract/s3d_service.h"
#include "mime_file.h"
#include "mount_driver.h"
#include "mount_process.h"
#include "world.h"

namespace pailfs::test {
namespace {

constexpr int kSkipped = 4;  // what Catch2 3 ends with when every test was skipped

[[noreturn]] void give_up(int code, const std::string& why) {
  std::cerr << why << std::endl;
  std::_Exit(code);  // no mount of an earlier world can be alive here
}

class MountWorld final : public World {
 public:
  explicit MountWorld(const WorldOptions& options)
      : options_(options),
        server_(S3dService::Scheme::http, rules_to_imitate()),
        client_(server_.service(), ClientStyle{true, false, 5, std::chrono::seconds(30), false}) {
    ::umask(0);
    if (::mkdtemp(directory_.data()) == nullptr) give_up(1, "no directory for a mount");
    mount();
  }
  ~MountWorld() override {
    driver_.reset();
    if (const Status ended = process_.stop(); !ended) std::cerr << ended.error().text << '\n';
    ::rmdir(directory_.c_str());
  }

  Driver& posix() override { return *driver_; }
  store::ObjectStore& bucket() override { return client_.client(); }
  void let_caches_expire() override { remount(); }
  void remount() override {
    driver_.reset();
    if (const Status ended = process_.stop(); !ended) give_up(1, ended.error().text);
    mount();
  }
  [[nodiscard]] std::string directory() const override { return directory_; }
  [[nodiscard]] uid_t default_uid() const override { return ::geteuid(); }
  [[nodiscard]] gid_t default_gid() const override { return ::getegid(); }

 private:
  void mount() {
    const Service& service = server_.service();
    std::string bucket = service.bucket;
    if (!options_.prefix.empty()) {
      bucket += ":/" + options_.prefix.substr(0, options_.prefix.size() - 1);
    }
    std::vector<std::string> arguments{bucket, directory_, "-f"};
    const auto option = [&](const std::string& text) {
      arguments.emplace_back("-o");
      arguments.push_back(text);
    };
    option("url=" + service.url);
    option("use_path_request_style");
    option("mime=" + mime_.path());
    option("multipart_size=" + std::to_string(options_.multipart_size >> 20U));
    if (options_.use_xattr) option("use_xattr");
    if (options_.use_wtf8) option("use_wtf8");
    if (options_.update_parent_dir_stat) option("update_parent_dir_stat");
    if (options_.uid) option("uid=" + std::to_string(*options_.uid));
    if (options_.gid) option("gid=" + std::to_string(*options_.gid));
    if (options_.umask) {
      constexpr const char* kDigits = "01234567";
      std::string octal = "0";
      for (int shift = 6; shift >= 0; shift -= 3) octal += kDigits[(*options_.umask >> shift) & 7U];
      option("umask=" + octal);
    }
    for (const std::string& text : options_.mount_options) option(text);
    const std::vector<std::string> environment{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/",
                                               "AWSACCESSKEYID=" + service.access_key,
                                               "AWSSECRETACCESSKEY=" + service.secret_key};
    const Status started = process_.start(PAILFS_PROGRAM, arguments, environment, directory_);
    if (!started) give_up(1, started.error().text);
    driver_ = std::make_unique<MountDriver>(directory_);
  }

  WorldOptions options_;
  MimeFile mime_;
  S3dService server_;
  WiredClient client_;
  std::string directory_ = "/tmp/pailfs-test-mount-XXXXXX";
  MountProcess process_;
  std::unique_ptr<MountDriver> driver_;
};

}  // namespace

std::unique_ptr<World> open_world(const WorldOptions& options) {
  if (const std::string why = why_no_mount(); !why.empty()) {
    give_up(kSkipped, "skipped: " + why);
  }
  return std::make_unique<MountWorld>(options);
}

}  // namespace pailfs::test
