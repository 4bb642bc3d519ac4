// SPDX-License-Identifier: Apache-2.0
// A data race, to see that ThreadSanitizer is there.
#include <cstdio>
#include <thread>

int main() {
  long sum = 0;
  const auto add = [&sum] {
    for (int i = 0; i < 100'000; ++i) ++sum;
  };
  std::thread other(add);
  add();
  other.join();
  std::printf("nothing found the race, the sum is %ld\n", sum);
}
