// SPDX-License-Identifier: Apache-2.0
/// `--dir`: objects as files, DIR/BUCKET/HASH.body and HASH.meta, where HASH is the SHA-256 of the
/// key. Bodies are mapped into memory, so the rest of the server does not know the difference.
/// Meant for data that must outlive the server, not for durability: nothing is synced. Callers
/// serialise calls for one bucket.
#pragma once
#include <functional>
#include <string>

#include "store.h"

namespace s3d {

class Disk {
 public:
  explicit Disk(std::string directory) : directory_(std::move(directory)) {}

  using OnBucket = std::function<void(const std::string& bucket)>;
  using OnObject =
      std::function<void(const std::string& bucket, const std::string& key, ObjectPtr object)>;
  bool load(const OnBucket& on_bucket, const OnObject& on_object, std::string& reason);

  void save_bucket(const std::string& bucket);
  void drop_bucket(const std::string& bucket);
  /// Writes both files and returns the object with its body mapped from the file; the object itself
  /// when the directory refuses (the server then simply forgets it at its end).
  ObjectPtr save(const std::string& bucket, const std::string& key, const ObjectPtr& object);
  void remove(const std::string& bucket, const std::string& key);

 private:
  std::string stem(const std::string& bucket, const std::string& key) const;
  ObjectPtr load_object(const std::string& stem, std::string& key) const;

  const std::string directory_;
};

}  // namespace s3d
