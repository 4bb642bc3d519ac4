// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <fcntl.h>

#include <algorithm>

namespace pailfs::test {

int write_file(Driver& posix, const std::string& path, std::string_view bytes, mode_t mode) {
  const auto fd = posix.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  if (!fd) return fd.error().err;
  const Status written = posix.pwrite(*fd, 0, bytes);
  const Status closed = posix.close(*fd);
  return err(written) != 0 ? err(written) : err(closed);
}

std::string file_text(Driver& posix, const std::string& path) {
  const auto fd = posix.open(path, O_RDONLY);
  if (!fd) return "error " + std::to_string(fd.error().err);
  std::string text;
  while (true) {
    const auto piece = posix.pread(*fd, text.size(), 128U << 10U);
    if (!piece) {
      text = "error " + std::to_string(piece.error().err);
      break;
    }
    if (piece->empty()) break;
    text += *piece;
  }
  const Status closed = posix.close(*fd);
  return closed ? text : "error " + std::to_string(closed.error().err);
}

std::vector<std::string> names_in(Driver& posix, const std::string& path) {
  auto names = posix.readdir(path);
  if (!names) return {"error " + std::to_string(names.error().err)};
  std::sort(names->begin(), names->end());
  return *names;
}

int put_object(World& world, const store::Key& key, std::string bytes,
               store::ObjectAttributes attributes) {
  return err(put_text(world.bucket(), key, std::move(bytes), std::move(attributes)));
}

std::optional<Got> object(World& world, const store::Key& key) {
  auto got = get_text(world.bucket(), key);
  if (!got) return std::nullopt;
  return *got;
}

std::string meta(World& world, const store::Key& key, const std::string& name) {
  const auto head = world.bucket().head(key);
  if (!head) return "(no object)";
  for (const auto& [field, value] : head->attributes.metadata) {
    if (field == name) return value;
  }
  return "(absent)";
}

std::vector<store::Key> keys(World& world) {
  std::vector<store::Key> keys;
  if (const auto page = list_all(world.bucket(), "", false)) {
    for (const auto& each : page->objects) keys.push_back(each.key);
  } else {
    keys.push_back("error " + std::to_string(err(page)));
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

WallTime at_second(std::int64_t seconds, std::int64_t nanoseconds) {
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

}  // namespace pailfs::test
