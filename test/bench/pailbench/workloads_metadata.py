# SPDX-License-Identifier: Apache-2.0
"""Many small files: mounting, listing, looking up, creating, renaming, removing."""
from . import local_files as local
from .workload import KIB, MIB, S3FS_METADATA, Workload, seeds, synthetic

_SMALL = 4 * KIB


def _directory(name, count, size=_SMALL, headers=None):
    return synthetic(f"{name}/f", size, count, headers or S3FS_METADATA)


_SQL = ("{ echo 'pragma synchronous=full; create table t(a);';"
        ' for i in {1..20}; do echo "insert into t values($i);"; done; }')
_IMPORT = 'PYTHONPATH=m python3 -c "import benchpkg0.m1, benchpkg1.m2, benchpkg2.m3"'
_TREE = seeds(*(_directory(f"t/d{n}", 100) for n in range(10)))
_THOUSAND = _directory("d", 1000)

WORKLOADS = (
    Workload("B1", "mount, then ls", script="ls >/dev/null", seed=_directory("d", 10), from_start=True,
             stores=False, minimum=1, most=3, minimum_why="a LIST", latencies=(0, 20)),
    Workload("B2", "100 files of 4 KiB created by redirection", asked=100 * _SMALL,
             script="mkdir c; for i in {1..100}; do head -c4096 /dev/zero >c/f$i; done",
             minimum=102, most=102, minimum_why="100 PUT, a directory, a LIST"),
    Workload("B3", "cp -r of 640 files, 30 KB in the mean", script='cp -r "$LOCAL/tree" .', local=local.small_tree(640),
             minimum=713, minimum_why="640 PUT, 73 directories", quick=False),
    Workload("B4", "untar 10 x 20 files of 4 KiB", asked=200 * _SMALL, script='tar xf "$LOCAL/a.tar"',
             local=local.archive(10, 20, _SMALL), minimum=210, most=242, minimum_why="200 PUT, 10 directories"),
    Workload("B5", "ls -l of 1,000 files with s3fs' attributes", script="ls -l d >/dev/null", seed=_THOUSAND,
             stores=False, minimum=1001, most=1002, minimum_why="a LIST, 1,000 HEAD the first time"),
    Workload("B5-again", "ls -l of 1,000 files a second time", script="ls -l d >/dev/null; ls -l d >/dev/null", seed=_THOUSAND,
             stores=False, minimum=1001, minimum_why="all of them of the first time", quick=False),
    Workload("B6", "ls -f of 100,000 files", script="ls -f d >/dev/null", seed=_directory("d", 100_000),
             stores=False, minimum=100, minimum_why="pages of 1,000", quick=False, latencies=(0,)),
    Workload("B7", "find -type f, 10 x 100", script="[ $(find . -type f | wc -l) = 1000 ]", seed=_TREE,
             stores=False, minimum=1, most=2, minimum_why="one listing of everything"),
    Workload("B8", "stat of 100 names known, of 1,000", script="stat d/f0001{00..99} >/dev/null", seed=_THOUSAND,
             stores=False, minimum=1, most=140, minimum_why="a LIST; HEADs are fetched 64 ahead of a walk"),
    Workload("B9", "20 absent names, beside 1,000", script="for i in {1..20}; do [ ! -e d/absent$i ]; done", seed=_THOUSAND,
             stores=False, minimum=1, most=2, minimum_why="a LIST"),
    Workload("B10", "ls, then cat of 100 files of 4 KiB", asked=100 * _SMALL, script="ls d >/dev/null; cat d/* >/dev/null",
             seed=_directory("d", 100), stores=False, minimum=101, most=102, minimum_why="a LIST, 100 GET"),
    Workload("B11", "rm -rf of 10 x 100", script="rm -rf t", seed=_TREE, minimum=4, most=1002, minimum_why="LIST, 2 DeleteObjects"),
    Workload("B18", "a file of 64 MiB renamed", script="mv data renamed", seed=synthetic("data", 64 * MIB, headers=S3FS_METADATA),
             light=True, minimum=2, most=6, minimum_why="COPY, DELETE"),
    Workload("B18-dir", "a directory of 100 renamed", script="mv d e", seed=_directory("d", 100),
             minimum=102, most=106, minimum_why="100 COPY, a LIST, DeleteObjects; what another client has put under the new name is asked about by one LIST more"),
    Workload("B19", "git clone of 120 files", script='git clone -q "$LOCAL/repo" r', local=local.repository(40, 3),
             minimum=local.expected_entries, minimum_why="its files and directories", needs=("git",), quick=False),
    Workload("B20", "pip install of 3 wheels, import", asked=0, local=local.wheels(3, 80),
             script=local.pip_install("m", '"$LOCAL"') + "; " + _IMPORT,
             minimum=local.expected_entries, minimum_why="its files and directories", needs=("python3", "pip3"), quick=False),
    Workload("B21", "sqlite: 20 committed inserts, synchronous=FULL", needs=("sqlite3",),
             script=_SQL + " | sqlite3 db",
             minimum=60, most=90, minimum_why="journal and database for each"),
)
