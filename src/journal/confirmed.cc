// SPDX-License-Identifier: Apache-2.0
#include "confirmed.h"

#include <algorithm>

namespace pailfs::journal {
namespace {

constexpr std::size_t kMostNames = 65'536;
constexpr std::size_t kMostContent = 10'000;
constexpr std::size_t kMostChanges = 100'000;
/// A listing takes no longer than this.
constexpr std::chrono::seconds kLongestListing{150};
/// How long a stored object is shown without asking whether another client has changed it since:
/// programs read files that they have just written.
constexpr std::chrono::seconds kOwnWord{5};

}  // namespace

Confirmed::Confirmed() : names_(kMostNames), content_(kMostContent) {}

void Confirmed::carried_out(const store::Key& key, const Want& want, const Base& found,
                            MonoTime now) {
  if (found.kind == Base::Kind::version && found.etag != want.etag) {
    names_.put(key, {want.etag, found.etag}, MonoTime::max());
  } else {
    names_.erase(key);
  }
  note(key, want, now);
  const bool known =
      want.kind == Want::Kind::body || (want.kind == Want::Kind::copy && !want.keeps_attributes);
  if (known) {
    content_.put(key, want, now + kOwnWord);
  } else {
    content_.erase(key);
  }
}

void Confirmed::passed_on(const store::Key& key, const Want& want, MonoTime now) {
  names_.erase(key);
  content_.erase(key);
  note(key, want, now);
}

void Confirmed::doubt(const store::Key& key) {
  content_.erase(key);
  std::erase_if(changes_, [&](const Change& change) { return change.key == key; });
}

void Confirmed::forget_contents(const std::string& prefix) {
  content_.erase_if([&](const store::Key& key) { return key.starts_with(prefix); });
}

store::ETag Confirmed::stored_name(const store::Key& key, const store::ETag& shown) {
  const Name* name = names_.find(key, MonoTime());
  return name != nullptr && name->shown == shown ? name->stored : shown;
}

store::ETag Confirmed::shown_name(const store::Key& key, const store::ETag& stored) {
  const Name* name = names_.find(key, MonoTime());
  return name != nullptr && name->stored == stored ? name->shown : stored;
}

const Want* Confirmed::content(const store::Key& key, MonoTime now) {
  return content_.find(key, now);
}

void Confirmed::visit_since(MonoTime since, const Visit& visit) const {
  for (auto change = changes_.rbegin(); change != changes_.rend() && change->time >= since;
       ++change) {
    if (!visit(change->key, change->want)) return;
  }
}

void Confirmed::note(const store::Key& key, const Want& want, MonoTime now) {
  changes_.push_back({key, want, now});
  while (changes_.size() > kMostChanges || changes_.front().time + kLongestListing < now) {
    changes_.pop_front();
  }
}

}  // namespace pailfs::journal
