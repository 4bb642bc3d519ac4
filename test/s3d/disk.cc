// SPDX-License-Identifier: Apache-2.0
#include "disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

namespace fs = std::filesystem;

/// The whole file as one shared piece; nullopt when it cannot be mapped.
std::optional<Body> map_file(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct stat info {};
  Body body;
  bool ok = fstat(fd, &info) == 0;
  if (ok && info.st_size > 0) {
    auto size = static_cast<std::size_t>(info.st_size);
    void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    ok = memory != MAP_FAILED;
    if (ok) {
      std::shared_ptr<const void> owner(
          memory, [size](const void* start) { munmap(const_cast<void*>(start), size); });
      body.append({owner, std::string_view(static_cast<const char*>(memory), size)});
    }
  }
  close(fd);
  if (!ok) return std::nullopt;
  return body;
}

bool write_file(const std::string& path, const Body& body) {
  std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  for (const Body::Piece& piece : body.pieces())
    out.write(piece.bytes.data(), static_cast<std::streamsize>(piece.bytes.size()));
  out.close();
  return out.good() && std::rename(fresh.c_str(), path.c_str()) == 0;
}

// One "kind name value" line each, all parts percent-encoded.
void put_line(std::string& out, std::string_view kind, std::string_view name,
              std::string_view value) {
  out.append(kind).append(" ").append(percent_encode(name, true));
  out.append(" ").append(percent_encode(value, true)).append("\n");
}

std::string describe(const std::string& key, const Object& object) {
  std::string out;
  put_line(out, "key", "-", key);
  put_line(out, "etag", "-", object.etag);
  put_line(out, "mtime", "-", std::to_string(object.mtime));
  put_line(out, "class", "-", object.storage_class);
  put_line(out, "sse", "-", object.encryption);
  put_line(out, "kms", "-", object.kms_key);
  put_line(out, "ssec", "-", object.customer_key_md5);
  put_line(out, "acl", "-", object.acl);
  for (const Header& h : object.system) put_line(out, "system", h.name, h.value);
  for (const Header& h : object.meta) put_line(out, "meta", h.name, h.value);
  for (const Header& h : object.checksums) put_line(out, "checksum", h.name, h.value);
  for (std::uint64_t size : object.part_sizes) put_line(out, "part", "-", std::to_string(size));
  return out;
}

void apply_line(std::string_view kind, std::string name, std::string value, Object& object,
                std::string& key) {
  if (kind == "key")
    key = std::move(value);
  else if (kind == "etag")
    object.etag = std::move(value);
  else if (kind == "mtime")
    object.mtime = parse_i64(value).value_or(0);
  else if (kind == "class")
    object.storage_class = std::move(value);
  else if (kind == "sse")
    object.encryption = std::move(value);
  else if (kind == "kms")
    object.kms_key = std::move(value);
  else if (kind == "ssec")
    object.customer_key_md5 = std::move(value);
  else if (kind == "acl")
    object.acl = std::move(value);
  else if (kind == "system")
    object.system.add(std::move(name), std::move(value));
  else if (kind == "meta")
    object.meta.add(std::move(name), std::move(value));
  else if (kind == "checksum")
    object.checksums.add(std::move(name), std::move(value));
  else if (kind == "part")
    object.part_sizes.push_back(parse_u64(value).value_or(0));
}

}  // namespace

bool Disk::load(const OnBucket& on_bucket, const OnObject& on_object, std::string& reason) {
  std::error_code error;
  fs::create_directories(directory_, error);
  for (const auto& bucket : fs::directory_iterator(directory_, error)) {
    if (!bucket.is_directory()) continue;
    std::string name = bucket.path().filename().string();
    on_bucket(name);
    for (const auto& file : fs::directory_iterator(bucket.path(), error)) {
      if (file.path().extension() != ".meta") continue;
      std::string key;
      ObjectPtr object = load_object((bucket.path() / file.path().stem()).string(), key);
      if (object) on_object(name, key, std::move(object));
    }
  }
  reason = directory_ + ": " + error.message();
  return !error;
}

ObjectPtr Disk::load_object(const std::string& stem, std::string& key) const {
  auto body = map_file(stem + ".body");
  std::ifstream meta(stem + ".meta");
  if (!body || !meta) return nullptr;
  auto object = std::make_shared<Object>();
  object->body = *std::move(body);
  std::string line;
  while (std::getline(meta, line)) {
    auto parts = split(line, ' ');
    if (parts.size() != 3) return nullptr;
    auto name = percent_decode(parts[1], false);
    auto value = percent_decode(parts[2], false);
    if (!name || !value) return nullptr;
    apply_line(parts[0], *std::move(name), *std::move(value), *object, key);
  }
  object->created_ms = object->mtime * 1000;
  return object;
}

void Disk::save_bucket(const std::string& bucket) {
  std::error_code ignored;
  fs::create_directories(fs::path(directory_) / bucket, ignored);
}

void Disk::drop_bucket(const std::string& bucket) {
  std::error_code ignored;
  fs::remove_all(fs::path(directory_) / bucket, ignored);
}

ObjectPtr Disk::save(const std::string& bucket, const std::string& key, const ObjectPtr& object) {
  std::string name = stem(bucket, key);
  if (!write_file(name + ".body", object->body) ||
      !write_file(name + ".meta", Body(describe(key, *object))))
    return object;
  auto body = map_file(name + ".body");
  if (!body) return object;
  auto mapped = std::make_shared<Object>(*object);
  mapped->body = *std::move(body);
  return mapped;
}

void Disk::remove(const std::string& bucket, const std::string& key) {
  std::string name = stem(bucket, key);
  unlink((name + ".meta").c_str());
  unlink((name + ".body").c_str());
}

std::string Disk::stem(const std::string& bucket, const std::string& key) const {
  return directory_ + "/" + bucket + "/" + hex(sha256(key));
}

}  // namespace s3d
