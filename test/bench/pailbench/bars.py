# SPDX-License-Identifier: Apache-2.0
"""What pailfs is to reach, as ratios inside one run."""
from dataclasses import dataclass

from .limits import composed
from .results import cpu_of, rate_of, ratio_by_round


@dataclass(frozen=True)
class Bar:
    what: str
    value: float
    limit: float
    at_least: bool = True
    unit: str = ""

    @property
    def met(self):
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def text(self):
        sign = ">=" if self.at_least else "<="
        return f"{self.what}: {self.value:.2f}{self.unit} ({sign} {self.limit:g}{self.unit}) {'ok' if self.met else 'NOT MET'}"


def _ratio(value, of):
    return value / of if of else 0


def _sum(*values):
    return sum(values)


def _only(value):
    return value


def _throughput(outcome, ours, share, s3fs_factor):
    curl, null, hashing = outcome.limit("curl x16"), outcome.limit("null FUSE"), outcome.limit("SHA-256")
    s3fs = outcome.of("s3fs")
    bars = []
    if outcome.composed():
        bars.append(Bar("of the composed limit", ratio_by_round(ours, (curl, null), composed, rate_of), share))
        if hashing:
            bars.append(Bar("of the composed limit, signed", ratio_by_round(ours, (curl, null, hashing), composed, rate_of), share))
    elif curl:
        bars.append(Bar("of curl x16", ratio_by_round(ours, (curl,), _only, rate_of), share))
    if s3fs and s3fs_factor:
        bars.append(Bar("times s3fs", ratio_by_round(ours, (s3fs,), _only, rate_of), s3fs_factor))
    if curl and null:
        for what, steps in (("", (curl, null)), (" + SHA-256's", (curl, null, hashing))):
            if all(steps):
                bars.append(Bar(f"processor time, of curl's + null FUSE's{what}", ratio_by_round(ours, steps, _sum, cpu_of), 1.15,
                                at_least=False))
    return bars


def _read(outcome, ours, _):
    bars = _throughput(outcome, ours, 0.9, 2.5 if outcome.latency == 0 else 0)
    single = outcome.limit("curl x1")
    if single and outcome.latency:
        bars.append(Bar("times one connection", ratio_by_round(ours, (single,), _only, rate_of), 8))
    return bars


def _write(outcome, ours, _):
    return _throughput(outcome, ours, 0.85, 2)


def _throughput_over_tls(outcome, ours, _):
    return _throughput(outcome, ours, 0.9 if outcome.workload.id == "B23-read" else 0.85, 0)


def _random(outcome, ours, _):
    late = ours.median(lambda s: s.extra.get("latency_p50", 0)) * 1000 - outcome.latency
    return [Bar("bytes fetched, of those asked", ours.median(lambda s: _ratio(s.content, s.bytes)), 32, at_least=False),
            Bar("latency above the server's (median)", late, 1, at_least=False, unit=" ms")]


def _beside_one_reader(outcome, ours, others):
    one = next((o.of(ours.name) for o in others if o.workload.id == "B12" and o.latency == outcome.latency), None)
    return [Bar("of one sequential reader (B12)", _ratio(ours.rate(), one.rate()), 0.7)] if one else []


def _first_byte(outcome, ours, _):
    late = ours.median(lambda s: s.extra["first_byte"]) * 1000 - outcome.latency
    return [Bar("above one round trip after open", late, 2, at_least=False, unit=" ms")]


def _edit(outcome, ours, _):
    moved = ours.median(lambda s: s.content + s.sent) / (1 << 20)
    looks = ("HeadObject", "ListObjectsV1", "ListObjectsV2")
    edits = ours.median(lambda s: s.total - sum(s.requests.get(name, 0) for name in looks))
    return [Bar("requests, besides looking it up", edits, 6, at_least=False),
            Bar("bytes moved", moved, 10, at_least=False, unit=" MiB")]


def _memory(outcome, ours, _):
    # pailfs takes a quarter of the group for data unless it is told otherwise.
    limit = outcome.workload.memory / 4 / (1 << 20) + 64
    return [Bar("peak memory", ours.median(lambda s: s.rss) / (1 << 20), limit, at_least=False, unit=" MiB")]


def _reread(outcome, ours, _):
    limits = (("local file", "of a local file in the page cache"), ("null FUSE", "of an empty FUSE's page cache"))
    return [Bar(what, ratio_by_round(ours, (outcome.limit(name),), _only, rate_of), 0.9) for name, what in limits if outcome.limit(name)]


_BARS = {"B12": _read, "B13": _write, "B14": _random, "B14-quick": _random, "B15": _beside_one_reader,
         "interleave": _beside_one_reader, "mmap": _beside_one_reader, "first-byte": _first_byte, "B16": _edit,
         "reread": _reread, "B22-ls": _memory, "B22-readers": _memory, "B22-writers": _memory,
         "B23-read": _throughput_over_tls, "B23-write": _throughput_over_tls}


def bars(outcome, outcomes, name="pailfs"):
    """Those of one workload for the mounter `name`, given all outcomes of the run; [] where there are none."""
    ours = outcome.of(name)
    judge = _BARS.get(outcome.workload.id)
    return judge(outcome, ours, outcomes) if ours and judge else []
