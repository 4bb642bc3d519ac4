// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pailfs::test {

/// What a bucket looks like as a tree, derived from nothing but its keys: a key is a file, a key
/// that ends in '/' or is continued by '/' makes a directory, and a file hides the directory of its
/// name. A pure value; paths have no leading slash, "" is the root.
class Model {
 public:
  enum class Kind { none, file, directory };
  using Objects = std::map<std::string, std::string>;  // key -> bytes

  Model() = default;
  explicit Model(Objects objects) : objects_(std::move(objects)) {}

  [[nodiscard]] const Objects& objects() const { return objects_; }
  /// As seen from the root: nothing lies below a file.
  [[nodiscard]] Kind kind(const std::string& path) const;
  /// 0, or what a walk to `path` fails with: ENOENT or ENOTDIR.
  [[nodiscard]] int walk(const std::string& path) const;
  /// Every visible path: directories end in '/' and have no bytes.
  [[nodiscard]] Objects tree() const;

  // Each returns the errno of the call and, when it is 0, has made the change.
  int write(const std::string& path, const std::string& bytes);
  int patch(const std::string& path, std::uint64_t offset, const std::string& bytes);
  int truncate(const std::string& path, std::uint64_t size);
  int mkdir(const std::string& path);
  int rmdir(const std::string& path);
  int unlink(const std::string& path);
  int rename(const std::string& from, const std::string& to);
  void foreign_put(const std::string& key, const std::string& bytes) { objects_[key] = bytes; }
  void foreign_remove(const std::string& key) { objects_.erase(key); }

 private:
  [[nodiscard]] Kind own_kind(const std::string& path) const;
  [[nodiscard]] bool empty_directory(const std::string& path) const;
  [[nodiscard]] int walk_to_parent(const std::string& path) const;

  Objects objects_;
};

}  // namespace pailfs::test
