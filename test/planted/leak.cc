// SPDX-License-Identifier: Apache-2.0
// Lost memory, to see that LeakSanitizer is there.
#include <cstdio>

namespace {

// Many, for a register or an old stack frame may still point to the last of them.
void lose() {
  for (int i = 0; i < 100; ++i) {
    int* volatile lost = new int(i);
    lost = nullptr;
    static_cast<void>(lost);
  }
}

}  // namespace

int main() {
  lose();
  std::puts("nothing has found the lost memory yet");
}
