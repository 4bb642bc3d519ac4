// SPDX-License-Identifier: Apache-2.0
#include "opened_versions.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "support/text_io.h"

namespace pailfs::test {
namespace {

constexpr const char* kWritten = "APPEN";
constexpr std::size_t kOld = 4'737;
constexpr std::size_t kLonger = 30'000;
constexpr std::size_t kShorter = 1'203;

const std::vector<std::pair<int, const char*>> kFlags = {
    {O_RDONLY, "rdonly"},
    {O_WRONLY, "wronly"},
    {O_RDWR, "rdwr"},
    {O_WRONLY | O_APPEND, "wronly+append"},
    {O_RDWR | O_APPEND, "rdwr+append"},
    {O_RDWR | O_CREAT, "rdwr+creat"},
    {O_RDWR | O_CREAT | O_EXCL, "rdwr+creat+excl"},
    {O_RDWR | O_TRUNC, "rdwr+trunc"},
    {O_RDWR | O_CREAT | O_TRUNC, "rdwr+creat+trunc"},
    {O_RDWR | O_CREAT | O_APPEND, "rdwr+creat+append"},
};

bool reads(int flags) {
  return (flags & O_ACCMODE) != O_WRONLY;
}
bool writes(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY;
}

/// A file was known, and so believed for longer than the name of one that is absent.
bool had_file(Had had) {
  return had == Had::read || had == Had::asked;
}

std::string shown(const std::string& bytes) {
  return std::to_string(bytes.size()) + " bytes, " +
         std::to_string(std::hash<std::string>()(bytes) % 10'000);
}

std::string not_as(const char* what, const std::string& expected, const std::string& got) {
  return expected == got ? "" : std::string(what) + ": " + got + " and not " + expected;
}

/// Of a mapping, so that what cannot be read is an error and not the end of the test.
std::string mapped(int fd, std::size_t size) {
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) return "errno " + std::to_string(errno);
  std::array<int, 2> ends{};
  std::string bytes(size, '\0');
  std::size_t have = 0;
  if (::pipe(ends.data()) == 0) {
    while (have < size) {
      const ssize_t sent = ::write(ends[1], static_cast<char*>(at) + have,
                                   std::min<std::size_t>(size - have, 4'096));
      if (sent <= 0) break;
      const ssize_t got = ::read(ends[0], bytes.data() + have, static_cast<std::size_t>(sent));
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ::munmap(at, size);
  bytes.resize(have);
  return bytes;
}

std::string read_from(int fd, std::size_t from) {
  std::string bytes(100'000, '\0');
  std::size_t have = 0;
  for (;;) {
    const ssize_t got =
        ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(from + have));
    if (got < 0) return "errno " + std::to_string(errno);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

std::string first_call(int fd, const OpenCase& one, const Expected& expected) {
  const std::string& bytes = expected.bytes;
  struct stat found {};
  switch (one.first) {
    case First::read:
      return not_as("read", shown(bytes), shown(read_from(fd, 0)));
    case First::read_beyond:
      return not_as("read beyond", shown(bytes.size() > kOld ? bytes.substr(kOld) : ""),
                    shown(read_from(fd, kOld)));
    case First::fstat:
      if (::fstat(fd, &found) != 0) return "fstat: errno " + std::to_string(errno);
      return not_as("fstat", std::to_string(bytes.size()), std::to_string(found.st_size));
    case First::seek_end:
      return not_as("lseek", std::to_string(bytes.size()),
                    std::to_string(::lseek(fd, 0, SEEK_END)));
    case First::map:
      return bytes.empty() ? "" : not_as("mmap", shown(bytes), shown(mapped(fd, bytes.size())));
    case First::write:
      return not_as("write", "5", std::to_string(::write(fd, kWritten, 5)));
  }
  return "no such call";
}

}  // namespace

std::string OpenCase::name() const {
  constexpr std::array kHad = {"read", "asked", "absent", "directory"};
  constexpr std::array kHas = {"same",      "longer",  "shorter",  "other-bytes",
                               "same-time", "nothing", "directory"};
  constexpr std::array kFirst = {"read", "fstat", "lseek", "mmap", "write", "beyond"};
  std::string text =
      std::string(kHad[static_cast<std::size_t>(had)]) + "-" + kHas[static_cast<std::size_t>(has)];
  for (const auto& [value, word] : kFlags) {
    if (value == flags) text += std::string("-") + word;
  }
  return text + "-" + kFirst[static_cast<std::size_t>(first)];
}

std::string bytes_of(Has has) {
  switch (has) {
    case Has::same:
      return pattern(kOld, 1);
    case Has::longer:
      return pattern(kLonger, 2);
    case Has::shorter:
      return pattern(kShorter, 3);
    case Has::other_bytes:
    case Has::other_bytes_same_time:
      return pattern(kOld, 4);
    case Has::nothing:
    case Has::directory:
      break;
  }
  return "";
}

std::vector<OpenCase> all_open_cases() {
  std::vector<OpenCase> cases;
  for (const Had had : {Had::read, Had::asked, Had::absent, Had::directory}) {
    for (const Has has : {Has::same, Has::longer, Has::shorter, Has::other_bytes,
                          Has::other_bytes_same_time, Has::nothing, Has::directory}) {
      if (!had_file(had) && (has == Has::same || has == Has::other_bytes_same_time)) continue;
      for (const auto& [flags, word] : kFlags) {
        for (const First first : {First::read, First::fstat, First::seek_end, First::map,
                                  First::write, First::read_beyond}) {
          const bool possible = first == First::write                               ? writes(flags)
                                : first == First::fstat || first == First::seek_end ? true
                                                                                    : reads(flags);
          if (possible) cases.push_back({had, has, flags, first});
        }
      }
    }
  }
  return cases;
}

Expected expected_of(const OpenCase& one) {
  Expected expected;
  const bool there = one.has != Has::nothing;
  // SEMANTICS.md: a known file that is gone is found by a lookup for up to 900 s, and whether a
  // name is that of a directory is the lookup's to say; an open of a file asks.
  const bool directory = one.had == Had::directory || one.has == Has::directory;
  expected.stored = one.has == Has::directory ? "(none)" : there ? bytes_of(one.has) : "(none)";
  if ((one.flags & O_CREAT) != 0 && (one.flags & O_EXCL) != 0 &&
      (there || one.had != Had::absent)) {
    expected.error = EEXIST;
  } else if (directory) {
    expected.directory = true;
    if (writes(one.flags) || (one.flags & (O_CREAT | O_TRUNC)) != 0) expected.error = EISDIR;
  } else if (!there && (one.flags & O_CREAT) == 0) {
    expected.error = ENOENT;
  }
  if (expected.error != 0 || directory) return expected;
  expected.bytes = (one.flags & O_TRUNC) != 0 ? "" : bytes_of(one.has);
  expected.stored = expected.bytes;
  if (one.first != First::write) return expected;
  if ((one.flags & O_APPEND) != 0) {
    expected.stored += kWritten;
  } else {
    expected.stored.replace(0, std::min<std::size_t>(expected.stored.size(), 5), kWritten);
  }
  return expected;
}

std::string try_open(const std::string& path, const OpenCase& one, const Expected& expected) {
  const int fd = ::open(path.c_str(), one.flags | O_CLOEXEC, 0644);
  const int error = fd < 0 ? errno : 0;
  if (error != expected.error) {
    if (fd >= 0) ::close(fd);
    return not_as("open", "errno " + std::to_string(expected.error),
                  "errno " + std::to_string(error));
  }
  if (fd < 0) return "";
  std::string wrong;
  if (expected.directory) {
    struct stat found {};
    const bool right = ::fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);
    wrong = right ? "" : "no directory was opened";
  } else {
    wrong = first_call(fd, one, expected);
  }
  if (::close(fd) != 0) wrong += " close: errno " + std::to_string(errno);
  return wrong;
}

}  // namespace pailfs::test
