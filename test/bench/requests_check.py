# SPDX-License-Identifier: Apache-2.0
"""Fails when pailfs sends more requests for a workload of the benchmark than its row allows. usage: requests_check.py BUILD"""
import os
import shutil
import sys
import tempfile

from pailbench import mounters, text, workloads
from pailbench.runner import Programs, Runner
from pailbench.server import Server


def problem():
    """Why this machine cannot run it, or None."""
    if os.geteuid() != 0:
        return "needs root: it mounts"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse cannot be opened"
    return None


def check(runner, workload, mounter):
    """True if it keeps its bound; says what it did."""
    missing = [program for program in workload.needs if not shutil.which(program)]
    if missing:
        print(f"skipped: {workload.id}: {', '.join(missing)} not installed")
        return True
    sample = runner.run(workload, mounter, workload.timeout)
    kept = sample.error is None and sample.total <= workload.most
    outcome = sample.error or f"{sample.total} requests, at most {workload.most}: {text.requests(sample.requests)}"
    print(f"{'ok' if kept else 'FAILED'}: {workload.id}: {workload.title}: {outcome}", flush=True)
    return kept


def main():
    why = problem()
    if why:
        print(f"skipped: {why}")
        return 77
    programs = Programs(sys.argv[1])
    pailfs = mounters.find("pailfs", programs.pailfs)
    with tempfile.TemporaryDirectory(prefix="pailfs-bench.") as directory:
        server = Server(programs.s3d, directory)
        try:
            runner = Runner(server, programs, directory, cold=False)
            bounded = [workload for workload in workloads.ALL if workload.most]
            kept = [check(runner, workload, pailfs) for workload in bounded]
        finally:
            server.stop()
    return 0 if kept and all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
