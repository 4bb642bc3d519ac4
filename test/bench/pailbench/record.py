# SPDX-License-Identifier: Apache-2.0
"""Everything that was measured, for programs."""
import json
import os
import platform


def machine():
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) * 1024
    return {"kernel": platform.release(), "processors": len(os.sched_getaffinity(0)), "memory": memory}


def _series(series):
    middle, least, most = series.seconds()
    return {"name": series.name, "seconds_median": middle, "seconds_min": least, "seconds_max": most,
            "bytes_per_second": series.rate(), "cpu_seconds_per_gib": series.cpu_per_gib(),
            "samples": [sample.as_dict() for sample in series.samples]}


def _bar(bar):
    return {"what": bar.what, "value": bar.value, "limit": bar.limit, "at_least": bar.at_least, "met": bar.met}


def outcome(result, bars):
    return {"workload": result.workload.id, "title": result.workload.title, "latency_ms": result.latency,
            "bytes_per_second_of_a_connection": result.bandwidth, "minimum_requests": result.minimum(),
            "mounters": [_series(series) for series in result.series],
            "limits": [_series(series) for series in result.limits.values()],
            "composed_bytes_per_second": result.composed(),
            "composed_signed_bytes_per_second": result.composed("SHA-256"),
            "bars": [_bar(bar) for bar in bars]}


def text(versions, outcomes_and_bars):
    """`versions` is {mounter: version}; the rest pairs of an Outcome and its bars."""
    return json.dumps({"machine": machine(), "versions": versions,
                       "outcomes": [outcome(result, bars) for result, bars in outcomes_and_bars]}, indent=1) + "\n"
