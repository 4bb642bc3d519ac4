// SPDX-License-Identifier: Apache-2.0
#include "fault_store.h"

#include <fnmatch.h>

#include <thread>

namespace pailfs::test {
namespace {

using Action = Fault::Action;

/// Passes on a get until `limit` bytes have gone through, then refuses the rest.
class CuttingSink final : public store::ByteSink {
 public:
  CuttingSink(store::ByteSink& inner, std::uint64_t limit) : inner_(inner), left_(limit) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    const std::size_t n = std::min<std::uint64_t>(left_, bytes.size());
    left_ -= n;
    if (n > 0 && !inner_.write(offset, bytes.first(n))) return false;
    return n == bytes.size();
  }

 private:
  store::ByteSink& inner_;
  std::uint64_t left_;
};

/// As the client tells it of a change.
Error lost(Verb verb, Error error) {
  const bool asks = verb == Verb::head || verb == Verb::get || verb == Verb::list ||
                    verb == Verb::list_parts || verb == Verb::list_uploads;
  error.in_doubt = !asks;
  return error;
}

}  // namespace

FaultStore::FaultStore(store::ObjectStore& inner, std::uint64_t seed)
    : ForwardingStore(inner), random_(seed) {}

std::size_t FaultStore::add(Fault fault) {
  const MutexLock lock(mutex_);
  rules_.push_back({std::move(fault), 0, 0});
  return rules_.size() - 1;
}

void FaultStore::clear() {
  const MutexLock lock(mutex_);
  rules_.clear();
}

int FaultStore::fired(std::size_t rule) const {
  const MutexLock lock(mutex_);
  return rule < rules_.size() ? rules_[rule].fired : 0;
}

int FaultStore::fired() const {
  const MutexLock lock(mutex_);
  int sum = 0;
  for (const Rule& rule : rules_) sum += rule.fired;
  return sum;
}

std::optional<Fault> FaultStore::match(const StoreCall& call) {
  const MutexLock lock(mutex_);
  for (Rule& rule : rules_) {
    const Fault& fault = rule.fault;
    if (fault.verb && *fault.verb != call.verb) continue;
    if (::fnmatch(fault.key.c_str(), call.key.c_str(), 0) != 0) continue;
    ++rule.seen;
    if (fault.nth != 0 && rule.seen != fault.nth) continue;
    if (rule.fired >= fault.times) continue;
    if (fault.probability < 1.0 &&
        std::uniform_real_distribution<double>(0, 1)(random_) >= fault.probability) {
      continue;
    }
    ++rule.fired;
    return fault;
  }
  return std::nullopt;
}

template <class T>
T FaultStore::guarded(const StoreCall& call, const std::function<T()>& perform) {
  return carried_out<T>(match(call), call, perform);
}

template <class T>
T FaultStore::carried_out(const std::optional<Fault>& fault, const StoreCall& call,
                          const std::function<T()>& perform) {
  if (!fault) return perform();
  if (fault->before) fault->before(call);
  std::this_thread::sleep_for(fault->delay);
  if (fault->action == Action::fail && call.verb == Verb::copy_part && fault->error.err == ENOTSUP)
    refuses_parts_ = true;
  if (fault->action == Action::fail || fault->action == Action::cut) return fault->error;
  T outcome = perform();
  if (fault->after) fault->after(call);
  if (fault->action == Action::apply_then_fail) return lost(call.verb, fault->error);
  return outcome;
}

Result<store::ObjectInfo> FaultStore::head(const store::Key& key) {
  const StoreCall call{Verb::head, key, {}};
  const std::optional<Fault> fault = match(call);
  auto info = carried_out<Result<store::ObjectInfo>>(fault, call, [&] { return store_.head(key); });
  if (info && fault && fault->action == Action::empties) info->size = 0;
  return info;
}

// Not through guarded(): a cut is about the bytes on their way, which only get() has.
Result<store::ObjectInfo> FaultStore::get(const store::GetRequest& request, store::ByteSink& sink) {
  const StoreCall call{Verb::get, request.key, {}};
  const std::optional<Fault> fault = match(call);
  if (!fault) return store_.get(request, sink);
  if (fault->before) fault->before(call);
  std::this_thread::sleep_for(fault->delay);
  if (fault->action == Action::fail) return fault->error;
  if (fault->action == Action::cut) {
    CuttingSink cut(sink, fault->cut_after);
    const auto ignored = store_.get(request, cut);
    if (fault->after) fault->after(call);
    return fault->error;
  }
  auto outcome = store_.get(request, sink);
  if (fault->after) fault->after(call);
  if (fault->action == Action::apply_then_fail) return fault->error;
  return outcome;
}

Result<store::ETag> FaultStore::put(const store::PutRequest& request, ByteSource& body) {
  return guarded<Result<store::ETag>>({Verb::put, request.key, {}},
                                      [&] { return store_.put(request, body); });
}

Status FaultStore::remove(const store::Removal& removal) {
  return guarded<Status>({Verb::remove, removal.key, {}}, [&] { return store_.remove(removal); });
}

std::vector<Status> FaultStore::remove_many(const std::vector<store::Removal>& removals) {
  std::vector<Status> verdicts(removals.size());
  std::vector<store::Removal> pass;
  std::vector<std::size_t> place;  // of each key in `pass`
  std::vector<std::pair<std::size_t, Fault>> after;
  for (std::size_t i = 0; i < removals.size(); ++i) {
    const StoreCall call{Verb::remove_many, removals[i].key, {}};
    if (std::optional<Fault> fault = match(call)) {
      if (fault->before) fault->before(call);
      std::this_thread::sleep_for(fault->delay);
      if (fault->action == Action::fail || fault->action == Action::cut) {
        verdicts[i] = fault->error;
        continue;
      }
      after.emplace_back(i, *std::move(fault));
    }
    pass.push_back(removals[i]);
    place.push_back(i);
  }
  if (!pass.empty()) {
    const std::vector<Status> done = store_.remove_many(pass);
    for (std::size_t i = 0; i < done.size(); ++i) verdicts[place[i]] = done[i];
  }
  for (const auto& [i, fault] : after) {
    if (fault.after) fault.after({Verb::remove_many, removals[i].key, {}});
    if (fault.action == Action::apply_then_fail) verdicts[i] = lost(Verb::remove_many, fault.error);
  }
  return verdicts;
}

Result<store::ListPage> FaultStore::list(const store::ListRequest& request) {
  return guarded<Result<store::ListPage>>({Verb::list, request.prefix, {}},
                                          [&] { return store_.list(request); });
}

Result<store::ETag> FaultStore::copy(const store::CopyRequest& request) {
  return guarded<Result<store::ETag>>({Verb::copy, request.destination, request.source},
                                      [&] { return store_.copy(request); });
}

Result<store::UploadId> FaultStore::create_upload(const store::Key& key,
                                                  const store::ObjectAttributes& attributes,
                                                  store::PartOrigin origin) {
  return guarded<Result<store::UploadId>>({Verb::create_upload, key, {}}, [&] {
    return store_.create_upload(key, attributes, origin);
  });
}

Result<store::ETag> FaultStore::upload_part(const store::Key& key, const store::UploadId& id,
                                            int number, ByteSource& body) {
  return guarded<Result<store::ETag>>({Verb::upload_part, key, {}},
                                      [&] { return store_.upload_part(key, id, number, body); });
}

Result<store::ETag> FaultStore::copy_part(const store::Key& key, const store::UploadId& id,
                                          int number, const store::Key& source,
                                          const store::ETag& source_if_match,
                                          store::ByteRange range) {
  return guarded<Result<store::ETag>>({Verb::copy_part, key, source}, [&] {
    return store_.copy_part(key, id, number, source, source_if_match, range);
  });
}

Result<store::ETag> FaultStore::complete_upload(const store::Key& key, const store::UploadId& id,
                                                const std::vector<store::UploadedPart>& parts,
                                                const store::Condition& condition) {
  return guarded<Result<store::ETag>>({Verb::complete_upload, key, {}}, [&] {
    return store_.complete_upload(key, id, parts, condition);
  });
}

Status FaultStore::abort_upload(const store::Key& key, const store::UploadId& id) {
  return guarded<Status>({Verb::abort_upload, key, {}},
                         [&] { return store_.abort_upload(key, id); });
}

Result<std::vector<store::UploadedPart>> FaultStore::list_parts(const store::Key& key,
                                                                const store::UploadId& id) {
  return guarded<Result<std::vector<store::UploadedPart>>>(
      {Verb::list_parts, key, {}}, [&] { return store_.list_parts(key, id); });
}

Result<store::UploadPage> FaultStore::list_uploads(const std::string& prefix,
                                                   const store::UploadPage& after) {
  return guarded<Result<store::UploadPage>>({Verb::list_uploads, prefix, {}},
                                            [&] { return store_.list_uploads(prefix, after); });
}

}  // namespace pailfs::test
