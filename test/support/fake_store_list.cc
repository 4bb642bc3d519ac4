// SPDX-License-Identifier: Apache-2.0
// FakeStore::list and list_uploads: order, common prefixes and pages.
#include <algorithm>

#include "fake_store.h"
#include "store_errors.h"

namespace pailfs::test {
namespace {

/// The first string after all that begin with `prefix`; empty when there is none.
std::string past(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

}  // namespace

Result<store::ListPage> FakeStore::list(const store::ListRequest& request) {
  note(Verb::list);
  const std::size_t most = std::min(limits_.page, request.max_keys);
  store::ListPage page;
  const MutexLock lock(mutex_);
  // A continuation is what came last: 'k' and a key, or 'p' and a common prefix. The two must be
  // told apart because "d/" can be either.
  auto at = objects_.lower_bound(request.prefix);
  if (!request.continuation.empty()) {
    const std::string last = request.continuation.substr(1);
    switch (request.continuation.front()) {
      case 'k':
        at = objects_.upper_bound(last);
        break;
      case 'p':
        at = objects_.lower_bound(past(last));
        break;
      default:
        return store_error(StoreCode::invalid_argument, "continuation");
    }
  }
  std::string last;
  while (at != objects_.end() && at->first.starts_with(request.prefix)) {
    if (page.objects.size() + page.prefixes.size() >= most) {
      page.next = last;
      break;
    }
    const auto& [key, object] = *at;
    const std::size_t slash =
        request.delimited ? key.find('/', request.prefix.size()) : std::string::npos;
    if (slash != std::string::npos) {
      page.prefixes.push_back(key.substr(0, slash + 1));
      last = "p" + page.prefixes.back();
      at = objects_.lower_bound(past(page.prefixes.back()));
    } else {
      page.objects.push_back({key, object.bytes->size(), object.etag, object.last_modified});
      last = "k" + key;
      ++at;
    }
  }
  return page;
}

Result<store::UploadPage> FakeStore::list_uploads(const std::string& prefix,
                                                  const store::UploadPage& after) {
  note(Verb::list_uploads);
  const MutexLock lock(mutex_);
  std::vector<store::UploadInProgress> all;
  for (const auto& [id, upload] : uploads_) {
    if (upload.key.starts_with(prefix)) all.push_back({upload.key, {id}, upload.initiated});
  }
  const auto place = [](const store::UploadInProgress& upload) {
    return std::pair(upload.key, upload.id.value);
  };
  std::sort(all.begin(), all.end(),
            [&](const auto& a, const auto& b) { return place(a) < place(b); });
  store::UploadPage page;
  for (const store::UploadInProgress& upload : all) {
    if (!after.next_key.empty() && place(upload) <= std::pair(after.next_key, after.next_upload_id))
      continue;
    if (page.uploads.size() >= limits_.page) {
      page.next_key = page.uploads.back().key;
      page.next_upload_id = page.uploads.back().id.value;
      break;
    }
    page.uploads.push_back(upload);
  }
  return page;
}

}  // namespace pailfs::test
