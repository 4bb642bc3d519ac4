// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include "support/text_io.h"

namespace pailfs::test::shared {
namespace {

std::string meta(const store::ObjectInfo& info, std::string_view name) {
  for (const auto& [key, value] : info.attributes.metadata) {
    if (key == name) return value;
  }
  return {};
}

bool same(const Version& one, const Version& other) {
  return one.exists == other.exists && *one.bytes == *other.bytes && one.mode == other.mode &&
         one.xattr == other.xattr;
}

}  // namespace

Version Ledger::look(const store::Key& key) {
  Version version;
  const auto got = get_text(truth_, key);
  if (got) {
    version.exists = true;
    version.bytes = std::make_shared<const std::string>(got->bytes);
    version.mode = meta(got->info, "mode");
    version.xattr = meta(got->info, "xattr");
  } else if (got.error().err != ENOENT) {
    version.xattr = "not readable: " + got.error().text;
  }
  return version;
}

void Ledger::begin_step(int by, std::uint64_t step) {
  const MutexLock lock(mutex);
  steps_[by] = step;
}

void Ledger::change(int by, const std::vector<store::Key>& keys,
                    const std::function<bool()>& make) {
  const MutexLock lock(mutex);
  const bool done = make();
  for (const store::Key& key : keys) {
    const std::string name = key.substr(prefix_.size());
    std::vector<Version>& chain = chains_[name];
    if (chain.empty()) chain.emplace_back();
    Version after = look(key);
    const bool gone = !chain.back().exists && !after.exists;
    if (gone || (!done && same(chain.back(), after))) continue;
    after.since = clock_.now();
    after.number = ++number_;
    after.by = by;
    after.step = steps_[by];
    const Version before = chain.back();
    chain.push_back(after);
    if (watch_) watch_(name, before, after);
  }
}

const std::vector<Version>& Ledger::versions(const std::string& key) {
  std::vector<Version>& chain = chains_[key];
  if (chain.empty()) {
    chain.emplace_back();
    chain.back().by = kInitially;
  }
  return chain;
}

std::vector<std::string> Ledger::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, chain] : chains_) keys.push_back(key);
  return keys;
}

Result<store::ETag> LedgerStore::put(const store::PutRequest& request, ByteSource& body) {
  Result<store::ETag> result = Error();
  ledger_.change(by_, {request.key}, [&] {
    result = store_.put(request, body);
    return result.has_value();
  });
  return result;
}

Status LedgerStore::remove(const store::Removal& removal) {
  Status result;
  ledger_.change(by_, {removal.key}, [&] {
    result = store_.remove(removal);
    return false;
  });
  return result;
}

std::vector<Status> LedgerStore::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<Status> results;
  std::vector<store::Key> keys;
  for (const store::Removal& removal : removals) keys.push_back(removal.key);
  ledger_.change(by_, keys, [&] {
    results = store_.remove_many(removals);
    return false;
  });
  return results;
}

Result<store::ETag> LedgerStore::copy(const store::CopyRequest& request) {
  Result<store::ETag> result = Error();
  ledger_.change(by_, {request.destination}, [&] {
    result = store_.copy(request);
    return result.has_value();
  });
  return result;
}

Result<store::ETag> LedgerStore::complete_upload(const store::Key& key, const store::UploadId& id,
                                                 const std::vector<store::UploadedPart>& parts,
                                                 const store::Condition& condition) {
  Result<store::ETag> result = Error();
  ledger_.change(by_, {key}, [&] {
    result = store_.complete_upload(key, id, parts, condition);
    return result.has_value();
  });
  return result;
}

}  // namespace pailfs::test::shared
