// SPDX-License-Identifier: Apache-2.0
#include "lock_name.h"

#include <algorithm>
#include <cctype>

namespace pailfs::fs {
namespace {

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

bool contains(std::string_view name, std::string_view word) {
  return std::search(name.begin(), name.end(), word.begin(), word.end(), same_letter) != name.end();
}

}  // namespace

bool is_lock_name(std::string_view name) {
  return contains(name, "lock") || contains(name, ".lck");
}

}  // namespace pailfs::fs
