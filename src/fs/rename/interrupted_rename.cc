// SPDX-License-Identifier: Apache-2.0
#include "interrupted_rename.h"

#include <atomic>
#include <vector>

#include "fs/format/object_headers.h"
#include "fs/write/object_copy.h"

namespace pailfs::fs {
namespace {

/// Objects with the same ETag whose attributes are compared, and most objects compared in all.
constexpr std::size_t kSample = 16;
constexpr std::size_t kMostLooks = 1'000;

/// All keys below a prefix but its own, one after the other.
class Keys final {
 public:
  Keys(store::ObjectStore& store, std::string prefix) : store_(store), prefix_(std::move(prefix)) {}

  /// Null behind the last.
  Result<const store::ListedObject*> current() {
    for (;;) {
      for (; at_ < page_.objects.size(); ++at_) {
        if (page_.objects[at_].key != prefix_) return &page_.objects[at_];
      }
      if (begun_ && page_.next.empty()) return nullptr;
      store::ListRequest request;
      request.prefix = prefix_;
      request.delimited = false;
      request.continuation = page_.next;
      auto page = store_.list(request);
      if (!page) return page.error();
      page_ = std::move(*page);
      at_ = 0;
      begun_ = true;
    }
  }
  void advance() { ++at_; }
  [[nodiscard]] std::string_view name(const store::ListedObject& object) const {
    return std::string_view(object.key).substr(prefix_.size());
  }

 private:
  store::ObjectStore& store_;
  const std::string prefix_;
  store::ListPage page_;
  std::size_t at_ = 0;
  bool begun_ = false;
};

Result<bool> is_copy(store::ObjectStore& store, const store::Key& original,
                     const store::Key& copy) {
  const auto a = store.head(original);
  if (!a) return a.error();
  const auto b = store.head(copy);
  if (!b) return b.error();
  return a->attributes == b->attributes && find_metadata(a->attributes, "ctime") != nullptr;
}

}  // namespace

Result<bool> is_interrupted_rename(const Config& config, store::ObjectStore& store,
                                   WorkerPool& pool, const std::string& from,
                                   const std::string& to) {
  Keys old_keys(store, from);
  Keys new_keys(store, to);
  bool only_old = false;
  bool only_new = false;
  std::vector<std::pair<store::Key, store::Key>> sample;
  while (!only_old || !only_new) {
    const auto a = old_keys.current();
    if (!a) return a.error();
    const auto b = new_keys.current();
    if (!b) return b.error();
    if (*a == nullptr && *b == nullptr) break;
    const bool old_first =
        *b == nullptr || (*a != nullptr && old_keys.name(**a) < new_keys.name(**b));
    const bool new_first =
        *a == nullptr || (*b != nullptr && new_keys.name(**b) < old_keys.name(**a));
    if (old_first) {
      only_old = true;
      old_keys.advance();
    } else if (new_first) {
      only_new = true;
      new_keys.advance();
    } else {
      const bool same = (*a)->etag == (*b)->etag && !(*a)->etag.empty();
      if ((*a)->size != (*b)->size || (!same && sample.size() == kMostLooks)) return false;
      if (!same || sample.size() < kSample) sample.emplace_back((*a)->key, (*b)->key);
      old_keys.advance();
      new_keys.advance();
    }
  }
  if ((only_old && only_new) || sample.empty()) return false;
  std::atomic<bool> all = true;
  for_each_parallel(pool, sample.size(), config.parallel, [&](std::size_t i) {
    if (!all) return;
    const auto same = is_copy(store, sample[i].first, sample[i].second);
    if (!same || !*same) all = false;
  });
  return all.load();
}

}  // namespace pailfs::fs
