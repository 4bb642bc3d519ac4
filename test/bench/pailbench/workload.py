# SPDX-License-Identifier: Apache-2.0
"""What a workload is; the tables are workloads_*.py."""
from dataclasses import dataclass
from typing import Callable, Optional, Union

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Workload:
    id: str
    title: str
    # One of the two: words of bench_io (the path below the mountpoint), or a bash script run in the mountpoint
    # with $LOCAL, the directory of what `local` made.
    io: Optional[tuple] = None
    script: Optional[str] = None
    # What the bucket holds before: (server, bucket).
    seed: Callable = lambda server, bucket: None
    # Makes files outside the mount, once: (directory).
    local: Callable = lambda directory: None
    asked: int = 0  # bytes that a script reads and writes, to compare with those moved
    # Fewest requests that leave everything stored when the last close has returned; may depend on `local`.
    minimum: Union[int, Callable, None] = None
    minimum_why: str = ""
    most: int = 0  # requests that pailfs may send; asserted by requests_check.py. To be lowered with every improvement
    # Measured beside it, with the size of `io`: "read" or "write" (curl and an empty FUSE), "local" (a local file).
    limit: Optional[str] = None
    latencies: tuple = (20,)  # ms, by default
    needs: tuple = ()  # programs
    quick: bool = True  # part of --quick
    from_start: bool = False  # the mounting itself is measured
    memory: int = 0  # limit of the control group that the daemon runs in, bytes; 0: none
    capped: bool = True  # with latency, connections are limited in bandwidth unless told otherwise
    tls: bool = False
    stores: bool = True  # False: nothing is stored, nor can be later than the last close
    light: bool = False  # the server leaves digests out, see server.py
    timeout: int = 300

    def size(self):
        return next((parse_size(word[5:]) for word in self.io or () if word.startswith("size=")), 0)


def parse_size(text):
    units = {"K": KIB, "M": MIB, "G": GIB}
    return int(text[:-1]) * units[text[-1]] if text[-1:] in units else int(text)


def synthetic(key, size, count=1, headers=None):
    """A seed: objects of which the content takes no memory."""
    return lambda server, bucket: server.synthetic(bucket, key, size, count, headers)


def seeds(*parts):
    def seed(server, bucket):
        for part in parts:
            part(server, bucket)
    return seed


# What s3fs and pailfs store with an object.
S3FS_METADATA = {"x-amz-meta-mode": "33188", "x-amz-meta-uid": "0", "x-amz-meta-gid": "0",
                 "x-amz-meta-mtime": "1700000000", "Content-Type": "application/octet-stream"}
