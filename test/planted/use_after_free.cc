// SPDX-License-Identifier: Apache-2.0
// A read of freed memory, to see that AddressSanitizer is there.
#include <cstdio>
#include <memory>

int main() {
  auto owner = std::make_unique<int>(7);
  const int* const seen = owner.get();
  owner.reset();
  std::printf("nothing found the read of freed memory: %d\n", *seen);  // NOLINT: the fault
}
