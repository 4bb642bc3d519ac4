// SPDX-License-Identifier: Apache-2.0
#include "records.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace pailfs::test::shared {
namespace {

bool is_record(std::string_view piece) {
  const auto digits = [&](std::size_t from, std::size_t to) {
    return std::all_of(piece.begin() + from, piece.begin() + to,
                       [](char c) { return c >= '0' && c <= '9'; });
  };
  return piece.size() == kRecord && piece.front() == 'w' && digits(1, 7) && digits(8, 15) &&
         piece.back() == '\n';
}

bool is_hole(std::string_view piece) {
  return std::all_of(piece.begin(), piece.end(), [](char c) { return c == '\0'; });
}

std::string shown(std::string_view piece) {
  std::string text;
  for (const char c : piece) text += c >= ' ' && c <= '~' ? c : '.';
  return text;
}

}  // namespace

std::string records(unsigned write, char writer, std::size_t count) {
  std::string bytes;
  bytes.reserve(count * kRecord);
  for (std::size_t i = 0; i < count; ++i) {
    std::array<char, kRecord + 1> record{};
    std::snprintf(record.data(), record.size(), "w%06u%c%07zu\n", write, writer, i);
    bytes += record.data();
  }
  return bytes;
}

std::optional<std::string> wrong_records(const std::string& bytes) {
  std::vector<std::string_view> pieces;
  const std::string_view all = bytes;
  for (std::size_t at = 0; at < all.size(); at += kRecord) {
    const std::string_view piece = all.substr(at, kRecord);
    if (is_hole(piece)) continue;
    if (!is_record(piece)) {
      return "bytes that no program wrote at " + std::to_string(at) + ": " + shown(piece);
    }
    pieces.push_back(piece);
  }
  std::sort(pieces.begin(), pieces.end());
  const auto twice = std::adjacent_find(pieces.begin(), pieces.end());
  if (twice != pieces.end()) return "the record " + shown(*twice) + " is there twice";
  return std::nullopt;
}

std::string applied(std::string base, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    if (edit.kind == Edit::Kind::truncate) {
      base.resize(edit.at, '\0');
      continue;
    }
    const std::uint64_t at = edit.kind == Edit::Kind::append ? base.size() : edit.at;
    if (base.size() < at + edit.bytes.size()) base.resize(at + edit.bytes.size(), '\0');
    base.replace(at, edit.bytes.size(), edit.bytes);
  }
  return base;
}

bool replaces_all(const std::vector<Edit>& edits) {
  return std::any_of(edits.begin(), edits.end(), [](const Edit& edit) {
    return edit.kind == Edit::Kind::truncate && edit.at == 0;
  });
}

bool only_appends(const std::vector<Edit>& edits) {
  return std::all_of(edits.begin(), edits.end(),
                     [](const Edit& edit) { return edit.kind == Edit::Kind::append; });
}

std::string brief(const std::string& bytes) {
  std::string text = std::to_string(bytes.size()) + " bytes:";
  std::string_view all = bytes;
  std::string last;
  unsigned more = 0;
  const auto end_row = [&] {
    if (more > 0) text += " +" + std::to_string(more);
    more = 0;
  };
  for (std::size_t at = 0; at < all.size() && text.size() < 300; at += kRecord) {
    const std::string_view piece = all.substr(at, kRecord);
    const std::string name =
        is_hole(piece)     ? "hole"
        : is_record(piece) ? std::to_string(std::stoi(std::string(piece.substr(1, 6)))) + piece[7]
                           : shown(piece);
    if (name == last) {
      ++more;
      continue;
    }
    end_row();
    text += " " + name;
    last = name;
  }
  end_row();
  return text;
}

}  // namespace pailfs::test::shared
