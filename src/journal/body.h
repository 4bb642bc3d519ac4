// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "pailfs/store/object_store.h"
#include "pailfs/util/file.h"

#include "log.h"

namespace pailfs::journal {

/// The bytes of a change on disk: in a record of the log or in a file of their own. Constant; any
/// thread may read it.
class Body final {
 public:
  Body(Place place, std::uint64_t size) : place_(std::move(place)), size_(size) {}
  Body(UniqueFd file, std::string path, std::uint64_t size)
      : file_(std::move(file)), path_(std::move(path)), size_(size) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Exactly out.size() bytes at `offset`, which it has.
  Status read(std::uint64_t offset, std::span<char> out) const;
  /// The segment of the log whose file has the bytes; 0: a file of their own.
  [[nodiscard]] std::uint64_t segment() const {
    return place_.segment ? place_.segment->number : 0;
  }
  /// Path of the file of its own; else empty.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Place place_;
  UniqueFd file_;
  std::string path_;
  std::uint64_t size_ = 0;
};
using BodyPtr = std::shared_ptr<const Body>;

/// Hands a body to a store.
class BodySource final : public ByteSource {
 public:
  explicit BodySource(BodyPtr body) : body_(std::move(body)) {}
  [[nodiscard]] std::uint64_t size() const override { return body_->size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override;

 private:
  const BodyPtr body_;
};

/// The bytes taken from a ByteSource, durable if they are in a file of their own.
struct Taken {
  std::string bytes;  ///< of a small body: they go into the log's record
  BodyPtr body;       ///< else
  store::ETag etag;   ///< the MD5 of the bytes, as S3 names an object that was put in one piece
};
/// Bodies up to this size share the log's fdatasync.
constexpr std::uint64_t kInlineBody = 128U << 10U;

/// Reads all of `source`; large ones into a new file of `directory` that is named after `id`.
/// `disk_failed` is set when the disk has failed, but not when it is full.
Result<Taken> take(ByteSource& source, Disk& disk, const std::string& directory, BodyId id,
                   bool& disk_failed);
std::string body_path(const std::string& directory, BodyId id);
Result<BodyPtr> open_body(const std::string& directory, BodyId id, std::uint64_t size);

}  // namespace pailfs::journal
