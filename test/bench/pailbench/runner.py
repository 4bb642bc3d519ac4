# SPDX-License-Identifier: Apache-2.0
"""Runs one workload on one mounter, cold: fresh bucket, fresh mount, nothing in the kernel's caches."""
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from . import cgroup, limits, measure, mount
from .mounters import Place


def bounded(command, timeout, **options):
    """What the command prints. After `timeout` seconds it and all its children are killed; raises as subprocess.run does."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True, **options) as process:
        try:
            out, errors = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, command, out, errors)
        return out


def attempt(measurement):
    """Its Sample, or one that says why there is none."""
    try:
        return measurement()
    except subprocess.CalledProcessError as failure:
        return measure.Sample(error=f"{failure.cmd[0]}: status {failure.returncode}")
    except (mount.MountFailed, subprocess.TimeoutExpired, RuntimeError, OSError) as failure:
        return measure.Sample(error=str(failure))


class Programs:
    """What the build has made."""

    def __init__(self, build):
        self.pailfs = os.path.join(build, "src/cli/pailfs")
        self.s3d = os.path.join(build, "test/s3d/pailfs-s3d")
        self.io = os.path.join(build, "test/bench/bench_io")
        self.null_fuse = os.path.join(build, "test/bench/null_fuse")


class Runner:
    def __init__(self, server, programs, directory, cold=True):
        """`cold`: the kernel forgets everything before each run, which disturbs whoever shares the machine."""
        self.server = server
        self.programs = programs
        self.directory = directory
        self.cold = cold
        self._local = {}

    def run(self, workload, mounter, timeout):
        """A Sample; one with `error` when the mounter fails."""
        bucket = self.server.new_bucket()
        private = tempfile.mkdtemp(dir=self.directory)
        try:
            workload.seed(self.server, bucket)
            endpoint, ca = (self.server.tls_endpoint, self.server.ca) if workload.tls else (self.server.endpoint, "")
            place = Place(endpoint, bucket, os.path.join(private, "mnt"), private, ca)
            return self._limited(dataclasses.replace(workload, timeout=timeout), mounter, place)
        except mount.MountFailed as failure:
            return measure.Sample(error=f"cannot mount: {failure}")
        finally:
            self.server.discard(bucket)
            shutil.rmtree(private, ignore_errors=True)

    def _limited(self, workload, mounter, place):
        if not workload.memory:
            return self._mounted(workload, mounter, place)
        group = cgroup.Cgroup.make(workload.memory)
        if group is None:
            return measure.Sample(error="no control group can be made here")
        try:
            sample = self._mounted(workload, mounter, place, group)
            sample.extra["group_peak"] = group.peak()
            return sample
        finally:
            group.close()

    def _mounted(self, workload, mounter, place, group=None):
        if self.cold:
            measure.drop_caches()
            mounter.version()  # the program and its libraries are in memory again: the disk is not what is compared
        start = lambda log: mounter.start(place, log, group)
        self.server.reset()
        with mount.Mount(place.mountpoint, os.path.join(place.private, "log"), start) as mounted:
            pid, before = mounted.process.pid, 0
            if not workload.from_start:
                self.server.settle(0.05)
                self.server.reset()
                before = measure.cpu_seconds(pid)
            sample = self._act(workload, place.mountpoint)
            if workload.from_start:
                sample.extra["mounted"] = mounted.seconds
                sample.seconds += mounted.seconds
            sample.extra["until_stored"] = self._stored(mounter.kind.settle if workload.stores else 0.05)
            if mounted.process.poll() is not None:
                sample.error = f"it ended, status {mounted.process.returncode}: {mounted.last_words()}"
                return sample
            sample.cpu = measure.cpu_seconds(pid) - before
            sample.rss = measure.memory(pid)
            self._count(sample)
            return sample

    def _stored(self, settle):
        """Seconds that the mounter went on for after the workload, as the server sees it."""
        began = time.monotonic()
        self.server.settle(settle)
        return max(0, time.monotonic() - began - settle)

    def _act(self, workload, mountpoint):
        sample = measure.Sample(bytes=workload.asked)
        began = time.monotonic()
        try:
            if workload.io:
                sample.extra = self.io(workload, os.path.join(mountpoint, workload.io[1]))
            else:
                self._script(workload, mountpoint)
        except subprocess.TimeoutExpired:
            sample.error = f"not done after {workload.timeout} s"
        except subprocess.CalledProcessError as failure:
            words = (failure.stderr or "").strip().splitlines()
            sample.error = words[-1][:200] if words else f"status {failure.returncode}"
        sample.seconds = time.monotonic() - began
        if "seconds" in sample.extra:
            sample.seconds, sample.bytes = sample.extra.pop("seconds"), sample.extra.pop("bytes")
        return sample

    def io(self, workload, path):
        command = [self.programs.io, workload.io[0], path, *workload.io[2:]]
        return json.loads(bounded(command, workload.timeout))

    def _script(self, workload, mountpoint):
        environment = dict(os.environ, LOCAL=self.local(workload), LC_ALL="C", GIT_CONFIG_NOSYSTEM="1", HOME=self.directory)
        bounded(["bash", "-euo", "pipefail", "-c", workload.script], workload.timeout, cwd=mountpoint, env=environment)

    def local(self, workload):
        """The directory of what the workload needs besides the mount, made once."""
        if workload.id not in self._local:
            self._local[workload.id] = tempfile.mkdtemp(dir=self.directory)
            workload.local(self._local[workload.id])
        return self._local[workload.id]

    def _count(self, sample):
        stats = self.server.stats()
        log = self.server.log()
        sample.requests = stats["requests"]
        sample.fetched, sample.sent = stats["bytes_out"], stats["bytes_in"]
        sample.content = measure.content_of(log)
        sample.connections = len({entry["connection"] for entry in log})
        sample.depth = measure.serial_depth(measure.spans_of(log))
        sample.parallel = stats["peak_concurrent_requests"]
        sample.server_cpu = stats["cpu_seconds"]

    def warm_up(self, size):
        """The server keeps the memory of what it stored; the first to store would pay for it."""
        bucket = self.server.new_bucket()
        directory = tempfile.mkdtemp(dir=self.directory)
        limits.curl_write(limits.Source(self.server, bucket, False, directory), "warm", size)
        self.server.discard(bucket)
        shutil.rmtree(directory, ignore_errors=True)

    def limits(self, workload):
        """{name: Sample} of what is measured beside a workload that reads or writes one large file."""
        if workload.limit is None:
            return {}
        bucket = self.server.new_bucket()
        directory = tempfile.mkdtemp(dir=self.directory)
        try:
            workload.seed(self.server, bucket)
            source = limits.Source(self.server, bucket, workload.tls, directory)
            return {name: attempt(measurement) for name, measurement in self._limits(workload, source).items()}
        finally:
            self.server.discard(bucket)
            shutil.rmtree(directory, ignore_errors=True)

    def _limits(self, workload, source):
        size = workload.size()
        run = lambda path: self.io(workload, path)
        null = {"null FUSE": lambda: limits.null_fuse(self.programs.null_fuse, source.directory, size, run)}
        if workload.limit == "local":
            return {"local file": lambda: limits.local_file(source.directory, size, run), **null}
        if workload.limit == "write":
            hashed = {} if workload.tls else {"SHA-256": lambda: limits.sha256(size)}
            return {"curl x16": lambda: limits.curl_write(source, "curl", size), **null, **hashed}
        return {"curl x16": lambda: limits.curl_read(source, "data", size),
                "curl x1": lambda: limits.curl_read(source, "data", size, parallel=1), **null}
