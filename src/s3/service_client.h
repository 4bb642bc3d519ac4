// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "part_checksums.h"
#include "requester.h"
#include "sse.h"

namespace pailfs::s3 {

/// The one implementation of Client. The verbs stand in client_*.cc by subject; what they share is
/// the Requester, which owns everything that changes.
class ServiceClient final : public Client {
 public:
  ServiceClient(const Config& config, http::Transport& transport, CredentialSource& credentials,
                Clock& clock, Random& random)
      : requester_(config, transport, credentials, clock, random),
        keys_(requester_.config().encryption) {}

  [[nodiscard]] std::string region() const override { return requester_.region(); }
  [[nodiscard]] std::vector<RequestCount> counts() const override { return requester_.counts(); }
  [[nodiscard]] std::vector<std::string> notices() const override { return requester_.notices(); }
  Status probe(const std::string& prefix) override;
  Result<ListPage> first_page(const std::string& prefix) override;

  Result<ObjectInfo> head(const Key& key) override;
  Result<ObjectInfo> get(const GetRequest& request, ByteSink& sink) override;
  Result<ETag> put(const PutRequest& request, ByteSource& body) override;
  Status remove(const Key& key) override;
  std::vector<Status> remove_many(const std::vector<Key>& keys) override;
  Result<ListPage> list(const ListRequest& request) override;
  Result<ETag> copy(const CopyRequest& request) override;

  Result<UploadId> create_upload(const Key& key, const ObjectAttributes& attributes,
                                 PartOrigin origin) override;
  Result<ETag> upload_part(const Key& key, const UploadId& id, int number,
                           ByteSource& body) override;
  Result<ETag> copy_part(const Key& key, const UploadId& id, int number, const Key& source,
                         const ETag& source_if_match, ByteRange range) override;
  Result<ETag> complete_upload(const Key& key, const UploadId& id,
                               const std::vector<UploadedPart>& parts) override;
  Status abort_upload(const Key& key, const UploadId& id) override;
  Result<std::vector<UploadedPart>> list_parts(const Key& key, const UploadId& id) override;
  Result<UploadPage> list_uploads(const std::string& prefix, const UploadPage& after) override;

 private:
  bool is_proven_absent(const Key& key);
  Result<ListPage> probe_page(const std::string& prefix, std::size_t keys);

  using Build = std::function<Result<Built>(const Site&)>;

  /// A call with the limits of the configuration.
  [[nodiscard]] Call start(Op op, const std::string& key) const;
  Outcome run(Op op, const std::string& key, Build build);
  /// One attempt after the other with the keys that `object` may be encrypted with, until the
  /// store no longer refuses in a way that a wrong key explains.
  Outcome with_keys(const Key& object,
                    const std::function<Outcome(const CustomerKey* key)>& attempt);
  Outcome run_put(const PutRequest& request, ByteSource& body);
  Result<ETag> settle_condition(const PutRequest& request, ByteSource& body,
                                const Outcome& outcome);
  /// After remove_batch was refused as a whole: one by one where that may help.
  void remove_refused_batch(const std::vector<Key>& keys, const std::vector<std::size_t>& chosen,
                            const Error& error, std::vector<Status>& results);
  /// Deletes up to 1000 keys with one request, the rest of the work one by one.
  void remove_batch(const std::vector<Key>& keys, const std::vector<std::size_t>& chosen,
                    std::vector<Status>& results);

  Requester requester_;
  KeyChoice keys_;
  PartChecksums checksums_;
  std::atomic<bool> batches_work_{true};  ///< false once the service refused DeleteObjects
};

/// Lends a ByteSource to the transport and keeps the error it may report.
class SourceBody final : public http::BodySource {
 public:
  explicit SourceBody(ByteSource& source) : source_(source) {}
  [[nodiscard]] std::uint64_t size() const override { return source_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override;
  Result<std::size_t> show(std::uint64_t offset, std::span<char> scratch,
                           const std::function<void(std::span<const char>)>& look) override;
  void taken(std::uint64_t end) override { source_.taken(end); }
  /// The source's own error instead of the transport's, if it had one.
  [[nodiscard]] Error explain(const Error& error) const;

 private:
  ByteSource& source_;
  std::optional<Error> error_;
};

/// ETag that S3 gives an object of these parts: MD5 of the parts' MD5s; empty if it cannot be told.
ETag expected_multipart_etag(const std::vector<UploadedPart>& parts);

}  // namespace pailfs::s3
