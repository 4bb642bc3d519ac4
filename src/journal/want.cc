// SPDX-License-Identifier: Apache-2.0
#include "want.h"

#include <algorithm>
#include <string>

#include "pailfs/util/text.h"

namespace pailfs::journal {
namespace {

/// Most difference between the clocks of two machines when two moments are compared.
constexpr std::chrono::seconds kClockMargin{60};

}  // namespace

std::uint64_t metadata_digest(const store::ObjectAttributes& attributes) {
  if (attributes.metadata.empty()) return 0;
  std::vector<std::string> lines;
  lines.reserve(attributes.metadata.size());
  for (const auto& [name, value] : attributes.metadata) {
    lines.push_back(to_lower(name) + '\0' + value + '\0');
  }
  std::sort(lines.begin(), lines.end());
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const std::string& line : lines) {
    for (const char c : line) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
  }
  return hash == 0 ? 1 : hash;
}

Mark mark_of(const Want& want) {
  if (want.kind == Want::Kind::absent) return Mark::gone();
  const bool known = want.kind == Want::Kind::body || !want.keeps_attributes;
  if (known) return {want.size, want.etag, metadata_digest(want.attributes)};
  // This mount may show another ETag, but the store's copy has that of its source.
  return {want.size, want.source_etag, 0};
}

bool is_ours(const Mark& mark, const store::ObjectInfo& found) {
  if (mark.size != found.size) return false;
  if (mark.metadata == 0) return mark.etag == found.etag;
  return mark.metadata == metadata_digest(found.attributes);
}

bool has_our_bytes(const Mark& mark, const store::ObjectInfo& found) {
  return mark.size == found.size && !mark.etag.empty() && mark.etag == found.etag;
}

Judgement judge(const Want& want, const Base& base, const std::vector<Mark>& before,
                const std::optional<store::ObjectInfo>& found) {
  const bool removal = want.kind == Want::Kind::absent;
  if (!found) {
    if (removal) return Judgement::done;
    const bool was_there = want.conditional && base.kind == Base::Kind::version;
    const bool by_us = std::find(before.begin(), before.end(), Mark::gone()) != before.end();
    return was_there && !by_us ? Judgement::conflict : Judgement::proceed;
  }
  // This comes first: if the base is still there, nothing was written since.
  if (base.kind == Base::Kind::version && base.etag == found->etag) return Judgement::proceed;
  if (!removal && is_ours(mark_of(want), *found)) {
    // The bytes alone do not prove that the attributes are those of the source.
    const bool certain = want.kind == Want::Kind::body || !want.keeps_attributes;
    return certain ? Judgement::done : Judgement::proceed;
  }
  // An object with our bytes that has lost its attributes may be overwritten, but not removed.
  const auto ours = [&](const Mark& mark) {
    if (is_ours(mark, *found)) return true;
    // Other clients may append the same bytes.
    return !removal && !want.appended_from && has_our_bytes(mark, *found);
  };
  if (std::any_of(before.begin(), before.end(), ours)) return Judgement::proceed;
  switch (base.kind) {
    case Base::Kind::version:
    case Base::Kind::absent:
      return Judgement::conflict;
    case Base::Kind::unknown:
      break;
  }
  return found->last_modified + kClockMargin < want.time ? Judgement::proceed : Judgement::conflict;
}

}  // namespace pailfs::journal
