// SPDX-License-Identifier: Apache-2.0
#include "lease_document.h"

#include <algorithm>
#include <cerrno>

#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

constexpr std::string_view kTitle = "pailfs locks 1";
/// No lease is longer, whatever a document says.
constexpr std::uint64_t kMostTime = 24ULL * 3600 * 1000;

Error malformed(std::string_view line) {
  return {EIO, "a lease object is not one of pailfs: \"" + printable(line, 100) + "\""};
}

std::string_view word_of(LockKind kind) {
  return kind == LockKind::whole ? "whole" : "record";
}

std::string_view word_of(LockType type) {
  return type == LockType::shared ? "shared" : "exclusive";
}

std::optional<LeaseEntry> parse_mount(const std::vector<std::string>& words) {
  if (words.size() != 6 || words[2] != "beat" || words[4] != "time") return std::nullopt;
  const auto beat = parse_uint(words[3]);
  const auto time = parse_uint(words[5]);
  if (words[1].empty() || !beat || !time || *time > kMostTime) return std::nullopt;
  return LeaseEntry{words[1], *beat, std::chrono::milliseconds(*time), {}};
}

std::optional<Claim> parse_claim(const std::vector<std::string>& words) {
  if (words.size() != 4) return std::nullopt;
  const auto first = parse_uint(words[2]);
  const auto last = parse_uint(words[3]);
  const bool whole = words[0] == "whole";
  const bool shared = words[1] == "shared";
  if (!whole && words[0] != "record") return std::nullopt;
  if (!shared && words[1] != "exclusive") return std::nullopt;
  if (!first || !last || *first > *last || *last > LockRange::kEnd) return std::nullopt;
  return Claim{whole ? LockKind::whole : LockKind::record,
               shared ? LockType::shared : LockType::exclusive,
               {*first, *last}};
}

}  // namespace

Result<LeaseDocument> LeaseDocument::parse(std::string_view text) {
  if (text.size() > kMostBytes || !text.ends_with('\n')) return malformed(text.substr(0, 100));
  text.remove_suffix(1);
  const std::vector<std::string> lines = split(text, '\n');
  if (lines.front() != kTitle) return malformed(lines.front());
  LeaseDocument document;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> words = split(lines[i], ' ');
    if (words[0] == "file" || words[0] == "written") continue;
    if (words[0] == "mount") {
      auto entry = parse_mount(words);
      if (!entry || document.find(entry->mount) != nullptr) return malformed(lines[i]);
      document.entries.push_back(std::move(*entry));
      continue;
    }
    const auto claim = parse_claim(words);
    if (!claim || document.entries.empty()) return malformed(lines[i]);
    document.entries.back().claims.push_back(*claim);
  }
  return document;
}

std::string LeaseDocument::text(std::string_view file, std::uint64_t written) const {
  std::string text(kTitle);
  text += "\nfile " + percent_encode(file, true);
  text += "\nwritten " + std::to_string(written) + "\n";
  for (const LeaseEntry& entry : entries) {
    text += "mount " + entry.mount + " beat " + std::to_string(entry.beat) + " time " +
            std::to_string(entry.time.count()) + "\n";
    for (const Claim& claim : entry.claims) {
      text.append(word_of(claim.kind)).append(" ").append(word_of(claim.type));
      text += " " + std::to_string(claim.range.first) + " " + std::to_string(claim.range.last);
      text += "\n";
    }
  }
  return text;
}

const LeaseEntry* LeaseDocument::find(std::string_view mount) const {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const LeaseEntry& entry) { return entry.mount == mount; });
  return found == entries.end() ? nullptr : &*found;
}

LeaseDocument LeaseDocument::without(std::string_view mount,
                                     const std::function<bool(const LeaseEntry&)>& dead) const {
  LeaseDocument left;
  for (const LeaseEntry& entry : entries) {
    if (entry.mount != mount && !dead(entry)) left.entries.push_back(entry);
  }
  return left;
}

const Claim* LeaseDocument::conflict(const Claims& wanted) const {
  for (const LeaseEntry& entry : entries) {
    for (const Claim& claim : entry.claims) {
      for (const Claim& mine : wanted) {
        if (excludes(claim, mine)) return &claim;
      }
    }
  }
  return nullptr;
}

void Sightings::saw(const LeaseDocument& document, Time now) {
  std::vector<Seen> seen;
  for (const LeaseEntry& entry : document.entries) {
    const auto before = std::find_if(seen_.begin(), seen_.end(), [&](const Seen& one) {
      return one.mount == entry.mount && one.beat == entry.beat;
    });
    seen.push_back({entry.mount, entry.beat, before == seen_.end() ? now : before->first});
  }
  seen_ = std::move(seen);
}

bool Sightings::is_dead(const LeaseEntry& entry, Time now) const {
  return std::any_of(seen_.begin(), seen_.end(), [&](const Seen& one) {
    return one.mount == entry.mount && one.beat == entry.beat &&
           now - one.first >= awaited(entry.time);
  });
}

}  // namespace pailfs::fs
