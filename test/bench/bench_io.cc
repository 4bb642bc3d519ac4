// SPDX-License-Identifier: Apache-2.0
/// bench_io: input and output that scripts/bench needs exactly so, each with its own clock.
///
///     bench_io WORKLOAD PATH [block=N] [size=N] [offset=N] [count=N] [sync=1]
///
/// N may end in K, M or G (powers of 1024). Prints one line of JSON: bytes, seconds and what else
/// the workload measures; io_workloads.h is the list. Fails with one line on standard error.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "io_workloads.h"

namespace {

using Workload = bench::Result (*)(const bench::Job&);

constexpr std::array<std::pair<std::string_view, Workload>, 12> kWorkloads = {{
    {"read", bench::read_whole},
    {"reread", bench::read_twice},
    {"first-byte", bench::first_byte},
    {"write", bench::write_whole},
    {"readers", bench::readers},
    {"writers", bench::writers},
    {"random", bench::random_reads},
    {"interleave", bench::interleaved},
    {"mmap", bench::mapped},
    {"columns", bench::columns},
    {"overwrite", bench::overwrite},
    {"append", bench::append},
}};

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit.empty()) return value;
  if (unit == "K") return value << 10U;
  if (unit == "M") return value << 20U;
  if (unit == "G") return value << 30U;
  return std::nullopt;
}

bool set(bench::Job& job, std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const auto value = parse_size(word.substr(equals + 1));
  const std::string_view name = word.substr(0, equals);
  if (!value) return false;
  if (name == "block" && *value > 0) job.block = *value;
  if (name == "size") job.size = *value;
  if (name == "offset") job.offset = *value;
  if (name == "count" && *value > 0) job.count = *value;
  if (name == "sync") job.sync = *value != 0;
  constexpr std::array<std::string_view, 5> kNames = {"block", "size", "offset", "count", "sync"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

int main(int argc, char** argv) {
  const auto* found = argc < 3
                          ? kWorkloads.end()
                          : std::find_if(kWorkloads.begin(), kWorkloads.end(),
                                         [&](const auto& row) { return row.first == argv[1]; });
  if (found == kWorkloads.end()) {
    std::fprintf(stderr,
                 "usage: bench_io WORKLOAD PATH [block=N size=N offset=N count=N sync=1]\n");
    return 2;
  }
  bench::Job job;
  job.path = argv[2];
  for (int i = 3; i < argc; ++i) {
    if (set(job, argv[i])) continue;
    std::fprintf(stderr, "bench_io: what is %s?\n", argv[i]);
    return 2;
  }
  std::printf("%s\n", found->second(job).json().c_str());
  return 0;
}
