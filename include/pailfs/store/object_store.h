// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/store/limits.h"
#include "pailfs/util/bytes.h"
#include "pailfs/util/clock.h"
#include "pailfs/util/result.h"

namespace pailfs::store {

/// Name of an object: bytes, not a path. Never normalised.
using Key = std::string;

/// A string that must not be mistaken for another string.
template <class Tag>
struct Named {
  std::string value;
  [[nodiscard]] bool empty() const { return value.empty(); }
  friend bool operator==(const Named&, const Named&) = default;
};
/// Version of an object's content as the store names it, with its quotes: "\"d41d8...\"". Opaque:
/// not always an MD5, and some stores change it when metadata is rewritten.
using ETag = Named<struct ETagTag>;
using UploadId = Named<struct UploadIdTag>;

/// The metadata and headers that are stored with an object.
struct ObjectAttributes {
  std::string content_type;
  /// x-amz-meta-*: names lower case and without the prefix, values as on the wire.
  std::vector<std::pair<std::string, std::string>> metadata;
  /// Cache-Control, Content-Disposition, Content-Encoding, Content-Language, Expires: kept as
  /// found.
  std::vector<std::pair<std::string, std::string>> standard;
  friend bool operator==(const ObjectAttributes&, const ObjectAttributes&) = default;
};

struct ObjectInfo {
  std::uint64_t size = 0;
  ETag etag;
  WallTime last_modified{};
  ObjectAttributes attributes;
  friend bool operator==(const ObjectInfo&, const ObjectInfo&) = default;
};

/// Bytes [begin, begin + length) of an object; length > 0.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t length = 0;
};

/// Takes the bytes of an object in order. Called on the thread that called get().
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// `offset` counts from the object's start; each call begins where the last one ended, also
  /// across retries. False cancels the get.
  virtual bool write(std::uint64_t offset, std::span<const char> bytes) = 0;
};

struct GetRequest {
  Key key;
  std::optional<ByteRange> range;  ///< absent: the whole object
  ETag if_match;  ///< not empty: fail with ESTALE when the object is another version
  /// Size of the version `if_match`, if known: a reply with that ETag and another size is an error.
  std::optional<std::uint64_t> size = std::nullopt;
};

/// What an object must be when a change of it is made. A service that is known not to obey
/// conditions of that verb (ObjectStore::obedience()) makes the change all the same.
struct Condition {
  ETag version = {};    ///< not empty: this version (ESTALE otherwise, also when there is none)
  bool absent = false;  ///< there is no such object (EEXIST otherwise)
  /// Not known here: another client has stored `version`, so that one more request, once, is worth
  /// the knowledge whether the service obeys.
  bool foreign = false;
  [[nodiscard]] bool empty() const { return version.empty() && !absent; }
};

struct PutRequest {
  Key key;
  ObjectAttributes attributes;
  Condition condition = {};
  /// The bytes from here on were appended to the version in `condition` (or to nothing), so that
  /// they belong at the end of whatever version is there. A store that confirms each change at once
  /// does not look at it: its caller hears ESTALE or EEXIST and appends them again by itself.
  std::optional<std::uint64_t> appended_from = std::nullopt;
  /// The caller needs the service's own verdict on the condition: a store that acknowledges changes
  /// before the service does sends this one on.
  bool at_once = false;
};

/// What a caller knows of a version of an object. Unknown members are empty.
struct SeenVersion {
  ETag etag = {};
  std::pair<std::string, std::string> mark =
      {};  ///< metadata that other versions do not have: a time
};

/// True unless `now` is certainly another version: all empty objects have one ETag.
inline bool may_be_seen(const SeenVersion& seen, const ObjectInfo& now) {
  const auto& found = now.attributes.metadata;
  const bool marked = !seen.mark.first.empty();
  if (marked && std::find(found.begin(), found.end(), seen.mark) == found.end()) return false;
  return seen.etag.empty() || now.etag.empty() || seen.etag == now.etag;
}

/// An object to be removed.
struct Removal {
  // Not explicit: mostly it is any version of a key.
  Removal(Key which, ETag only = {}) : key(std::move(which)), version(std::move(only)) {}  // NOLINT
  Removal(const char* which) : key(which) {}                                               // NOLINT
  Key key;
  ETag version;          ///< not empty: only this version (ESTALE otherwise; absent is success)
  bool foreign = false;  ///< see Condition::foreign
  /// The version that the caller believes to be there. A removal whose reply was lost may have been
  /// made: it is sent again only while this version may still be there. Another one was stored by
  /// another client since then and stays, and the removal has succeeded.
  std::optional<SeenVersion> seen = std::nullopt;
};

struct CopyRequest {
  Key source;
  Key destination;
  ETag source_if_match;  ///< not empty: only this version of the source (ESTALE otherwise)
  /// Present: replaces all attributes (x-amz-metadata-directive: REPLACE); absent: they are copied.
  std::optional<ObjectAttributes> attributes;
  /// Size of the source, if known: helps to recognise the copy when the reply does not name its
  /// ETag.
  std::optional<std::uint64_t> size = std::nullopt;
  /// For the destination. ESTALE may then mean the source or the destination.
  Condition condition = {};
};

struct ListRequest {
  std::string prefix;
  bool delimited = true;     ///< group names at '/'
  std::string continuation;  ///< ListPage::next of the page before; empty: from the start
  std::size_t max_keys = 1000;
};

struct ListedObject {
  Key key;
  std::uint64_t size = 0;
  ETag etag;
  WallTime last_modified{};
};

struct ListPage {
  std::vector<ListedObject> objects;
  std::vector<std::string> prefixes;  ///< common prefixes, each ending in '/'
  std::string next;                   ///< opaque; empty: this was the last page
};

/// Whether the service makes a change only when its Condition holds, verb by verb.
enum class Obeys : std::uint8_t { unknown, yes, no };
struct Obedience {
  Obeys put = Obeys::unknown;
  Obeys complete = Obeys::unknown;
  Obeys copy = Obeys::unknown;    ///< a condition on the destination
  Obeys remove = Obeys::unknown;  ///< of one object
  // The same of Condition::absent. What is above is of Condition::version.
  Obeys put_absent = Obeys::unknown;
  Obeys complete_absent = Obeys::unknown;
  Obeys copy_absent = Obeys::unknown;
  Obeys remove_many = Obeys::unknown;  ///< the versions of objects that one request removes
};

struct UploadedPart {
  int number = 0;  ///< from 1
  ETag etag;
  std::uint64_t size = 0;
};

/// Where the parts of an upload come from. The service may check parts that are sent one by one.
enum class PartOrigin {
  sent,   ///< all from here
  mixed,  ///< some may be copied on the server
};

struct UploadInProgress {
  Key key;
  UploadId id;
  WallTime initiated{};
};

struct UploadPage {
  std::vector<UploadInProgress> uploads;
  std::string next_key;  ///< both empty: last page
  std::string next_upload_id;
};

/// The object store as the file system sees it: one bucket, one method per S3 verb. Each returns
/// only after its retries are over, and an Ok means that the reply was checked against the request
/// (law L4). Errors carry an errno from the one error table: ENOENT only when the store said that
/// the key does not exist, ESTALE when a version condition failed. The error of a change is
/// `in_doubt` when the store may have made the change all the same. Any thread may call any method.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual Result<ObjectInfo> head(const Key& key) = 0;
  /// Delivers exactly the requested range (or less only where the object ends) to `sink`.
  /// A range that starts at or past the end fails with ERANGE.
  virtual Result<ObjectInfo> get(const GetRequest& request, ByteSink& sink) = 0;
  virtual Result<ETag> put(const PutRequest& request, ByteSource& body) = 0;
  /// Success also when there was no such object, as S3 has it.
  virtual Status remove(const Removal& removal) = 0;
  /// Any number of them; one result each, in order. A key missing from the reply has failed.
  virtual std::vector<Status> remove_many(const std::vector<Removal>& removals) = 0;
  virtual Result<ListPage> list(const ListRequest& request) = 0;
  /// Server-side, up to 5 GiB. Returns the new object's ETag.
  virtual Result<ETag> copy(const CopyRequest& request) = 0;

  virtual Result<UploadId> create_upload(const Key& key, const ObjectAttributes& attributes,
                                         PartOrigin origin) = 0;
  virtual Result<ETag> upload_part(const Key& key, const UploadId& id, int number,
                                   ByteSource& body) = 0;
  virtual Result<ETag> copy_part(const Key& key, const UploadId& id, int number, const Key& source,
                                 const ETag& source_if_match, ByteRange range) = 0;
  /// Parts in ascending order of number. After a condition that failed the upload is still there.
  virtual Result<ETag> complete_upload(const Key& key, const UploadId& id,
                                       const std::vector<UploadedPart>& parts,
                                       const Condition& condition) = 0;
  /// Success also when the upload is gone already.
  virtual Status abort_upload(const Key& key, const UploadId& id) = 0;
  virtual Result<std::vector<UploadedPart>> list_parts(const Key& key, const UploadId& id) = 0;
  virtual Result<UploadPage> list_uploads(const std::string& prefix, const UploadPage& after) = 0;

  /// The store's limits; the same as long as it lives.
  [[nodiscard]] virtual Limits limits() const { return {}; }

  /// False once the service has refused to copy parts: copy_part() was ENOTSUP and will be, so that
  /// an upload that needs it is better not begun.
  [[nodiscard]] virtual bool copies_parts() const { return true; }

  /// Whether the service obeys conditions, as far as its replies have shown it.
  [[nodiscard]] virtual Obedience obedience() const { return {}; }

  /// Waits until the service has confirmed the acknowledged changes of `key`, or of all keys when
  /// it is empty, and returns its verdict. A store that confirms each change at once has nothing to
  /// do.
  virtual Status settle(const Key& /*key*/) { return {}; }
  /// The same of every change below `prefix` that was acknowledged before the call, each as long as
  /// settle() waits for one. The first verdict that is an error.
  virtual Status settle_below(const std::string& /*prefix*/) { return {}; }

  /// Forgets what it remembers of the service's objects at and below `prefix`, so that the next
  /// question goes to the service. Changes that wait are no memory of the service's.
  virtual void refresh(const std::string& /*prefix*/) {}
};

inline std::vector<Removal> removals(const std::vector<Key>& keys) {
  return {keys.begin(), keys.end()};
}

}  // namespace pailfs::store
