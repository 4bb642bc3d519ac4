// SPDX-License-Identifier: Apache-2.0
// The target of one key, the version that the store is believed to hold for it, and the comparison
// of the two. Values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

namespace pailfs::journal {

/// Number of an acknowledged change, never reused: the order in which changes were acknowledged.
using Sequence = std::uint64_t;
/// A body in the journal, by the sequence number of the change that brought it; several keys may
/// share one.
using BodyId = std::uint64_t;

/// The target of a key: the state that the journal wants it to have.
struct Want {
  enum class Kind : std::uint8_t {
    absent,
    body,  ///< an object with bytes that are in the journal
    copy,  ///< an object with the bytes of `source`, which the store has
  };
  Kind kind = Kind::absent;
  BodyId body = 0;
  std::uint64_t size = 0;
  store::ETag etag;  ///< of the object until the store has told its own
  /// Not for a copy that keeps those of its source. Of a removal: the SeenVersion::mark of the
  /// version that it removes, where no earlier change of the key waits.
  store::ObjectAttributes attributes;
  store::Key source;
  store::ETag source_etag;  ///< as the store tells it; only this version may be copied
  bool keeps_attributes = false;
  WallTime time{};  ///< when the change was acknowledged
  /// The caller named the version that the change is made upon, or that there is none: only `Base`
  /// is removed, and an object that another client has removed is not made anew.
  bool conditional = false;
  bool foreign = false;  ///< `Base` was stored by another client, see store::Condition
  /// The bytes of the body from here on were appended to `Base`.
  std::optional<std::uint64_t> appended_from;
};

/// The version that the store is believed to hold for a key.
struct Base {
  enum class Kind : std::uint8_t { unknown, absent, version };
  Kind kind = Kind::unknown;
  store::ETag etag;
  static Base none() { return {Kind::absent, {}}; }
  static Base of(store::ETag etag) { return {Kind::version, std::move(etag)}; }
  friend bool operator==(const Base&, const Base&) = default;
};

/// The fingerprint by which an object is recognised as one that we have written; or stands for a
/// removal of ours.
struct Mark {
  std::uint64_t size = 0;
  store::ETag etag;
  std::uint64_t metadata =
      0;  ///< digest of all x-amz-meta-*; 0: there are none, or not known which
  /// No object matches it.
  static Mark gone() { return {~std::uint64_t{0}, {}, 0}; }
  friend bool operator==(const Mark&, const Mark&) = default;
};

std::uint64_t metadata_digest(const store::ObjectAttributes& attributes);
Mark mark_of(const Want& want);
/// Metadata carries times to the nanosecond: with the size it identifies what we wrote also where
/// an ETag is no MD5.
bool is_ours(const Mark& mark, const store::ObjectInfo& found);
/// True when the object's bytes are ours by their MD5. Its attributes may be lost: some stores fail
/// after they have taken the bytes.
bool has_our_bytes(const Mark& mark, const store::ObjectInfo& found);

/// What to do about a change, once the store has shown what it holds.
enum class Judgement {
  done,     ///< the change is there already: its reply was lost
  proceed,  ///< the object is the version that the change was made upon, or older, or ours
  conflict  ///< another writer's later version is there, or its removal, and must not be undone
};
/// `found`: the object that the store holds now, if any. `before`: versions and removals of ours
/// that may have reached the store.
Judgement judge(const Want& want, const Base& base, const std::vector<Mark>& before,
                const std::optional<store::ObjectInfo>& found);

}  // namespace pailfs::journal
