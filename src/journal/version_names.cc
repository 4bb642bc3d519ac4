// SPDX-License-Identifier: Apache-2.0
#include "version_names.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <utility>
#include <vector>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

namespace pailfs::journal {
namespace {

constexpr std::size_t kMostVersions = 65'536;
constexpr std::size_t kMostUploads = 1000;

bool is_stale(const Status& status) {
  return !status && status.error().err == ESTALE;
}
template <class Value>
bool is_stale(const Result<Value>& result) {
  return !result && result.error().err == ESTALE;
}

/// The MD5 of some bytes, as services call an object that was sent with one request.
bool is_md5(const store::ETag& etag) {
  constexpr std::size_t kQuoted = 34;
  const std::string& text = etag.value;
  return text.size() == kQuoted && text.front() == '"' && text.back() == '"' &&
         std::all_of(text.begin() + 1, text.end() - 1,
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// Two MD5s are of different bytes, and so of different versions.
bool may_be_one(const store::ETag& told, const store::ETag& found) {
  return !is_md5(told) || !is_md5(found);
}

/// Passes bytes on and notes whether there were any.
class Watched final : public store::ByteSink {
 public:
  explicit Watched(store::ByteSink& to) : to_(to) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    used_ = true;
    return to_.write(offset, bytes);
  }
  [[nodiscard]] bool used() const { return used_; }

 private:
  store::ByteSink& to_;
  bool used_ = false;
};

}  // namespace

VersionNames::VersionNames(store::ObjectStore& store)
    : ForwardingStore(store), versions_(kMostVersions), uploads_(kMostUploads) {}

void VersionNames::note(const store::Key& key, const store::ETag& told, const Mark& mark) {
  MutexLock lock(mutex_);
  // Without metadata, or another name to expect, nothing could tell the version from another.
  if (told.empty() || (mark.metadata == 0 && mark.etag == told)) return versions_.erase(key);
  versions_.put(key, {told, mark, {}}, MonoTime::max());
}

void VersionNames::forget(const store::Key& key) {
  MutexLock lock(mutex_);
  versions_.erase(key);
}

std::optional<Mark> VersionNames::unshown(const store::Key& key, const store::ETag& version) {
  MutexLock lock(mutex_);
  const Version* known = versions_.find(key, MonoTime());
  if (known == nullptr || known->told != version || known->mark.metadata == 0) return std::nullopt;
  Mark mark = known->mark;
  mark.etag = known->told;
  return mark;
}

store::ETag VersionNames::stored_name(const store::Key& key, const store::ETag& told) {
  MutexLock lock(mutex_);
  const Version* known = versions_.find(key, MonoTime());
  const bool differs = known != nullptr && known->told == told && !known->stored.empty();
  return differs ? known->stored : told;
}

store::ETag VersionNames::shown(const store::Key& key, const store::ObjectInfo& found) {
  MutexLock lock(mutex_);
  Version* known = versions_.find(key, MonoTime());
  if (known == nullptr || found.etag.empty()) return found.etag;
  if (found.etag == known->told) {
    if (known->stored.empty()) versions_.erase(key);  // it has but one name
    return found.etag;
  }
  const bool may_be = known->stored.empty() && may_be_one(known->told, found.etag);
  if (may_be && is_ours(known->mark, found)) {
    known->stored = found.etag;
    log_info([&] {
      return printable(key) + ": the store called this version " + printable(known->told.value) +
             " in its reply to the upload, and calls it " + printable(found.etag.value) + " now";
    });
  }
  return found.etag == known->stored ? known->told : found.etag;
}

std::optional<store::ETag> VersionNames::listed(const store::ListedObject& object) {
  MutexLock lock(mutex_);
  const Version* known = versions_.find(object.key, MonoTime());
  if (known == nullptr || object.etag.empty() || object.etag == known->told) return object.etag;
  if (object.etag == known->stored) return known->told;
  const bool unsure = known->stored.empty() && object.size == known->mark.size &&
                      may_be_one(known->told, object.etag);
  return unsure ? std::nullopt : std::optional(object.etag);
}

bool VersionNames::find_name(const store::Key& key, const store::ETag& version) {
  const auto is_unknown = [&]() REQUIRES(mutex_) {
    const Version* known = versions_.find(key, MonoTime());
    return known != nullptr && known->told == version && known->stored.empty();
  };
  {
    MutexLock lock(mutex_);
    if (version.empty() || !is_unknown()) return false;
  }
  const auto found = store_.head(key);
  if (!found) return false;
  if (shown(key, *found) == version) return found->etag != version;
  // Another version has taken its place.
  MutexLock lock(mutex_);
  if (is_unknown()) versions_.erase(key);
  return false;
}

Result<store::ObjectInfo> VersionNames::head(const store::Key& key) {
  auto info = store_.head(key);
  if (info) info->etag = shown(key, *info);
  return info;
}

Result<store::ObjectInfo> VersionNames::get(const store::GetRequest& request,
                                            store::ByteSink& sink) {
  store::GetRequest sent = request;
  sent.if_match = stored_name(request.key, request.if_match);
  Watched watched(sink);
  auto info = store_.get(sent, watched);
  if (is_stale(info) && !watched.used() && find_name(request.key, request.if_match)) {
    sent.if_match = stored_name(request.key, request.if_match);
    info = store_.get(sent, watched);
  }
  if (info) info->etag = shown(request.key, *info);
  return info;
}

Result<store::ETag> VersionNames::put(const store::PutRequest& request, ByteSource& body) {
  store::PutRequest sent = request;
  sent.condition.version = stored_name(request.key, request.condition.version);
  auto etag = store_.put(sent, body);
  if (is_stale(etag) && find_name(request.key, request.condition.version)) {
    sent.condition.version = stored_name(request.key, request.condition.version);
    etag = store_.put(sent, body);
  }
  if (etag) note(request.key, *etag, {body.size(), *etag, metadata_digest(request.attributes)});
  return etag;
}

store::Removal VersionNames::named(store::Removal removal) {
  removal.version = stored_name(removal.key, removal.version);
  if (removal.seen) removal.seen->etag = stored_name(removal.key, removal.seen->etag);
  return removal;
}

Status VersionNames::remove(const store::Removal& removal) {
  store::Removal sent = named(removal);
  Status status = store_.remove(sent);
  if (is_stale(status) && find_name(removal.key, removal.version)) {
    sent = named(removal);
    status = store_.remove(sent);
  }
  if (status) forget(removal.key);
  return status;
}

std::vector<Status> VersionNames::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<store::Removal> sent;
  sent.reserve(removals.size());
  for (const store::Removal& removal : removals) sent.push_back(named(removal));
  std::vector<Status> statuses = store_.remove_many(sent);
  for (std::size_t i = 0; i < statuses.size() && i < removals.size(); ++i) {
    if (statuses[i]) {
      forget(removals[i].key);
    } else if (is_stale(statuses[i]) && find_name(removals[i].key, removals[i].version)) {
      statuses[i] = remove(removals[i]);
    }
  }
  return statuses;
}

Result<store::ListPage> VersionNames::list(const store::ListRequest& request) {
  auto page = store_.list(request);
  if (!page) return page;
  for (store::ListedObject& object : page->objects) {
    auto name = listed(object);
    if (!name) {
      const auto told = [&] {
        MutexLock lock(mutex_);
        const Version* known = versions_.find(object.key, MonoTime());
        return known != nullptr ? known->told : store::ETag();
      }();
      find_name(object.key, told);
      name = listed(object);
    }
    // Where the object could not be looked at its version is unknown.
    object.etag = name.value_or(store::ETag());
  }
  return page;
}

store::CopyRequest VersionNames::named(store::CopyRequest request) {
  request.source_if_match = stored_name(request.source, request.source_if_match);
  request.condition.version = stored_name(request.destination, request.condition.version);
  return request;
}

bool VersionNames::found_other_names(const store::CopyRequest& request) {
  const bool of_source = find_name(request.source, request.source_if_match);
  return find_name(request.destination, request.condition.version) || of_source;
}

Result<store::ETag> VersionNames::copy(const store::CopyRequest& request) {
  const store::CopyRequest sent = named(request);
  auto etag = store_.copy(sent);
  if (is_stale(etag) && found_other_names(request)) etag = store_.copy(named(request));
  if (!etag) return etag;
  const std::uint64_t metadata = request.attributes ? metadata_digest(*request.attributes) : 0;
  // A copy that keeps the attributes may be called as its source is.
  const store::ETag expected =
      request.attributes ? *etag : stored_name(request.source, request.source_if_match);
  note(request.destination, request.size ? *etag : store::ETag(),
       {request.size.value_or(0), expected, metadata});
  return etag;
}

Result<store::UploadId> VersionNames::create_upload(const store::Key& key,
                                                    const store::ObjectAttributes& attributes,
                                                    store::PartOrigin origin) {
  auto id = store_.create_upload(key, attributes, origin);
  if (!id) return id;
  MutexLock lock(mutex_);
  uploads_.put(id->value, metadata_digest(attributes), MonoTime::max());
  return id;
}

Result<store::ETag> VersionNames::copy_part(const store::Key& key, const store::UploadId& id,
                                            int number, const store::Key& source,
                                            const store::ETag& source_if_match,
                                            store::ByteRange range) {
  auto etag =
      store_.copy_part(key, id, number, source, stored_name(source, source_if_match), range);
  if (is_stale(etag) && find_name(source, source_if_match)) {
    etag = store_.copy_part(key, id, number, source, stored_name(source, source_if_match), range);
  }
  return etag;
}

Result<store::ETag> VersionNames::complete_upload(const store::Key& key, const store::UploadId& id,
                                                  const std::vector<store::UploadedPart>& parts,
                                                  const store::Condition& condition) {
  store::Condition sent = condition;
  sent.version = stored_name(key, condition.version);
  auto etag = store_.complete_upload(key, id, parts, sent);
  if (is_stale(etag) && find_name(key, condition.version)) {
    sent.version = stored_name(key, condition.version);
    etag = store_.complete_upload(key, id, parts, sent);
  }
  if (!etag) return etag;
  Mark mark{0, *etag, 0};
  for (const store::UploadedPart& part : parts) mark.size += part.size;
  {
    MutexLock lock(mutex_);
    if (const std::uint64_t* digest = uploads_.find(id.value, MonoTime())) mark.metadata = *digest;
    uploads_.erase(id.value);
  }
  note(key, *etag, mark);
  return etag;
}

Status VersionNames::abort_upload(const store::Key& key, const store::UploadId& id) {
  Status status = store_.abort_upload(key, id);
  MutexLock lock(mutex_);
  uploads_.erase(id.value);
  return status;
}

}  // namespace pailfs::journal
