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

}  // namespace

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

void ServiceClient::remove_batch(const std::vector<Removal>& removals,
                                 const std::vector<std::size_t>& chosen,
                                 std::vector<Status>& results) {
  std::vector<Removal> batch;
  batch.reserve(chosen.size());
  for (const std::size_t index : chosen) batch.push_back(removals[index]);
  Outcome outcome = run(Op::remove_many, std::to_string(batch.size()) + " keys",
                        [&](const Site& site) { return build_remove_many(site, batch); });
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
    }
  }
}

std::vector<Status> ServiceClient::remove_many(const std::vector<Removal>& removals) {
  std::vector<Status> results(removals.size());
  std::vector<std::size_t> chosen;
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
    chosen.push_back(index);
    if (chosen.size() == kBatch) flush();
  }
  flush();
  return results;
}

}  // namespace pailfs::s3
