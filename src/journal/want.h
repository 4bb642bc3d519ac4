// SPDX-License-Identifier: Apache-2.0
// What one key shall become, what the store is believed to hold for it, and the comparison of the
// two. Values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pailfs/store/object_store.h"
#include "pailfs/util/clock.h"

namespace pailfs::journal {

/// Number of an acknowledged change, never reused: the order in which changes were acknowledged.
using Sequence = std::uint64_t;
/// A body in the journal, by the change that brought it; several keys may share one.
using BodyId = std::uint64_t;

/// What a key shall become.
struct Want {
  enum class Kind : std::uint8_t {
    absent,
    body,  ///< an object with bytes that are in the journal
    copy,  ///< an object with the bytes of `source`, which the store has
  };
  Kind kind = Kind::absent;
  BodyId body = 0;
  std::uint64_t size = 0;
  store::ETag etag;                    ///< of the object until the store has named one
  store::ObjectAttributes attributes;  ///< not for a copy that keeps those of its source
  store::Key source;
  store::ETag source_etag;  ///< as the store names it; a copy is of this version or is none
  bool keeps_attributes = false;
  WallTime time{};  ///< when it was acknowledged
};

/// What the store is believed to hold for a key.
struct Base {
  enum class Kind : std::uint8_t { unknown, absent, version };
  Kind kind = Kind::unknown;
  store::ETag etag;
  static Base none() { return {Kind::absent, {}}; }
  static Base of(store::ETag etag) { return {Kind::version, std::move(etag)}; }
  friend bool operator==(const Base&, const Base&) = default;
};

/// By what an object is recognised as one that we have written.
struct Mark {
  std::uint64_t size = 0;
  store::ETag etag;
  std::uint64_t metadata =
      0;  ///< digest of all x-amz-meta-*; 0: there are none, or not known which
  friend bool operator==(const Mark&, const Mark&) = default;
};

std::uint64_t metadata_digest(const store::ObjectAttributes& attributes);
Mark mark_of(const Want& want);
/// Metadata carries times to the nanosecond: with the size it identifies what we wrote also where
/// an ETag is no MD5.
bool is_ours(const Mark& mark, const store::ObjectInfo& found);
/// Its bytes are ours, by their MD5: a store may have lost the attributes, as some do that fail
/// after they have taken the bytes.
bool has_our_bytes(const Mark& mark, const store::ObjectInfo& found);

/// What is to be done about a change, once the store has said what it holds.
enum class Judgement {
  done,     ///< the change is there already: its reply was lost
  proceed,  ///< what is there is what the change was made upon, or older, or ours
  conflict  ///< somebody else's later version, which must not be undone
};
/// `found`: what the store holds now; nothing: no object. `before`: versions of ours that may have
/// reached the store.
Judgement judge(const Want& want, const Base& base, const std::vector<Mark>& before,
                const std::optional<store::ObjectInfo>& found);

}  // namespace pailfs::journal
