// SPDX-License-Identifier: Apache-2.0
// Server-side encryption on the wire: which headers a request carries, which of several keys an
// object is read with, and whether the service has encrypted as asked.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "pailfs/http/transport.h"
#include "pailfs/s3/encryption.h"
#include "pailfs/s3/store_words.h"
#include "pailfs/util/sync.h"

namespace pailfs::s3 {

/// For requests that create an object: PutObject, CopyObject, CreateMultipartUpload.
void add_encryption_headers(http::Headers& headers, const Encryption& encryption);
/// The key itself, for requests that read or write bytes under it; nothing for null.
void add_customer_headers(http::Headers& headers, const CustomerKey* key);
/// The key of a copy's source; nothing for null.
void add_copy_source_headers(http::Headers& headers, const CustomerKey* key);

/// The encryption that a reply must echo before the store is believed to have encrypted.
/// Kind::service needs no echo, because not all services that encrypt everything at rest send one.
struct EncryptionEcho {
  Encryption::Kind kind = Encryption::Kind::none;
  std::string key_md5;
};
EncryptionEcho expected_echo(const Encryption& encryption);
/// Same for a part, which knows of no other kind than customer.
EncryptionEcho expected_part_echo(const Encryption& encryption);
/// Some services take the headers of SSE-C and store the object in the clear.
bool echoes(const EncryptionEcho& expected, const http::Headers& reply);

/// The refusal of an object under a key that is not its own, or without one. AWS and Ceph say
/// InvalidRequest, InvalidArgument or AccessDenied, and to HEAD nothing.
bool may_be_wrong_key(const Error& error);

/// Which key an object is read with: the one that new objects get, unless it was found to have
/// another. Remembers only objects with another key, and a bounded number of them. Any thread.
class KeyChoice final {
 public:
  /// `encryption` must outlive it.
  explicit KeyChoice(const Encryption& encryption) : encryption_(encryption) {}

  /// The likeliest first, each once; null: no key. Never empty; only null where there are no keys.
  [[nodiscard]] std::vector<const CustomerKey*> candidates(const Key& object) const
      EXCLUDES(mutex_);
  void learn(const Key& object, const CustomerKey* key) EXCLUDES(mutex_);
  /// We have stored the object: it has the key that new objects get.
  void stored(const Key& object) { learn(object, encryption_.customer()); }

 private:
  static constexpr std::size_t kMostRemembered = 10'000;
  const Encryption& encryption_;
  mutable Mutex mutex_;
  std::unordered_map<Key, const CustomerKey*> unusual_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::s3
