// SPDX-License-Identifier: Apache-2.0
#include "sse.h"

#include <algorithm>

#include "pailfs/util/text.h"

#include "body_digest.h"
#include "reply_headers.h"

namespace pailfs::s3 {
namespace {

constexpr std::size_t kKeyBytes = 32;
const std::string kCustomer = "x-amz-server-side-encryption-customer-";
const std::string kSource = "x-amz-copy-source-server-side-encryption-customer-";
const std::string kEncryption = "x-amz-server-side-encryption";
const std::string kKmsKey = "x-amz-server-side-encryption-aws-kms-key-id";

void add_key(http::Headers& headers, const std::string& prefix, const CustomerKey* key) {
  if (key == nullptr) return;
  headers.add(prefix + "algorithm", "AES256");
  headers.add(prefix + "key", key->base64.reveal());
  headers.add(prefix + "key-md5", key->md5);
}

}  // namespace

Result<CustomerKey> parse_customer_key(std::string_view line) {
  const bool raw = line.size() <= kKeyBytes;
  const std::optional<std::string> bytes =
      raw ? std::optional<std::string>(line) : base64_decode(line);
  if (!bytes) return Error{EINVAL, "neither a key of 32 bytes nor the base64 of one"};
  if (bytes->size() != kKeyBytes) {
    return Error{EINVAL,
                 "a key of " + std::to_string(bytes->size()) + " bytes, but AES-256 needs 32"};
  }
  return CustomerKey{auth::Secret(base64(*bytes)), base64(digest(Digest::md5, *bytes))};
}

Result<std::vector<CustomerKey>> parse_customer_keys(std::string_view text, char separator) {
  std::vector<CustomerKey> keys;
  int number = 0;
  for (const std::string& line : split(text, separator)) {
    ++number;
    const std::string_view bare = trim(line);
    if (bare.empty() || bare.front() == '#') continue;
    auto key = parse_customer_key(bare);
    if (!key) return key.error().with("key " + std::to_string(number));
    keys.push_back(std::move(*key));
  }
  return keys;
}

void add_encryption_headers(http::Headers& headers, const Encryption& encryption) {
  switch (encryption.kind) {
    case Encryption::Kind::none:
      return;
    case Encryption::Kind::service:
      return headers.add(kEncryption, "AES256");
    case Encryption::Kind::customer:
      return add_customer_headers(headers, encryption.customer());
    case Encryption::Kind::kms:
      headers.add(kEncryption, "aws:kms");
      headers.add(kKmsKey, encryption.kms_key);
      return;
  }
}

void add_customer_headers(http::Headers& headers, const CustomerKey* key) {
  add_key(headers, kCustomer, key);
}

void add_copy_source_headers(http::Headers& headers, const CustomerKey* key) {
  add_key(headers, kSource, key);
}

EncryptionEcho expected_echo(const Encryption& encryption) {
  if (const CustomerKey* key = encryption.customer()) return {encryption.kind, key->md5};
  return {encryption.kind, {}};
}

EncryptionEcho expected_part_echo(const Encryption& encryption) {
  return encryption.customer() != nullptr ? expected_echo(encryption) : EncryptionEcho{};
}

bool echoes(const EncryptionEcho& expected, const http::Headers& reply) {
  switch (expected.kind) {
    case Encryption::Kind::none:
    case Encryption::Kind::service:
      return true;
    case Encryption::Kind::customer: {
      const std::string md5 = header_text(reply, kCustomer + "key-md5");
      return header_text(reply, kCustomer + "algorithm") == "AES256" &&
             (md5.empty() || md5 == expected.key_md5);
    }
    case Encryption::Kind::kms:
      return header_text(reply, kEncryption) == "aws:kms";
  }
  return false;
}

bool may_be_wrong_key(const Error& error) {
  if (error.http_status != 400 && error.http_status != 403) return false;
  const std::string& code = error.s3_code;
  return code.empty() || code == "InvalidRequest" || code == "InvalidArgument" ||
         code == "AccessDenied";
}

std::vector<const CustomerKey*> KeyChoice::candidates(const Key& object) const {
  const CustomerKey* likeliest = encryption_.customer();
  if (encryption_.keys.empty()) return {likeliest};
  {
    MutexLock lock(mutex_);
    const auto found = unusual_.find(object);
    if (found != unusual_.end()) likeliest = found->second;
  }
  std::vector<const CustomerKey*> order{likeliest};
  for (const CustomerKey& key : encryption_.keys) {
    if (&key != likeliest) order.push_back(&key);
  }
  if (likeliest != nullptr) order.push_back(nullptr);
  return order;
}

void KeyChoice::learn(const Key& object, const CustomerKey* key) {
  if (encryption_.keys.empty()) return;
  MutexLock lock(mutex_);
  if (key == encryption_.customer()) {
    unusual_.erase(object);
    return;
  }
  if (unusual_.size() >= kMostRemembered) unusual_.clear();
  unusual_.insert_or_assign(object, key);
}

}  // namespace pailfs::s3
