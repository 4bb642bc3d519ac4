// SPDX-License-Identifier: Apache-2.0
// An overflow of an int, to see that UndefinedBehaviorSanitizer is there and ends the process.
#include <climits>
#include <cstdio>

int main(int argc, char**) {
  int number = INT_MAX - 1;
  number += argc;
  number += argc;  // the fault
  std::printf("nothing stopped the overflow: %d\n", number);
}
