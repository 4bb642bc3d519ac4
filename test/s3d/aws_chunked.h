// SPDX-License-Identifier: Apache-2.0
/// Removes the aws-chunked framing of streaming uploads ("Signature Calculations for the
/// Authorization Header: Transferring Payload in Multiple Chunks" in the Amazon S3 documentation),
/// verifies chunk and trailer signatures when the identity promises them, and keeps the trailers.
#pragma once
#include <memory>
#include <string>

#include "auth.h"
#include "digest.h"
#include "http_connection.h"

namespace s3d {

class AwsChunkedBody final : public BodySource {
 public:
  /// `inner` delivers the framed bytes.
  AwsChunkedBody(std::unique_ptr<BodySource> inner, Identity identity);

  ssize_t read(char* data, std::size_t size) override;
  /// Complete once read() has returned 0; names in lower case.
  const Headers& trailers() const { return trailers_; }

 private:
  bool is_signed() const;
  ssize_t next_chunk();
  ssize_t end_chunk();
  ssize_t read_trailers();
  bool check(std::string_view algorithm, std::string_view middle, std::string_view hash);
  ssize_t read_inner(char* data, std::size_t size);
  ssize_t read_line(std::string& line);

  std::unique_ptr<BodySource> inner_;
  const Identity identity_;
  std::string previous_signature_;
  std::string chunk_signature_;
  std::unique_ptr<Hash> chunk_hash_;
  std::string buffer_;  ///< read from inner_, not yet consumed
  std::uint64_t left_ = 0;
  bool done_ = false;
  Headers trailers_;
};

}  // namespace s3d
