// SPDX-License-Identifier: Apache-2.0
#include "bucket_locks.h"

#include <algorithm>
#include <utility>

#include "pailfs/util/digest.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

/// Leases that are kept although nothing is locked: what was seen of other mounts' beats lets the
/// next attempt of a program that does not wait succeed.
constexpr std::size_t kMostIdle = 1'000;
constexpr std::size_t kParallel = 16;
/// Looks for leases that are due, in the time of a lease.
constexpr int kLooks = 30;

std::string random_name(Random& random) {
  std::string bytes;
  for (int i = 0; i < 2; ++i) {
    const unsigned long long number = random.next();
    for (unsigned shift = 0; shift < 64; shift += 8) {
      bytes += static_cast<char>((number >> shift) & 0xFFU);
    }
  }
  return hex(bytes);
}

}  // namespace

std::string lease_directory(const std::string& prefix) {
  return prefix + ".pailfs-locks/";
}

store::Key lease_key(const std::string& prefix, const std::string& path) {
  return lease_directory(prefix) + hex(digest(Digest::sha256, path));
}

BucketLocks::BucketLocks(store::ObjectStore& store, Clock& clock, Random& random,
                         std::string prefix, std::chrono::milliseconds time)
    : holder_{.store = store,
              .clock = clock,
              .random = random,
              .mount = random_name(random),
              .time = time},
      prefix_(std::move(prefix)),
      renewals_(kParallel) {}

BucketLocks::~BucketLocks() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

void BucketLocks::drop_idle() {
  if (leases_.size() < kMostIdle) return;
  std::erase_if(leases_, [](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->is_idle();
  });
}

std::shared_ptr<FileLease> BucketLocks::of_file(const std::string& path) {
  MutexLock lock(mutex_);
  if (!thread_.joinable() && !stopping_) thread_ = std::thread([this] { run(); });
  const auto found = leases_.find(path);
  if (found != leases_.end()) return found->second;
  drop_idle();
  auto lease = std::make_shared<FileLease>(holder_, lease_key(prefix_, path), path);
  leases_.emplace(path, lease);
  return lease;
}

std::shared_ptr<FileLease> BucketLocks::of_removed_file() {
  return std::make_shared<FileLease>(holder_, store::Key(), "a removed file");
}

std::vector<BucketLocks::LeasePtr> BucketLocks::all() {
  MutexLock lock(mutex_);
  std::vector<LeasePtr> leases;
  leases.reserve(leases_.size());
  for (const auto& entry : leases_) leases.push_back(entry.second);
  return leases;
}

void BucketLocks::renew_due() {
  for (const LeasePtr& lease : all()) {
    if (!lease->begin_renewal()) continue;
    if (!renewals_.try_submit([lease] { lease->renew(); })) lease->end_renewal();
  }
}

void BucketLocks::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(mutex_, holder_.time / kLooks);
    if (stopping_) break;
    lock.unlock();
    renew_due();
    lock.lock();
  }
}

void BucketLocks::give_all_back() {
  const std::vector<LeasePtr> leases = all();
  for_each_parallel(renewals_, leases.size(), kParallel, [&](std::size_t i) {
    static_cast<void>(leases[i]->give_back([](LockTable& table) { table = LockTable(); }));
    leases[i]->renew();
  });
}

LockCounts BucketLocks::counts() {
  LockCounts counts;
  for (const LeasePtr& lease : all()) {
    if (lease->holds_any()) ++counts.locked;
    if (lease->was_lost()) ++counts.lost;
  }
  return counts;
}

}  // namespace pailfs::fs
