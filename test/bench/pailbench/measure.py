# SPDX-License-Identifier: Apache-2.0
"""What the kernel and the server's log tell about one run."""
import os
from dataclasses import asdict, dataclass, field
from typing import Optional

GIB = 1 << 30
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Sample:
    """One run of one workload."""
    seconds: float = 0
    bytes: int = 0  # what the application asked to read or write
    requests: dict = field(default_factory=dict)
    fetched: int = 0
    content: int = 0  # fetched by GET: without listings and error documents
    sent: int = 0
    connections: int = 0
    depth: int = 0  # requests that waited for one another
    parallel: int = 0  # most at the same time
    cpu: float = 0  # seconds of the daemon
    server_cpu: float = 0
    rss: int = 0  # the daemon's peak, bytes
    extra: dict = field(default_factory=dict)  # what the workload measures itself
    error: Optional[str] = None

    @property
    def total(self):
        return sum(self.requests.values())

    def as_dict(self):
        return asdict(self)


def drop_caches():
    """False when it is not permitted: then the kernel may still know the last run's files."""
    try:
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3\n")
        return True
    except OSError:
        return False


def parse_cpu(stat):
    """User and system seconds of a line of /proc/PID/stat, ended and awaited children included."""
    fields = stat.rpartition(")")[2].split()
    return sum(int(fields[i]) for i in (11, 12, 13, 14)) / _TICK


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        return parse_cpu(file.read())


def parse_status(status, name):
    """Bytes of a line "VmHWM:   1234 kB"."""
    for line in status.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def memory(pid, name="VmHWM"):
    with open(f"/proc/{pid}/status") as file:
        return parse_status(file.read(), name)


def serial_depth(spans):
    """The most requests of which each began when the one before had ended: the fewest round trips that this
    order of requests can take. `spans` are (began, ended)."""
    depth, free_at = 0, None
    for began, ended in sorted(spans, key=lambda span: span[1]):
        if free_at is None or began >= free_at:
            depth, free_at = depth + 1, ended
    return depth


def content_of(log):
    return sum(entry["bytes_out"] for entry in log if entry["op"] == "GetObject" and entry["status"] < 300)


def spans_of(log):
    return [(e["began_us"], e["ended_us"] or e["began_us"] + e["latency_us"]) for e in log]
