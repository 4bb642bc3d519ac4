// SPDX-License-Identifier: Apache-2.0
// Never built: clang-tidy must refuse to take a value out of an optional that may be empty.
#include <optional>

namespace {

int length_of(const std::optional<int>& length) {
  return *length;
}

}  // namespace

int main(int argc, char** /*argv*/) {
  return length_of(argc > 1 ? std::optional<int>(argc) : std::nullopt);
}
