// SPDX-License-Identifier: Apache-2.0
#include "tree_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

constexpr std::size_t kBuffer = 1U << 20U;

}  // namespace

TreeReader::TreeReader(Wish wish, unsigned jobs, std::function<void(const Progress&)> tell,
                       std::function<void(const std::string&)> complain)
    : wish_(wish), jobs_(jobs), tell_(std::move(tell)), complain_(std::move(complain)) {}

TreeReader::Progress TreeReader::run(const std::vector<std::string>& paths) {
  {
    const MutexLock lock(mutex_);
    for (const std::string& path : paths) tasks_.push_back({path});
  }
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < jobs_; ++i) threads.emplace_back([this] { work(); });
  for (;;) {
    Progress now;
    {
      MutexLock lock(mutex_);
      if (busy_ > 0 || !tasks_.empty()) changed_.wait_for(mutex_, std::chrono::seconds(1));
      if (busy_ == 0 && tasks_.empty()) break;
      now = done_;
    }
    tell_(now);
  }
  for (std::thread& thread : threads) thread.join();
  const MutexLock lock(mutex_);
  return done_;
}

std::optional<TreeReader::Task> TreeReader::next() {
  MutexLock lock(mutex_);
  while (tasks_.empty() && busy_ > 0) changed_.wait(mutex_);
  if (tasks_.empty()) return std::nullopt;
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  ++busy_;
  return task;
}

void TreeReader::work() {
  for (;;) {
    const auto task = next();
    if (!task) return;
    read(*task);
    const MutexLock lock(mutex_);
    --busy_;
    if (busy_ == 0 && tasks_.empty()) changed_.notify_all();
  }
}

void TreeReader::read(const Task& task) {
  struct stat what {};
  const int failed =
      task.listed ? ::lstat(task.path.c_str(), &what) : ::stat(task.path.c_str(), &what);
  if (failed != 0) return fail(task.path, errno);
  if (S_ISDIR(what.st_mode)) return read_directory(task.path);
  if (S_ISREG(what.st_mode) && wish_ == Wish::bytes) read_file(task.path);
  const MutexLock lock(mutex_);
  ++done_.files;
}

void TreeReader::read_directory(const std::string& path) {
  std::error_code failed;
  for (std::filesystem::directory_iterator at(path, failed), end; !failed && at != end;
       at.increment(failed)) {
    const MutexLock lock(mutex_);
    tasks_.push_back({at->path().string(), true});
    changed_.notify_all();
  }
  if (failed) return fail(path, failed.value());
  const MutexLock lock(mutex_);
  ++done_.directories;
}

void TreeReader::read_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return fail(path, errno);
  std::vector<char> buffer(kBuffer);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return fail(path, errno);
    if (got == 0) return;
    const MutexLock lock(mutex_);
    done_.bytes += static_cast<std::uint64_t>(got);
  }
}

void TreeReader::fail(const std::string& path, int err) {
  const std::string text =
      printable(path) + ": " + std::error_code(err, std::generic_category()).message();
  const MutexLock lock(mutex_);
  ++done_.failures;
  complain_(text);
}

}  // namespace pailfs::cli
