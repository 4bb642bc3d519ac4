// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <iostream>

#include "pailfs/util/clock.h"

#include "bench.h"
#include "support/text_io.h"

namespace pailfs::test {

Bench::Bench(std::string name, std::string prefix)
    : name_(std::move(name)), prefix_(std::move(prefix)) {}

std::optional<std::string> Bench::exempt(std::string_view rule) const {
  return known_exception(name_, rule);
}

void Bench::clean() {
  if (const auto left = list_all(store(), prefix_, false)) {
    std::vector<store::Key> keys;
    for (const auto& object : left->objects) keys.push_back(object.key);
    for (const Status& gone : store().remove_many(store::removals(keys))) {
      if (!gone) std::cerr << name_ << ": left behind: " << gone.error().text << '\n';
    }
  }
  if (const auto uploads = store().list_uploads(prefix_, {})) {
    for (const auto& upload : uploads->uploads) {
      const Status ignored = store().abort_upload(upload.key, upload.id);
    }
  }
}

std::string unique_prefix() {
  static std::atomic<unsigned> counter{0};
  static const unsigned long long salt = SystemRandom().next();
  return "pailfs-contract-" + std::to_string(salt % 1'000'000'000) + "-" +
         std::to_string(counter.fetch_add(1)) + "/";
}

}  // namespace pailfs::test
