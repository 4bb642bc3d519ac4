// SPDX-License-Identifier: Apache-2.0
#include "hidden_leases.h"

#include <cerrno>
#include <string_view>

#include "pailfs/store/refusal.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

Error reserved(const store::Key& key) {
  return {EPERM, printable(key) + ": the name is reserved for locks (locks=bucket)"};
}

}  // namespace

bool HiddenLeases::hides(const store::Key& key) const {
  const std::string_view name = std::string_view(directory_).substr(0, directory_.size() - 1);
  return key.starts_with(name) && (key.size() == name.size() || key[name.size()] == '/');
}

void HiddenLeases::strip(store::ListPage& page) const {
  std::erase_if(page.objects, [&](const auto& object) { return hides(object.key); });
  std::erase_if(page.prefixes, [&](const auto& prefix) { return hides(prefix); });
}

Result<store::ObjectInfo> HiddenLeases::head(const store::Key& key) {
  return hides(key) ? store::no_such_object(key) : store_.head(key);
}

Result<store::ObjectInfo> HiddenLeases::get(const store::GetRequest& request,
                                            store::ByteSink& sink) {
  return hides(request.key) ? store::no_such_object(request.key) : store_.get(request, sink);
}

Result<store::ETag> HiddenLeases::put(const store::PutRequest& request, ByteSource& body) {
  return hides(request.key) ? reserved(request.key) : store_.put(request, body);
}

Status HiddenLeases::remove(const store::Removal& removal) {
  return hides(removal.key) ? Status(reserved(removal.key)) : store_.remove(removal);
}

std::vector<Status> HiddenLeases::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<store::Removal> others;
  for (const store::Removal& removal : removals) {
    if (!hides(removal.key)) others.push_back(removal);
  }
  if (others.size() == removals.size()) return store_.remove_many(removals);
  const std::vector<Status> removed = store_.remove_many(others);
  std::vector<Status> verdicts;
  auto next = removed.begin();
  for (const store::Removal& removal : removals) {
    verdicts.push_back(hides(removal.key) ? Status(reserved(removal.key)) : *next++);
  }
  return verdicts;
}

Result<store::ListPage> HiddenLeases::list(const store::ListRequest& request) {
  if (hides(request.prefix)) return store::ListPage();
  auto page = store_.list(request);
  if (page) strip(*page);
  return page;
}

Result<store::ETag> HiddenLeases::copy(const store::CopyRequest& request) {
  if (hides(request.source)) return store::no_such_object(request.source);
  return hides(request.destination) ? reserved(request.destination) : store_.copy(request);
}

Result<store::UploadId> HiddenLeases::create_upload(const store::Key& key,
                                                    const store::ObjectAttributes& attributes,
                                                    store::PartOrigin origin) {
  return hides(key) ? reserved(key) : store_.create_upload(key, attributes, origin);
}

}  // namespace pailfs::fs
