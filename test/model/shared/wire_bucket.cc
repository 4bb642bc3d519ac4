// SPDX-License-Identifier: Apache-2.0
#include "wire_bucket.h"

#include <unistd.h>

#include <atomic>
#include <vector>

#include "contract/client_bench.h"
#include "support/text_io.h"

namespace pailfs::test::shared {
namespace {

std::string new_prefix() {
  static std::atomic<unsigned> number = 0;
  return "shared-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + "/";
}

class WireBucket final : public Bucket {
 public:
  explicit WireBucket(const Service& service) : service_(service), prefix_(new_prefix()) {}
  ~WireBucket() override {
    if (clients_.empty()) return;
    store::ObjectStore& client = clients_.front()->client();
    const auto all = list_all(client, prefix_, false);
    if (!all) return;
    for (const store::ListedObject& object : all->objects) {
      static_cast<void>(client.remove(object.key));
    }
  }
  store::ObjectStore& client() override {
    ClientStyle style;
    style.impatient = true;
    clients_.push_back(std::make_unique<WiredClient>(service_, style));
    return clients_.back()->client();
  }
  [[nodiscard]] std::string prefix() const override { return prefix_; }

 private:
  const Service service_;
  const std::string prefix_;
  std::vector<std::unique_ptr<WiredClient>> clients_;
};

}  // namespace

std::unique_ptr<Bucket> wire_bucket(const Service& service) {
  return std::make_unique<WireBucket>(service);
}

}  // namespace pailfs::test::shared
