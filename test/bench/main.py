# SPDX-License-Identifier: Apache-2.0
"""The command behind scripts/bench: arguments, one server, all workloads in turn, output."""
import argparse
import os
import shutil
import signal
import sys
import tempfile
import time

from pailbench import bars, measure, mounters, plot, record, results, text, workloads
from pailbench.runner import Programs, Runner
from pailbench.server import Server

QUICK = {"latency": 2, "repeat": 1, "timeout": 12}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(
        "Runs workloads on mounted buckets, each time cold, in turn for all mounters, on a pailfs-s3d of its own, and "
        "prints beside them what no file system can beat. A benchmark, not a test: it fails only when it cannot measure."))
    parser.add_argument("workloads", nargs="*", help="ids or patterns, such as B12 or 'B1*' (default: all)")
    parser.add_argument("--list", action="store_true", help="show the workloads")
    parser.add_argument("--quick", action="store_true", help="the shorter workloads once, in three minutes")
    parser.add_argument("--mounters", default="pailfs,s3fs,rclone,goofys,geesefs,mount-s3",
                        help="of %(default)s; or NAME=PROGRAM, another build of pailfs")
    parser.add_argument("--latency", help="ms, or several: 0,20,100 (default: the workload's)")
    parser.add_argument("--bandwidth", type=float, help="MB/s of each connection, 0 is unlimited (default: 90 with latency)")
    parser.add_argument("--repeat", type=int, help="runs of each (default 5, quick 1)")
    parser.add_argument("--budget", type=float, default=60,
                        help="seconds after which a mounter's runs of one workload are not repeated (default %(default)s)")
    parser.add_argument("--output", help="directory for bench.txt, bench.json and bench.svg (default: build/bench)")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


class Report:
    """Everything printed, kept for bench.txt."""

    def __init__(self):
        self.lines = []

    def __call__(self, *lines):
        self.lines += lines
        print("\n".join(lines), flush=True)


def find_mounters(words, own, say):
    found = {}
    for word in words.split(","):
        mounter = mounters.find(word.strip(), own)
        if mounter is None:
            say(f"{word}: not installed")
            continue
        found[mounter] = mounter.version()
        say(f"{mounter.name}: {found[mounter]}" + (f" ({mounter.kind.note})" if mounter.kind.note else ""))
    return found


def latencies_of(workload, args):
    if args.latency:
        return [int(word) for word in args.latency.split(",")]
    if args.quick:
        return [min(workload.latencies[0], QUICK["latency"])]
    return workload.latencies


def run_one(runner, workload, latency, bandwidth, chosen, args):
    outcome = results.Outcome(workload, latency, bandwidth, [results.Series(m.name) for m in chosen])
    if callable(workload.minimum):
        outcome.counted_minimum = workload.minimum(runner.local(workload))
    if workload.limit == "write":
        runner.server.shape(0, 0, light=True)
        runner.warm_up(workload.size())
    runner.server.shape(latency, bandwidth, workload.light)
    for _ in range(args.repeat or (QUICK["repeat"] if args.quick else 5)):
        for series, mounter in zip(outcome.series, chosen):
            if series.spent() < args.budget:
                series.samples.append(runner.run(workload, mounter, QUICK["timeout"] if args.quick else workload.timeout))
        for name, sample in runner.limits(workload).items():
            outcome.limits.setdefault(name, results.Series(name)).samples.append(sample)
    return outcome


def measure_all(runner, chosen, peers, args, say):
    outcomes = []
    for workload in chosen:
        missing = [program for program in workload.needs if not shutil.which(program)]
        if missing:
            say(f"{workload.id}: {workload.title}: left out, {', '.join(missing)} not installed", "")
            continue
        for latency in latencies_of(workload, args):
            rate = args.bandwidth if args.bandwidth is not None else (90 if latency and workload.capped else 0)
            outcomes.append(run_one(runner, workload, latency, int(rate * 1e6), peers, args))
            say(*text.outcome_lines(outcomes[-1], bars.bars(outcomes[-1], outcomes)))
    return outcomes


def write_files(directory, say, versions, outcomes, began):
    os.makedirs(directory, exist_ok=True)
    judged = [(outcome, bars.bars(outcome, outcomes)) for outcome in outcomes]
    for name, content in (("bench.json", record.text(versions, judged)), ("bench.svg", plot.svg(outcomes)),
                          ("bench.txt", "\n".join(say.lines) + "\n")):
        with open(os.path.join(directory, name), "w") as file:
            file.write(content)
    print(f"{time.monotonic() - began:.0f} s; written: bench.txt, bench.json and bench.svg in {directory}")


def main():
    began = time.monotonic()
    args = arguments()
    if args.list:
        for workload in workloads.ALL:
            print(f"{workload.id:14} {workload.title}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unmounts and cleans up on the way
    say, programs = Report(), Programs(args.build)
    try:
        chosen = workloads.choose(args.workloads, args.quick)
        peers = find_mounters(args.mounters, programs.pailfs, say)
    except ValueError as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    if not measure.drop_caches():
        say("note: without root the kernel's caches stay; what was read before may be read from memory")
    say("")
    with tempfile.TemporaryDirectory(prefix="pailfs-bench.") as directory:
        server = Server(programs.s3d, directory)
        try:
            outcomes = measure_all(Runner(server, programs, directory), chosen, list(peers), args, say)
        finally:
            server.stop()
    output = args.output or os.path.join(os.path.dirname(args.build), "bench")
    write_files(output, say, {mounter.name: version for mounter, version in peers.items()}, outcomes, began)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
