// SPDX-License-Identifier: Apache-2.0
#include "view.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>

#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

namespace pailfs::test {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string failure(const char* what) {
  return std::string(what) + ": " + Outcome{errno, {}}.text();
}

/// Short and as good as the bytes themselves.
std::string digest(const std::string& bytes) {
  return std::to_string(bytes.size()) + " bytes, hash " +
         std::to_string(std::hash<std::string>()(bytes));
}

std::string content_of(int fd, std::uint64_t size) {
  std::string bytes(size + 1, '\0');  // one more: there must be nothing
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n =
        ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (n < 0) return failure("read");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return digest(bytes);
}

std::string attributes(const struct stat& raw, const Steps& steps, const ViewOptions& options) {
  std::array<char, 16> mode{};
  std::snprintf(mode.data(), mode.size(), "%06o", raw.st_mode);
  const bool directory = S_ISDIR(raw.st_mode);
  std::string line = std::string(mode.data()) + " owner " + std::to_string(raw.st_uid) + ":" +
                     std::to_string(raw.st_gid);
  line += " links " + std::to_string(raw.st_nlink);
  if (!directory) line += " size " + std::to_string(raw.st_size);
  if (S_ISCHR(raw.st_mode) || S_ISBLK(raw.st_mode)) {
    line +=
        " device " + std::to_string(major(raw.st_rdev)) + "," + std::to_string(minor(raw.st_rdev));
  }
  line += " atime " + steps.text(raw.st_atim);
  if (directory && !options.directory_times) return line;
  return line + " mtime " + steps.text(raw.st_mtim) + " ctime " + steps.text(raw.st_ctim);
}

std::string xattrs_of(const std::string& path) {
  std::string buffer(4096, '\0');
  const ssize_t n = ::llistxattr(path.c_str(), buffer.data(), buffer.size());
  if (n < 0) return " " + failure("listxattr");
  std::map<std::string, std::string> all;
  for (const char* name = buffer.data(); name < buffer.data() + n;) {
    const std::string each = name;
    std::string value(4096, '\0');
    const ssize_t size = ::lgetxattr(path.c_str(), each.c_str(), value.data(), value.size());
    value.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    // Labels that a security module gives every file are not ours.
    if (!each.starts_with("security.")) all[each] = size < 0 ? failure("getxattr") : digest(value);
    name += each.size() + 1;
  }
  std::string text;
  for (const auto& [name, value] : all) text += " " + name + "=" + value;
  return text;
}

class Viewer final {
 public:
  Viewer(const Side& side, const Steps& steps, const ViewOptions& options)
      : side_(side), steps_(steps), options_(options) {}

  View look() {
    at("");
    for (int slot = 0; slot < kSlots; ++slot) descriptor(slot);
    return std::move(view_);
  }

 private:
  static std::optional<std::vector<std::string>> names(const std::string& path) {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return std::nullopt;
    std::vector<std::string> found;
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") found.push_back(name);
    }
    const bool failed = errno != 0;
    ::closedir(directory);
    if (failed) return std::nullopt;
    std::sort(found.begin(), found.end());
    return found;
  }

  void at(const std::string& path) {
    const std::string full = side_.top() + path;
    const std::string line = path.empty() ? "/" : printable(path);
    struct stat raw {};
    if (::lstat(full.c_str(), &raw) != 0) {
      view_[line] = failure("lstat");
      return;
    }
    std::vector<std::string> below;
    std::string more;
    if (S_ISDIR(raw.st_mode)) {
      const auto found = names(full);
      if (!found) {
        view_[line] = failure("readdir");
        return;
      }
      below = *found;
      // How many directories are in it is known once it has been listed.
      if (::lstat(full.c_str(), &raw) != 0) more = failure("lstat");
    } else if (S_ISREG(raw.st_mode)) {
      const UniqueFd fd(::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      more = fd ? content_of(fd.get(), static_cast<std::uint64_t>(raw.st_size)) : failure("open");
    } else if (S_ISLNK(raw.st_mode)) {
      std::string target(4096, '\0');
      const ssize_t n = ::readlink(full.c_str(), target.data(), target.size());
      target.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
      more = n < 0 ? failure("readlink") : "-> " + printable(target);
    }
    view_[line] = attributes(raw, steps_, options_) + " " + more;
    if (options_.xattrs && !S_ISLNK(raw.st_mode)) view_[line] += xattrs_of(full);
    for (const std::string& name : below) at(path + "/" + name);
  }

  void descriptor(int slot) {
    const int fd = side_.slots().at(static_cast<std::size_t>(slot));
    if (fd < 0) return;
    std::string& line = view_["fd" + std::to_string(slot)];
    struct stat raw {};
    if (::fstat(fd, &raw) != 0) {
      line = failure("fstat");
      return;
    }
    line = attributes(raw, steps_, options_);
    const int flags = ::fcntl(fd, F_GETFL);
    if (!S_ISREG(raw.st_mode)) return;
    line += " offset " + std::to_string(::lseek(fd, 0, SEEK_CUR));
    if ((flags & O_ACCMODE) != O_WRONLY) {
      line += " " + content_of(fd, static_cast<std::uint64_t>(raw.st_size));
    }
  }

  const Side& side_;
  const Steps& steps_;
  const ViewOptions& options_;
  View view_;
};

}  // namespace

void Steps::begin_next() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t before = nanoseconds(now);
  do {
    ::usleep(200);
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  } while (nanoseconds(now) <= before);
  starts_.push_back(nanoseconds(now));
}

std::string Steps::text(const timespec& time) const {
  const std::int64_t at = nanoseconds(time);
  if (starts_.empty() || at < starts_.front()) {
    return std::to_string(time.tv_sec) + "+" + std::to_string(time.tv_nsec) + "ns";
  }
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), at);
  return "step " + std::to_string(next - starts_.begin() - 1);
}

View view_of(const Side& side, const Steps& steps, const ViewOptions& options) {
  return Viewer(side, steps, options).look();
}

namespace {

/// A directory with one link is one of which it is not known how many are in it.
std::string without_link_count(const std::string& line) {
  const std::size_t begin = line.find(" links ");
  if (!line.starts_with("04") || begin == std::string::npos) return line;
  return line.substr(0, begin) + line.substr(line.find(' ', begin + 7));
}

/// `expected` with the ctime of `seen`, if that is of an earlier step.
std::string with_older_ctime(const std::string& expected, const std::string& seen) {
  constexpr std::string_view kName = " ctime step ";
  const auto step_in = [&](const std::string& line, std::size_t& begin, std::size_t& end) {
    begin = line.find(kName);
    if (begin == std::string::npos) return std::optional<std::uint64_t>();
    begin += kName.size();
    end = std::min(line.find(' ', begin), line.size());
    return parse_uint(std::string_view(line).substr(begin, end - begin));
  };
  std::size_t begin = 0;
  std::size_t end = 0;
  const auto shown = step_in(seen, begin, end);
  const std::string word = shown ? seen.substr(begin, end - begin) : "";
  const auto wanted = step_in(expected, begin, end);
  if (!shown || !wanted || *shown > *wanted) return expected;
  return expected.substr(0, begin) + word + expected.substr(end);
}

bool agree(std::string expected, const std::string& seen, const ViewOptions& options) {
  if (options.older_ctimes) expected = with_older_ctime(expected, seen);
  if (expected == seen) return true;
  return seen.find(" links 1 ") != std::string::npos &&
         without_link_count(expected) == without_link_count(seen);
}

}  // namespace

std::string first_difference(const View& expected, const View& seen, const ViewOptions& options) {
  for (const auto& [what, line] : expected) {
    const auto found = seen.find(what);
    if (found == seen.end()) return what + "\n    tmpfs:  " + line + "\n    pailfs: (nothing)";
    if (!agree(line, found->second, options)) {
      return what + "\n    tmpfs:  " + line + "\n    pailfs: " + found->second;
    }
  }
  for (const auto& [what, line] : seen) {
    if (!expected.contains(what)) return what + "\n    tmpfs:  (nothing)\n    pailfs: " + line;
  }
  return {};
}

}  // namespace pailfs::test
