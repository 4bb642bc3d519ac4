// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>

#include <algorithm>
#include <random>

#include "io_file.h"
#include "io_workloads.h"

namespace bench {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kFooter = 64 * 1024;

/// `count` readers, each in its own share of the first `size` bytes, a block each in turn.
std::uint64_t read_in_turn(const File& file, const Job& job, std::uint64_t size) {
  std::vector<char> block(job.block);
  const std::uint64_t share = size / job.count;
  std::uint64_t bytes = 0;
  for (std::uint64_t at = 0; at < share; at += job.block)
    for (std::uint64_t reader = 0; reader < job.count; ++reader)
      bytes += file.read(block.data(), std::min(job.block, share - at), reader * share + at);
  return bytes;
}

std::uint64_t size_of(const File& file, const Job& job) {
  return job.size > 0 ? std::min(job.size, file.size()) : file.size();
}

}  // namespace

Result random_reads(const Job& job) {
  const File file(job.path, O_RDONLY);
  std::mt19937_64 random(job.offset + 1);  // the same places in every run
  std::uniform_int_distribution<std::uint64_t> place(0, size_of(file, job) / job.block - 1);
  std::vector<char> block(job.block);
  std::vector<double> latencies;
  std::uint64_t bytes = 0;
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < job.count; ++i) {
    const std::uint64_t at = place(random) * job.block;
    const Stopwatch one;
    bytes += file.read(block.data(), block.size(), at);
    latencies.push_back(one.seconds());
  }
  const double seconds = watch.seconds();
  return Result()
      .count("bytes", bytes)
      .seconds("seconds", seconds)
      .latencies("latency", std::move(latencies));
}

Result interleaved(const Job& job) {
  const Stopwatch watch;
  const File file(job.path, O_RDONLY);
  const std::uint64_t bytes = read_in_turn(file, job, size_of(file, job));
  return Result().count("bytes", bytes).seconds("seconds", watch.seconds());
}

Result mapped(const Job& job) {
  const Stopwatch watch;
  const File file(job.path, O_RDONLY);
  const std::uint64_t size = size_of(file, job);
  void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (memory == MAP_FAILED) fail("mmap " + job.path, errno);
  const auto* bytes = static_cast<const volatile unsigned char*>(memory);
  std::uint64_t sum = 0;
  for (std::uint64_t at = 0; at < size; at += kPage) sum += bytes[at];
  const double seconds = watch.seconds();
  munmap(memory, size);
  return Result().count("bytes", size).count("sum", sum).seconds("seconds", seconds);
}

Result columns(const Job& job) {
  const Stopwatch watch;
  const File file(job.path, O_RDONLY);
  const std::uint64_t size = size_of(file, job);
  std::vector<char> footer(std::min(kFooter, size));
  std::uint64_t bytes = file.read(footer.data(), 8, size - 8);
  bytes += file.read(footer.data(), footer.size(), size - footer.size());
  bytes += read_in_turn(file, job, size - footer.size());
  return Result().count("bytes", bytes).seconds("seconds", watch.seconds());
}

}  // namespace bench
