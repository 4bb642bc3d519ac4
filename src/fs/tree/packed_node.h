// SPDX-License-Identifier: Apache-2.0
// ETag and attributes of an object in few bytes, without loss. Not thread-safe: NodeTables locks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fs/format/object_headers.h"

namespace pailfs::fs {

/// An ETag: an MD5, alone or with a number of parts, in 18 bytes; any other on the heap.
class PackedTag final {
 public:
  void assign(const store::ETag& etag);
  [[nodiscard]] store::ETag get() const;
  [[nodiscard]] bool equals(const store::ETag& etag) const { return get() == etag; }

 private:
  enum class Kind : std::uint8_t { none, md5, parts, other };
  std::array<std::uint8_t, 16> digest_{};
  std::unique_ptr<std::string> other_;
  std::uint16_t parts_ = 0;
  Kind kind_ = Kind::none;
};

/// Content types seen so far, by number. A few dozen in practice; bounded.
class TypeNames final {
 public:
  /// The number of that name; nothing when there are too many already.
  std::optional<std::uint16_t> number(std::string_view name);
  [[nodiscard]] const std::string& name(std::uint16_t number) const { return names_[number]; }

 private:
  std::vector<std::string> names_;
};

/// Stat and headers of one object. s3fs's six headers, in the form in which we write them, take no
/// memory beyond this; if there are others, all are kept as found.
class PackedAttributes final {
 public:
  PackedAttributes(const Stat& stat, const store::ObjectAttributes& attributes, TypeNames& types);

  /// Without the size, which the caller has.
  [[nodiscard]] Stat stat() const;
  [[nodiscard]] store::ObjectAttributes attributes(const TypeNames& types) const;
  /// The one time that is not always stored when it changes.
  void set_ctime(WallTime ctime) { ctime_ = ctime; }
  /// Bytes on the heap.
  [[nodiscard]] std::size_t extra() const { return extra_; }

 private:
  struct Foreign {
    dev_t rdev = 0;
    store::ObjectAttributes attributes;
  };

  WallTime atime_;
  WallTime mtime_;
  WallTime ctime_;
  uid_t uid_;
  gid_t gid_;
  std::unique_ptr<Foreign> foreign_;
  std::uint32_t extra_ = 0;
  std::uint16_t mode_;
  std::uint16_t type_ = 0;
  std::uint8_t headers_ = 0;  // which of the six; bits as in the .cc
};

}  // namespace pailfs::fs
