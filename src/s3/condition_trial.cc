// SPDX-License-Identifier: Apache-2.0
// Tries conditions on objects of its own. What the replies show is learned as in any other change;
// a change that is made on an absence that is none is learned here.
#include <utility>

#include "pailfs/util/text.h"

#include "service_client.h"

namespace pailfs::s3 {
namespace {

constexpr std::string_view kText = "pailfs check\n";

/// As another client's version, so that it is found out whether the service obeys.
Condition foreign(const ETag& version) {
  return {.version = version, .absent = false, .foreign = true};
}

Condition absence() {
  return {.version = {}, .absent = true};
}

}  // namespace

/// The two objects of a trial, which are removed at its end, and the account of it.
class ServiceClient::Trial {
 public:
  Trial(ServiceClient& client, const std::string& prefix)
      : client_(client),
        key_(prefix + ".pailfs-check-" + std::to_string(client.random_.next())),
        copy_(key_ + "-copy") {}
  ~Trial() {
    if (written_) static_cast<void>(client_.remove(key_));
    if (copied_) static_cast<void>(client_.remove(copy_));
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  std::vector<TriedCondition> run(bool only_put) {
    std::vector<TriedCondition> tried;
    tried.push_back(report("PUT", Conditional::put, true, try_put()));
    if (only_put || tried.front().failure) return tried;
    tried.push_back(report("complete", Conditional::complete, true, try_complete()));
    tried.push_back(report("COPY", Conditional::copy, true, try_copy()));
    tried.push_back(report("batch", Conditional::remove_many, false, try_batch()));
    tried.push_back(report("DELETE", Conditional::remove, false, try_remove()));
    return tried;
  }

 private:
  TriedCondition report(std::string_view name, Conditional request, bool has_absence,
                        const Status& status) {
    TriedCondition tried;
    tried.request = name;
    const Known version = client_.conditions_.known(request, false);
    const Known absence = client_.conditions_.known(request, true);
    tried.version = version.obeys;
    if (has_absence) tried.absent = absence.obeys;
    tried.refused = version.refused || absence.refused;
    if (!status) tried.failure = status.error();
    return tried;
  }

  /// The reply to a change on the absence of an object that is there.
  Status judge_absence(Conditional request, const Result<ETag>& etag) {
    if (!etag && etag.error().err != EEXIST) return etag.error();
    client_.learn(request, true, {etag ? Obeys::no : Obeys::yes, Quotes::unknown});
    return {};
  }

  Result<ETag> put(const Condition& condition) {
    MemorySource source(kText);
    auto etag = client_.put({key_, {"text/plain", {}, {}}, condition}, source);
    written_ = written_ || etag || etag.error().in_doubt;
    return etag;
  }

  Status try_put() {
    auto etag = put(absence());
    if (!etag) return etag.error();
    const auto again = put(absence());
    if (Status judged = judge_absence(Conditional::put, again); !judged) return judged;
    return status_of(put(foreign(again ? *again : *etag)));
  }

  Result<ETag> complete(const Condition& condition) {
    const auto id = client_.create_upload(key_, {}, PartOrigin::mixed);
    if (!id) return id.error();
    MemorySource source(kText);
    const auto part = client_.upload_part(key_, *id, 1, source);
    Result<ETag> etag =
        part ? client_.complete_upload(key_, *id, {{1, *part, kText.size()}}, condition)
             : Result<ETag>(part.error());
    if (!etag) static_cast<void>(client_.abort_upload(key_, *id));
    return etag;
  }

  Status try_complete() {
    if (Status judged = judge_absence(Conditional::complete, complete(absence())); !judged)
      return judged;
    const auto now = client_.head(key_);
    return now ? status_of(complete(foreign(now->etag))) : Status(now.error());
  }

  Result<ETag> copy(const Condition& condition) {
    return client_.copy({key_, copy_, {}, std::nullopt, kText.size(), condition});
  }

  Status try_copy() {
    const auto first = copy({});
    if (!first) return first.error();
    copied_ = true;
    if (Status judged = judge_absence(Conditional::copy, copy(absence())); !judged) return judged;
    const auto now = client_.head(copy_);
    return now ? status_of(copy(foreign(now->etag))) : Status(now.error());
  }

  static Removal removal(const Key& key, const ObjectInfo& now) {
    Removal one(key, now.etag);
    one.foreign = true;
    return one;
  }

  Status try_batch() {
    const auto now = client_.head(copied_ ? copy_ : key_);
    if (!now) return now.error();
    // One alone would not be a batch.
    const Key absent = key_ + "-absent";
    const auto verdicts = client_.remove_many({absent, removal(copied_ ? copy_ : key_, *now)});
    if (!verdicts[1]) return verdicts[1];
    if (!copied_) return status_of(put({}));  // the removal is still to be tried
    copied_ = false;
    return {};
  }

  Status try_remove() {
    const auto now = client_.head(key_);
    if (!now) return now.error();
    const Status removed = client_.remove(removal(key_, *now));
    if (removed) written_ = false;
    return removed;
  }

  static Status status_of(const Result<ETag>& etag) {
    return etag ? Status() : Status(etag.error());
  }

  ServiceClient& client_;
  const Key key_;
  const Key copy_;
  bool written_ = false;
  bool copied_ = false;
};

std::vector<TriedCondition> ServiceClient::try_conditions(const std::string& prefix,
                                                          bool only_put) {
  return Trial(*this, prefix).run(only_put);
}

}  // namespace pailfs::s3
