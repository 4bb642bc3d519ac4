// SPDX-License-Identifier: Apache-2.0
/// Server-side encryption as far as a client can see it. Nothing is encrypted: of a customer's key
/// (SSE-C) the MD5 is kept, and who does not show that key is refused as on AWS. Source: S3 user
/// guide, "Using server-side encryption with customer-provided keys".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "errors.h"
#include "http_message.h"
#include "store.h"

namespace s3d {

constexpr std::string_view kSsePrefix = "x-amz-server-side-encryption-customer-";
constexpr std::string_view kSseSourcePrefix = "x-amz-copy-source-server-side-encryption-customer-";

/// Base64 MD5 of the key that the headers with `prefix` show, "" for none; or what is wrong with
/// them.
std::variant<std::string, S3Error> customer_key(const Headers& headers, std::string_view prefix);

/// Why a request that shows `headers` may not read an object under `key_md5` ("": not encrypted
/// so).
std::optional<S3Error> judge_customer_key(const Headers& headers, std::string_view prefix,
                                          const std::string& key_md5);

/// What replies to requests that store or read the object say of its encryption.
void add_encryption_headers(const Object& object, Reply& reply);

}  // namespace s3d
