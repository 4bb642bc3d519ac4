// SPDX-License-Identifier: Apache-2.0
// The behaviour suite over the real client and the project's own server, which imitates the service
// that PAILFS_TEST_IMITATE names (none: S3 as it should be), with a journal where
// PAILFS_TEST_DURABILITY is "local". Direct calls: the kernel knows nothing of services.
#include <iostream>
#include <memory>

#include "contract/client_bench.h"
#include "contract/imitation.h"
#include "contract/s3d_service.h"
#include "direct_config.h"
#include "direct_driver.h"

namespace pailfs::test {
namespace {

/// The machine's clock for the file system and the journal; the client does not wait between tries.
class ImitatedWorld final : public World {
 public:
  explicit ImitatedWorld(const WorldOptions& options)
      : config_(direct_config(options, mime_file_)),
        server_(S3dService::Scheme::http, rules_to_imitate()),
        client_(server_.service(), ClientStyle{true, false, 5, std::chrono::seconds(30), true}) {
    if (from_environment("PAILFS_TEST_DURABILITY") == "local") {
      journal_directory_ = make_journal_directory();
    }
    mount();
  }
  ~ImitatedWorld() override { driver_->close_all(); }

  Driver& posix() override { return *driver_; }
  store::ObjectStore& bucket() override {
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
      journal_ = open_test_journal(*journal_directory_, 4, client_.client(), clock_);
    }
    store::ObjectStore& store =
        journal_ ? static_cast<store::ObjectStore&>(*journal_) : client_.client();
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
