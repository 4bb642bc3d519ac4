// SPDX-License-Identifier: Apache-2.0
#include "body.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <vector>

#include <openssl/evp.h>

#include "pailfs/util/text.h"

namespace pailfs::journal {
namespace {

class Md5 final {
 public:
  Md5() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    good_ = context_ && EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr) == 1;
  }
  void add(std::span<const char> bytes) {
    if (good_) EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  /// Where policy forbids MD5 the ETag is one that no store gives; that of the store replaces it.
  store::ETag etag(BodyId id) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    if (!good_ || EVP_DigestFinal_ex(context_.get(), out.data(), &length) != 1) {
      return {"\"pailfs-" + std::to_string(id) + "\""};
    }
    return {"\"" + hex(std::string(out.begin(), out.begin() + length)) + "\""};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool good_ = false;
};

Status fill(ByteSource& source, std::uint64_t offset, std::span<char> out) {
  while (!out.empty()) {
    const auto got = source.read(offset, out);
    if (!got) return got.error();
    if (*got == 0) return Error{EIO, "the data to be stored ended before its announced size"};
    out = out.subspan(*got);
    offset += *got;
    source.taken(offset);
  }
  return {};
}

/// Notes a failure of the disk. A full disk is none, because it may have room later.
Status of_disk(Status status, bool& failed) {
  failed = failed || (!status && status.error().err != ENOSPC && status.error().err != EDQUOT);
  return status;
}

Status copy_into(ByteSource& source, Disk& disk, int file, Md5& md5, bool& disk_failed) {
  std::vector<char> buffer(std::min<std::uint64_t>(source.size(), std::uint64_t{1} << 20U));
  for (std::uint64_t at = 0; at < source.size();) {
    const std::uint64_t length = std::min<std::uint64_t>(buffer.size(), source.size() - at);
    const std::span<char> piece = std::span(buffer).first(length);
    const Status filled = fill(source, at, piece);
    if (!filled) return filled;
    md5.add(piece);
    const Status written = of_disk(disk.write(file, piece, at), disk_failed);
    if (!written) return written;
    at += length;
  }
  return of_disk(disk.sync(file), disk_failed);
}

}  // namespace

Status Body::read(std::uint64_t offset, std::span<char> out) const {
  const int file = place_.segment ? place_.segment->file.get() : file_.get();
  const auto got = read_fully(file, out, place_.offset + offset);
  if (!got) return got.error();
  if (*got != out.size()) return Error{EIO, "a file of the journal is shorter than it was"};
  return {};
}

Result<std::size_t> BodySource::read(std::uint64_t offset, std::span<char> out) {
  if (offset >= body_->size()) return std::size_t{0};
  out = out.first(std::min<std::uint64_t>(out.size(), body_->size() - offset));
  const Status read = body_->read(offset, out);
  if (!read) return read.error();
  return out.size();
}

std::string body_path(const std::string& directory, BodyId id) {
  std::array<char, 17> name{};
  std::snprintf(name.data(), name.size(), "%016llx", static_cast<unsigned long long>(id));
  return directory + "/" + name.data();
}

Result<BodyPtr> open_body(const std::string& directory, BodyId id, std::uint64_t size) {
  std::string path = body_path(directory, id);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat stat {};
  if (!file || ::fstat(file.get(), &stat) != 0) return system_error(errno, "open " + path);
  if (static_cast<std::uint64_t>(stat.st_size) != size) {
    return Error{EIO, path + ": not of the size that was written"};
  }
  return BodyPtr(std::make_shared<Body>(std::move(file), std::move(path), size));
}

Result<Taken> take(ByteSource& source, Disk& disk, const std::string& directory, BodyId id,
                   bool& disk_failed) {
  Taken taken;
  Md5 md5;
  if (source.size() <= kInlineBody) {
    taken.bytes.resize(source.size());
    const Status filled = fill(source, 0, taken.bytes);
    if (!filled) return filled.error();
    md5.add(taken.bytes);
    taken.etag = md5.etag(id);
    return taken;
  }
  const std::string path = body_path(directory, id);
  auto file = disk.create(path);
  if (!file) return of_disk(file.error(), disk_failed).error();
  Status status = copy_into(source, disk, file->get(), md5, disk_failed);
  if (status) status = of_disk(disk.sync_directory(directory), disk_failed);
  if (!status) {
    static_cast<void>(disk.remove(path));
    return status.error();
  }
  taken.body = std::make_shared<Body>(std::move(*file), path, source.size());
  taken.etag = md5.etag(id);
  return taken;
}

}  // namespace pailfs::journal
