// SPDX-License-Identifier: Apache-2.0
// The first request of a mount, and the sentence for the user when it fails.
#include <algorithm>

#include "pailfs/util/text.h"

#include "service_client.h"

namespace pailfs::s3 {
namespace {

// A user waits for the mount: a failure must be reported within 5 seconds.
constexpr int kAttempts = 3;
constexpr std::chrono::milliseconds kLimit{4200};
constexpr std::chrono::milliseconds kStallLimit{4000};

/// Enough of an access key to recognise it: "AKIA...7Q".
std::string masked(const std::string& access_key) {
  if (access_key.size() < 8) return printable(access_key.substr(0, 1)) + "…";
  return printable(access_key.substr(0, 4)) + "…" +
         printable(access_key.substr(access_key.size() - 2));
}

/// The facts that the sentences of a failure are made of.
struct Scene {
  const Config& config;
  std::string region;
  auth::Credentials credentials;
  std::string prefix;

  [[nodiscard]] std::string key() const {
    if (!credentials.bearer.empty()) return "the token of " + printable(credentials.source);
    return "access key " + masked(credentials.access_key) + " (from " +
           printable(credentials.source) + ")";
  }
  [[nodiscard]] std::string bucket() const { return "bucket \"" + printable(config.bucket) + "\""; }
};

std::string about_credentials(const Scene& scene, const Error& error) {
  const std::string& code = error.s3_code;
  const std::string& url = scene.config.url;
  if (code == "InvalidAccessKeyId" || code == "XAdminUserNotFound")
    return scene.key() + " is not known to " + url + ": " + code;
  if (code == "SignatureDoesNotMatch")
    return "the secret key of " + scene.key() + " does not match (" + code +
           "). Check for a stray space or newline in " + printable(scene.credentials.source) +
           "; region used: " + scene.region + ", service: " + url;
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired")
    return "the session token of " + scene.key() + " was refused by " + url + ": " + code;
  return {};
}

std::string about_denial(const Scene& scene, const Error& error) {
  const std::string code =
      error.s3_code.empty() ? "HTTP " + std::to_string(error.http_status) : error.s3_code;
  if (scene.credentials.anonymous())
    return scene.bucket() + " at " + scene.config.url + " is not public: " + code;
  if (!scene.prefix.empty())
    return scene.key() + " may not list \"" + printable(scene.prefix) + "\" in " + scene.bucket() +
           " at " + scene.config.url + ": " + code +
           "; its policy must allow s3:ListBucket for this prefix";
  return scene.key() + " may not list " + scene.bucket() + " at " + scene.config.url + ": " + code +
         "; if its policy allows a path in the bucket only, mount that: " +
         printable(scene.config.bucket) + ":/PATH";
}

bool is_plain_http(const Scene& scene) {
  return scene.config.url.starts_with("http://");
}

/// A TLS port answers plain http by an error page of status 400, by closing the connection, or by
/// an alert, which is no HTTP.
bool may_want_tls(const Scene& scene, const Verdict& verdict) {
  if (!is_plain_http(scene)) return false;
  if (verdict.failure == http::Failure::none) return verdict.error.http_status == 400;
  return verdict.failure == http::Failure::protocol || verdict.failure == http::Failure::broken;
}

std::string with_tls(const Scene& scene) {
  return ". Is it https://" + scene.config.url.substr(std::string_view("http://").size()) + "?";
}

std::string about_bucket(const Scene& scene, const Error& error) {
  std::string text = scene.bucket() + " does not exist at " + scene.config.url + " (" +
                     (error.s3_code.empty() ? "HTTP 404" : error.s3_code) + ")";
  const bool virtual_host = !uses_path_style(scene.config);
  if (virtual_host)
    text += "; did you mean " + scene.config.url + "/" + printable(scene.config.bucket) +
            " (path style)? Then add -o use_path_request_style";
  return text + (virtual_host ? "; else create it" : "; create it") +
         ", or check its name and the option" +
         (scene.config.region_given ? "s url and region" : " url");
}

std::string about_clock(const Scene& scene, const Verdict& verdict) {
  return "this machine's clock and that of " + scene.config.url +
         " differ too much: " + verdict.error.s3_code;
}

std::string about_connection(const Scene& scene, const Verdict& verdict) {
  std::string text = verdict.detail;
  if (verdict.failure == http::Failure::timeout)
    text = "no answer from " + scene.config.url + " in 4 seconds (" + text +
           "). Is the address right, and may this machine reach it?";
  const bool virtual_host = !uses_path_style(scene.config);
  if (verdict.failure == http::Failure::resolve && virtual_host)
    text += ". If only the host without the bucket exists, add -o use_path_request_style";
  if (may_want_tls(scene, verdict)) text += with_tls(scene);
  return text;
}

std::string about_stranger(const Scene& scene, const Verdict& verdict) {
  const bool xml = verdict.content_type.find("xml") != std::string::npos;
  const std::string got = verdict.content_type.empty()
                              ? "HTTP " + std::to_string(verdict.error.http_status)
                              : verdict.content_type;
  std::string text = scene.config.url + " did not answer like an S3 service (got " + got + ")";
  if (may_want_tls(scene, verdict)) return text + with_tls(scene);
  // A service that ignores the bucket in the host answers as for a request without a bucket.
  if (xml && !uses_path_style(scene.config))
    return text + ". If it wants the bucket in the path, add -o use_path_request_style";
  return text + ". Is this the console URL?";
}

std::string explain(const Scene& scene, const Verdict& verdict) {
  const Error& error = verdict.error;
  if (verdict.failure != http::Failure::none) return about_connection(scene, verdict);
  if (std::string text = about_credentials(scene, error); !text.empty()) return text;
  // A listing has no key that could be missing, so the bucket is absent.
  const bool absent = error.err == ENOENT || error.err == ENXIO;
  if (absent && !verdict.foreign) return about_bucket(scene, error);
  if (verdict.retry == Retry::clock) return about_clock(scene, verdict);
  if (verdict.foreign) return about_stranger(scene, verdict);
  if (verdict.retry == Retry::region && scene.config.region_given)
    return error.text + "; give -o region=" + verdict.region +  // it names both already
           " (endpoint= is the same option), or none";
  const bool redirected = error.http_status > 300 && error.http_status < 400;
  if (redirected && error.s3_code.empty() && is_plain_http(scene))
    return scene.config.url + " sends us elsewhere (HTTP " + std::to_string(error.http_status) +
           ")" + with_tls(scene);
  if (error.s3_code == "SecondLevelDomainForbidden")
    return scene.config.url + " wants the bucket in the host (" + error.s3_code +
           "): leave out use_path_request_style";
  if (error.http_status == 403 || error.http_status == 401) return about_denial(scene, error);
  return "cannot list " + scene.bucket() + " at " + scene.config.url + ": " + error.text;
}

}  // namespace

Status ServiceClient::probe(const std::string& prefix) {
  const auto page = probe_page(prefix, 1);
  return page ? Status() : page.error();
}

Result<ListPage> ServiceClient::first_page(const std::string& prefix) {
  return probe_page(prefix, requester_.config().list_max_keys);
}

Result<ListPage> ServiceClient::probe_page(const std::string& prefix, std::size_t keys) {
  ListRequest request;
  request.prefix = prefix;
  request.delimited = false;
  request.max_keys = keys;
  Call call = start(Op::list, prefix);
  call.max_attempts = std::min(call.max_attempts, kAttempts);
  call.limit = kLimit;
  call.stall_limit = kStallLimit;
  call.bounded = true;
  const ListPlace start_place{requester_.config().list_v2, {}};
  Outcome outcome = run_list(std::move(call), request, start_place);
  if (outcome.verdict.ok) {
    requester_.prove_by(prefix);
    auto list = std::get<JudgedList>(std::move(outcome.verdict.reply));
    list.page.next = place_after(start_place, list).value_or("");
    return std::move(list.page);
  }
  Error error = outcome.verdict.error;
  Result<auth::Credentials> credentials = requester_.credentials();
  if (!credentials) return credentials.error();
  const Scene scene{requester_.config(), requester_.region(), std::move(*credentials), prefix};
  error.text = explain(scene, outcome.verdict);
  // The status of a server that is no S3 service says nothing about this bucket or these keys.
  if (outcome.verdict.foreign) error.http_status = 0;
  return error;
}

}  // namespace pailfs::s3
