// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/kept_conflicts.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "conflict_note.h"

namespace pailfs::cache {
namespace {

constexpr std::string_view kData = ".data";
constexpr std::string_view kNote = ".json";
/// Of bytes that are being written, whose writer holds a lock of the file.
constexpr std::string_view kPart = ".part";
constexpr std::size_t kPiece = std::size_t{1} << 20U;

/// A new file; nothing is overwritten, and no link is followed.
UniqueFd create(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

bool exists(const std::string& path) {
  struct stat stat {};
  return ::lstat(path.c_str(), &stat) == 0;
}

/// The file of a name that was not there, locked.
Result<UniqueFd> create_of(const std::string& directory, WallTime time, std::string& stem) {
  const std::string moment = iso8601_basic(time);
  for (int number = 1;; ++number) {
    stem = directory + "/" + moment + "-" + std::to_string(number);
    const std::string part = stem + std::string(kPart);
    UniqueFd file = create(part);
    if (!file && errno != EEXIST) return system_error(errno, "create a file in " + directory);
    if (!file) continue;
    ::flock(file.get(), LOCK_EX);
    if (!exists(stem + std::string(kData)) && !exists(stem + std::string(kNote))) return file;
    ::unlink(part.c_str());
  }
}

Status write_bytes(int file, const Conflict& what, const KeptConflicts::Reader& bytes) {
  std::vector<char> buffer(std::min<std::uint64_t>(kPiece, what.size));
  for (const Range& range : what.ranges) {
    for (std::uint64_t at = range.begin; at < range.end;) {
      const auto piece =
          std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), range.end - at));
      if (Status read = bytes(at, piece); !read) return read;
      if (Status written = write_fully(file, piece, at); !written) return written;
      at += piece.size();
    }
  }
  if (::ftruncate(file, static_cast<off_t>(what.size)) != 0) return system_error(errno, "truncate");
  if (::fsync(file) != 0) return system_error(errno, "fsync");
  return {};
}

Status write_note(const std::string& path, const Conflict& what) {
  const UniqueFd file = create(path);
  if (!file) return system_error(errno, "create " + path);
  if (Status written = write_fully(file.get(), format_note(what), 0); !written) return written;
  if (::fsync(file.get()) != 0) return system_error(errno, "fsync " + path);
  return {};
}

Status sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!directory) return system_error(errno, "open " + path);
  if (::fsync(directory.get()) != 0) return system_error(errno, "fsync " + path);
  return {};
}

/// Reads the note, or says that there is none.
Status read_conflict(KeptConflict& kept, const std::string& note) {
  struct stat stat {};
  if (::lstat(kept.path.c_str(), &stat) != 0) return system_error(errno, kept.path);
  if (!S_ISREG(stat.st_mode)) return Error{EINVAL, kept.path + ": is no file"};
  const auto text = read_file(note, kLongestNote);
  auto what = text ? parse_note(*text) : std::nullopt;
  if (what) kept.what = std::move(*what);
  if (kept.path == note) {
    kept.path.clear();
    return what ? Status() : Status(Error{EINVAL, note + ": is no note"});
  }
  if (!what) {
    kept.what.size = static_cast<std::uint64_t>(stat.st_size);
    kept.what.why = "its note is missing or cannot be read";
  }
  // The mount was killed before it had written all.
  if (kept.path.ends_with(kPart)) {
    kept.what.why = "not all of it may be here, because the mount was killed: " + kept.what.why;
  }
  return {};
}

/// What stands for the conflict of that name: the bytes, else those that a killed mount has left,
/// else the note of one without bytes. Empty: none, or it is being written.
std::string file_of(const std::string& stem) {
  const std::string data = stem + std::string(kData);
  const std::string part = stem + std::string(kPart);
  const std::string note = stem + std::string(kNote);
  const UniqueFd file(::open(part.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const bool left_behind = file && ::flock(file.get(), LOCK_SH | LOCK_NB) == 0;
  if (file) return left_behind ? part : std::string();
  if (exists(part)) return part;
  if (exists(data)) return data;
  return exists(note) ? note : std::string();
}

/// The bytes get their name when they and the note are on the disk.
Status publish(const std::string& stem, bool has_bytes) {
  const std::string part = stem + std::string(kPart);
  const std::string data = stem + std::string(kData);
  const int failed = has_bytes ? ::rename(part.c_str(), data.c_str()) : ::unlink(part.c_str());
  return failed == 0 ? Status() : system_error(errno, "name " + data);
}

}  // namespace

Result<KeptConflicts> KeptConflicts::open(std::string directory) {
  if (const Status made = make_private_directory(directory); !made) return made.error();
  return KeptConflicts(std::move(directory));
}

Result<std::string> KeptConflicts::keep(const Conflict& what, const Reader& bytes) const {
  std::string stem;
  const auto file = create_of(directory_, what.time, stem);
  if (!file) return file.error();
  const std::string path = stem + std::string(kData);
  const std::string note = stem + std::string(kNote);
  Status kept = write_note(note, what);
  if (kept && bytes) kept = write_bytes(file->get(), what, bytes);
  if (kept) kept = sync_directory(directory_);
  if (kept) kept = publish(stem, bytes != nullptr);
  if (kept) kept = sync_directory(directory_);
  if (kept) return bytes ? path : std::string();
  ::unlink(note.c_str());
  ::unlink((stem + std::string(kPart)).c_str());
  ::unlink(path.c_str());
  return kept.error().with("keep the bytes of " + printable(what.key) + " in " + path);
}

std::vector<KeptConflict> KeptConflicts::list(std::size_t most) const {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string file = entry.path().filename();
    for (const std::string_view end : {kData, kPart, kNote}) {
      if (file.ends_with(end)) names.insert(file.substr(0, file.size() - end.size()));
    }
    if (names.size() > most) names.erase(std::prev(names.end()));
  }
  std::vector<KeptConflict> list;
  for (const std::string& name : names) {
    const std::string stem = directory_ + "/" + name;
    KeptConflict kept{name, file_of(stem), {}};
    if (kept.path.empty()) continue;
    if (read_conflict(kept, stem + std::string(kNote))) list.push_back(std::move(kept));
  }
  return list;
}

Status KeptConflicts::forget(const std::string& name) const {
  if (name.empty() || name.find('/') != std::string::npos) {
    return Error{EINVAL, printable(name) + ": is no name of a conflict"};
  }
  const std::string stem = directory_ + "/" + name;
  // The note stays where the bytes do.
  const std::string path = file_of(stem);
  if (path.empty()) return Error{ENOENT, printable(name) + ": there is no such conflict"};
  if (::unlink(path.c_str()) != 0) return system_error(errno, "remove " + path);
  const std::string note = stem + std::string(kNote);
  if (::unlink(note.c_str()) != 0 && errno != ENOENT) return system_error(errno, "remove " + note);
  return sync_directory(directory_);
}

}  // namespace pailfs::cache
