// SPDX-License-Identifier: Apache-2.0
#include "succession.h"

#include <utility>

namespace pailfs::fs {

Succession Succession::of_new(Making making) {
  Succession succession;
  succession.follows_ = making == Making::exclusive ? Follows::nothing : Follows::any;
  succession.own_ = true;
  succession.changed_ = true;
  if (making == Making::shared) succession.appended_from_ = 0;
  return succession;
}

void Succession::wrote(std::uint64_t offset, std::uint64_t size, bool appends) {
  const bool at_end = appends && offset == size;
  if (!at_end) {
    appended_from_.reset();
  } else if (!changed_) {
    appended_from_ = offset;
  }
  changed_ = true;
}

void Succession::truncated(std::uint64_t size) {
  changed_ = true;
  appended_from_.reset();
  if (size == 0 && follows_ == Follows::base) follows_ = Follows::any;
}

void Succession::stored() {
  *this = of_stored();
  own_ = true;
}

void Succession::stored_up_to(std::uint64_t size) {
  follows_ = Follows::base;
  own_ = true;
  if (appended_from_) appended_from_ = size;
}

void Succession::renamed(bool exclusive, store::ETag replaced) {
  replaced_ = std::move(replaced);
  follows_ = exclusive ? Follows::nothing : Follows::any;
  appended_from_.reset();
}

void Succession::moved_behind(std::uint64_t size) {
  follows_ = Follows::base;
  own_ = false;
  appended_from_ = size;
}

store::Condition Succession::condition(const store::ETag& base, bool strict) const {
  const store::Condition absent{.absent = true};
  const bool stored = !base.empty();
  switch (follows_) {
    case Follows::nothing:
      return absent;
    case Follows::any:
      if (!stored && strict && !replaced_.empty()) return {.version = replaced_, .foreign = true};
      if (!stored && (appended_from_ || strict)) return absent;
      if (!strict) return {};
      break;
    case Follows::base:
      break;
  }
  return {.version = base, .foreign = !own_};
}

}  // namespace pailfs::fs
