// SPDX-License-Identifier: Apache-2.0
#include "judge.h"

#include <array>
#include <utility>

#include "pailfs/auth/sign.h"
#include "pailfs/s3/service_host.h"
#include "pailfs/util/text.h"

#include "judge_content.h"
#include "reply_headers.h"

namespace pailfs::s3 {
namespace {

constexpr std::array<std::string_view, kOpCount> kOpNames{
    "HEAD",          "GET",           "PUT",         "DELETE",      "DELETE batch",
    "LIST",          "COPY",          "POST upload", "PUT part",    "COPY part",
    "POST complete", "DELETE upload", "LIST parts",  "LIST uploads"};

/// True for verbs whose reply of 200 has an XML body.
bool expects_xml(Op op) {
  switch (op) {
    case Op::head:
    case Op::get:
    case Op::put:
    case Op::remove:
    case Op::upload_part:
    case Op::abort_upload:
      return false;
    default:
      return true;
  }
}

bool changes_something(Op op) {
  return op != Op::head && op != Op::get && op != Op::list && op != Op::list_parts &&
         op != Op::list_uploads;
}

Verdict transport_verdict(const Expectation& asked, const http::Exchange& exchange) {
  const ErrorRow& row = failure_row(exchange.failure);
  Verdict verdict;
  verdict.error = {row.err, describe(asked) + exchange.detail};
  verdict.error.http_status = exchange.status;
  if (exchange.status != 0) verdict.error.refusal = Refusal::failed;
  if (exchange.body_error) verdict.error = *exchange.body_error;
  verdict.retry = row.retry;
  verdict.at_once = exchange.failure == http::Failure::idle_closed;
  // A connection that ends without a reply does not show whether the service has seen the request:
  // one without a body may be there as a whole.
  const bool reached = exchange.failure == http::Failure::timeout ||
                       exchange.failure == http::Failure::broken || verdict.at_once ||
                       exchange.failure == http::Failure::protocol;
  verdict.outcome_unknown = reached && changes_something(asked.op);
  return verdict;
}

/// MinIO and others say it in words only: "the region is wrong; expecting 'eu-west-1'".
std::string region_in_message(const ErrorReply& said) {
  if (error_row(said.code, 0).retry != Retry::region) return {};
  constexpr std::string_view kBefore = "expecting '";
  const std::size_t before = said.message.rfind(kBefore);
  if (before == std::string::npos) return {};
  const std::string rest = said.message.substr(before + kBefore.size());
  const std::string region = rest.substr(0, rest.find('\''));
  return region.size() < rest.size() && auth::is_region(region) ? region : "";
}

/// The region that a refusal names, if it has a region's shape. Never a host: a reply must not
/// decide where the next signed request goes.
std::string named_region(const http::Exchange& exchange, const ErrorReply& said) {
  const std::string header = header_text(exchange.headers, "x-amz-bucket-region");
  if (auth::is_region(header)) return header;
  if (auth::is_region(said.region)) return said.region;
  if (std::string region = region_in_message(said); !region.empty()) return region;
  return region_in_host(to_lower(said.endpoint));
}

/// A 403 that names another region for the bucket is not final: the bucket's own region may allow
/// the request.
bool is_denied_from_afar(const Expectation& asked, const http::Exchange& exchange,
                         const ErrorReply& said) {
  if (exchange.status != 403 || (!said.code.empty() && said.code != "AccessDenied")) return false;
  const std::string region = header_text(exchange.headers, "x-amz-bucket-region");
  return auth::is_region(region) && region != asked.region;
}

/// HEAD has no body: a wrong clock or region must be read from the headers.
Retry headless_class(const Expectation& asked, const http::Exchange& exchange, const ErrorRow& row,
                     const Verdict& verdict) {
  if (asked.op != Op::head || (exchange.status != 400 && exchange.status != 403)) return row.retry;
  if (!verdict.region.empty() && verdict.region != asked.region) return Retry::region;
  constexpr auto kTolerance = std::chrono::minutes(14);
  if (verdict.server_time && (*verdict.server_time - asked.sent_at > kTolerance ||
                              asked.sent_at - *verdict.server_time > kTolerance))
    return Retry::clock;
  return Retry::refresh_credentials;
}

int special_errno(const Expectation& asked, const http::Exchange& exchange, const ErrorRow& row) {
  if (row.err == ESTALE && exchange.status == 412 && asked.if_absent) return EEXIST;
  // As in s3fs, a HEAD refused with 400 counts as a missing permission.
  if (asked.op == Op::head && exchange.status == 400)
    return asked.key.size() > store::Limits().longest_key ? ENAMETOOLONG : EPERM;
  return row.err;
}

Verdict refusal(const Expectation& asked, const http::Exchange& exchange, const ErrorReply& said) {
  const ErrorRow& row = error_row(said.code, exchange.status);
  Verdict verdict;
  verdict.region = named_region(exchange, said);
  verdict.server_time = parse_http_date(header_text(exchange.headers, "Date"));
  verdict.retry_after = retry_after(exchange.headers, verdict.server_time.value_or(asked.sent_at));
  verdict.retry = said.code.empty() ? headless_class(asked, exchange, row, verdict) : row.retry;
  if (is_denied_from_afar(asked, exchange, said)) verdict.retry = Retry::region;
  if (verdict.retry == Retry::region && (verdict.region.empty() || verdict.region == asked.region))
    verdict.retry = Retry::never;
  if (verdict.retry == Retry::clock && !verdict.server_time) verdict.retry = Retry::never;

  std::string text = describe(asked);
  text += said.code.empty() ? "HTTP " + std::to_string(exchange.status) : said.code;
  if (!said.message.empty()) text += ": " + printable(said.message, 200);
  if (!row.hint.empty()) text += " (" + std::string(row.hint) + ")";
  verdict.error = {special_errno(asked, exchange, row), std::move(text)};
  verdict.error.s3_code = said.code;
  verdict.error.http_status = exchange.status;
  verdict.error.refusal = refusal_of(said.code, exchange.status);
  verdict.error.request_id = printable(said.request_id, 80);
  verdict.outcome_unknown =
      changes_something(asked.op) && (exchange.status >= 500 || exchange.status < 300);
  return verdict;
}

/// A failure status with a body that is not S3's comes from a proxy or another kind of service. 5xx
/// and 429 mean the same from any server; another status must not be believed.
Verdict foreign_refusal(const Expectation& asked, const http::Exchange& exchange) {
  if (exchange.status >= 500 || exchange.status == 429 || exchange.status == 407) {
    Verdict verdict = refusal(asked, exchange, {});
    verdict.foreign = exchange.status != 503;
    if (verdict.error.refusal != Refusal::busy) verdict.error.refusal = Refusal::failed;
    return verdict;
  }
  return malformed(
      asked, exchange,
      "HTTP " + std::to_string(exchange.status) + " without an S3 " + "error document");
}

/// The error document in the body, if a reply of this kind can have one.
std::optional<ErrorReply> said_in_body(const Expectation& asked, const http::Exchange& exchange) {
  const bool failed = exchange.status >= 300;
  if (!failed && asked.op == Op::get) return std::nullopt;
  if (exchange.body.empty()) return std::nullopt;
  return parse_error(exchange.body);
}

bool speaks_s3(const http::Exchange& exchange) {
  return exchange.headers.find("x-amz-request-id") || exchange.headers.find("x-amz-id-2");
}

/// To delete an absent key or upload is success.
bool is_gone_already(const Expectation& asked, const Error& error) {
  if (error.http_status != 404) return false;
  if (asked.op == Op::remove) return error.err == ENOENT;
  // Ceph says NoSuchKey of an upload that was aborted.
  return asked.op == Op::abort_upload && (error.s3_code == "NoSuchUpload" || error.err == ENOENT);
}

Verdict judge_failed_status(const Expectation& asked, const http::Exchange& exchange,
                            const std::optional<ErrorReply>& said) {
  if (said && said->code.empty() && exchange.status == 404)
    return malformed(asked, exchange, "HTTP 404 with an error document that does not say of what");
  if (said) return refusal(asked, exchange, *said);
  const bool silent = exchange.body.empty() && (asked.op == Op::head || speaks_s3(exchange));
  const bool redirect = exchange.status < 400;
  if (silent || redirect) return refusal(asked, exchange, {});
  return foreign_refusal(asked, exchange);
}

Verdict judge_reply(const Expectation& asked, const http::Exchange& exchange) {
  if (exchange.failure != http::Failure::none) {
    // Our own sink refused the reply because it was wrong: the error names the fault.
    const bool refused = exchange.failure == http::Failure::cancelled;
    if (refused && asked.op == Op::get && exchange.status >= 200 && exchange.status < 300) {
      Verdict got = judge_content(asked, exchange);
      const bool good_head = judge_get_head(asked, exchange).ok;
      if (!good_head || got.retry == Retry::once) return got;
    }
    return transport_verdict(asked, exchange);
  }
  const std::optional<ErrorReply> said = said_in_body(asked, exchange);
  if (exchange.status >= 300) return judge_failed_status(asked, exchange, said);
  if (said) return refusal(asked, exchange, *said);
  if (exchange.status < 200) return malformed(asked, exchange, "no final status");
  if (expects_xml(asked.op) && trim(exchange.body).empty())
    return malformed(asked, exchange, "an empty body");
  return judge_content(asked, exchange);
}

}  // namespace

std::string_view op_name(Op op) {
  return kOpNames[static_cast<std::size_t>(op)];
}

std::string describe(const Expectation& asked) {
  std::string text(op_name(asked.op));
  if (!asked.key.empty()) text += " " + printable(asked.key, 200);
  return text + ": ";
}

Verdict malformed(const Expectation& asked, const http::Exchange& exchange,
                  const std::string& why) {
  Verdict verdict;
  std::string type = header_text(exchange.headers, "Content-Type");
  if (!type.empty()) type = " (" + printable(type, 60) + ")";
  verdict.error = {EIO, describe(asked) + "not a reply of an S3 service: " + why + type};
  verdict.error.http_status = exchange.status;
  verdict.error.refusal = Refusal::failed;
  verdict.retry = Retry::transient;
  verdict.outcome_unknown = changes_something(asked.op);
  verdict.foreign = true;
  return verdict;
}

Verdict judge(const Expectation& asked, const http::Exchange& exchange) {
  Verdict verdict = judge_reply(asked, exchange);
  verdict.earlier_unknown = exchange.sent_again && changes_something(asked.op);
  if (verdict.ok) return verdict;
  verdict.failure = exchange.failure;
  verdict.detail = exchange.detail;
  verdict.content_type = printable(header_text(exchange.headers, "Content-Type"), 60);
  const std::string id = printable(header_text(exchange.headers, "x-amz-request-id"), 80);
  if (!id.empty()) verdict.error.request_id = id;
  if (is_gone_already(asked, verdict.error)) {
    verdict = Verdict{};
    verdict.ok = true;
  }
  return verdict;
}

}  // namespace pailfs::s3
