// SPDX-License-Identifier: Apache-2.0
// The headers of Google's XML API, which takes the place of Amazon's names where a request carries
// a token of Google's: beside a signature it knows both. Source: "HTTP headers and query string
// parameters for XML API" and "Migrate from Amazon S3" in the documentation of Cloud Storage. Pure.
#pragma once

#include <span>

#include "pailfs/http/transport.h"

namespace pailfs::s3 {

/// Gives the headers of a request Google's names: x-amz-meta-NAME becomes x-goog-meta-NAME and so
/// on; x-amz-checksum-crc32c becomes x-goog-hash; If-None-Match: * of a write becomes
/// x-goog-if-generation-match: 0. Those that Google does not have are left out. Encryption by keys
/// of the user keeps Amazon's names, so that the missing confirmation fails the write.
void speak_google(http::Request& request);

/// Gives the headers of a reply Amazon's names again.
void hear_google(http::Headers& headers);

/// Shows such a reply to a sink, which sees the headers before the exchange is over.
class GoogleSink final : public http::BodySink {
 public:
  /// `inner` outlives this.
  explicit GoogleSink(http::BodySink& inner) : inner_(inner) {}
  bool begin(const http::Exchange& head) override {
    http::Exchange heard = head;
    hear_google(heard.headers);
    return inner_.begin(heard);
  }
  bool write(std::span<const char> bytes) override { return inner_.write(bytes); }

 private:
  http::BodySink& inner_;
};

}  // namespace pailfs::s3
