// SPDX-License-Identifier: Apache-2.0
#include "store.h"

#include <utility>

#include "digest.h"
#include "disk.h"
#include "text.h"

namespace s3d {

const std::string& ContentMd5::get(const Body& body) {
  std::lock_guard lock(mutex_);
  if (hex_.empty()) {
    Hash hash(HashKind::kMd5);
    for (const Body::Piece& piece : body.pieces()) hash.update(piece.bytes);
    hex_ = hex(hash.finish());
  }
  return hex_;
}

std::string ContentMd5::known() {
  std::lock_guard lock(mutex_);
  return hex_;
}

void History::append(std::string_view op, const std::string& bucket, const std::string& key,
                     const ObjectPtr& object, std::int64_t now_ms) {
  std::lock_guard lock(mutex_);
  Mutation m;
  m.n = mutations_.size() + 1;
  m.time_ms = now_ms;
  m.op = op;
  m.bucket = bucket;
  m.key = key;
  if (object) {
    m.etag = object->etag;
    m.size = object->body.size();
    m.object = object;
    m.md5 = object->md5->known();
  }
  mutations_.push_back(std::move(m));
}

std::vector<Mutation> History::all() {
  std::lock_guard lock(mutex_);
  for (Mutation& m : mutations_) {
    if (!m.md5.empty()) continue;
    if (auto object = m.object.lock()) m.md5 = object->md5->get(object->body);
  }
  return mutations_;
}

bool etag_matches(std::string_view header, std::string_view etag) {
  for (std::string_view item : split(header, ',')) {
    item = trim(item);
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item.size() >= 2 && item.front() == '"' && item.back() == '"')
      item = item.substr(1, item.size() - 2);
    if (item == etag) return true;
  }
  return false;
}

Store::Store() = default;
Store::~Store() = default;

bool Store::open_directory(const std::string& directory, std::string& reason) {
  auto disk = std::make_unique<Disk>(directory);
  bool ok =
      disk->load([this](const std::string& bucket) { create_bucket(bucket, std::time(nullptr)); },
                 [this](const std::string& bucket, const std::string& key, ObjectPtr object) {
                   BucketPtr home = this->bucket(bucket);
                   if (home) home->objects[key] = std::move(object);
                 },
                 reason);
  if (ok) disk_ = std::move(disk);
  return ok;
}

bool Store::create_bucket(const std::string& name, std::time_t now) {
  // With --dir the name becomes a directory's.
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) return false;
  std::lock_guard lock(mutex_);
  if (buckets_.contains(name)) return false;
  auto bucket = std::make_shared<Bucket>();
  bucket->name = name;
  bucket->created = now;
  buckets_[name] = std::move(bucket);
  if (disk_) disk_->save_bucket(name);
  history_.append("CreateBucket", name, "", nullptr, now * 1000);
  return true;
}

Store::DropOutcome Store::drop_bucket(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto found = buckets_.find(name);
  if (found == buckets_.end()) return DropOutcome::kNoSuchBucket;
  std::lock_guard bucket_lock(found->second->mutex);
  if (!found->second->objects.empty()) return DropOutcome::kNotEmpty;
  found->second->deleted = true;
  BucketPtr alive = found->second;  // its mutex is still held
  buckets_.erase(found);
  if (disk_) disk_->drop_bucket(name);
  history_.append("DeleteBucket", name, "", nullptr, std::time(nullptr) * 1000);
  return DropOutcome::kDone;
}

bool Store::discard_bucket(const std::string& name) {
  BucketPtr home = bucket(name);
  if (!home) return false;
  decltype(home->objects) freed_after_the_lock;
  {
    std::lock_guard lock(home->mutex);
    for (const auto& [key, object] : home->objects)
      if (disk_) disk_->remove(name, key);
    freed_after_the_lock.swap(home->objects);
  }
  return drop_bucket(name) == DropOutcome::kDone;
}

BucketPtr Store::bucket(std::string_view name) const {
  std::shared_lock lock(mutex_);
  auto found = buckets_.find(name);
  return found == buckets_.end() ? nullptr : found->second;
}

std::vector<BucketPtr> Store::buckets() const {
  std::shared_lock lock(mutex_);
  std::vector<BucketPtr> out;
  for (const auto& [name, bucket] : buckets_) out.push_back(bucket);
  return out;
}

ObjectPtr Store::get(const Bucket& bucket, std::string_view key) const {
  std::shared_lock lock(bucket.mutex);
  auto found = bucket.objects.find(key);
  return found == bucket.objects.end() ? nullptr : found->second;
}

namespace {

/// `etag`: of the object that is there; null: none is.
WriteOutcome judge(const WriteCondition& condition, const std::string* etag) {
  if (condition.if_match) {
    if (etag == nullptr) return WriteOutcome::kNoSuchKey;
    if (condition.quotes_count ? *condition.if_match != *etag
                               : !etag_matches(*condition.if_match, *etag))
      return WriteOutcome::kPreconditionFailed;
  }
  if (condition.if_none_match && etag != nullptr && etag_matches(*condition.if_none_match, *etag))
    return WriteOutcome::kPreconditionFailed;
  return WriteOutcome::kDone;
}

}  // namespace

WriteOutcome Store::put(Bucket& bucket, const std::string& key, ObjectPtr object,
                        std::string_view op, const WriteCondition& condition) {
  ObjectPtr replaced;  // freed after the lock
  std::lock_guard lock(bucket.mutex);
  if (bucket.deleted) return WriteOutcome::kNoSuchBucket;
  auto found = bucket.objects.find(key);
  bool exists = found != bucket.objects.end();
  const WriteOutcome verdict = judge(condition, exists ? &found->second->etag : nullptr);
  if (verdict != WriteOutcome::kDone) return verdict;
  if (disk_) object = disk_->save(bucket.name, key, object);
  history_.append(op, bucket.name, key, object, object->created_ms);
  if (exists) {
    replaced = std::exchange(found->second, std::move(object));
  } else {
    bucket.objects.emplace(key, std::move(object));
  }
  bucket.ghosts.erase(key);
  return WriteOutcome::kDone;
}

WriteOutcome Store::remove(Bucket& bucket, const std::string& key, std::string_view op,
                           std::int64_t now_ms, bool keep_ghost, const WriteCondition& condition) {
  ObjectPtr removed;  // freed after the lock
  std::lock_guard lock(bucket.mutex);
  auto found = bucket.objects.find(key);
  const bool exists = found != bucket.objects.end();
  const WriteOutcome verdict = judge(condition, exists ? &found->second->etag : nullptr);
  if (verdict != WriteOutcome::kDone || !exists) return verdict;
  removed = found->second;
  bucket.objects.erase(found);
  if (keep_ghost) bucket.ghosts[key] = {removed, now_ms};
  if (disk_) disk_->remove(bucket.name, key);
  history_.append(op, bucket.name, key, nullptr, now_ms);
  return WriteOutcome::kDone;
}

std::uint64_t Store::object_count() const {
  std::uint64_t count = 0;
  for (const BucketPtr& bucket : buckets()) {
    std::shared_lock lock(bucket->mutex);
    count += bucket->objects.size();
  }
  return count;
}

}  // namespace s3d
