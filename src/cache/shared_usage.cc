// SPDX-License-Identifier: Apache-2.0
#include "shared_usage.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cstring>

namespace pailfs::cache {
namespace {

struct Record {
  std::array<char, 8> magic{'p', 'a', 'i', 'l', 'u', 's', 'e', '1'};
  SharedUsage::Count count;
};

UniqueFd open_private(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

std::uint64_t moved(std::uint64_t from, std::int64_t by) {
  const auto distance = static_cast<std::uint64_t>(by < 0 ? -by : by);
  if (by >= 0) return from + distance;
  return from > distance ? from - distance : 0;
}

SharedUsage::Count read_count(int fd) {
  std::array<char, sizeof(Record)> bytes{};
  const auto read = read_fully(fd, bytes, 0);
  Record record;
  if (!read || *read != bytes.size()) return {};
  if (std::memcmp(bytes.data(), record.magic.data(), record.magic.size()) != 0) return {};
  std::memcpy(&record, bytes.data(), sizeof(record));
  return record.count;
}

}  // namespace

SharedUsage::SharedUsage(const std::string& directory)
    : directory_(directory), file_(open_private(directory + "/usage")) {}

SharedUsage::Count SharedUsage::read() const {
  return file_ ? read_count(file_.get()) : Count();
}

/// A lock on the open file of each call: threads of this process exclude each other by it too.
template <class Change>
SharedUsage::Count SharedUsage::change(const Change& change) {
  const UniqueFd file = open_private(directory_ + "/usage");
  if (!file || ::flock(file.get(), LOCK_EX) != 0) return {};
  Record record;
  record.count = change(read_count(file.get()));
  std::array<char, sizeof(Record)> bytes{};
  std::memcpy(bytes.data(), &record, sizeof(record));
  static_cast<void>(write_fully(file.get(), bytes, 0));
  return record.count;
}

SharedUsage::Count SharedUsage::add(std::int64_t bytes, std::int64_t versions) {
  return change([&](const Count& now) {
    return Count{moved(now.bytes, bytes), moved(now.versions, versions)};
  });
}

void SharedUsage::set(const Count& count) {
  change([&](const Count& /*now*/) { return count; });
}

UniqueFd SharedUsage::try_sweep() const {
  UniqueFd lock = open_private(directory_ + "/lock");
  if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) lock = UniqueFd();
  return lock;
}

}  // namespace pailfs::cache
