// SPDX-License-Identifier: Apache-2.0
// The behaviour suite over the real client and the project's own server, which imitates the service
// that PAILFS_TEST_IMITATE names (none: S3 as it should be), with a journal where
// PAILFS_TEST_DURABILITY is "local". Direct calls: the kernel knows nothing of services.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/fs/file_system.h"
#include "pailfs/journal/journal_store.h"

#include "behaviour/direct_driver.h"
#include "behaviour/mime_file.h"
#include "behaviour/world.h"
#include "contract/client_bench.h"
#include "contract/s3d_service.h"
#include "s3d/imitate.h"
#include "support/scratch_directory.h"

namespace pailfs::test {
namespace {

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << why << std::endl;
  std::_Exit(1);
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::vector<std::string> rules_to_keep() {
  const std::string service = from_environment("PAILFS_TEST_IMITATE");
  if (service.empty()) return {};
  auto rules = s3d::rules_of_service(service);
  if (!rules) give_up("PAILFS_TEST_IMITATE: no such service: " + service);
  return *std::move(rules);
}

/// The machine's clock for the file system and the journal; the client does not wait between tries.
class ImitatedWorld final : public World {
 public:
  explicit ImitatedWorld(const WorldOptions& options)
      : server_(S3dService::Scheme::http, rules_to_keep()),
        client_(server_.service(), ClientStyle{true, false, 5, std::chrono::seconds(30), true}) {
    config_.prefix = options.prefix;
    config_.use_xattr = options.use_xattr;
    config_.use_wtf8 = options.use_wtf8;
    config_.update_parent_dir_stat = options.update_parent_dir_stat;
    config_.multipart_size = options.multipart_size;
    config_.umask = options.umask;
    config_.uid = options.uid;
    config_.gid = options.gid;
    config_.fsync_settles = options.fsync_settles;
    config_.default_uid = 4321;
    config_.default_gid = 5432;
    config_.mime_types = mime_file_.path();
    config_.memory_limit = 4U << 20U;
    const char* parent = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    if (from_environment("PAILFS_TEST_DURABILITY") == "local") {
      journal_directory_ = std::make_unique<ScratchDirectory>(parent);
    }
    mount();
  }
  ~ImitatedWorld() override { driver_->close_all(); }

  Driver& posix() override { return *driver_; }
  s3::ObjectStore& bucket() override {
    if (journal_) {
      const Status settled = journal_->settle({});
      if (!settled) std::cerr << "journal: " << settled.error().text << '\n';
    }
    return client_.client();
  }
  void let_caches_expire() override { remount(); }
  void remount() override {
    driver_->close_all();
    driver_.reset();
    fs_.reset();
    journal_.reset();
    mount();
  }
  [[nodiscard]] uid_t default_uid() const override { return config_.default_uid; }
  [[nodiscard]] gid_t default_gid() const override { return config_.default_gid; }

 private:
  void mount() {
    if (journal_directory_) {
      journal::Config config;
      config.cache_directory = journal_directory_->path();
      config.identity = "test";
      config.workers = 4;
      config.grace = std::chrono::milliseconds(0);
      config.memory_will_do = true;
      auto opened = journal::open_journal(config, client_.client(), clock_);
      if (!opened) give_up("journal: " + opened.error().text);
      journal_ = std::move(*opened);
    }
    s3::ObjectStore& store = journal_ ? static_cast<s3::ObjectStore&>(*journal_) : client_.client();
    fs_ = fs::make_file_system(config_, store, clock_);
    driver_ = std::make_unique<DirectDriver>(*fs_, fs::Caller{1234, 2345, 1});
  }

  MimeFile mime_file_;
  fs::Config config_;
  SystemClock clock_;
  S3dService server_;
  WiredClient client_;
  std::unique_ptr<ScratchDirectory> journal_directory_;
  std::unique_ptr<journal::JournalStore> journal_;
  std::unique_ptr<fs::FileSystem> fs_;
  std::unique_ptr<DirectDriver> driver_;
};

}  // namespace

std::unique_ptr<World> open_world(const WorldOptions& options) {
  return std::make_unique<ImitatedWorld>(options);
}

}  // namespace pailfs::test
