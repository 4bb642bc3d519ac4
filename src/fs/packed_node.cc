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

bool same_headers(const s3::ObjectAttributes& a, const s3::ObjectAttributes& b) {
  if (a.metadata.size() != b.metadata.size()) return false;
  return std::all_of(a.metadata.begin(), a.metadata.end(), [&](const auto& header) {
    const std::string* other = find_metadata(b, header.first);
    return other != nullptr && *other == header.second;
  });
}

}  // namespace

void PackedTag::assign(const s3::ETag& etag) {
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

s3::ETag PackedTag::get() const {
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

PackedAttributes::PackedAttributes(const Stat& stat, const s3::ObjectAttributes& attributes,
                                   TypeNames& types)
    : atime_(stat.atime),
      mtime_(stat.mtime),
      ctime_(stat.ctime),
      uid_(stat.uid),
      gid_(stat.gid),
      mode_(static_cast<std::uint16_t>(stat.mode)) {
  const auto type = types.number(attributes.content_type);
  if (type && attributes.standard.empty() && stat.rdev == 0) {
    type_ = *type;
    if (attributes.metadata.empty()) {
      kind_ = Kind::bare;
    } else if (same_headers(attributes, encode(stat, {}, true))) {
      kind_ = Kind::full_mode;
    } else if (same_headers(attributes, encode(stat, {}, false))) {
      kind_ = Kind::permission_mode;
    }
  }
  if (kind_ != Kind::foreign) return;
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

s3::ObjectAttributes PackedAttributes::attributes(const TypeNames& types) const {
  if (foreign_) return foreign_->attributes;
  s3::ObjectAttributes base;
  base.content_type = types.name(type_);
  if (kind_ == Kind::bare) return base;
  return encode(stat(), std::move(base), kind_ == Kind::full_mode);
}

}  // namespace pailfs::fs
