# SPDX-License-Identifier: Apache-2.0
"""The samples of one workload at one latency, and what is computed from them."""
import statistics
from dataclasses import dataclass, field

from . import limits
from .measure import GIB


def median(values):
    return statistics.median(values) if values else 0


@dataclass
class Series:
    """All runs of one mounter, or of one limit."""
    name: str
    samples: list = field(default_factory=list)

    @property
    def good(self):
        return [sample for sample in self.samples if sample.error is None]

    @property
    def error(self):
        return next((sample.error for sample in self.samples if sample.error), None)

    def spent(self):
        return sum(sample.seconds for sample in self.samples)

    def median(self, value):
        return median([value(sample) for sample in self.good])

    def seconds(self):
        """Median, least and most."""
        values = [sample.seconds for sample in self.good]
        return (median(values), min(values), max(values)) if values else (0, 0, 0)

    def rate(self):
        """Bytes a second."""
        return self.median(rate_of)

    def cpu_per_gib(self):
        return self.median(cpu_of)

    def typical(self):
        """The run in the middle, of which requests are shown."""
        ordered = sorted(self.good, key=lambda s: s.seconds)
        return ordered[len(ordered) // 2] if ordered else None


def rate_of(sample):
    """Bytes a second."""
    return sample.bytes / sample.seconds if sample.seconds else 0


def cpu_of(sample):
    """Seconds of processor time a GiB."""
    return sample.cpu * GIB / sample.bytes if sample.bytes else 0


def ratio_by_round(series, others, combine, value):
    """Median over the rounds of value(ours) / combine(values of the others): what was measured within seconds of each
    other is compared, so that a machine which is slower for a while does not decide. 0 without a whole round."""
    ratios = []
    for ours, *theirs in zip(series.samples, *(other.samples for other in others)):
        if all(sample.error is None for sample in (ours, *theirs)):
            limit = combine(*(value(sample) for sample in theirs))
            ratios.append(value(ours) / limit if limit else 0)
    return median(ratios)


@dataclass
class Outcome:
    workload: object
    latency: int  # ms
    bandwidth: int  # bytes a second for each connection, 0 unlimited
    series: list = field(default_factory=list)  # of the mounters
    limits: dict = field(default_factory=dict)  # name: Series
    counted_minimum: int = 0  # where the workload's depends on its files

    def of(self, name):
        return next((series for series in self.series if series.name == name and series.good), None)

    def limit(self, name):
        series = self.limits.get(name)
        return series if series and series.good else None

    def composed(self, *more):
        """Bytes a second that curl, FUSE, and the limits named `more` can reach together on the same processors; 0 if
        one is unknown, or if they wait for the network most of the time and do not share anything."""
        if self.latency:
            return 0
        steps = [self.limit(name) for name in ("curl x16", "null FUSE", *more)]
        return limits.composed(*(step.rate() for step in steps)) if all(steps) else 0

    def minimum(self):
        return self.counted_minimum if callable(self.workload.minimum) else self.workload.minimum or 0

    def network(self):
        shape = f"{self.latency} ms"
        return shape + (f", {self.bandwidth / 1e6:.0f} MB/s a connection" if self.bandwidth else "")
