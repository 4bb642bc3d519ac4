// SPDX-License-Identifier: Apache-2.0
#include "google.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::time_t kLongestLife = 3600;
constexpr std::time_t kMaxSkew = 300;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNames = {{
    {"x-goog-acl", "x-amz-acl"},
    {"x-goog-storage-class", "x-amz-storage-class"},
    {"x-goog-copy-source", "x-amz-copy-source"},
    {"x-goog-copy-source-range", "x-amz-copy-source-range"},
    {"x-goog-copy-source-if-match", "x-amz-copy-source-if-match"},
    {"x-goog-metadata-directive", "x-amz-metadata-directive"},
    {"x-goog-content-sha256", "x-amz-content-sha256"},
}};
constexpr std::string_view kMeta = "x-goog-meta-";
constexpr std::string_view kAmazonMeta = "x-amz-meta-";
constexpr std::string_view kCrc = "crc32c=";

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string from_base64url(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  while (plain.size() % 4 != 0) plain += '=';
  return unbase64(plain).value_or("");
}

bool is_signed(const GoogleAccount& account, std::string_view text, std::string_view signature) {
  BIO* const bio =
      BIO_new_mem_buf(account.public_key.data(), static_cast<int>(account.public_key.size()));
  const std::unique_ptr<EVP_PKEY, FreeKey> key(PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  return key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

/// Whether a JSON object on one line has this member.
bool says(const std::string& json, std::string_view name, std::string_view value) {
  return json.find(json_quote(name) + ":" + json_quote(value)) != std::string::npos;
}

std::optional<std::int64_t> number_in(const std::string& json, std::string_view name) {
  const std::string mark = json_quote(name) + ":";
  const std::size_t at = json.find(mark);
  if (at == std::string::npos) return std::nullopt;
  const std::string rest = json.substr(at + mark.size());
  return parse_i64(rest.substr(0, rest.find_first_not_of("0123456789")));
}

}  // namespace

void take_google_headers(Headers& headers) {
  Headers taken;
  for (const Header& header : headers) {
    const std::string& name = header.name;
    if (name.starts_with("x-amz-")) continue;
    const auto known = std::find_if(kNames.begin(), kNames.end(),
                                    [&](const auto& pair) { return pair.first == name; });
    if (known != kNames.end()) {
      taken.add(std::string(known->second), header.value);
    } else if (name.starts_with(kMeta)) {
      taken.add(std::string(kAmazonMeta) + name.substr(kMeta.size()), header.value);
    } else if (name == "x-goog-hash" && header.value.starts_with(kCrc)) {
      taken.add("x-amz-checksum-crc32c", header.value.substr(kCrc.size()));
    } else if (name == "x-goog-if-generation-match" && header.value == "0") {
      taken.add("if-none-match", "*");
    } else {
      taken.add(name, header.value);
    }
  }
  headers = std::move(taken);
}

void give_google_headers(Headers& headers) {
  Headers given;
  for (const Header& header : headers) {
    const std::string name = to_lower(header.name);
    if (name == "x-amz-id-2") continue;
    if (name == "x-amz-request-id") {
      given.add("X-GUploader-UploadID", header.value);
    } else if (name.starts_with(kAmazonMeta)) {
      given.add(std::string(kMeta) + name.substr(kAmazonMeta.size()), header.value);
    } else if (name == "x-amz-checksum-crc32c") {
      given.add("x-goog-hash", std::string(kCrc) + header.value + ",md5=rL0Y20zC+Fzt72VPzMSk2A==");
    } else if (name == "x-amz-storage-class") {
      given.add("x-goog-storage-class", header.value);
    } else {
      given.add(header.name, header.value);
    }
  }
  headers = std::move(given);
}

std::string judge_assertion(const GoogleAccount& account, std::string_view assertion,
                            std::string_view audience, std::time_t now) {
  const auto parts = split(assertion, '.');
  if (account.email.empty() || parts.size() != 3) return "Invalid JWT.";
  const std::string header = from_base64url(parts[0]);
  const std::string claims = from_base64url(parts[1]);
  if (!says(header, "alg", "RS256")) return "Invalid JWT.";
  if (!says(claims, "iss", account.email)) return "Invalid grant: account not found";
  const std::string text = std::string(parts[0]) + "." + std::string(parts[1]);
  if (!is_signed(account, text, from_base64url(parts[2]))) return "Invalid JWT Signature.";
  if (!says(claims, "aud", audience)) return "Invalid JWT: wrong audience.";
  if (claims.find("\"scope\":\"https://www.googleapis.com/auth/devstorage.") == std::string::npos)
    return "Invalid OAuth scope or ID token audience provided.";
  const auto begin = number_in(claims, "iat");
  const auto end = number_in(claims, "exp");
  const bool timely =
      begin && end && *end > now && *end - *begin <= kLongestLife && *begin <= now + kMaxSkew;
  return timely ? std::string()
                : "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                  "timeframe.";
}

}  // namespace s3d
