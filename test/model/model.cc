// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <algorithm>
#include <cerrno>

namespace pailfs::test {

Model::Kind Model::own_kind(const std::string& path) const {
  if (path.empty()) return Kind::directory;
  if (objects_.contains(path)) return Kind::file;
  const auto below = objects_.lower_bound(path + "/");
  return below != objects_.end() && below->first.starts_with(path + "/") ? Kind::directory
                                                                         : Kind::none;
}

int Model::walk(const std::string& path) const {
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    switch (own_kind(path.substr(0, slash))) {
      case Kind::none:
        return ENOENT;
      case Kind::file:
        return ENOTDIR;
      case Kind::directory:
        break;
    }
  }
  return own_kind(path) == Kind::none ? ENOENT : 0;
}

int Model::walk_to_parent(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return 0;
  const std::string parent = path.substr(0, slash);
  if (const int err = walk(parent); err != 0) return err;
  return own_kind(parent) == Kind::directory ? 0 : ENOTDIR;
}

Model::Kind Model::kind(const std::string& path) const {
  return walk(path) == 0 ? own_kind(path) : Kind::none;
}

Model::Objects Model::tree() const {
  Objects seen;
  for (const auto& [key, bytes] : objects_) {
    for (std::size_t slash = key.find('/'); slash != std::string::npos;
         slash = key.find('/', slash + 1)) {
      const std::string directory = key.substr(0, slash);
      if (kind(directory) == Kind::directory) seen[directory + "/"] = "";
    }
    if (!key.ends_with('/') && kind(key) == Kind::file) seen[key] = bytes;
  }
  return seen;
}

bool Model::empty_directory(const std::string& path) const {
  return std::none_of(objects_.begin(), objects_.end(), [&](const auto& object) {
    // Bytes in a directory's own object would go with it.
    const bool holds = object.first != path + "/" || !object.second.empty();
    return object.first.starts_with(path + "/") && holds;
  });
}

int Model::write(const std::string& path, const std::string& bytes) {
  if (const int err = walk_to_parent(path); err != 0) return err;
  if (own_kind(path) == Kind::directory) return EISDIR;
  objects_[path] = bytes;
  return 0;
}

int Model::patch(const std::string& path, std::uint64_t offset, const std::string& bytes) {
  if (const int err = walk(path); err != 0) return err;
  if (own_kind(path) == Kind::directory) return EISDIR;
  if (bytes.empty()) return 0;  // pwrite(2) of nothing does not extend a file
  std::string& content = objects_[path];
  content.resize(std::max<std::size_t>(content.size(), offset + bytes.size()));
  content.replace(offset, bytes.size(), bytes);
  return 0;
}

int Model::truncate(const std::string& path, std::uint64_t size) {
  if (const int err = walk(path); err != 0) return err;
  if (own_kind(path) == Kind::directory) return EISDIR;
  objects_[path].resize(size);
  return 0;
}

int Model::mkdir(const std::string& path) {
  if (walk(path) == 0) return EEXIST;
  if (const int err = walk_to_parent(path); err != 0) return err;
  objects_[path + "/"] = "";
  return 0;
}

int Model::rmdir(const std::string& path) {
  if (const int err = walk(path); err != 0) return err;
  if (own_kind(path) == Kind::file) return ENOTDIR;
  if (!empty_directory(path)) return ENOTEMPTY;
  objects_.erase(path + "/");
  return 0;
}

int Model::unlink(const std::string& path) {
  if (const int err = walk(path); err != 0) return err;
  if (own_kind(path) == Kind::directory) return EISDIR;
  objects_.erase(path);
  return 0;
}

int Model::rename(const std::string& from, const std::string& to) {
  if (const int err = walk(from); err != 0) return err;
  if (const int err = walk(to); err != 0 && err != ENOENT) return err;
  if (const int err = walk_to_parent(to); err != 0) return err;
  if (from == to) return 0;
  const bool target_is_directory = own_kind(to) == Kind::directory;
  if (own_kind(from) == Kind::file) {
    if (target_is_directory) return EISDIR;
    objects_[to] = objects_[from];
    objects_.erase(from);
    return 0;
  }
  if (own_kind(to) == Kind::file) return ENOTDIR;
  if (to.starts_with(from + "/")) return EINVAL;
  if (target_is_directory && !empty_directory(to)) return ENOTEMPTY;
  Objects moved;
  for (auto at = objects_.lower_bound(from + "/");
       at != objects_.end() && at->first.starts_with(from + "/");) {
    moved[to + at->first.substr(from.size())] = at->second;
    at = objects_.erase(at);
  }
  moved.insert({to + "/", ""});
  for (auto& [key, bytes] : moved) objects_[key] = bytes;
  return 0;
}

}  // namespace pailfs::test
