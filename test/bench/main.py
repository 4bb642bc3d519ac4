# SPDX-License-Identifier: Apache-2.0
"""The command behind scripts/bench: arguments, one server, all workloads in turn, output."""
import argparse
import shutil
import sys
import tempfile

from pailbench import bars, measure, mounters, results, text, workloads
from pailbench.runner import Programs, Runner
from pailbench.server import Server


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(
        "Runs workloads on mounted buckets, each time cold, in turn for all mounters, on a pailfs-s3d of its own. "
        "A benchmark, not a test: it fails only when it cannot measure."))
    parser.add_argument("workloads", nargs="*", help="ids or patterns, such as B12 or 'B1*' (default: all)")
    parser.add_argument("--list", action="store_true", help="show the workloads")
    parser.add_argument("--quick", action="store_true", help="few repeats of the shorter workloads, in three minutes")
    parser.add_argument("--mounters", default="pailfs,s3fs,rclone,goofys,geesefs,mount-s3",
                        help="of %(default)s; or NAME=PROGRAM, another build of pailfs")
    parser.add_argument("--latency", help="ms, or several: 0,20,100 (default: the workload's)")
    parser.add_argument("--bandwidth", type=float, help="MB/s of each connection, 0 is unlimited (default: 90 with latency)")
    parser.add_argument("--repeat", type=int, help="runs of each (default 5, quick 1)")
    parser.add_argument("--budget", type=float, default=60,
                        help="seconds after which a mounter's runs of one workload are not repeated (default %(default)s)")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def show_list():
    for workload in workloads.ALL:
        print(f"{workload.id:14} {workload.title}")


def find_mounters(words, own):
    found = []
    for word in words.split(","):
        mounter = mounters.find(word.strip(), own)
        if mounter:
            print(f"{mounter.name}: {mounter.version()}" + (f" ({mounter.kind.note})" if mounter.kind.note else ""))
            found.append(mounter)
        else:
            print(f"{word}: not installed")
    return found


def run_one(runner, workload, latency, bandwidth, chosen, repeat, budget):
    outcome = results.Outcome(workload, latency, bandwidth, [results.Series(m.name) for m in chosen])
    if callable(workload.minimum):
        outcome.counted_minimum = workload.minimum(runner.local(workload))
    if workload.limit == "write":
        runner.server.shape(0, 0)
        runner.warm_up(workload.size())
    runner.server.shape(latency, bandwidth)
    for _ in range(repeat):
        for series, mounter in zip(outcome.series, chosen):
            if series.spent() < budget:
                series.samples.append(runner.run(workload, mounter))
        for name, sample in runner.limits(workload).items():
            outcome.limits.setdefault(name, results.Series(name)).samples.append(sample)
    return outcome


def main():
    args = arguments()
    if args.list:
        show_list()
        return 0
    programs = Programs(args.build)
    try:
        chosen = workloads.choose(args.workloads, args.quick)
        peers = find_mounters(args.mounters, programs.pailfs)
    except ValueError as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    if not measure.drop_caches():
        print("note: without root the kernel's caches stay; what was read before may be read from memory")
    print()
    repeat = args.repeat or (1 if args.quick else 5)
    with tempfile.TemporaryDirectory(prefix="pailfs-bench.") as directory:
        server = Server(programs.s3d, directory)
        try:
            runner = Runner(server, programs, directory)
            outcomes = []
            for workload in chosen:
                latencies = [int(word) for word in args.latency.split(",")] if args.latency else workload.latencies
                missing = [program for program in workload.needs if not shutil.which(program)]
                if missing:
                    print(f"{workload.id}: {workload.title}: left out, {', '.join(missing)} not installed\n")
                    continue
                for latency in latencies:
                    rate = args.bandwidth if args.bandwidth is not None else (90 if latency else 0)
                    outcome = run_one(runner, workload, latency, int(rate * 1e6), peers, repeat, args.budget)
                    outcomes.append(outcome)
                    print("\n".join(text.outcome_lines(outcome, bars.bars(outcome, outcomes))), flush=True)
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
