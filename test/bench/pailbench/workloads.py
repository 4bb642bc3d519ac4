# SPDX-License-Identifier: Apache-2.0
"""All workloads, in order."""
import fnmatch

from . import workloads_data, workloads_limits, workloads_metadata

ALL = workloads_metadata.WORKLOADS + workloads_data.WORKLOADS + workloads_limits.WORKLOADS


def choose(patterns, quick):
    """Those named, by id or pattern; without names all, or the quick ones. Unknown names raise ValueError."""
    if not patterns:
        return [workload for workload in ALL if workload.quick or not quick]
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(workload.id.lower(), pattern.lower()) for workload in ALL):
            raise ValueError(f"no such workload: {pattern}; --list shows them")
    return [w for w in ALL if any(fnmatch.fnmatchcase(w.id.lower(), p.lower()) for p in patterns)]
