// SPDX-License-Identifier: Apache-2.0
#include "io_file.h"
#include "io_workloads.h"

namespace bench {

Result overwrite(const Job& job) {
  const std::vector<char> block(job.block, 'o');
  const Stopwatch watch;
  File file(job.path, O_WRONLY);
  file.write(block.data(), block.size(), job.offset);
  file.close();
  return Result().count("bytes", job.block).seconds("seconds", watch.seconds());
}

Result append(const Job& job) {
  const std::vector<char> block(job.block, 'a');
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < job.count; ++i) {
    File file(job.path, O_WRONLY | O_CREAT | O_APPEND);
    if (::write(file.fd(), block.data(), block.size()) != static_cast<ssize_t>(block.size()))
      fail("append " + job.path, errno);
    file.close();
  }
  return Result().count("bytes", job.block * job.count).seconds("seconds", watch.seconds());
}

}  // namespace bench
