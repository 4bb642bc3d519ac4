// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/log.h"

#include "posix_file_system.h"

namespace pailfs::fs {
namespace {

constexpr std::chrono::minutes kInterval{5};

}  // namespace

void PosixFileSystem::recall_attributes() {
  if (config_.attribute_file.empty()) return;
  const Status read =
      attribute_file_.read([&](const SnapshotEntries& some) { known_.snapshot.add(some); });
  if (!read && read.error().err != ENOENT) {
    log_warning(read.error().text + ": what it lacks is asked for again");
  }
}

void PosixFileSystem::keep_attributes() {
  if (config_.attribute_file.empty() || keeping_attributes_.exchange(true)) return;
  const auto directories = known_.snapshot.directories();
  auto directory = directories.begin();
  std::size_t from = 0;
  const Status kept = attribute_file_.write([&](SnapshotEntries& some) {
    for (; directory != directories.end(); ++directory, from = 0) {
      some = known_.snapshot.next_objects(*directory, from);
      if (!some.objects.empty()) return true;
    }
    return false;
  });
  if (!kept) log_warning("attributes are not kept for the next mount: " + kept.error().text);
  attributes_kept_ = clock_.now();
  keeping_attributes_ = false;
}

void PosixFileSystem::keep_attributes_sometimes() {
  MonoTime last = attributes_kept_;
  if (config_.attribute_file.empty() || clock_.now() < last + kInterval) return;
  // Only one of several threads that come here at once goes on.
  if (!attributes_kept_.compare_exchange_strong(last, clock_.now())) return;
  lookups_.submit([this] { keep_attributes(); });
}

}  // namespace pailfs::fs
