// SPDX-License-Identifier: Apache-2.0
// Verbs that touch one whole object.
#include <utility>

#include "pailfs/util/text.h"

#include "digest.h"
#include "service_client.h"

namespace pailfs::s3 {

std::unique_ptr<Client> make_client(const Config& config, http::Transport& transport,
                                    CredentialSource& credentials, Clock& clock, Random& random) {
  return std::make_unique<ServiceClient>(config, transport, credentials, clock, random);
}

Result<std::size_t> SourceBody::read(std::uint64_t offset, std::span<char> out) {
  Result<std::size_t> got = source_.read(offset, out);
  if (!got) error_ = got.error();
  return got;
}

Result<std::size_t> SourceBody::show(std::uint64_t offset, std::span<char> scratch,
                                     const std::function<void(std::span<const char>)>& look) {
  Result<std::size_t> got = source_.show(offset, scratch, look);
  if (!got) error_ = got.error();
  return got;
}

Error SourceBody::explain(const Error& error) const {
  return error_ ? *error_ : error;
}

Call ServiceClient::start(Op op, const std::string& key) const {
  Call call;
  call.asked.op = op;
  call.asked.key = key;
  call.max_attempts = std::max(1, requester_.config().retries);
  call.limit = requester_.config().operation_limit;
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
  call.build = [build = std::move(build)](const Site& site, Asked& /*asked*/,
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

/// Who may not list is not told what is absent (S3 API reference, HeadObject). Some services, such
/// as Ceph (its change 68577), say 403 also where the keys may list this prefix but not the bucket.
bool ServiceClient::is_proven_absent(const Key& key) {
  ListRequest request;
  request.prefix = key;
  request.delimited = false;
  request.max_keys = 1;
  const auto page = list(request);
  if (!page) return false;
  // Names come in order: the key would be the first of those that begin with it; but a page without
  // names need not be the last.
  return page->objects.empty() ? page->next.empty() : page->objects.front().key > key;
}

Result<ObjectInfo> ServiceClient::head(const Key& key) {
  Outcome outcome = with_keys(key, [&](const CustomerKey* read_key) {
    return run(Op::head, key, [&](const Site& site) { return build_head(site, key, read_key); });
  });
  const Error& error = outcome.verdict.error;
  const bool refused = !outcome.verdict.ok && error.http_status == 403 && error.s3_code.empty();
  if (refused && is_proven_absent(key)) {
    Error absent(ENOENT, error.text + "; a list shows that it is not there");
    absent.http_status = 404;
    return absent;
  }
  if (!outcome.verdict.ok) return error;
  return std::get<ObjectInfo>(std::move(outcome.verdict.reply));
}

Status ServiceClient::remove(const Key& key) {
  Outcome outcome = run(Op::remove, key, [&](const Site& site) { return build_remove(site, key); });
  if (!outcome.verdict.ok) return outcome.verdict.error;
  return {};
}

Result<ETag> ServiceClient::copy(const CopyRequest& request) {
  const CustomerKey* kept = nullptr;
  Outcome outcome = with_keys(request.source, [&](const CustomerKey* source_key) {
    kept = source_key;
    return run(Op::copy, request.destination,
               [&](const Site& site) { return build_copy(site, request, source_key); });
  });
  if (!outcome.verdict.ok) return outcome.verdict.error;
  if (requester_.config().encryption.kind == Encryption::Kind::none) {
    keys_.learn(request.destination, kept);
  } else {
    keys_.stored(request.destination);
  }
  return std::get<ETag>(std::move(outcome.verdict.reply));
}

Outcome ServiceClient::run_put(const PutRequest& request, ByteSource& body) {
  SourceBody source(body);
  Call call = start(Op::put, request.key);
  call.asked.if_absent = request.if_absent;
  call.body = &source;
  call.may_checksum = true;
  call.build = [&](const Site& site, Asked& /*asked*/, const BodySums& sums) {
    return build_put(site, request, sums);
  };
  Outcome outcome = requester_.run(std::move(call));
  if (!outcome.verdict.ok) {
    outcome.verdict.error = source.explain(outcome.verdict.error);
  } else {
    keys_.stored(request.key);
  }
  return outcome;
}

Result<ETag> ServiceClient::put(const PutRequest& request, ByteSource& body) {
  Outcome outcome = run_put(request, body);
  if (outcome.verdict.ok) return std::get<ETag>(std::move(outcome.verdict.reply));
  const bool conditional = request.if_absent || !request.if_match.empty();
  if (conditional && outcome.verdict.error.http_status == 412)
    return settle_condition(request, body, outcome);
  return outcome.verdict.error;
}

Result<ETag> ServiceClient::settle_condition(const PutRequest& request, ByteSource& body,
                                             const Outcome& outcome) {
  const Result<ObjectInfo> now = head(request.key);
  if (!now) return outcome.verdict.error;
  if (outcome.doubt) {
    // Our own earlier attempt may be what changed the object: its bytes then are ours.
    SourceBody source(body);
    const Result<std::string> md5 = digest(Digest::md5, source);
    if (md5 && now->size == body.size() && now->etag == normal_etag(hex(*md5))) return now->etag;
    return outcome.verdict.error;
  }
  // Ceph 16 and 18 compare If-Match without its quotes and so refuse the version that is there.
  const std::string& quoted = request.if_match.value;
  if (request.if_absent || quoted.size() < 3 || !quoted.starts_with('"') ||
      now->etag != normal_etag(quoted))
    return outcome.verdict.error;
  PutRequest bare = request;
  bare.if_match.value = quoted.substr(1, quoted.size() - 2);
  Outcome again = run_put(bare, body);
  if (!again.verdict.ok) return again.verdict.error;
  return std::get<ETag>(std::move(again.verdict.reply));
}

}  // namespace pailfs::s3
