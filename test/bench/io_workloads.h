// SPDX-License-Identifier: Apache-2.0
/// The workloads of bench_io. Each runs once, ends the program when a call fails, and returns what
/// it has measured; `bytes` is what the application asked for.
#pragma once
#include <cstdint>
#include <string>

#include "io_clock.h"

namespace bench {

struct Job {
  std::string path;
  std::uint64_t size = 0;  ///< bytes to write, or to read at most; 0: the whole file
  std::uint64_t block = 1 << 20;
  std::uint64_t offset = 0;
  std::uint64_t count = 1;
  bool sync = false;
};

// io_sequential.cc
Result read_whole(const Job& job);   ///< one reader from the beginning
Result read_twice(const Job& job);   ///< the same twice; times the second
Result first_byte(const Job& job);   ///< open, then one byte
Result write_whole(const Job& job);  ///< create or truncate, write, fsync if asked, close
Result readers(const Job& job);      ///< `count` threads, each reads PATH1, PATH2, ... whole
/// `count` files PATH1, PATH2, ... open at once, a block to each in turn, up to `size` each.
Result writers(const Job& job);

// io_scattered.cc
Result random_reads(const Job& job);  ///< `count` reads of a block at random places
Result interleaved(const Job& job);   ///< `count` sequential readers on one descriptor, in turn
Result mapped(const Job& job);        ///< every page of a mapping touched in order
/// As of a columnar format: the footer, then `count` readers of row groups, block after block.
Result columns(const Job& job);

// io_edit.cc
Result overwrite(const Job& job);  ///< a block at `offset` of an existing file; close
Result append(const Job& job);     ///< `count` times: open, append a block, close

}  // namespace bench
