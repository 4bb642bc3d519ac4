// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pailfs::test::shared {

/// Length of a record. Every byte that a history writes belongs to one; what is neither a record
/// nor zero was written by no program.
inline constexpr std::size_t kRecord = 16;

/// `count` records, of which no other call with another `write` makes one. `writer`: a letter.
std::string records(unsigned write, char writer, std::size_t count);

/// What is wrong with the bytes of a file: a piece that is no record and no hole, or a record that
/// is there twice. Nothing: they are right.
std::optional<std::string> wrong_records(const std::string& bytes);

/// A change of a file's bytes by a program.
struct Edit {
  enum class Kind { write, append, truncate };
  Kind kind = Kind::write;
  std::uint64_t at = 0;  ///< offset, or the new size
  std::string bytes = {};
};
std::string applied(std::string base, const std::vector<Edit>& edits);
/// Nothing of the version before shows in the result.
bool replaces_all(const std::vector<Edit>& edits);
bool only_appends(const std::vector<Edit>& edits);

/// For a message: the records in short, "w12c +3" for three in a row.
std::string brief(const std::string& bytes);

}  // namespace pailfs::test::shared
