// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pailfs/journal/journal_store.h"
#include "pailfs/util/log.h"

#include "support/catch.h"
#include "support/fake_store.h"
#include "support/fault_store.h"
#include "support/scratch_directory.h"
#include "support/text_io.h"

namespace pailfs::test {

using journal::Config;
using journal::JournalStore;
namespace files = std::filesystem;

inline store::ObjectAttributes mode(const char* value) {
  return {"text/plain", {{"mode", value}}, {}};
}

/// A bucket, what may go wrong with it, and the journal in front of it.
class Setting {
 public:
  explicit Setting(const StoreLimits& limits = {}) : fake(clock, limits), faults(fake) {
    log::set_sink([](LogLevel, std::string_view) {});
    config.cache_directory = directory.path();
    config.identity = "test";
    config.hold = std::chrono::hours(1);
    config.grace = std::chrono::milliseconds(0);
    config.memory_will_do = true;
  }
  JournalStore& open() {
    auto opened = journal::open_journal(config, faults, clock);
    INFO((opened ? "" : opened.error().text));
    REQUIRE(err(opened) == 0);
    journal = std::move(*opened);
    return *journal;
  }
  /// What a killed process leaves is what a closed one leaves: the files.
  JournalStore& reopen() {
    journal.reset();
    return open();
  }
  std::string inside() const {
    for (const auto& entry : files::directory_iterator(directory.path())) return entry.path();
    return {};
  }
  std::vector<std::string> in(const std::string& part) const {
    std::vector<std::string> names;
    for (const auto& entry : files::directory_iterator(inside() + part))
      names.push_back(entry.path());
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string content(const std::string& key) const {
    const auto object = fake.object(key);
    return object ? object->content() : "(absent)";
  }

  SystemClock clock;
  FakeStore fake;
  FaultStore faults;
  ScratchDirectory directory;
  Config config;
  std::unique_ptr<JournalStore> journal;
};

}  // namespace pailfs::test
