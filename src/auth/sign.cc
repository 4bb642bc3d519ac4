// SPDX-License-Identifier: Apache-2.0
#include "pailfs/auth/sign.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "pailfs/util/digest.h"
#include "pailfs/util/text.h"

namespace pailfs::auth {
namespace {

/// Path and query of an absolute URL.
std::pair<std::string_view, std::string_view> path_and_query(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::size_t slash = url.find_first_of("/?");
  if (slash == std::string_view::npos) return {"/", ""};
  url.remove_prefix(slash);
  const std::size_t question = url.find('?');
  std::string_view path = url.substr(0, question);
  if (path.empty()) path = "/";
  return {path, question == std::string_view::npos ? std::string_view{} : url.substr(question + 1)};
}

std::string normalised_path(std::string_view path) {
  std::vector<std::string> kept;
  for (std::string& part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..")
      kept.push_back(std::move(part));
    else if (!kept.empty())
      kept.pop_back();
  }
  std::string out;
  for (const std::string& part : kept) out += "/" + part;
  const bool directory = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  return out.empty() || directory ? out + "/" : out;
}

std::string canonical_query(std::string_view query) {
  // Sorted by name, then value: comparing "name=value" whole would put "a-b=" before "a=".
  std::vector<std::pair<std::string, std::string>> fields;
  if (!query.empty()) {
    for (const std::string& field : split(query, '&')) {
      const std::size_t equals = field.find('=');
      fields.emplace_back(field.substr(0, equals),
                          equals == std::string::npos ? "" : field.substr(equals + 1));
    }
  }
  std::sort(fields.begin(), fields.end());
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

/// Ends trimmed, runs of white space inside (also folded lines) become one blank.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

std::string day_of(const SigningScope& scope) {
  return iso8601_basic(scope.time).substr(0, 8);
}

}  // namespace

std::string host_of(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return {};
  const std::string_view scheme = url.substr(0, scheme_end);
  url.remove_prefix(scheme_end + 3);
  std::string_view host = url.substr(0, url.find_first_of("/?"));
  const std::string_view standard_port = scheme == "http" ? ":80" : ":443";
  if (host.ends_with(standard_port)) host.remove_suffix(standard_port.size());
  return std::string(host);
}

CanonicalRequest canonical_request(const http::Request& request, std::string_view payload_hash,
                                   PathRule rule) {
  std::map<std::string, std::string> headers;
  for (const http::Header& header : request.headers.all()) {
    std::string& value = headers[to_lower(header.name)];
    if (!value.empty()) value += ',';
    value += canonical_value(header.value);
  }
  headers.try_emplace("host", host_of(request.url));

  const auto [path, query] = path_and_query(request.url);
  CanonicalRequest canonical;
  canonical.text.append(http::method_name(request.method)).append("\n");
  canonical.text.append(rule == PathRule::normalised ? normalised_path(path) : std::string(path));
  canonical.text.append("\n").append(canonical_query(query)).append("\n");
  for (const auto& [name, value] : headers) {
    canonical.text.append(name).append(":").append(value).append("\n");
    if (!canonical.signed_headers.empty()) canonical.signed_headers += ';';
    canonical.signed_headers += name;
  }
  canonical.text.append("\n").append(canonical.signed_headers).append("\n").append(payload_hash);
  return canonical;
}

std::string credential_scope(const SigningScope& scope) {
  return day_of(scope) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

std::string string_to_sign(std::string_view canonical, const SigningScope& scope) {
  return "AWS4-HMAC-SHA256\n" + iso8601_basic(scope.time) + "\n" + credential_scope(scope) + "\n" +
         hex(digest(Digest::sha256, canonical));
}

std::string derive_signing_key(const Secret& secret, const SigningScope& scope) {
  const std::string day = hmac(Digest::sha256, "AWS4" + secret.reveal(), day_of(scope));
  const std::string region = hmac(Digest::sha256, day, scope.region);
  const std::string service = hmac(Digest::sha256, region, scope.service);
  return hmac(Digest::sha256, service, "aws4_request");
}

std::string signature_v4(std::string_view signing_key, std::string_view to_sign) {
  return hex(hmac(Digest::sha256, signing_key, to_sign));
}

std::string authorization_v4(std::string_view access_key, const SigningScope& scope,
                             std::string_view signed_headers, std::string_view signature) {
  std::string out = "AWS4-HMAC-SHA256 Credential=";
  out.append(access_key).append("/").append(credential_scope(scope));
  out.append(", SignedHeaders=").append(signed_headers);
  return out.append(", Signature=").append(signature);
}

std::string SigningKeys::key(const Secret& secret, const SigningScope& scope) {
  const std::string wanted = credential_scope(scope);
  MutexLock lock(mutex_);
  if (scope_ != wanted || secret_.reveal() != secret.reveal()) {
    derived_ = Secret(derive_signing_key(secret, scope));
    secret_ = secret;
    scope_ = wanted;
    ++derivations_;
  }
  return derived_.reveal();
}

int SigningKeys::derivations() const {
  MutexLock lock(mutex_);
  return derivations_;
}

void sign_v4(http::Request& request, const Credentials& credentials, const SigningScope& scope,
             std::string_view payload_hash, SigningKeys& keys) {
  request.headers.remove("Authorization");
  if (credentials.access_key.empty()) return;
  request.headers.set("x-amz-date", iso8601_basic(scope.time));
  request.headers.set("x-amz-content-sha256", std::string(payload_hash));
  request.headers.remove("x-amz-security-token");
  if (!credentials.session_token.empty())
    request.headers.set("x-amz-security-token", credentials.session_token.reveal());
  const CanonicalRequest canonical = canonical_request(request, payload_hash);
  const std::string signature =
      signature_v4(keys.key(credentials.secret_key, scope), string_to_sign(canonical.text, scope));
  request.headers.set("Authorization", authorization_v4(credentials.access_key, scope,
                                                        canonical.signed_headers, signature));
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace pailfs::auth
