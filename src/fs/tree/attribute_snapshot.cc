// SPDX-License-Identifier: Apache-2.0
#include "attribute_snapshot.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "pailfs/util/crc32c.h"
#include "pailfs/util/file.h"

namespace pailfs::fs {
namespace {

constexpr std::string_view kFormat = "pailfs attributes 1\n";
/// Most bytes of a piece, which has the names of one page of a listing: mostly 200 bytes a name,
/// but foreign metadata may have 2 KiB and a name 1 KiB.
constexpr std::uint32_t kMostBytes = 8U << 20U;

struct Head {
  std::uint32_t size = 0;  // in this machine's byte order: the file stays here
  std::uint32_t crc = 0;
};

std::string_view bytes_of(const Head& head, std::array<char, sizeof(Head)>& out) {
  std::memcpy(out.data(), &head, sizeof(Head));
  return {out.data(), out.size()};
}

}  // namespace

Status AttributeSnapshot::read(const std::function<void(const SnapshotEntries&)>& visit) const {
  const Error damaged{EINVAL, path_ + " is damaged or not ours"};
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return system_error(errno, path_);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error(errno, path_);
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) return damaged;
  std::string text(kFormat.size(), '\0');
  const auto begun = read_fully(fd.get(), text, 0);
  if (!begun || text != kFormat) return damaged;
  std::uint64_t at = kFormat.size();
  for (;;) {
    std::array<char, sizeof(Head)> frame{};
    const auto framed = read_fully(fd.get(), frame, at);
    if (!framed || *framed != frame.size()) return damaged;
    Head head;
    std::memcpy(&head, frame.data(), sizeof(Head));
    // A head of zeros marks the end: a file without it was cut.
    if (head.size == 0) return head.crc == 0 ? Status() : Status(damaged);
    if (head.size > kMostBytes) return damaged;
    text.resize(head.size);
    const auto piece = read_fully(fd.get(), text, at + sizeof(Head));
    if (!piece || *piece != text.size() || crc32c(text) != head.crc) return damaged;
    const auto some = decode_remembered(text);
    if (!some) return damaged;
    visit(*some);
    at += sizeof(Head) + text.size();
  }
}

Status AttributeSnapshot::write(const std::function<bool(SnapshotEntries&)>& next) const {
  const std::string fresh = path_ + ".new";
  const UniqueFd fd(
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error(errno, "create " + fresh);
  std::uint64_t at = 0;
  const auto add = [&](std::string_view bytes) -> Status {
    const Status written = write_fully(fd.get(), bytes, at);
    at += bytes.size();
    return written;
  };
  Status status = add(kFormat);
  std::array<char, sizeof(Head)> frame{};
  for (SnapshotEntries some; status && next(some); some = {}) {
    const std::string text = encode_remembered(some);
    if (some.objects.empty() || text.size() > kMostBytes) continue;
    status = add(bytes_of({static_cast<std::uint32_t>(text.size()), crc32c(text)}, frame));
    if (status) status = add(text);
  }
  if (status) status = add(bytes_of({}, frame));
  if (status && std::rename(fresh.c_str(), path_.c_str()) != 0)
    status = system_error(errno, "rename " + fresh);
  if (!status) static_cast<void>(::unlink(fresh.c_str()));
  return status;
}

}  // namespace pailfs::fs
