# SPDX-License-Identifier: Apache-2.0
"""Memory in a small machine, and processor time with TLS."""
from .workload import GIB, KIB, MIB, S3FS_METADATA, Workload, seeds, synthetic

_SMALL_MACHINE = dict(memory=512 * MIB, latencies=(0,))

WORKLOADS = (
    Workload("B22-idle", "memory: nothing done for a second, 512 MiB", script="ls >/dev/null; sleep 1", **_SMALL_MACHINE),
    Workload("B22-ls", "memory: ls of 100,000 files, 512 MiB", script="ls -f d >/dev/null", quick=False,
             seed=synthetic("d/f", 4 * KIB, 100_000, S3FS_METADATA), **_SMALL_MACHINE),
    Workload("B22-million", "memory: 1,000,000 files listed, 2,000 of them looked at here and there, 5,000 removed, 512 MiB",
             script="ls -f d >/dev/null; cd d; seq 0 499 999999 | xargs printf 'f%06d\\n' | xargs stat >/dev/null;"
                    " seq 0 4999 | xargs printf 'f%06d\\n' | xargs rm",
             quick=False, seed=synthetic("d/f", 4 * KIB, 1_000_000, S3FS_METADATA), **_SMALL_MACHINE),
    Workload("B22-readers", "memory: 4 readers of 1 GiB each, 512 MiB", io=("readers", "data", "count=4"), quick=False,
             seed=seeds(*(synthetic(f"data{n}", GIB) for n in range(1, 5))), **_SMALL_MACHINE),
    Workload("B22-writers", "memory: 64 open writers of 16 MiB each, 512 MiB",
             io=("writers", "data", "count=64", "size=16M", "block=128K"),
             quick=False, light=True, **_SMALL_MACHINE),
    Workload("B23-read", "processor time: sequential read of 1 GiB over TLS",
             io=("read", "data", "size=1G"), quick=False, tls=True, stores=False,
             seed=synthetic("data", GIB), limit="read", latencies=(0,), minimum=128, minimum_why="ranges of 8 MiB"),
    Workload("B23-write", "processor time: sequential write of 1 GiB over TLS",
             io=("write", "data", "size=1G", "sync=1"), quick=False,
             tls=True, limit="write", light=True, latencies=(0,), minimum=130, minimum_why="parts of 8 MiB, Create, Complete"),
)
