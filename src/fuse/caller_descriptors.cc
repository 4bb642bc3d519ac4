// SPDX-License-Identifier: Apache-2.0
#include "caller_descriptors.h"

#include <dirent.h>
#include <fcntl.h>

#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "pailfs/mount/mount_table.h"
#include "pailfs/util/file.h"
#include "pailfs/util/sync.h"
#include "pailfs/util/text.h"

namespace pailfs::fuse {
namespace {

/// Most descriptors looked at: a shell has a handful, and a server with thousands does not open
/// files by redirection.
constexpr int kMostLookedAt = 256;
constexpr std::size_t kInfoLimit = 4096;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// The number behind "LABEL:" of a /proc/PID/fdinfo/N.
std::optional<std::uint64_t> number_of(std::string_view info, std::string_view label, int base) {
  for (const std::string& line : split(info, '\n')) {
    if (line.starts_with(label)) return parse_uint(trim(line.substr(label.size())), base);
  }
  return std::nullopt;
}

bool is_for_writing(std::uint64_t flags) {
  return (flags & O_ACCMODE) != O_RDONLY && (flags & O_PATH) == 0;
}

bool is_for_reading(std::uint64_t flags) {
  return (flags & O_ACCMODE) != O_WRONLY && (flags & O_PATH) == 0;
}

/// Whether the mount of that number, as the process numbers them, shows `device`.
bool is_mount_of(const std::string& process, std::uint64_t mount, std::string_view device) {
  const std::string wanted = std::to_string(mount);
  for (const std::string& line : split(mount::read_mountinfo(process + "/mountinfo"), '\n')) {
    if (line.substr(0, line.find(' ')) != wanted) continue;
    const auto entry = mount::parse_mountinfo_line(line);
    return entry && entry->device == device;
  }
  return false;
}

/// Whether the process has a descriptor of the file whose text in fdinfo is `wanted`; nothing when
/// not all of them can be looked at.
std::optional<bool> find_descriptor(pid_t pid, std::string_view device, std::uint64_t ino,
                                    const std::function<bool(std::string_view)>& wanted) {
  if (pid <= 0 || device.empty()) return std::nullopt;
  const std::string process = "/proc/" + std::to_string(pid);
  const std::unique_ptr<DIR, CloseDirectory> table(::opendir((process + "/fdinfo").c_str()));
  if (!table) return std::nullopt;
  for (int looked_at = 0; looked_at < kMostLookedAt; ++looked_at) {
    const struct dirent* entry = ::readdir(table.get());
    if (entry == nullptr) return false;
    if (entry->d_name[0] == '.') continue;
    const Result<std::string> info = read_file(process + "/fdinfo/" + entry->d_name, kInfoLimit);
    if (!info || number_of(*info, "ino:", 10) != ino) continue;
    const auto mount = number_of(*info, "mnt_id:", 10);
    if (mount && wanted(*info) && is_mount_of(process, *mount, device)) return true;
  }
  return std::nullopt;
}

}  // namespace

bool has_open_for_writing(pid_t pid, std::string_view device, std::uint64_t ino) {
  return find_descriptor(pid, device, ino,
                         [](std::string_view info) {
                           const auto flags = number_of(info, "flags:", 8);
                           return flags && is_for_writing(*flags);
                         })
      .value_or(false);
}

std::optional<bool> has_read_to(pid_t pid, std::string_view device, std::uint64_t ino,
                                std::uint64_t size) {
  return find_descriptor(pid, device, ino, [size](std::string_view info) {
    const auto flags = number_of(info, "flags:", 8);
    const auto position = number_of(info, "pos:", 10);
    return flags && position && is_for_reading(*flags) && *position >= size;
  });
}

std::string device_of_mount(const std::string& mountinfo, const std::string& mountpoint) {
  const auto entry = mount::find_mount(mount::read_mountinfo(mountinfo), mountpoint);
  return entry ? entry->device : std::string();
}

struct CallerDescriptors::Shared {
  using Answer = std::optional<bool>;
  struct Question {
    std::function<Answer()> look;
    std::optional<Answer> answer = {};
    bool given_up = false;
  };

  void answer_all() EXCLUDES(mutex);
  /// The top of a thread, so an exception for want of memory ends here.
  [[nodiscard]] static Answer answer_to(const Question& question) noexcept {
    try {
      return question.look();
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

  Mutex mutex;
  CondVar changed;
  std::deque<std::shared_ptr<Question>> asked GUARDED_BY(mutex);
  bool running GUARDED_BY(mutex) = false;
  bool ended GUARDED_BY(mutex) = false;
};

void CallerDescriptors::Shared::answer_all() {
  MutexLock lock(mutex);
  while (!ended) {
    if (asked.empty()) {
      changed.wait(mutex);
      continue;
    }
    const std::shared_ptr<Question> question = asked.front();
    asked.pop_front();
    if (question->given_up) continue;
    lock.unlock();
    const Answer answer = answer_to(*question);
    lock.lock();
    question->answer = answer;
    changed.notify_all();
  }
}

CallerDescriptors::CallerDescriptors(Look look, LookAtEnd at_end, std::chrono::milliseconds limit)
    : look_(std::make_shared<Look>(std::move(look))),
      at_end_(at_end ? std::make_shared<LookAtEnd>(std::move(at_end)) : nullptr),
      limit_(limit),
      shared_(std::make_shared<Shared>()) {}

CallerDescriptors::~CallerDescriptors() {
  MutexLock lock(shared_->mutex);
  shared_->ended = true;
  shared_->changed.notify_all();
}

bool CallerDescriptors::has_another_open(pid_t pid, std::uint64_t ino) {
  return ask([look = look_, pid, ino] { return std::optional<bool>((*look)(pid, ino)); })
      .value_or(false);
}

std::optional<bool> CallerDescriptors::reads_at_end(pid_t pid, std::uint64_t ino,
                                                    std::uint64_t size) {
  if (!at_end_) return std::nullopt;
  return ask([look = at_end_, pid, ino, size] { return (*look)(pid, ino, size); });
}

std::optional<bool> CallerDescriptors::ask(const std::function<std::optional<bool>()>& look) {
  const auto question = std::make_shared<Shared::Question>(Shared::Question{.look = look});
  const auto end = std::chrono::steady_clock::now() + limit_;
  MutexLock lock(shared_->mutex);
  if (!shared_->running) {
    std::thread([shared = shared_] { shared->answer_all(); }).detach();
    shared_->running = true;
  }
  shared_->asked.push_back(question);
  shared_->changed.notify_all();
  while (!question->answer) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) break;
    shared_->changed.wait_for(shared_->mutex, left);
  }
  question->given_up = true;
  return question->answer.value_or(std::nullopt);
}

}  // namespace pailfs::fuse
