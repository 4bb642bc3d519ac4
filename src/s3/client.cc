// SPDX-License-Identifier: Apache-2.0
// Verbs that touch one whole object.
#include <utility>

#include "pailfs/util/text.h"

#include "body_digest.h"
#include "reply_headers.h"
#include "service_client.h"
#include "xml.h"

namespace pailfs::s3 {
namespace {

/// After this many empty objects that a listing confirmed, HEAD is believed without a listing.
constexpr int kEnoughEmpties = 8;

}  // namespace

std::unique_ptr<Client> make_client(const Config& config, http::Transport& transport,
                                    auth::CredentialSource& credentials, Clock& clock,
                                    Random& random) {
  return std::make_unique<ServiceClient>(config, transport, credentials, clock, random);
}

Call ServiceClient::start(Op op, const std::string& key) const {
  Call call;
  call.asked.op = op;
  call.asked.key = key;
  call.max_attempts = std::max(1, requester_.config().retries);
  call.limit = requester_.config().operation_limit;
  // Some services answer for an object "d/" as for a directory of theirs, without an ETag.
  call.asked.expects_etag = tells_etags_ && !key.ends_with('/');
  const Encryption& encryption = requester_.config().encryption;
  if (op == Op::put || op == Op::copy || op == Op::create_upload) {
    call.asked.echo = expected_echo(encryption);
  } else if (op == Op::upload_part || op == Op::copy_part) {
    call.asked.echo = expected_part_echo(encryption);
  }
  return call;
}

Outcome ServiceClient::run(Op op, const std::string& key, Build build) {
  Call call = start(op, key);
  call.build = [build = std::move(build)](const Site& site, Expectation& /*asked*/,
                                          const BodySums& /*sums*/) { return build(site); };
  return requester_.run(std::move(call));
}

Outcome ServiceClient::with_keys(const Key& object,
                                 const std::function<Outcome(const CustomerKey*)>& attempt) {
  const std::vector<const CustomerKey*> candidates = keys_.candidates(object);
  Outcome first;
  for (const CustomerKey* key : candidates) {
    Outcome outcome = attempt(key);
    if (outcome.verdict.ok) {
      keys_.learn(object, key);
      return outcome;
    }
    if (candidates.size() == 1 || !may_be_wrong_key(outcome.verdict.error)) return outcome;
    if (key == candidates.front()) first = std::move(outcome);
  }
  first.verdict.error.err = EPERM;
  first.verdict.error.text += " (neither a key of use_sse or load_sse_c nor none is accepted)";
  return first;
}

Result<std::optional<ListedObject>> ServiceClient::list_one(const Key& key) {
  ListRequest request;
  request.prefix = key;
  request.delimited = false;
  request.max_keys = 1;
  const auto page = list(request);
  if (!page) return page.error();
  // Names come in order, so the key would be the first name that begins with it. A page without
  // names need not be the last one.
  if (page->objects.empty() && !page->next.empty())
    return Error{EIO, "LIST " + printable(key, 200) + ": a page without names"};
  if (page->objects.empty() || page->objects.front().key != key)
    return std::optional<ListedObject>();
  return std::optional(page->objects.front());
}

/// Without the permission to list, S3 answers 403 for an absent key (S3 API reference, HeadObject).
/// Some services, such as Ceph (its change 68577), say 403 also where the keys may list this prefix
/// but not the bucket.
bool ServiceClient::is_proven_absent(const Key& key) {
  const auto listed = list_one(key);
  return listed && !*listed;
}

Result<ObjectInfo> ServiceClient::head_once(const Key& key) {
  Outcome outcome = with_keys(key, [&](const CustomerKey* read_key) {
    return run(Op::head, key, [&](const Site& site) { return build_head(site, key, read_key); });
  });
  const Error& error = outcome.verdict.error;
  const bool refused = !outcome.verdict.ok && error.http_status == 403 && error.s3_code.empty();
  if (refused && is_proven_absent(key)) {
    Error absent(ENOENT, error.text + "; a list shows that it is not there");
    absent.http_status = 404;
    absent.refusal = Refusal::refused;
    return absent;
  }
  if (!outcome.verdict.ok) return error;
  auto info = std::get<ObjectInfo>(std::move(outcome.verdict.reply));
  if (!info.etag.empty()) tells_etags_ = true;
  return info;
}

bool ServiceClient::is_doubtful_empty(const Key& key, const ObjectInfo& info) const {
  return info.size == 0 && !key.ends_with('/') && true_empties_ < kEnoughEmpties &&
         md5_of(info.etag) != digest(Digest::md5, "");
}

Result<ObjectInfo> ServiceClient::head(const Key& key) {
  auto info = head_once(key);
  if (!info || !is_doubtful_empty(key, *info)) return info;
  const auto asked = list_one(key);
  if (!asked) return info;
  const auto& listed = *asked;
  if (!listed) return info;
  if (listed->size == 0) {
    ++true_empties_;
    return info;
  }
  info = head_once(key);
  if (!info || info->size > 0 || !(listed->etag == info->etag)) return info;
  return Error{EIO, "HEAD " + printable(key, 200) +
                        ": the service says that it is empty, and lists " +
                        std::to_string(listed->size) + " bytes"};
}

Status ServiceClient::remove(const Removal& removal) {
  const Made made = make({Conditional::remove,
                          {.version = removal.version, .foreign = removal.foreign},
                          [&](const Condition& said) { return run_removal(removal, said); },
                          [&](bool) { return look_at_removal(removal); }});
  if (made.outcome.verdict.ok) return {};
  const Error& error = made.outcome.verdict.error;
  if (!made.looked && may_settle(made.outcome) && is_proven_absent(removal.key)) return {};
  return error;
}

Outcome ServiceClient::run_copy(const CopyRequest& request) {
  const CustomerKey* kept = nullptr;
  Outcome outcome = with_keys(request.source, [&](const CustomerKey* source_key) {
    kept = source_key;
    Call call = start(Op::copy, request.destination);
    call.asked.if_absent = request.condition.absent;
    call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& /*sums*/) {
      return build_copy(site, request, source_key);
    };
    return requester_.run(std::move(call));
  });
  if (!outcome.verdict.ok) return outcome;
  if (requester_.config().encryption.kind == Encryption::Kind::none) {
    keys_.learn(request.destination, kept);
  } else {
    keys_.stored(request.destination);
  }
  return outcome;
}

Result<ETag> ServiceClient::copy(const CopyRequest& request) {
  const bool directory = request.source.ends_with('/');
  if (directory && !directory_copies_work_) {
    if (const auto written = write_directory(request)) return *written;
  }
  Made made = make({Conditional::copy, request.condition,
                    [&](const Condition& said) { return run_copy_as(request, said); },
                    [&](bool doubt) { return look_at_copy(request, doubt); },
                    request.condition.absent && !request.source_if_match.empty()});
  Outcome& outcome = made.outcome;
  if (outcome.verdict.ok) {
    ETag copied = std::get<ETag>(std::move(outcome.verdict.reply));
    if (const Status meant = check_copied_version(request, copied); !meant) return meant.error();
    return copied;
  }
  if (!made.looked && may_settle(outcome)) return settle_copy(request, outcome);
  const Error& error = outcome.verdict.error;
  const bool refused =
      !outcome.verdict.foreign && refuses_the_way(error.s3_code, error.http_status);
  if (!directory || !refused) return error;
  auto written = write_directory(request);
  if (!written || !*written) return error;
  directory_copies_work_ = false;
  return *written;
}

std::optional<Result<ETag>> ServiceClient::write_directory(const CopyRequest& request) {
  const auto source = head(request.source);
  if (!source) return Result<ETag>(source.error());
  if (source->size > 0) return std::nullopt;
  if (!request.source_if_match.empty() &&
      source->etag != normal_etag(request.source_if_match.value))
    return Result<ETag>(Error{ESTALE, printable(request.source, 200) + ": is another version now"});
  PutRequest put;
  put.key = request.destination;
  put.attributes = request.attributes.value_or(source->attributes);
  put.condition = request.condition;
  MemorySource nothing("");
  return this->put(put, nothing);
}

Outcome ServiceClient::run_put(const PutRequest& request, ByteSource& body) {
  Call call = start(Op::put, request.key);
  call.asked.if_absent = request.condition.absent;
  call.body = &body;
  call.may_checksum = true;
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& sums) {
    return build_put(site, request, sums);
  };
  Outcome outcome = requester_.run(std::move(call));
  if (outcome.verdict.ok) keys_.stored(request.key);
  return outcome;
}

Result<ETag> ServiceClient::put(const PutRequest& request, ByteSource& body) {
  Made made = make({Conditional::put, request.condition,
                    [&](const Condition& said) {
                      return run_put({request.key, request.attributes, said}, body);
                    },
                    [&](bool doubt) { return look_at_put(request, body, doubt); }});
  Outcome& outcome = made.outcome;
  if (outcome.verdict.ok) return std::get<ETag>(std::move(outcome.verdict.reply));
  // Damaged: the reply shows that other bytes were stored than those sent.
  const bool damaged = outcome.verdict.outcome_unknown && !outcome.verdict.foreign;
  if (!made.looked && may_settle(outcome) && !damaged) return settle_put(request, body, outcome);
  return outcome.verdict.error;
}

}  // namespace pailfs::s3
