// SPDX-License-Identifier: Apache-2.0
#include "cut_disk.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "support/text_io.h"

namespace pailfs::journal {
namespace {

namespace files = std::filesystem;

std::uint64_t inode(int file) {
  struct stat stat {};
  return ::fstat(file, &stat) == 0 ? stat.st_ino : 0;
}
std::uint64_t inode(const std::string& path) {
  struct stat stat {};
  return ::stat(path.c_str(), &stat) == 0 ? stat.st_ino : 0;
}

void apply(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
}

}  // namespace

std::function<bool()> survivors(unsigned variant) {
  if (variant < 2) return [=] { return variant == 1; };
  std::mt19937_64 random(variant);
  const auto some = [&] { return 1 + random() % 6; };
  switch (variant % 3) {
    case 0:
      return [left = some()]() mutable { return left > 0 && left-- > 0; };  // the first few
    case 1:
      return [left = some()]() mutable { return left == 0 || left-- == 0; };  // all but those
    default:
      return [random]() mutable { return random() % 2 == 0; };
  }
}

CutDisk::CutDisk(std::string root) : root_(std::move(root)) {
  for (const auto& entry : files::recursive_directory_iterator(root_)) {
    if (!entry.is_regular_file()) continue;
    auto file = std::make_shared<File>();
    const auto bytes = read_file(entry.path().string(), entry.file_size());
    if (bytes) file->durable = *bytes;
    by_inode_[inode(entry.path().string())] = file;
    now_[entry.path().string()] = file;
  }
  durable_ = now_;
}

void CutDisk::about_to_change() const {
  if (before) before();
}

std::shared_ptr<CutDisk::File> CutDisk::find(int file) const {
  const auto found = by_inode_.find(inode(file));
  return found == by_inode_.end() ? std::make_shared<File>() : found->second;
}

std::string CutDisk::content(const File& file, const std::function<bool()>& survives) {
  std::string content = file.durable;
  for (const Change& change : file.changes) {
    if (change.bytes.empty()) {
      if (survives()) content.resize(std::min<std::size_t>(content.size(), change.offset));
      continue;
    }
    for (std::size_t at = 0; at < change.bytes.size();) {
      const std::uint64_t offset = change.offset + at;
      const std::size_t length =
          std::min<std::size_t>(kSector - offset % kSector, change.bytes.size() - at);
      if (survives()) apply(content, offset, std::string_view(change.bytes).substr(at, length));
      at += length;
    }
  }
  return content;
}

CutDisk::Image CutDisk::image(const std::function<bool()>& survives) const {
  Names names = durable_;
  const auto differ = [&](const Names& one, const Names& other, const auto& then) {
    for (const auto& [path, file] : one) {
      const auto at = other.find(path);
      if ((at == other.end() || at->second != file) && survives()) then(path, file);
    }
  };
  differ(durable_, now_, [&](const auto& path, const auto&) { names.erase(path); });
  differ(now_, durable_, [&](const auto& path, const auto& file) { names[path] = file; });
  Image image;
  for (const auto& [path, file] : names) {
    image[path.substr(root_.size() + 1)] = content(*file, survives);
  }
  return image;
}

Result<UniqueFd> CutDisk::create(const std::string& path) {
  about_to_change();
  auto made = Disk::create(path);
  if (!made) return made;
  auto file = std::make_shared<File>();
  by_inode_[inode(made->get())] = file;
  now_[path] = file;
  return made;
}

Status CutDisk::write(int file, std::span<const char> bytes, std::uint64_t offset) {
  about_to_change();
  find(file)->changes.push_back({offset, std::string(bytes.begin(), bytes.end())});
  return Disk::write(file, bytes, offset);
}

Status CutDisk::truncate(int file, std::uint64_t size) {
  about_to_change();
  find(file)->changes.push_back({size, {}});
  return Disk::truncate(file, size);
}

Status CutDisk::sync(int file) {
  about_to_change();
  File& synced = *find(file);
  synced.durable = content(synced, [] { return true; });
  synced.changes.clear();
  return {};
}

Status CutDisk::sync_directory(const std::string& path) {
  about_to_change();
  const auto inside = [&](const std::string& name) {
    return name.size() > path.size() && name.compare(0, path.size(), path) == 0 &&
           name[path.size()] == '/' && name.find('/', path.size() + 1) == std::string::npos;
  };
  std::erase_if(durable_, [&](const auto& each) { return inside(each.first); });
  for (const auto& [name, file] : now_) {
    if (inside(name)) durable_[name] = file;
  }
  return {};
}

Status CutDisk::remove(const std::string& path) {
  about_to_change();
  now_.erase(path);
  return Disk::remove(path);
}

}  // namespace pailfs::journal
