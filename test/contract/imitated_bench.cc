// SPDX-License-Identifier: Apache-2.0
// The contract over the real client and the project's own server, which imitates the service that
// PAILFS_TEST_IMITATE names, with both kinds of listing. PAILFS_TEST_EXEMPT has a line for each
// rule that the service is known not to keep (see imitated_exceptions.txt).
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "pailfs/util/text.h"

#include "imitation.h"
#include "s3d_bench.h"

namespace pailfs::test {
namespace {

constexpr const char* kSecond = "imitated V2";
/// Of many threads one may meet each time the fifth PUT, which fails as rclone's do.
constexpr int kRetries = 15;

class ImitatedBench final : public S3dBench {
 public:
  explicit ImitatedBench(const std::string& name)
      : S3dBench(name, S3dService::Scheme::http,
                 ClientStyle{true, name == kSecond, kRetries, std::chrono::seconds(30), true},
                 rules_to_imitate()) {}
  [[nodiscard]] std::optional<std::string> exempt(std::string_view rule) const override {
    const std::string rules = from_environment("PAILFS_TEST_EXEMPT");
    const auto lines = split(rules, '\n');
    if (rule.empty() || std::find(lines.begin(), lines.end(), rule) == lines.end()) {
      return std::nullopt;
    }
    return "see imitated_exceptions.txt";
  }
};

}  // namespace

const std::vector<std::string>& bench_names() {
  static const std::vector<std::string> names{"imitated V1", kSecond};
  return names;
}

const std::vector<std::string>& client_bench_names() {
  return bench_names();
}

std::unique_ptr<Bench> open_bench(const std::string& name) {
  return std::make_unique<ImitatedBench>(name);
}

}  // namespace pailfs::test
