// SPDX-License-Identifier: Apache-2.0
#include "snapshot_entries.h"

#include <cstdint>
#include <utility>

namespace pailfs::fs {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::uint8_t kMarker = 1;
constexpr std::uint8_t kEstimated = 2;

/// Seven bits a byte, the lowest first; the last one is below 128.
void put(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7U) out.push_back(static_cast<char>((value & 127U) | 128U));
  out.push_back(static_cast<char>(value));
}
void put(std::string& out, std::string_view text) {
  put(out, std::uint64_t{text.size()});
  out.append(text);
}
void put(std::string& out, const Pairs& pairs) {
  put(out, std::uint64_t{pairs.size()});
  for (const auto& [name, value] : pairs) {
    put(out, std::string_view(name));
    put(out, std::string_view(value));
  }
}

/// Takes fields off the front; after the first missing one all fields are empty and ok() is false.
class Fields final {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 127U} << shift;
      if (byte < 128) return value;
    }
    fail();
    return 0;
  }
  std::string text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) fail();
    const std::string taken(rest_.substr(0, ok_ ? size : 0));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  Pairs pairs() {
    Pairs found;
    for (std::uint64_t left = number(); left > 0 && ok_; --left) {
      std::string name = text();
      found.emplace_back(std::move(name), text());
    }
    return found;
  }

 private:
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::string encode_remembered(const SnapshotEntries& some) {
  std::string out;
  put(out, std::string_view(some.directory));
  put(out, std::uint64_t{some.objects.size()});
  for (const SnapshotEntry& object : some.objects) {
    put(out, std::string_view(object.name));
    put(out, std::uint64_t{(object.marker ? kMarker : 0U) | (object.estimated ? kEstimated : 0U)});
    put(out, object.info.size);
    put(out, std::string_view(object.info.etag.value));
    put(out, static_cast<std::uint64_t>(object.info.last_modified.time_since_epoch().count()));
    put(out, std::string_view(object.info.attributes.content_type));
    put(out, object.info.attributes.metadata);
    put(out, object.info.attributes.standard);
  }
  return out;
}

std::optional<SnapshotEntries> decode_remembered(std::string_view text) {
  Fields fields(text);
  SnapshotEntries some;
  some.directory = fields.text();
  for (std::uint64_t left = fields.number(); left > 0 && fields.ok(); --left) {
    SnapshotEntry object;
    object.name = fields.text();
    const std::uint64_t flags = fields.number();
    object.marker = (flags & kMarker) != 0;
    object.estimated = (flags & kEstimated) != 0;
    object.info.size = fields.number();
    object.info.etag.value = fields.text();
    object.info.last_modified =
        WallTime(std::chrono::nanoseconds(static_cast<std::int64_t>(fields.number())));
    object.info.attributes.content_type = fields.text();
    object.info.attributes.metadata = fields.pairs();
    object.info.attributes.standard = fields.pairs();
    some.objects.push_back(std::move(object));
  }
  if (!fields.ok() || !fields.at_end()) return std::nullopt;
  return some;
}

}  // namespace pailfs::fs
