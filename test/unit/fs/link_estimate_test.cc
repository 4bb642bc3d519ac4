// SPDX-License-Identifier: Apache-2.0
#include "fs/read/link_estimate.h"

#include <vector>

#include "support/catch.h"

namespace pailfs::fs {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = 1U << 20U;

TEST_CASE("the latency of replies tells whether the store is far") {
  struct Row {
    const char* what;
    std::vector<std::chrono::nanoseconds> first_bytes;
    bool far;
  };
  const std::vector<Row> rows = {
      {"no reply yet", {}, false},
      {"the same machine", {200us, 150us}, false},
      {"just near", {4ms}, false},
      {"just far", {4001us}, true},
      {"another continent", {80ms, 90ms}, true},
      {"one slow reply among quick ones", {1ms, 1ms, 9ms, 1ms}, false},
      {"one very slow reply counts a quarter", {1ms, 14ms}, true},
      {"forgotten after a few quick ones", {1ms, 14ms, 1ms, 1ms}, false},
      {"one quick reply of a store that is far", {20ms, 1ms}, true},
      {"a reply without any delay is an observation too", {0ns, 15ms}, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    LinkEstimate link;
    for (const auto latency : row.first_bytes) link.on_first_byte(latency);
    CHECK(link.is_far() == row.far);
    CHECK_FALSE(link.is_slow());
  }
}

TEST_CASE("the rate of long transfers tells whether a connection is slow") {
  struct Transfer {
    std::uint64_t bytes;
    std::chrono::nanoseconds time;
  };
  struct Row {
    const char* what;
    std::vector<Transfer> transfers;
    bool slow;
  };
  const std::vector<Row> rows = {
      {"no transfer yet", {}, false},
      {"90 MiB a second", {{90 * kMiB, 1s}}, true},
      {"150 MiB a second", {{150 * kMiB, 1s}}, false},
      {"just below", {{149 * kMiB, 1s}}, true},
      {"a short transfer tells nothing", {{kMiB - 1, 1s}}, false},
      {"a long one of the least size does", {{kMiB, 1s}}, true},
      {"a transfer in no time is no division by zero", {{8 * kMiB, 0ns}}, false},
      {"one slow transfer counts a quarter", {{800 * kMiB, 1s}, {8 * kMiB, 1s}}, false},
      {"several bring the average down", {{200 * kMiB, 1s}, {8 * kMiB, 1s}, {8 * kMiB, 1s}}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    LinkEstimate link;
    for (const Transfer& transfer : row.transfers) link.on_transfer(transfer.bytes, transfer.time);
    CHECK(link.is_slow() == row.slow);
    CHECK_FALSE(link.is_far());
  }
}

}  // namespace
}  // namespace pailfs::fs
