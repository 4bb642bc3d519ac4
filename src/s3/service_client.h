// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "conditions.h"
#include "cursor.h"
#include "part_checksums.h"
#include "requester.h"
#include "sse.h"

namespace pailfs::s3 {

/// MD5s of an object's bytes: the one that the service told and that of the bytes that came.
struct Md5s {
  std::string told;
  std::string came;
};

/// The one implementation of Client. The verbs stand in client_*.cc by subject; they share the
/// Requester, which owns region, clock and keys.
class ServiceClient final : public Client {
 public:
  ServiceClient(const Config& config, http::Transport& transport,
                auth::CredentialSource& credentials, Clock& clock, Random& random)
      : requester_(config, transport, credentials, clock, random),
        clock_(clock),
        random_(random),
        keys_(requester_.config().encryption),
        conditions_(config.conditions) {}

  [[nodiscard]] std::string region() const override { return requester_.region(); }
  [[nodiscard]] std::vector<RequestCount> counts() const override { return requester_.counts(); }
  [[nodiscard]] std::optional<FailedRequest> last_failure() const override {
    return requester_.last_failure();
  }
  [[nodiscard]] std::vector<std::string> notices() const override { return requester_.notices(); }
  Status probe(const std::string& prefix) override;
  Result<ListPage> first_page(const std::string& prefix) override;
  std::vector<TriedCondition> try_conditions(const std::string& prefix, bool only_put) override;

  Result<ObjectInfo> head(const Key& key) override;
  Result<ObjectInfo> get(const GetRequest& request, ByteSink& sink) override;
  Result<ETag> put(const PutRequest& request, ByteSource& body) override;
  Status remove(const Removal& removal) override;
  std::vector<Status> remove_many(const std::vector<Removal>& removals) override;
  Result<ListPage> list(const ListRequest& request) override;
  Result<ETag> copy(const CopyRequest& request) override;

  Result<UploadId> create_upload(const Key& key, const ObjectAttributes& attributes,
                                 PartOrigin origin) override;
  Result<ETag> upload_part(const Key& key, const UploadId& id, int number,
                           ByteSource& body) override;
  Result<ETag> copy_part(const Key& key, const UploadId& id, int number, const Key& source,
                         const ETag& source_if_match, ByteRange range) override;
  Result<ETag> complete_upload(const Key& key, const UploadId& id,
                               const std::vector<UploadedPart>& parts,
                               const Condition& condition) override;
  Status abort_upload(const Key& key, const UploadId& id) override;
  Result<std::vector<UploadedPart>> list_parts(const Key& key, const UploadId& id) override;
  Result<UploadPage> list_uploads(const std::string& prefix, const UploadPage& after) override;
  [[nodiscard]] bool copies_parts() const override { return part_copies_work_; }
  [[nodiscard]] Obedience obedience() const override { return conditions_.obedience(); }

 private:
  /// The key as a listing shows it; nothing if it is absent.
  Result<std::optional<ListedObject>> list_one(const Key& key);
  bool is_proven_absent(const Key& key);
  Result<ObjectInfo> head_once(const Key& key);
  /// True when a HEAD says that the object has no bytes but its ETag is not that of no bytes: a
  /// listing must decide.
  [[nodiscard]] bool is_doubtful_empty(const Key& key, const ObjectInfo& info) const;
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

  // client_conditions.cc: changes with a condition on the object that they make.
  /// What a look after a refusal has shown. `made`: an attempt whose reply was lost has made the
  /// change, and this is the version.
  struct Seen {
    Look look = Look::unclear;
    std::optional<ETag> made;
  };
  struct Change {
    Conditional request;
    Condition wanted;
    std::function<Outcome(const Condition& said)> attempt;
    std::function<Seen(bool doubt)> look;
    bool ambiguous = false;  ///< a refusal does not say which condition it means
  };
  struct Made {
    Outcome outcome;
    bool looked = false;  ///< at the object, so that a failure is settled
  };
  Made make(const Change& change);
  /// One request of it; `made.outcome` has the doubt of those before.
  Step send(const Change& change, const std::string& wrong, Round& round, Made& made);
  void learn(Conditional request, bool absent, const Known& known);
  std::string wrong_version();
  class Trial;
  void pause(int repeats);
  Outcome run_copy_as(const CopyRequest& request, const Condition& said);
  Seen look_at_put(const PutRequest& request, ByteSource& body, bool doubt);
  Seen look_at_copy(const CopyRequest& request, bool doubt);
  Seen look_at_removal(const Removal& removal);
  struct Upload {
    const Key& key;
    const UploadId& id;
    const std::vector<UploadedPart>& parts;
  };
  Outcome run_complete(const Upload& upload, const Condition& said);
  Seen look_at_upload(const Upload& upload, const Condition& wanted, bool doubt);

  // client_settle.cc: the state of the object when a reply was lost or proves nothing.
  bool is_stored(const PutRequest& request, ByteSource& body, const ObjectInfo& now);
  Result<ETag> settle_put(const PutRequest& request, ByteSource& body, const Outcome& outcome);
  Result<ETag> settle_copy(const CopyRequest& request, const Outcome& outcome);
  bool is_copied(const CopyRequest& request, const ObjectInfo& now);
  /// ESTALE when the copy is of another version than the one that was meant, because the service
  /// ignores x-amz-copy-source-if-match. Its ETag makes that likely, its size sure: one HEAD more
  /// then. A version of the same size is not found out.
  Status check_copied_version(const CopyRequest& request, const ETag& copied);
  /// client_upload.cc: the reply to Complete names no version.
  Result<ETag> unnamed_upload(const Key& key, const std::vector<UploadedPart>& parts);

  /// Where a listing goes on, and with which version of the verb.
  struct ListPlace {
    bool v2 = false;
    Cursor cursor;  ///< in version 1 its token is the marker
  };
  /// Nothing for a text that place_after() has not made.
  [[nodiscard]] std::optional<ListPlace> list_place(const std::string& text) const;
  /// ListPage::next; nothing if the service leads back.
  [[nodiscard]] std::optional<std::string> place_after(const ListPlace& place,
                                                       const JudgedList& list) const;
  Outcome run_list(Call call, const ListRequest& request, const ListPlace& place);

  Outcome run_copy(const CopyRequest& request);
  /// An object "d/" without bytes, put instead of copied; nothing if it is none.
  std::optional<Result<ETag>> write_directory(const CopyRequest& request);
  /// Compares the MD5s of the bytes read. False: they must be read again; `wrong` keeps the MD5
  /// that came.
  Result<bool> is_right(const Key& key, const std::optional<Md5s>& md5s, std::string& wrong);
  std::string bucket_name() EXCLUDES(mutex_);
  void learn_bucket_name(const std::string& told) EXCLUDES(mutex_);
  /// After remove_batch was refused as a whole: one by one where that may help.
  void remove_refused_batch(const std::vector<Removal>& removals,
                            const std::vector<std::size_t>& chosen, const Verdict& verdict,
                            std::vector<Status>& results);
  // Batches in which versions are named.
  Outcome run_remove_many(const std::vector<Removal>& batch, std::function<Repeat()> repeat = {});
  /// Looks at the object after an attempt that may have removed it.
  Repeat repeat_removal(const Removal& removal);
  /// That, for a call's attempts; empty where the removal names no version. `removal` must live.
  std::function<Repeat()> repeat_of(const Removal& removal);
  Outcome run_removal(const Removal& removal, const Condition& said);
  void remove_doubted(const std::vector<Removal>& removals, const std::vector<std::size_t>& chosen,
                      const Error& error, std::vector<Status>& results);
  Outcome run_batch(std::vector<Removal> batch);
  Outcome run_removal_as(const Removal& removal, const Condition& said);
  Status remove_in_batch(const Removal& removal);
  Status settle_removal(const Removal& removal, const Status& refusal);
  /// Deletes up to 1000 keys with one request, the rest of the work one by one.
  void remove_batch(const std::vector<Removal>& removals, const std::vector<std::size_t>& chosen,
                    std::vector<Status>& results);

  Requester requester_;
  Clock& clock_;
  Random& random_;
  KeyChoice keys_;
  Conditions conditions_;
  PartChecksums checksums_;
  // Abilities that the service has shown, for the rest of the mount.
  std::atomic<bool> batches_work_{true};
  std::atomic<bool> part_copies_work_{true};
  std::atomic<bool> directory_copies_work_{true};  ///< of objects "d/" that names lie below
  std::atomic<bool> tells_etags_{false};
  std::atomic<int> true_empties_{0};  ///< that a list has confirmed
  std::atomic<Support> md5_etags_{Support::unknown};
  Mutex mutex_;
  std::string bucket_name_ GUARDED_BY(mutex_);  ///< in listings; empty: not told yet
};

/// True when this attempt or an earlier one may have made the change and the service answers, so
/// that a look at the object can settle it.
bool may_settle(const Outcome& outcome);

/// ETag that S3 gives an object of these parts: MD5 of the parts' MD5s; empty if it cannot be told.
ETag expected_multipart_etag(const std::vector<UploadedPart>& parts);

}  // namespace pailfs::s3
