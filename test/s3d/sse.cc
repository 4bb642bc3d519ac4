// SPDX-License-Identifier: Apache-2.0
#include "sse.h"

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

S3Error bad_argument(std::string message, std::string_view prefix) {
  return {"InvalidArgument",
          std::move(message),
          {{"ArgumentName", std::string(prefix) + "algorithm"}, {"ArgumentValue", "null"}}};
}

}  // namespace

std::variant<std::string, S3Error> customer_key(const Headers& headers, std::string_view prefix) {
  const std::string start(prefix);
  const std::string* algorithm = headers.find(start + "algorithm");
  const std::string* key = headers.find(start + "key");
  const std::string* md5_header = headers.find(start + "key-md5");
  if (algorithm == nullptr && key == nullptr && md5_header == nullptr) return std::string();
  if (algorithm == nullptr || key == nullptr || md5_header == nullptr)
    return bad_argument(
        "Requests specifying Server Side Encryption with Customer provided keys must provide an "
        "appropriate secret key and a valid encryption algorithm.",
        prefix);
  if (*algorithm != "AES256")
    return S3Error{"InvalidEncryptionAlgorithmError",
                   "The encryption request you specified is not valid. The valid value is AES256.",
                   {}};
  const auto bytes = unbase64(*key);
  if (!bytes || bytes->size() != 32)
    return bad_argument("The secret key was invalid for the specified algorithm.", prefix);
  if (base64(md5(*bytes)) != *md5_header)
    return bad_argument(
        "The calculated MD5 hash of the key did not match the hash that was provided.", prefix);
  if (prefix == kSsePrefix && headers.has("x-amz-server-side-encryption"))
    return bad_argument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption "
        "method specified",
        prefix);
  return *md5_header;
}

std::optional<S3Error> judge_customer_key(const Headers& headers, std::string_view prefix,
                                          const std::string& key_md5) {
  auto shown = customer_key(headers, prefix);
  if (auto* error = std::get_if<S3Error>(&shown)) return std::move(*error);
  const auto& md5_text = std::get<std::string>(shown);
  if (md5_text == key_md5) return std::nullopt;
  if (md5_text.empty())
    return S3Error{"InvalidRequest",
                   "The object was stored using a form of Server Side Encryption. The correct "
                   "parameters must be provided to retrieve the object.",
                   {}};
  if (key_md5.empty())
    return S3Error{
        "InvalidRequest", "The encryption parameters are not applicable to this object.", {}};
  return S3Error{"AccessDenied", "", {}};
}

void add_encryption_headers(const Object& object, Reply& reply) {
  if (!object.encryption.empty())
    reply.headers.add("x-amz-server-side-encryption", object.encryption);
  if (!object.kms_key.empty())
    reply.headers.add("x-amz-server-side-encryption-aws-kms-key-id", object.kms_key);
  if (object.customer_key_md5.empty()) return;
  reply.headers.add(std::string(kSsePrefix) + "algorithm", "AES256");
  reply.headers.add(std::string(kSsePrefix) + "key-md5", object.customer_key_md5);
}

}  // namespace s3d
