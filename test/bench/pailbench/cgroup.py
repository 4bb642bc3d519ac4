# SPDX-License-Identifier: Apache-2.0
"""A memory limit for a daemon, by a control group of either version."""
import os
import time

_ROOT = "/sys/fs/cgroup"


def parse_own(text):
    """Paths of this process's groups, by the lines of /proc/self/cgroup: (memory of version 1, version 2), None if absent."""
    first = second = None
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            first = path
        if controllers == "":
            second = path
    return first, second


def _candidates():
    """(directory to make, file of the limit, file of the most used) of the versions that exist."""
    with open("/proc/self/cgroup") as file:
        first, _ = parse_own(file.read())
    name = f"pailfs-bench-{os.getpid()}-{time.monotonic_ns()}"
    if first is not None:
        yield os.path.join(_ROOT, "memory", first.lstrip("/"), name), "memory.limit_in_bytes", "memory.max_usage_in_bytes"
    # A group with processes cannot have children with controllers: next to the root's.
    yield os.path.join(_ROOT, name), "memory.max", "memory.peak"


class Cgroup:
    """Exists until close(); all processes in it must have ended by then."""

    def __init__(self, directory, peak):
        self.directory = directory
        self._peak = peak

    @classmethod
    def make(cls, limit):
        """None where that is not permitted."""
        for directory, limit_file, peak in _candidates():
            try:
                os.mkdir(directory)
            except OSError:
                continue
            try:
                with open(os.path.join(directory, limit_file), "w") as file:
                    file.write(str(limit))
                return cls(directory, peak)
            except OSError:
                os.rmdir(directory)
        return None

    def command(self, words):
        """The command that runs `words` inside."""
        script = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
        return ["sh", "-c", script, self.directory, *words]

    def peak(self):
        """Bytes, file caches included; 0 where the kernel does not tell."""
        try:
            with open(os.path.join(self.directory, self._peak)) as file:
                return int(file.read())
        except OSError:
            return 0

    def close(self):
        for _ in range(100):
            try:
                os.rmdir(self.directory)
                return
            except OSError:
                time.sleep(0.02)
