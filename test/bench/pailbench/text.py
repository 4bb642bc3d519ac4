# SPDX-License-Identifier: Apache-2.0
"""The table for people."""
from .measure import GIB

MIB = 1 << 20

_SHORT = {"ListObjectsV1": "LIST", "ListObjectsV2": "LIST", "GetObject": "GET", "HeadObject": "HEAD", "PutObject": "PUT",
          "CopyObject": "COPY", "DeleteObject": "DEL", "DeleteObjects": "DELS", "CreateMultipartUpload": "Create",
          "UploadPart": "part", "UploadPartCopy": "copypart", "CompleteMultipartUpload": "Complete",
          "AbortMultipartUpload": "Abort", "HeadBucket": "HEADB"}


def requests(counts):
    """"3 GET 1 HEAD" in the order of number."""
    short = {}
    for name, count in counts.items():
        short[_SHORT.get(name, name)] = short.get(_SHORT.get(name, name), 0) + count
    return " ".join(f"{count} {name}" for name, count in sorted(short.items(), key=lambda item: (-item[1], item[0])))


def table(rows):
    """Lines of left-aligned first and last, right-aligned other columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        middle = [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1])]
        lines.append("  ".join([row[0].ljust(widths[0]), *middle, row[-1]]).rstrip())
    return lines


def amount(size):
    for unit, name in ((GIB, "G"), (MIB, "M"), (1 << 10, "K")):
        if size >= unit:
            return f"{size / unit:.1f}{name}"
    return str(int(size))


def seconds(value):
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def _times(moved, asked):
    return f"{moved / asked:.2f}" if asked else amount(moved)


def notes(series):
    """What only some workloads measure."""
    names = {"latency_p50": "median of a read", "latency_p99": "p99", "open": "open", "first_byte": "first byte",
             "mounted": "mounted after"}
    for name, words in names.items():
        if any(name in sample.extra for sample in series.good):
            yield f"{words} {seconds(series.median(lambda s: s.extra.get(name, 0)))}"
    stored = series.median(lambda s: s.extra.get("until_stored", 0))
    if stored > 0.25:
        yield f"stored {seconds(stored)} later"
    peak = series.median(lambda s: s.extra.get("group_peak", 0))
    if peak:
        yield f"with its file caches {amount(peak)}"


HEADER = ["", "median", "min..max", "MiB/s", "fetched", "sent", "conn", "depth", "par",
          "cpu s/GiB", "server", "rss", "req", "requests"]


def _row(series, with_requests=True):
    if not series.good:
        return [series.name, "failed", *[""] * 11, series.error or "?"]
    middle, least, most = series.seconds()
    sample = series.typical()
    large = sample.bytes >= MIB
    cells = [series.name, seconds(middle), f"{seconds(least)}..{seconds(most)}",
             f"{series.rate() / MIB:.0f}" if large else ""]
    if with_requests:
        cells += [_times(sample.fetched, sample.bytes), _times(sample.sent, sample.bytes), str(sample.connections),
                  str(sample.depth), str(sample.parallel)]
    else:
        cells += [""] * 5
    cells += [f"{series.cpu_per_gib():.2f}" if large else f"({series.median(lambda s: s.cpu):.2f} s)",
              f"{series.median(lambda s: s.server_cpu * GIB / s.bytes):.2f}" if large and with_requests else "",
              amount(sample.rss) if sample.rss else "", str(sample.total) if with_requests else "", requests(sample.requests)]
    cells[-1] += "".join(f"; {note}" for note in notes(series))
    if series.error:
        cells[-1] += f" [{len(series.samples) - len(series.good)} failed: {series.error}]"
    return cells


def outcome_lines(outcome, bars):
    lines = [f"{outcome.workload.id}: {outcome.workload.title} [{outcome.network()}]"]
    rows = [HEADER] + [_row(series) for series in outcome.series]
    for series in outcome.limits.values():
        rows.append(_row(series, with_requests=False))
    for name, more in (("composed limit", ()), ("composed, signed", ("SHA-256",))):
        composed = outcome.composed(*more)
        if composed:
            rows.append([name, "", "", f"{composed / MIB:.0f}", *[""] * 10])
    if outcome.minimum():
        rows.append(["minimum", *[""] * 11, str(outcome.minimum()), outcome.workload.minimum_why])
    lines += ["  " + line for line in table(rows)]
    lines += ["  pailfs " + bar.text() for bar in bars]
    return lines + [""]
