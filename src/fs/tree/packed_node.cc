// SPDX-License-Identifier: Apache-2.0
#include "packed_node.h"

#include <algorithm>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

constexpr std::size_t kDigits = 32;
constexpr std::size_t kMostTypes = 10'000;

std::optional<std::uint8_t> nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return std::nullopt;
}

bool parse_digest(std::string_view text, std::array<std::uint8_t, 16>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = nibble(text[2 * i]);
    const auto low = nibble(text[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return true;
}

// Bits of PackedAttributes::headers_.
constexpr std::uint8_t kTypeBits = 1U << 6U;  // mode with them

struct Header {
  std::string_view name;
  std::uint8_t bit;
};
constexpr std::array<Header, 6> kHeaders = {{{"mode", 1U << 0U},
                                             {"uid", 1U << 1U},
                                             {"gid", 1U << 2U},
                                             {"mtime", 1U << 3U},
                                             {"ctime", 1U << 4U},
                                             {"atime", 1U << 5U}}};

/// The bits that stand for these headers; nothing when there are others, or in another form than
/// `with_type` and `without_type`, the two that we write.
std::optional<std::uint8_t> bits_of(const store::ObjectAttributes& attributes,
                                    const store::ObjectAttributes& with_type,
                                    const store::ObjectAttributes& without_type) {
  std::uint8_t bits = 0;
  for (const auto& [name, value] : attributes.metadata) {
    const auto* known =
        std::find_if(kHeaders.begin(), kHeaders.end(),
                     [&wanted = name](const Header& header) { return header.name == wanted; });
    if (known == kHeaders.end() || (bits & known->bit) != 0) return std::nullopt;
    bits |= known->bit;
    if (value == *find_metadata(with_type, name)) {
      if (name == "mode") bits |= kTypeBits;
    } else if (value != *find_metadata(without_type, name)) {
      return std::nullopt;
    }
  }
  return bits;
}

}  // namespace

void PackedTag::assign(const store::ETag& etag) {
  kind_ = Kind::none;
  other_.reset();
  const std::string& value = etag.value;
  if (value.empty()) return;
  const bool quoted = value.size() >= kDigits + 2 && value.front() == '"' && value.back() == '"';
  if (quoted && parse_digest(std::string_view(value).substr(1, kDigits), digest_)) {
    const std::string_view rest(value.data() + 1 + kDigits, value.size() - 2 - kDigits);
    const auto parts = rest.starts_with('-') ? parse_uint(rest.substr(1)) : std::nullopt;
    if (rest.empty()) kind_ = Kind::md5;
    if (parts && *parts <= UINT16_MAX && rest.substr(1) == std::to_string(*parts)) {
      kind_ = Kind::parts;
      parts_ = static_cast<std::uint16_t>(*parts);
    }
  }
  if (kind_ != Kind::none) return;
  kind_ = Kind::other;
  other_ = std::make_unique<std::string>(value);
}

store::ETag PackedTag::get() const {
  if (kind_ == Kind::none) return {};
  if (kind_ == Kind::other) return {*other_};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string value = "\"";
  for (const std::uint8_t byte : digest_) {
    value += kHex[byte >> 4U];
    value += kHex[byte & 15U];
  }
  if (kind_ == Kind::parts) value += "-" + std::to_string(parts_);
  return {value + "\""};
}

std::optional<std::uint16_t> TypeNames::number(std::string_view name) {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return static_cast<std::uint16_t>(found - names_.begin());
  if (names_.size() >= kMostTypes) return std::nullopt;
  names_.emplace_back(name);
  return static_cast<std::uint16_t>(names_.size() - 1);
}

PackedAttributes::PackedAttributes(const Stat& stat, const store::ObjectAttributes& attributes,
                                   TypeNames& types)
    : atime_(stat.atime),
      mtime_(stat.mtime),
      ctime_(stat.ctime),
      uid_(stat.uid),
      gid_(stat.gid),
      mode_(static_cast<std::uint16_t>(stat.mode)) {
  const auto type = types.number(attributes.content_type);
  if (type && attributes.standard.empty() && stat.rdev == 0) {
    const auto bits = bits_of(attributes, encode(stat, {}, true), encode(stat, {}, false));
    if (bits) {
      type_ = *type;
      headers_ = *bits;
      return;
    }
  }
  foreign_ = std::make_unique<Foreign>(Foreign{stat.rdev, attributes});
  constexpr std::size_t kPair = sizeof(std::pair<std::string, std::string>);
  std::size_t bytes = sizeof(Foreign) + attributes.content_type.size();
  for (const auto* list : {&attributes.metadata, &attributes.standard}) {
    for (const auto& [name, value] : *list) bytes += kPair + name.size() + value.size();
  }
  extra_ = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, UINT32_MAX));
}

Stat PackedAttributes::stat() const {
  Stat stat;
  stat.mode = mode_;
  stat.uid = uid_;
  stat.gid = gid_;
  stat.rdev = foreign_ ? foreign_->rdev : 0;
  stat.atime = atime_;
  stat.mtime = mtime_;
  stat.ctime = ctime_;
  return stat;
}

store::ObjectAttributes PackedAttributes::attributes(const TypeNames& types) const {
  if (foreign_) return foreign_->attributes;
  store::ObjectAttributes base;
  base.content_type = types.name(type_);
  const store::ObjectAttributes all = encode(stat(), {}, (headers_ & kTypeBits) != 0);
  for (const Header& header : kHeaders) {
    if ((headers_ & header.bit) == 0) continue;
    set_metadata(base, header.name, *find_metadata(all, header.name));
  }
  return base;
}

}  // namespace pailfs::fs
