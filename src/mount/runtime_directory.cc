// SPDX-License-Identifier: Apache-2.0
#include "pailfs/mount/runtime_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

#include "pailfs/mount/mount_table.h"
#include "pailfs/mount/process_birth.h"
#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "foreign_records.h"

namespace pailfs::mount {
namespace {

constexpr std::string_view kEnding = ".mount";
constexpr std::size_t kLargestRecord = 64U << 10U;

/// The lines of a record about what is mounted.
constexpr std::array<std::pair<std::string_view, std::string Identity::*>, 9> kWords{{
    {"source", &Identity::source},
    {"url", &Identity::url},
    {"options_digest", &Identity::options_digest},
    {"bucket", &Identity::bucket},
    {"prefix", &Identity::prefix},
    {"region", &Identity::region},
    {"durability", &Identity::durability},
    {"instance_name", &Identity::instance_name},
    {"directory", &Identity::directory},
}};

std::optional<MountRecord> read_record_file(const std::string& file) {
  const Result<std::string> text = read_file(file, kLargestRecord);
  return text ? parse_record(*text) : std::nullopt;
}

bool is_mounted(std::string_view mountinfo, const std::string& mountpoint) {
  const auto entry = find_mount(mountinfo, mountpoint);
  return entry && entry->type.starts_with("fuse");
}

bool by_mountpoint(const MountRecord& a, const MountRecord& b) {
  return a.mountpoint < b.mountpoint;
}

/// Removes the record and the files beside it, such as the control socket.
void remove_files_of(const std::string& directory, const std::string& id) {
  std::error_code failure;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
    if (entry.path().filename().string().starts_with(id + ".")) files.push_back(entry.path());
  }
  for (const auto& file : files) ::unlink(file.c_str());
}

}  // namespace

bool MountRecord::has_passed_descriptor() const {
  return is_placeless() && mountpoint.find("/fd/") != std::string::npos;
}

std::string placeless_name(pid_t pid, std::optional<int> descriptor) {
  std::string name = "/proc/" + std::to_string(pid);
  if (descriptor) name += "/fd/" + std::to_string(*descriptor);
  return name;
}

std::vector<std::string> runtime_candidates(uid_t uid, const std::string& xdg) {
  const std::string number = std::to_string(uid);
  std::vector<std::string> candidates;
  // Root's mounts made at boot must be found from a login session, which has another
  // XDG_RUNTIME_DIR.
  if (uid == 0) candidates.emplace_back("/run/pailfs");
  if (xdg.starts_with('/')) candidates.push_back(xdg + "/pailfs");
  if (uid != 0) candidates.push_back("/run/user/" + number + "/pailfs");
  candidates.push_back("/tmp/pailfs-" + number);
  return candidates;
}

Status own_directory(const std::string& path, uid_t uid) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return system_error(errno, "make the directory " + path);
  }
  return is_own_directory(path, uid);
}

Status is_own_directory(const std::string& path, uid_t uid) {
  struct stat stat {};
  if (::lstat(path.c_str(), &stat) != 0) return system_error(errno, "look at " + path);
  if (!S_ISDIR(stat.st_mode)) return Error(ENOTDIR, path + " is not a directory");
  if (stat.st_uid != uid) return Error(EPERM, path + " belongs to another user");
  if ((stat.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error(EPERM, path + " can be written by others; run: chmod 700 " + path);
  }
  return {};
}

std::string mount_id(std::string_view mountpoint) {
  // FNV-1a, 64 bits: the name of a file in our own directory need not resist attacks.
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : mountpoint) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string record_file(const std::string& directory, std::string_view mountpoint) {
  return directory + "/" + mount_id(mountpoint) + std::string(kEnding);
}

std::string format_record(const MountRecord& record) {
  std::string text;
  const auto line = [&text](std::string_view key, std::string_view value) {
    text.append(key).append("=").append(percent_encode(value, true)).append("\n");
  };
  line("pid", std::to_string(record.pid));
  line("mountpoint", record.mountpoint);
  line("started", std::to_string(record.started));
  line("born", std::to_string(record.born));
  for (const auto& [key, field] : kWords) line(key, record.what.*field);
  line("read_only", record.what.read_only ? "1" : "0");
  line("foreground", record.what.foreground ? "1" : "0");
  for (const std::string& option : record.what.options) line("option", option);
  return text;
}

std::optional<MountRecord> parse_record(std::string_view text) {
  MountRecord record;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string_view key = std::string_view(line).substr(0, equals);
    const std::string value = percent_decode(std::string_view(line).substr(equals + 1));
    if (key == "pid") record.pid = static_cast<pid_t>(parse_int(value).value_or(0));
    if (key == "mountpoint") record.mountpoint = value;
    if (key == "started") record.started = parse_int(value).value_or(0);
    if (key == "born") record.born = parse_uint(value).value_or(0);
    for (const auto& [name, field] : kWords) {
      if (key == name) record.what.*field = value;
    }
    if (key == "read_only") record.what.read_only = value == "1";
    if (key == "foreground") record.what.foreground = value == "1";
    if (key == "option") record.what.options.push_back(value);
  }
  if (record.pid <= 0 || record.mountpoint.empty()) return std::nullopt;
  return record;
}

Status write_record(const std::string& directory, const MountRecord& record) {
  const std::string file = record_file(directory, record.mountpoint);
  const std::string draft = file + "." + std::to_string(::getpid());
  ::unlink(draft.c_str());
  const UniqueFd out(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            S_IRUSR | S_IWUSR));
  if (!out) return system_error(errno, "write " + draft);
  const Status written = write_fully(out.get(), std::span<const char>(format_record(record)), 0);
  if (!written || ::rename(draft.c_str(), file.c_str()) != 0) {
    const int err = errno;
    ::unlink(draft.c_str());
    return written ? system_error(err, "write " + file) : written.error().with("write " + file);
  }
  return {};
}

std::optional<MountRecord> read_record(const std::string& directory,
                                       const std::string& mountpoint) {
  auto record = read_record_file(record_file(directory, mountpoint));
  // Two directories may share an id, however unlikely.
  if (record && record->mountpoint != mountpoint) return std::nullopt;
  return record;
}

std::vector<MountRecord> list_records(const std::string& directory, std::string_view mountinfo) {
  std::vector<MountRecord> records;
  std::vector<std::string> left_over;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
    if (entry.path().extension() != kEnding) continue;
    auto record = read_record_file(entry.path().string());
    const bool there =
        record &&
        (record->is_placeless() ? is_alive(*record) : is_mounted(mountinfo, record->mountpoint));
    if (there) {
      records.push_back(std::move(*record));
    } else if (record && !is_alive(*record)) {
      // A living process may have its mount in another namespace, where we cannot see it.
      left_over.push_back(mount_id(record->mountpoint));
    }
  }
  for (const std::string& id : left_over) remove_files_of(directory, id);
  std::sort(records.begin(), records.end(), by_mountpoint);
  return records;
}

Status remove_record(const std::string& directory, const std::string& mountpoint) {
  const std::string file = record_file(directory, mountpoint);
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
  return system_error(errno, "remove " + file);
}

UniqueFd lock_records(const std::string& directory) {
  constexpr int kTries = 1000;
  UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; lock && i < kTries; ++i) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return {};
}

Result<std::string> runtime_directory() {
  const char* xdg = std::getenv("XDG_RUNTIME_DIR");
  const uid_t uid = ::geteuid();
  Status last;
  for (const std::string& path : runtime_candidates(uid, xdg == nullptr ? "" : xdg)) {
    last = own_directory(path, uid);
    if (last) return path;
  }
  return last.error();
}

std::optional<std::string> find_runtime_directory() {
  const char* xdg = std::getenv("XDG_RUNTIME_DIR");
  const uid_t uid = ::geteuid();
  for (const std::string& path : runtime_candidates(uid, xdg == nullptr ? "" : xdg)) {
    if (is_own_directory(path, uid)) return path;
  }
  return std::nullopt;
}

Status write_record(const MountRecord& record) {
  const Result<std::string> directory = runtime_directory();
  return directory ? write_record(*directory, record) : Status(directory.error());
}

std::optional<MountRecord> read_record(const std::string& mountpoint) {
  const auto directory = find_runtime_directory();
  return directory ? read_record(*directory, mountpoint) : std::nullopt;
}

std::vector<MountRecord> list_records() {
  const auto directory = find_runtime_directory();
  if (!directory) return {};
  return list_records(*directory, read_mountinfo("/proc/self/mountinfo"));
}

std::vector<MountRecord> list_everybodys_records() {
  std::vector<MountRecord> records = list_records();
  const uid_t self = ::geteuid();
  if (self != 0) return records;
  const auto directories = [](uid_t user) { return runtime_candidates(user, {}); };
  for (MountRecord& record :
       foreign_records(read_mountinfo("/proc/self/mountinfo"), self, directories)) {
    records.push_back(std::move(record));
  }
  std::sort(records.begin(), records.end(), by_mountpoint);
  return records;
}

Status remove_record(const std::string& mountpoint) {
  const auto directory = find_runtime_directory();
  return directory ? remove_record(*directory, mountpoint) : Status();
}

}  // namespace pailfs::mount
