# SPDX-License-Identifier: Apache-2.0
"""Large files: sequential, random, mapped, edited."""
from .workload import GIB, MIB, Workload, synthetic

_READ = dict(stores=False, seed=synthetic("data", GIB), limit="read", latencies=(0, 20), minimum=128, minimum_why="ranges of 8 MiB")

WORKLOADS = (
    Workload("B12", "sequential read, 1 GiB by 1 MiB", io=("read", "data", "size=1G"), **_READ),
    Workload("B12-256k", "sequential read, 1 GiB by 256 KiB", io=("read", "data", "size=1G", "block=256K"), quick=False, **_READ),
    Workload("B12-64M", "sequential read, 64 MiB by 1 MiB", io=("read", "data", "size=64M"), quick=False,
             seed=synthetic("data", 64 * MIB), stores=False, limit="read", latencies=(0, 20), minimum=8,
             minimum_why="ranges of 8 MiB"),
    Workload("B13", "sequential write, 1 GiB by 1 MiB, fsync, close", io=("write", "data", "size=1G", "sync=1"),
             limit="write", light=True, latencies=(0, 20), minimum=130, minimum_why="parts of 8 MiB, Create, Complete"),
    Workload("B13-64M", "sequential write, 64 MiB by 1 MiB, close", io=("write", "data", "size=64M"), quick=False,
             limit="write", light=True, latencies=(0, 20), minimum=10, minimum_why="parts of 8 MiB, Create, Complete"),
    Workload("B14", "random reads, 4 MiB by 4 KiB in 10 GiB", io=("random", "data", "block=4K", "count=1024"), quick=False,
             seed=synthetic("data", 10 * GIB), stores=False, capped=False, minimum=1024, minimum_why="one for each", timeout=600),
    Workload("B14-quick", "random reads, 512 KiB by 4 KiB in 10 GiB", io=("random", "data", "block=4K", "count=128"),
             seed=synthetic("data", 10 * GIB), stores=False, capped=False, minimum=128, minimum_why="one for each"),
    Workload("B15", "columns: footer, then 3 readers of row groups, 512 MiB", io=("columns", "data", "size=512M", "count=3"),
             seed=synthetic("data", 512 * MIB), stores=False, minimum=66, minimum_why="ranges of 8 MiB, footer", latencies=(0, 20)),
    Workload("interleave", "3 sequential readers in turn on one descriptor, 1 GiB", io=("interleave", "data", "size=1G", "count=3"),
             seed=synthetic("data", GIB), stores=False, minimum=128, minimum_why="ranges of 8 MiB", latencies=(0, 20)),
    Workload("mmap", "every page of a mapping of 512 MiB, in order", io=("mmap", "data", "size=512M"),
             seed=synthetic("data", 512 * MIB), stores=False, minimum=64, minimum_why="ranges of 8 MiB", latencies=(0, 20)),
    Workload("first-byte", "first byte of a 1 GiB file, after open", io=("first-byte", "data"),
             seed=synthetic("data", GIB), stores=False, capped=False, minimum=2, minimum_why="what it is, its first range"),
    Workload("reread", "sequential read of 64 MiB a second time", io=("reread", "data", "size=64M"),
             seed=synthetic("data", 64 * MIB), stores=False, minimum=8,
             minimum_why="all of them of the first time", latencies=(0,), limit="local"),
    Workload("B16", "4 KiB overwritten in the middle of 64 MiB", io=("overwrite", "data", "block=4K", "offset=32M"),
             seed=synthetic("data", 64 * MIB), light=True, minimum=6, most=8, minimum_why="Create, 2 copies, GET, part, Complete"),
    Workload("B17", "4 KiB appended to 64 MiB", io=("append", "data", "block=4K"),
             seed=synthetic("data", 64 * MIB), light=True, minimum=4, most=6, minimum_why="Create, copy, part, Complete"),
    Workload("B17-log", "10 times 100 bytes appended to a log", io=("append", "log", "block=100", "count=10"),
             minimum=10, most=21, minimum_why="a PUT for each close"),
)
