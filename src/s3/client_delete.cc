// SPDX-License-Identifier: Apache-2.0
// Deleting many: in batches where the service can, one by one where it cannot.
#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "pailfs/util/text.h"

#include "request_pieces.h"
#include "service_client.h"

namespace pailfs::s3 {
namespace {

constexpr std::size_t kBatch = 1000;

bool batch_is_unknown(const Verdict& verdict) {
  const Error& error = verdict.error;
  return error.err == ENOTSUP ||
         (!verdict.foreign && refuses_the_way(error.s3_code, error.http_status));
}

Status judge_key(const DeletedKey& deleted) {
  if (deleted.code.empty()) return {};
  const ErrorRow& row = error_row(deleted.code, 500);
  if (row.err == ENOENT) return {};
  Error error{row.err, "DELETE " + printable(deleted.key, 200) + ": " + deleted.code + ": " +
                           printable(deleted.message, 200)};
  error.s3_code = deleted.code;
  error.refusal = refusal_of(deleted.code, 500);
  return error;
}

bool may_pass(const std::string& code) {
  const Retry retry = error_row(code, 500).retry;
  return retry == Retry::transient || retry == Retry::throttle || retry == Retry::once;
}

/// A removal with `version` stays one of that version where the service does not obey conditions.
std::optional<SeenVersion> seen_version(const Removal& removal) {
  if (removal.seen || removal.version.empty()) return removal.seen;
  return SeenVersion{.etag = normal_etag(removal.version.value)};
}

}  // namespace

Repeat ServiceClient::repeat_removal(const Removal& removal) {
  const auto seen = seen_version(removal);
  if (!seen) return Repeat::yes;
  const Result<ObjectInfo> now = head(removal.key);
  if (now) return store::may_be_seen(*seen, *now) ? Repeat::yes : Repeat::made;
  const int status = now.error().http_status;
  const bool answered = status >= 400 && status < 500;
  if (now.error().err == ENOENT || (answered && is_proven_absent(removal.key))) return Repeat::made;
  // These keys may remove what they may not read.
  return answered ? Repeat::yes : Repeat::unclear;
}

std::function<Repeat()> ServiceClient::repeat_of(const Removal& removal) {
  if (!seen_version(removal)) return {};
  return [this, &removal] { return repeat_removal(removal); };
}

Outcome ServiceClient::run_removal(const Removal& removal, const Condition& said) {
  const Removal sent(removal.key, said.version);
  Call call = start(Op::remove, removal.key);
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& /*sums*/) {
    return build_remove(site, sent);
  };
  call.repeat = repeat_of(removal);
  return requester_.run(std::move(call));
}

/// A batch whose reply was lost: each key by itself, until the service is silent about one.
void ServiceClient::remove_doubted(const std::vector<Removal>& removals,
                                   const std::vector<std::size_t>& chosen, const Error& error,
                                   std::vector<Status>& results) {
  Repeat repeat = Repeat::yes;
  for (const std::size_t index : chosen) {
    if (repeat != Repeat::unclear) repeat = repeat_removal(removals[index]);
    if (repeat == Repeat::unclear) {
      results[index] = error;
    } else {
      results[index] = repeat == Repeat::made ? Status() : remove(removals[index]);
    }
  }
}

void ServiceClient::remove_refused_batch(const std::vector<Removal>& removals,
                                         const std::vector<std::size_t>& chosen,
                                         const Verdict& verdict, std::vector<Status>& results) {
  const Error& error = verdict.error;
  const bool odd_key = error.s3_code == "MalformedXML";
  bool alone = odd_key || batch_is_unknown(verdict);
  auto next = chosen.begin();
  if (error.s3_code == "AccessDenied") {
    // Ceph judges a batch as an act on the bucket, where a policy may allow a path only.
    results[*next] = remove(removals[*next]);
    alone = results[*next].has_value();
    ++next;
  }
  if (alone && !odd_key) batches_work_ = false;
  for (; next != chosen.end(); ++next) results[*next] = alone ? remove(removals[*next]) : error;
}

Outcome ServiceClient::run_remove_many(const std::vector<Removal>& batch,
                                       std::function<Repeat()> repeat) {
  Call call = start(Op::remove_many, std::to_string(batch.size()) + " keys");
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& /*sums*/) {
    return build_remove_many(site, batch);
  };
  call.repeat = std::move(repeat);
  return requester_.run(std::move(call));
}

/// A batch of one, whose answer about the key becomes that of the request.
Outcome ServiceClient::run_removal_as(const Removal& removal, const Condition& said) {
  Outcome outcome = run_remove_many({{removal.key, said.version}}, repeat_of(removal));
  Verdict& verdict = outcome.verdict;
  if (!verdict.ok || std::holds_alternative<std::monostate>(verdict.reply)) return outcome;
  Status status = Error{EIO, "DELETE " + printable(removal.key, 200) + ": not in the reply"};
  for (const DeletedKey& deleted : std::get<std::vector<DeletedKey>>(verdict.reply))
    if (deleted.key == removal.key) status = judge_key(deleted);
  if (status) return outcome;
  verdict.ok = false;
  verdict.error = status.error();
  if (verdict.error.err == ESTALE) verdict.error.http_status = 412;
  return outcome;
}

Status ServiceClient::remove_in_batch(const Removal& removal) {
  const Made made = make({Conditional::remove_many,
                          {.version = removal.version, .absent = false, .foreign = removal.foreign},
                          [&](const Condition& said) { return run_removal_as(removal, said); },
                          [&](bool) { return look_at_removal(removal); }});
  return made.outcome.verdict.ok ? Status() : Status(made.outcome.verdict.error);
}

/// The batch has refused the version.
Status ServiceClient::settle_removal(const Removal& removal, const Status& refusal) {
  const Known known = conditions_.known(Conditional::remove_many, false);
  if (known.obeys == Obeys::yes && known.quotes == Quotes::kept) return refusal;
  const Seen seen = look_at_removal(removal);
  if (seen.made) return {};
  if (seen.look == Look::holds) return remove_in_batch(removal);
  if (seen.look == Look::fails)
    learn(Conditional::remove_many, false, {Obeys::yes, Quotes::unknown});
  return refusal;
}

Outcome ServiceClient::run_batch(std::vector<Removal> batch) {
  const bool conditional = std::any_of(
      batch.begin(), batch.end(), [](const Removal& removal) { return !removal.version.empty(); });
  std::function<Repeat()> repeat;
  // Of a batch whose reply was lost, remove_doubted() asks about each key.
  if (std::any_of(batch.begin(), batch.end(), seen_version))
    repeat = [] { return Repeat::unclear; };
  if (!conditional) return run_remove_many(batch, repeat);
  const Known known = conditions_.known(Conditional::remove_many, false);
  const auto say = [&](Saying saying) {
    for (Removal& removal : batch)
      removal.version = said_as(saying, {.version = std::move(removal.version)}, "").version;
  };
  const Saying first = first_saying(known, {.version = ETag{"any"}}, false);
  say(first);
  Outcome outcome = run_remove_many(batch, repeat);
  const bool unknown = first != Saying::nothing && known.obeys == Obeys::unknown &&
                       answer_of(Conditional::remove_many, {}, outcome.verdict) == Answer::unknown;
  if (!unknown) return outcome;
  say(Saying::nothing);
  Outcome plain = run_remove_many(batch, repeat);
  if (!plain.verdict.ok) return outcome;
  learn(Conditional::remove_many, false, {Obeys::no, Quotes::unknown});
  return plain;
}

void ServiceClient::remove_batch(const std::vector<Removal>& removals,
                                 const std::vector<std::size_t>& chosen,
                                 std::vector<Status>& results) {
  std::vector<Removal> batch;
  batch.reserve(chosen.size());
  for (const std::size_t index : chosen) batch.push_back(removals[index]);
  const bool named = std::any_of(batch.begin(), batch.end(), seen_version);
  Outcome outcome = run_batch(std::move(batch));
  if (!outcome.verdict.ok && outcome.doubt && named) {
    remove_doubted(removals, chosen, outcome.verdict.error, results);
    return;
  }
  if (!outcome.verdict.ok) {
    remove_refused_batch(removals, chosen, outcome.verdict, results);
    return;
  }
  std::map<Key, DeletedKey> answers;
  for (DeletedKey& deleted : std::get<std::vector<DeletedKey>>(outcome.verdict.reply))
    answers.insert_or_assign(deleted.key, std::move(deleted));
  for (const std::size_t index : chosen) {
    const auto answer = answers.find(removals[index].key);
    if (answer == answers.end()) {
      results[index] = Error{EIO, "DELETE " + printable(removals[index].key, 200) +
                                      ": the service did not say what became of it"};
    } else if (may_pass(answer->second.code) && !answer->second.code.empty()) {
      results[index] = remove(removals[index]);
    } else {
      results[index] = judge_key(answer->second);
      const bool stale = !results[index] && results[index].error().err == ESTALE;
      if (stale && !removals[index].version.empty())
        results[index] = settle_removal(removals[index], results[index]);
    }
  }
}

std::vector<Status> ServiceClient::remove_many(const std::vector<Removal>& removals) {
  std::vector<Status> results(removals.size());
  std::vector<std::size_t> chosen;
  bool found_out = false;
  const auto flush = [&] {
    if (!chosen.empty()) remove_batch(removals, chosen, results);
    chosen.clear();
  };
  for (std::size_t index = 0; index < removals.size(); ++index) {
    const Key& key = removals[index].key;
    // XML cannot name every key; a URL can.
    const bool alone =
        removals.size() == 1 || !batches_work_ || !check_key(key) || !xml_can_hold(key);
    if (alone) {
      results[index] = remove(removals[index]);
      continue;
    }
    const Removal& removal = removals[index];
    if (!found_out && removal.foreign && !removal.version.empty() &&
        conditions_.known(Conditional::remove_many, false).obeys == Obeys::unknown) {
      found_out = true;
      results[index] = remove_in_batch(removal);
      if (results[index] || results[index].error().err == ESTALE) continue;
    }
    chosen.push_back(index);
    if (chosen.size() == kBatch) flush();
  }
  flush();
  return results;
}

}  // namespace pailfs::s3
