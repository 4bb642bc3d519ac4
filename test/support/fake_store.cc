// SPDX-License-Identifier: Apache-2.0
#include "fake_store.h"

#include <algorithm>
#include <cerrno>

#include "pailfs/util/text.h"

#include "md5.h"
#include "store_errors.h"

namespace pailfs::test {
namespace {

store::ETag etag_of(std::string_view bytes) {
  return {"\"" + hex(md5(bytes)) + "\""};
}

store::ObjectAttributes as_stored(store::ObjectAttributes attributes) {
  if (attributes.content_type.empty()) attributes.content_type = "binary/octet-stream";
  for (auto& [name, value] : attributes.metadata) name = to_lower(name);
  std::sort(attributes.metadata.begin(), attributes.metadata.end());
  std::sort(attributes.standard.begin(), attributes.standard.end());
  return attributes;
}

store::ObjectInfo info_of(const StoredObject& object) {
  return {object.bytes->size(), object.etag, object.last_modified, object.attributes};
}

}  // namespace

std::string StoredObject::meta(std::string_view name) const {
  for (const auto& [key, value] : attributes.metadata) {
    if (key == name) return value;
  }
  return {};
}

FakeStore::FakeStore(Clock& clock, StoreLimits limits) : clock_(clock), limits_(limits) {}
FakeStore::~FakeStore() = default;

void FakeStore::note(Verb verb, int requests) {
  const MutexLock lock(mutex_);
  count_.of(verb) += requests;
}

WallTime FakeStore::now() const {
  return std::chrono::floor<std::chrono::seconds>(clock_.wall());
}

Status FakeStore::check_key(const store::Key& key) const {
  if (key.empty()) return store_error(StoreCode::invalid_argument, key);
  if (key.size() > limits_.max_key) return store_error(StoreCode::key_too_long, key);
  return {};
}

Status FakeStore::check_attributes(const store::ObjectAttributes& attributes) const {
  std::size_t size = 0;
  for (const auto& [name, value] : attributes.metadata) size += name.size() + value.size();
  if (size > limits_.max_metadata) return store_error(StoreCode::metadata_too_large, "metadata");
  return {};
}

void FakeStore::set_replacement(Replacement habit) {
  const MutexLock lock(mutex_);
  replacement_ = habit;
}

store::ETag FakeStore::store(const store::Key& key, StoredObject object, Verb verb, bool foreign) {
  store::ETag told = object.etag;
  const auto replaced = objects_.find(key);
  if (replacement_ != Replacement::hashed && !foreign && replaced != objects_.end()) {
    object.etag = replaced->second.etag;
    if (replacement_ == Replacement::kept) told = object.etag;
  }
  object.last_modified = now();
  object.attributes = as_stored(std::move(object.attributes));
  history_.push_back({verb, key, object.etag, foreign});
  objects_.insert_or_assign(key, std::move(object));
  return told;
}

Result<StoredObject> FakeStore::find(const store::Key& key) const {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return store_error(StoreCode::no_such_key, key);
  return found->second;
}

Result<StoredObject> FakeStore::find_version(const store::Key& key,
                                             const store::ETag& if_match) const {
  auto object = find(key);
  if (object && !if_match.empty() && object->etag != if_match) {
    return store_error(StoreCode::precondition_failed, key);
  }
  return object;
}

Status FakeStore::check_condition(const store::Key& key, const store::Condition& condition) const {
  const auto present = objects_.find(key);
  const bool absent = present == objects_.end();
  if (condition.absent && !absent) return store_error(StoreCode::already_there, key);
  if (!condition.version.empty() && (absent || present->second.etag != condition.version)) {
    return store_error(StoreCode::precondition_failed, key);
  }
  return {};
}

Result<std::string> FakeStore::read_body(ByteSource& body, std::uint64_t limit) {
  const std::uint64_t size = body.size();
  if (size > limit) return store_error(StoreCode::entity_too_large, "body");
  std::string bytes(size, '\0');
  std::uint64_t have = 0;
  while (have < size) {
    const auto n = body.read(have, std::span(bytes).subspan(have));
    if (!n) return n.error();
    if (*n == 0) return store_error(StoreCode::incomplete_body, "body");
    have += *n;
    body.taken(have);
  }
  const MutexLock lock(mutex_);
  bytes_in_ += size;
  return bytes;
}

Result<store::ObjectInfo> FakeStore::head(const store::Key& key) {
  note(Verb::head);
  if (const Status ok = check_key(key); !ok) return ok.error();
  const MutexLock lock(mutex_);
  auto object = find(key);
  if (!object) return object.error();
  return info_of(*object);
}

Result<store::ObjectInfo> FakeStore::get(const store::GetRequest& request, store::ByteSink& sink) {
  note(Verb::get);
  if (const Status ok = check_key(request.key); !ok) return ok.error();
  StoredObject object;
  {
    const MutexLock lock(mutex_);
    auto found = find_version(request.key, request.if_match);
    if (!found) return found.error();
    object = *found;
  }
  std::uint64_t begin = 0;
  std::uint64_t end = object.bytes->size();
  if (request.range) {
    if (request.range->length == 0) return store_error(StoreCode::invalid_argument, request.key);
    if (request.range->begin >= end) return store_error(StoreCode::invalid_range, request.key);
    begin = request.range->begin;
    end = begin + std::min(request.range->length, end - begin);
  }
  constexpr std::uint64_t kPiece = 64U << 10U;  // as from a socket: never all at once
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t n = std::min(kPiece, end - at);
    {
      const MutexLock lock(mutex_);
      bytes_out_ += n;
    }
    if (!sink.write(at, std::span(*object.bytes).subspan(at, n))) {
      return Error{ECANCELED, "get " + request.key + ": cancelled by the receiver"};
    }
    at += n;
  }
  return info_of(object);
}

Result<store::ETag> FakeStore::put(const store::PutRequest& request, ByteSource& body) {
  note(Verb::put);
  if (const Status ok = check_key(request.key); !ok) return ok.error();
  if (const Status ok = check_attributes(request.attributes); !ok) return ok.error();
  auto bytes = read_body(body, limits_.max_put);
  if (!bytes) return bytes.error();
  const store::ETag etag = etag_of(*bytes);
  const MutexLock lock(mutex_);
  if (const Status ok = check_condition(request.key, request.condition); !ok) return ok.error();
  return store(
      request.key,
      {std::make_shared<const std::string>(*std::move(bytes)), etag, {}, request.attributes},
      Verb::put, false);
}

void FakeStore::judge_seen(const store::Removal& removal) {
  if (!removal.seen || store::may_be_seen(*removal.seen, info_of(objects_.at(removal.key)))) return;
  removed_unseen_.push_back(removal.key);
}

Status FakeStore::remove(const store::Removal& removal) {
  note(Verb::remove);
  const store::Key& key = removal.key;
  if (Status ok = check_key(key); !ok) return ok;
  const MutexLock lock(mutex_);
  if (!objects_.contains(key)) return {};
  if (Status ok = check_condition(key, {.version = removal.version}); !ok) return ok;
  judge_seen(removal);
  if (objects_.erase(key) > 0) history_.push_back({Verb::remove, key, {}, false});
  return {};
}

std::vector<Status> FakeStore::remove_many(const std::vector<store::Removal>& removals) {
  constexpr std::size_t kBatch = 1000;  // DeleteObjects takes no more
  note(Verb::remove_many, static_cast<int>((removals.size() + kBatch - 1) / kBatch));
  std::vector<Status> verdicts;
  const MutexLock lock(mutex_);
  for (const store::Removal& removal : removals) {
    const store::Key& key = removal.key;
    verdicts.push_back(check_key(key));
    if (!verdicts.back() || !objects_.contains(key)) continue;
    verdicts.back() = check_condition(key, {.version = removal.version});
    if (!verdicts.back()) continue;
    judge_seen(removal);
    objects_.erase(key);
    history_.push_back({Verb::remove_many, key, {}, false});
  }
  return verdicts;
}

Result<store::ETag> FakeStore::copy(const store::CopyRequest& request) {
  note(Verb::copy);
  for (const store::Key* key : {&request.source, &request.destination}) {
    if (const Status ok = check_key(*key); !ok) return ok.error();
  }
  if (request.attributes) {
    if (const Status ok = check_attributes(*request.attributes); !ok) return ok.error();
  } else if (request.source == request.destination) {
    return store_error(StoreCode::invalid_request, request.source);  // would change nothing
  }
  const MutexLock lock(mutex_);
  auto source = find_version(request.source, request.source_if_match);
  if (!source) return source.error();
  if (source->bytes->size() > limits_.max_copy) {
    return store_error(StoreCode::invalid_request, request.source);
  }
  if (const Status ok = check_condition(request.destination, request.condition); !ok) {
    return ok.error();
  }
  const store::ETag etag = etag_of(*source->bytes);
  const store::ETag told =
      store(request.destination,
            {source->bytes, etag, {}, request.attributes.value_or(source->attributes)}, Verb::copy,
            false);
  return limits_.misnames_copied ? store::ETag{"\"told-" + etag.value.substr(1)} : told;
}

store::ETag FakeStore::put_raw(const store::Key& key, std::string bytes,
                               store::ObjectAttributes attributes) {
  const store::ETag etag = etag_of(bytes);
  const MutexLock lock(mutex_);
  store(key,
        {std::make_shared<const std::string>(std::move(bytes)), etag, {}, std::move(attributes)},
        Verb::put, true);
  return etag;
}

bool FakeStore::remove_raw(const store::Key& key) {
  const MutexLock lock(mutex_);
  if (objects_.erase(key) == 0) return false;
  history_.push_back({Verb::remove, key, {}, true});
  return true;
}

std::map<store::Key, StoredObject> FakeStore::objects() const {
  const MutexLock lock(mutex_);
  return objects_;
}

std::vector<store::Key> FakeStore::keys() const {
  const MutexLock lock(mutex_);
  std::vector<store::Key> keys;
  for (const auto& [key, object] : objects_) keys.push_back(key);
  return keys;
}

std::optional<StoredObject> FakeStore::object(const store::Key& key) const {
  const MutexLock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second;
}

std::size_t FakeStore::uploads_in_progress() const {
  const MutexLock lock(mutex_);
  return uploads_.size();
}

RequestCount FakeStore::count() const {
  const MutexLock lock(mutex_);
  return count_;
}

void FakeStore::reset_count() {
  const MutexLock lock(mutex_);
  count_ = {};
  bytes_in_ = 0;
  bytes_out_ = 0;
}

std::uint64_t FakeStore::bytes_in() const {
  const MutexLock lock(mutex_);
  return bytes_in_;
}

std::uint64_t FakeStore::bytes_out() const {
  const MutexLock lock(mutex_);
  return bytes_out_;
}

std::vector<store::Key> FakeStore::removed_unseen() const {
  const MutexLock lock(mutex_);
  return removed_unseen_;
}

std::vector<Mutation> FakeStore::history() const {
  const MutexLock lock(mutex_);
  return history_;
}

Result<std::size_t> StringSource::read(std::uint64_t offset, std::span<char> out) {
  if (offset >= bytes_.size()) return std::size_t{0};
  const std::size_t n = std::min<std::size_t>(out.size(), bytes_.size() - offset);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), n, out.begin());
  return n;
}

bool StringSink::write(std::uint64_t offset, std::span<const char> bytes) {
  in_order_ = in_order_ && offset == begin_ + bytes_.size();
  bytes_.append(bytes.data(), bytes.size());
  return true;
}

}  // namespace pailfs::test
