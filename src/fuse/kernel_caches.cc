// SPDX-License-Identifier: Apache-2.0
#include "pailfs/fuse/kernel_caches.h"

#include <algorithm>
#include <thread>

#include <fuse_lowlevel.h>

namespace pailfs::fuse {
namespace {

std::chrono::nanoseconds span_of(double seconds) {
  constexpr double kForever = 1e9;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, kForever)));
}

}  // namespace

void KernelCaches::attach(fuse_session* session, KernelTimes& times) {
  MutexLock lock(mutex_);
  session_ = session;
  times_ = &times;
}

void KernelCaches::change(const std::function<void(KernelTimes&)>& how) {
  MutexLock lock(mutex_);
  if (times_ != nullptr) how(*times_);
}

void KernelCaches::detach() {
  MutexLock lock(mutex_);
  session_ = nullptr;
  times_ = nullptr;
}

void KernelCaches::told_absent() {
  told_absent_ = Time::now().time_since_epoch().count();
}

void KernelCaches::forget_attributes(fs::InodeId ino) {
  MutexLock lock(mutex_);
  if (session_ == nullptr) return;
  constexpr off_t kNoPages = -1;
  // It fails for an inode that the kernel does not know, which is as good.
  static_cast<void>(fuse_lowlevel_notify_inval_inode(session_, ino, kNoPages, 0));
}

std::chrono::nanoseconds KernelCaches::believes(bool open_files) {
  MutexLock lock(mutex_);
  if (session_ == nullptr || times_ == nullptr) return {};
  std::chrono::nanoseconds left =
      open_files ? span_of(times_->entries) : std::chrono::nanoseconds();
  const Time::time_point told{Time::duration(told_absent_.load())};
  if (told != Time::time_point{})
    left = std::max(left, told + span_of(times_->absences) - Time::now());
  return left;
}

Result<KernelCaches::Refresh> KernelCaches::refresh(fs::FileSystem& files, std::string_view path) {
  const auto done = files.refresh(path, [this](fs::InodeId ino) { forget_attributes(ino); });
  if (!done) return done.error();
  const auto left = believes(done->open_files);
  if (left <= std::chrono::nanoseconds(0)) return Refresh{done->inodes, {}};
  const auto wait = std::min<std::chrono::nanoseconds>(left, kMostWait);
  std::this_thread::sleep_for(wait);
  return Refresh{done->inodes, left - wait};
}

Result<KernelCaches::Refresh> KernelCaches::refresh_at_once(fs::FileSystem& files,
                                                            fs::InodeId ino) {
  const auto done = files.refresh(ino, [this](fs::InodeId each) { forget_attributes(each); });
  if (!done) return done.error();
  return Refresh{done->inodes, std::max(believes(done->open_files), std::chrono::nanoseconds(0))};
}

}  // namespace pailfs::fuse
