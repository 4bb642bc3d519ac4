// SPDX-License-Identifier: Apache-2.0
// FakeStore: multipart uploads. A part is hashed when it arrives; completion checks numbers, order,
// ETags and sizes as S3 does and only then replaces the object.
#include "pailfs/util/text.h"

#include "fake_store.h"
#include "md5.h"
#include "store_errors.h"

namespace pailfs::test {
namespace {

constexpr int kMaxPart = 10'000;

std::string unquoted(const store::ETag& etag) {
  std::string text = etag.value;
  std::erase(text, '"');
  return text;
}

}  // namespace

Result<FakeStore::Upload*> FakeStore::find_upload(const store::Key& key,
                                                  const store::UploadId& id) {
  const auto found = uploads_.find(id.value);
  if (found == uploads_.end() || found->second.key != key) {
    return store_error(StoreCode::no_such_upload, key);
  }
  return &found->second;
}

Result<store::UploadId> FakeStore::create_upload(const store::Key& key,
                                                 const store::ObjectAttributes& attributes,
                                                 store::PartOrigin /*origin*/) {
  note(Verb::create_upload);
  if (const Status ok = check_key(key); !ok) return ok.error();
  if (const Status ok = check_attributes(attributes); !ok) return ok.error();
  const MutexLock lock(mutex_);
  const store::UploadId id{"upload-" + std::to_string(next_upload_++)};
  uploads_[id.value] = {key, attributes, now(), {}};
  return id;
}

Result<store::ETag> FakeStore::upload_part(const store::Key& key, const store::UploadId& id,
                                           int number, ByteSource& body) {
  note(Verb::upload_part);
  if (number < 1 || number > kMaxPart) return store_error(StoreCode::invalid_argument, key);
  auto bytes = read_body(body, limits_.max_part);
  if (!bytes) return bytes.error();
  const store::ETag etag{"\"" + hex(md5(*bytes)) + "\""};
  const MutexLock lock(mutex_);
  auto upload = find_upload(key, id);
  if (!upload) return upload.error();
  (*upload)->parts[number] = {std::make_shared<const std::string>(*std::move(bytes)), etag};
  return etag;
}

Result<store::ETag> FakeStore::copy_part(const store::Key& key, const store::UploadId& id,
                                         int number, const store::Key& source,
                                         const store::ETag& source_if_match,
                                         store::ByteRange range) {
  note(Verb::copy_part);
  if (number < 1 || number > kMaxPart) return store_error(StoreCode::invalid_argument, key);
  const MutexLock lock(mutex_);
  auto object = find_version(source, source_if_match);
  if (!object) return object.error();
  const std::uint64_t size = object->bytes->size();
  if (range.length == 0 || range.begin >= size || range.length > size - range.begin) {
    return store_error(StoreCode::invalid_argument, source);
  }
  if (range.length > limits_.max_part) return store_error(StoreCode::entity_too_large, source);
  auto upload = find_upload(key, id);
  if (!upload) return upload.error();
  std::string bytes = object->bytes->substr(range.begin, range.length);
  const store::ETag etag{"\"" + hex(md5(bytes)) + "\""};
  (*upload)->parts[number] = {std::make_shared<const std::string>(std::move(bytes)), etag};
  return etag;
}

Result<store::ETag> FakeStore::complete_upload(const store::Key& key, const store::UploadId& id,
                                               const std::vector<store::UploadedPart>& parts,
                                               const store::Condition& condition) {
  note(Verb::complete_upload);
  const MutexLock lock(mutex_);
  auto upload = find_upload(key, id);
  if (!upload) return upload.error();
  if (parts.empty()) return store_error(StoreCode::invalid_argument, key);
  std::string bytes;
  std::string digests;
  int previous = 0;
  for (const store::UploadedPart& part : parts) {
    if (part.number <= previous) return store_error(StoreCode::invalid_part_order, key);
    previous = part.number;
    const auto found = (*upload)->parts.find(part.number);
    if (found == (*upload)->parts.end() || unquoted(found->second.etag) != unquoted(part.etag)) {
      return store_error(StoreCode::invalid_part, key);
    }
    const Bytes& content = found->second.bytes;
    if (content->size() < limits_.min_part && &part != &parts.back()) {
      return store_error(StoreCode::entity_too_small, key);
    }
    bytes += *content;
    digests += md5(*content);
  }
  const store::ETag etag{"\"" + hex(md5(digests)) + "-" + std::to_string(parts.size()) + "\""};
  const store::ETag shown =
      limits_.misnames_completed ? store::ETag{"\"" + hex(md5(bytes)) + "\""} : etag;
  StoredObject object{
      std::make_shared<const std::string>(std::move(bytes)), shown, {}, (*upload)->attributes};
  if (const Status ok = check_condition(key, condition); !ok) return ok.error();
  uploads_.erase(id.value);
  const store::ETag told = store(key, std::move(object), Verb::complete_upload, false);
  return limits_.misnames_completed ? etag : told;
}

Status FakeStore::abort_upload(const store::Key& key, const store::UploadId& id) {
  note(Verb::abort_upload);
  const MutexLock lock(mutex_);
  if (find_upload(key, id)) uploads_.erase(id.value);
  return {};
}

Result<std::vector<store::UploadedPart>> FakeStore::list_parts(const store::Key& key,
                                                               const store::UploadId& id) {
  note(Verb::list_parts);
  const MutexLock lock(mutex_);
  auto upload = find_upload(key, id);
  if (!upload) return upload.error();
  std::vector<store::UploadedPart> parts;
  for (const auto& [number, part] : (*upload)->parts) {
    parts.push_back({number, part.etag, part.bytes->size()});
  }
  return parts;
}

}  // namespace pailfs::test
