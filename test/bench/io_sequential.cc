// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <thread>

#include "io_file.h"
#include "io_workloads.h"

namespace bench {
namespace {

std::uint64_t limit_of(const Job& job) {
  return job.size > 0 ? job.size : UINT64_MAX;
}

std::uint64_t read_through(const File& file, const Job& job) {
  std::vector<char> block(job.block);
  std::uint64_t at = 0;
  while (at < limit_of(job)) {
    const std::size_t got =
        file.read(block.data(), std::min<std::uint64_t>(block.size(), limit_of(job) - at), at);
    at += got;
    if (got < block.size()) break;
  }
  return at;
}

std::string numbered(const std::string& path, std::uint64_t number) {
  return path + std::to_string(number + 1);
}

}  // namespace

Result read_whole(const Job& job) {
  const Stopwatch watch;
  const File file(job.path, O_RDONLY);
  const std::uint64_t bytes = read_through(file, job);
  return Result().count("bytes", bytes).seconds("seconds", watch.seconds());
}

Result read_twice(const Job& job) {
  const File file(job.path, O_RDONLY);
  read_through(file, job);
  const Stopwatch watch;
  const File again(job.path, O_RDONLY);
  const std::uint64_t bytes = read_through(again, job);
  return Result().count("bytes", bytes).seconds("seconds", watch.seconds());
}

Result first_byte(const Job& job) {
  const Stopwatch opening;
  const File file(job.path, O_RDONLY);
  const double open_seconds = opening.seconds();
  char byte = 0;
  const Stopwatch watch;
  const std::uint64_t bytes = file.read(&byte, 1, job.offset);
  const double seconds = watch.seconds();
  return Result()
      .count("bytes", bytes)
      .seconds("seconds", opening.seconds())
      .seconds("open", open_seconds)
      .seconds("first_byte", seconds);
}

Result write_whole(const Job& job) {
  const std::vector<char> block(job.block, 'w');
  const Stopwatch watch;
  File file(job.path, O_WRONLY | O_CREAT | O_TRUNC);
  for (std::uint64_t at = 0; at < job.size; at += block.size())
    file.write(block.data(), std::min<std::uint64_t>(block.size(), job.size - at), at);
  const double written = watch.seconds();
  if (job.sync) file.sync();
  file.close();
  return Result()
      .count("bytes", job.size)
      .seconds("seconds", watch.seconds())
      .seconds("until_closing", written);
}

Result readers(const Job& job) {
  std::vector<std::uint64_t> bytes(job.count);
  std::vector<std::thread> threads;
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < job.count; ++i)
    threads.emplace_back([&bytes, &job, i] {
      const File file(numbered(job.path, i), O_RDONLY);
      bytes[i] = read_through(file, job);
    });
  for (std::thread& thread : threads) thread.join();
  return Result()
      .count("bytes", std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0}))
      .seconds("seconds", watch.seconds());
}

Result writers(const Job& job) {
  const std::vector<char> block(job.block, 'w');
  const Stopwatch watch;
  std::vector<File> files;
  for (std::uint64_t i = 0; i < job.count; ++i)
    files.emplace_back(numbered(job.path, i), O_WRONLY | O_CREAT | O_TRUNC);
  for (std::uint64_t at = 0; at < job.size; at += block.size())
    for (const File& file : files)
      file.write(block.data(), std::min<std::uint64_t>(block.size(), job.size - at), at);
  for (File& file : files) file.close();
  return Result().count("bytes", job.size * job.count).seconds("seconds", watch.seconds());
}

}  // namespace bench
