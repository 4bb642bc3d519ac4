// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/clock.h"

#include "packed_node.h"

namespace pailfs::fs {

/// Whether a name exists, as known without a request.
enum class Presence { unknown, absent, present };

/// One name of a directory, as a listing shows it.
struct ListedName {
  bool file = false;       ///< there is an object of that name
  bool directory = false;  ///< there are objects below it
  std::uint64_t size = 0;  ///< of the object
  store::ETag etag;
  WallTime last_modified{};
};

/// An object of that name, as a listing shows it.
inline ListedName listed_object(const store::ListedObject& object) {
  return {.file = true,
          .size = object.size,
          .etag = object.etag,
          .last_modified = object.last_modified};
}

/// The file type that a listing alone proves; 0 for none. A short object may be a symbolic link, an
/// empty one a fifo or an old-style directory: only its metadata tells.
inline mode_t listed_type(const ListedName& listed) {
  if (!listed.file) return S_IFDIR;
  return listed.size > kLongestLink ? S_IFREG : 0;
}

/// Number of an entry of a NameTable; its own for as long as the entry lives.
using SlotId = std::uint32_t;
inline constexpr SlotId kNoSlot = UINT32_MAX;

/// The knowledge of one name.
struct Slot {
  enum class State : std::uint8_t { free, unknown, absent, known };
  /// How last_modified is known to belong to the attributes. told: the store told both together.
  /// estimated: we stored the object, and the time is by our own clock. listed: after that a
  /// listing showed an object of about that time.
  enum class Time : std::uint8_t { told, estimated, listed };

  State state = State::free;  ///< of the attributes
  Form form = Form::absent;   ///< when known
  bool file = false;          ///< there is an object of that name, as last seen
  bool directory = false;     ///< there are objects below it, as last seen
  Time time = Time::told;     ///< of last_modified
  std::uint16_t name_length = 0;
  std::uint32_t name = 0;     ///< place in the table's names
  std::uint32_t reading = 0;  ///< serial number of the ListingCursor that listed it last
  /// The moment for which the attributes are true: that of the answer, of our own change, or of the
  /// request for a listing that showed the same object. For an absence: that of the request, or of
  /// our own removal.
  MonoTime learnt{};
  MonoTime expires{};        ///< until when they are believed
  MonoTime seen{};           ///< when the name was last there
  WallTime last_modified{};  ///< this, size and tag: of the object `p`, or of the marker `p/`
  std::uint64_t size = 0;
  PackedTag tag;
  std::unique_ptr<PackedAttributes> attributes;
};

/// The names of one directory, about 130 bytes each and 60 more with attributes. It does not look
/// at times: NodeTables and the classes on it decide which entries are believed. Not thread-safe.
class NameTable final {
 public:
  /// kNoSlot when there is no such name.
  [[nodiscard]] SlotId find(std::string_view name) const;
  /// The entry of that name, made if there is none. Other entries keep their numbers and addresses.
  SlotId make(std::string_view name);
  /// Forgets the name. Its number may be given to another one.
  void free(SlotId id);

  [[nodiscard]] Slot& at(SlotId id) { return slots_[id]; }
  [[nodiscard]] const Slot& at(SlotId id) const { return slots_[id]; }
  [[nodiscard]] std::string_view name(SlotId id) const;
  /// Numbers go from 0 to below this; some may be free.
  [[nodiscard]] SlotId end() const { return static_cast<SlotId>(slots_.size()); }
  [[nodiscard]] std::size_t live() const { return live_; }
  /// Gives memory back after many names went. Numbers change, so no caller may hold one.
  void compact();
  [[nodiscard]] bool worth_compacting() const {
    return slots_.size() > 64 && live_ < slots_.size() / 4;
  }

 private:
  static constexpr std::size_t kChunk = 64U << 10U;

  std::uint32_t keep_name(std::string_view name);
  SlotId take_free();
  void tidy_names();
  void grow_index();
  void index(SlotId id);
  [[nodiscard]] std::size_t place_of(std::string_view name) const;

  std::deque<Slot> slots_;
  // First in, first out, so that the names of a listing keep its order.
  std::vector<SlotId> free_;
  std::size_t free_taken_ = 0;       // of its front
  std::vector<SlotId> index_;        // open addressing, a power of two; kNoSlot: empty
  std::vector<std::string> chunks_;  // names, one after the other
  std::size_t live_ = 0;
  std::size_t wasted_ = 0;  // bytes of freed names in chunks_
  std::size_t used_ = 0;
};

}  // namespace pailfs::fs
