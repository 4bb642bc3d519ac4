// SPDX-License-Identifier: Apache-2.0
#include "inode_numbers.h"

#include <chrono>

namespace pailfs::fs {
namespace {

constexpr MonoTime kNever = MonoTime::max();
constexpr unsigned kNumberBits = 53;

/// FNV-1a over the name, begun with the directory's code, and MurmurHash3's last step: the upper
/// bits of FNV-1a alone say little of the last letters.
std::uint64_t mix(std::uint64_t code) {
  code ^= code >> 33U;
  code *= 0xff51afd7ed558ccdULL;
  code ^= code >> 33U;
  code *= 0xc4ceb9fe1a85ec53ULL;
  return code ^ code >> 33U;
}

}  // namespace

PlaceCode code_in(PlaceCode directory, std::string_view name) {
  auto code = static_cast<std::uint64_t>(directory);
  for (const char c : name) {
    code ^= static_cast<unsigned char>(c);
    code *= 0x100000001b3ULL;
  }
  return PlaceCode{mix(code)};
}

PlaceCode code_of_root(std::string_view prefix) {
  PlaceCode code{0xcbf29ce484222325ULL};
  while (!prefix.empty()) {
    const std::size_t slash = prefix.find('/');
    code = code_in(code, prefix.substr(0, slash));
    prefix.remove_prefix(slash == std::string_view::npos ? prefix.size() : slash + 1);
  }
  return code;
}

InodeId InodeNumbers::first_spare_at(WallTime now) {
  // A million numbers for each second of the clock: those of 2^31 seconds lie below the numbers of
  // keys.
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  return ((static_cast<std::uint64_t>(seconds) & 0x7fffffffU) << 20U) + kRootInode + 1;
}

InodeNumbers::InodeNumbers(const Settings& settings)
    : settings_(settings),
      next_spare_(settings.first_spare),
      kept_(settings.remembered),
      places_(settings.remembered),
      generations_(settings.remembered) {}

InodeId InodeNumbers::key_number(PlaceCode place) const {
  const std::uint64_t bits = static_cast<std::uint64_t>(place) >> (64 - settings_.key_bits);
  return InodeId{1} << (kNumberBits - 1) | bits;
}

std::uint64_t InodeNumbers::generation_of(InodeId number) {
  const std::uint64_t* const found = generations_.find(number, {});
  return found == nullptr ? 0 : *found;
}

/// Both tables are asked together, so that they forget the same numbers.
const InodeId* InodeNumbers::kept_at(PlaceCode place) {
  const InodeId* const number = kept_.find(place, {});
  if (number != nullptr) places_.find(*number, {});
  return number;
}

bool InodeNumbers::is_free(InodeId number, const Taken& taken) {
  const PlaceCode* const place = places_.find(number, {});
  if (place != nullptr) kept_.find(*place, {});
  return place == nullptr && !taken(number);
}

void InodeNumbers::let_go(PlaceCode place) {
  const InodeId* const number = kept_at(place);
  if (number == nullptr) return;
  places_.erase(*number);
  kept_.erase(place);
}

InodeId InodeNumbers::peek(PlaceCode place, const Taken& taken) {
  if (const InodeId* const kept = kept_at(place); kept != nullptr && !taken(*kept)) return *kept;
  const InodeId number = key_number(place);
  return is_free(number, taken) ? number : 0;
}

InodeNumbers::Given InodeNumbers::take(PlaceCode place, const Taken& taken) {
  InodeId number = peek(place, taken);
  if (number == 0) number = next_spare_++;
  let_go(place);
  return {number, generation_of(number)};
}

std::optional<InodeNumbers::Search> InodeNumbers::search(InodeId number) {
  if (const PlaceCode* const place = places_.find(number, {})) {
    kept_.find(*place, {});
    return Search{static_cast<std::uint64_t>(*place), 64};
  }
  if (number >> (kNumberBits - 1) != 1) return std::nullopt;
  return Search{number << (64 - settings_.key_bits), settings_.key_bits};
}

void InodeNumbers::keep(PlaceCode place, InodeId number) {
  let_go(place);
  if (number == key_number(place)) return;
  if (const PlaceCode* const other = places_.find(number, {})) let_go(*other);
  kept_.put(place, number, kNever);
  places_.put(number, place, kNever);
}

void InodeNumbers::retire(const Given& gone) {
  const bool returns = gone.number >> (kNumberBits - 1) != 0;
  if (returns) generations_.put(gone.number, gone.generation + 1, kNever);
}

}  // namespace pailfs::fs
