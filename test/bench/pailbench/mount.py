# SPDX-License-Identifier: Apache-2.0
"""A mount that lasts for one run, and ends whatever happens."""
import os
import re
import subprocess
import time


class MountFailed(Exception):
    pass


def _mounted(path):
    with open("/proc/self/mountinfo") as file:
        return any(line.split(" ")[4] == path for line in file)


class Mount:
    """Starts `start(log)`, waits until the path is a mountpoint, and unmounts at the end."""

    def __init__(self, mountpoint, log_path, start, timeout=30):
        self.mountpoint = os.path.realpath(mountpoint)
        self.log_path = log_path
        os.makedirs(self.mountpoint, exist_ok=True)
        self._log = open(log_path, "wb")
        began = time.monotonic()
        self.process = start(self._log)
        try:
            self._wait(timeout)
            self.seconds = time.monotonic() - began  # from the start to a root that answers
        except BaseException:
            self.close()
            raise

    def _wait(self, timeout):
        end = time.monotonic() + timeout
        while not _mounted(self.mountpoint):
            if self.process.poll() is not None:
                raise MountFailed(f"status {self.process.returncode}: {self.last_words()}")
            if time.monotonic() > end:
                raise MountFailed(f"nothing mounted after {timeout} s")
            time.sleep(0.0005)
        os.stat(self.mountpoint)

    def last_words(self):
        with open(self.log_path, errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
        told = [line for line in lines if re.search("err|crt|fatal|fail|cannot|refus|denied", line, re.IGNORECASE)]
        return (told or lines or ["(it said nothing)"])[-1][:200]

    def close(self, timeout=120):
        """The daemon may still have to store things; who does not end in time is killed."""
        if _mounted(self.mountpoint):
            self._unmount(timeout)
        if self.process.poll() is None:
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if _mounted(self.mountpoint):
            subprocess.run(self._command(lazily=True), stderr=subprocess.DEVNULL)
        self._log.close()

    def _command(self, lazily=False):
        if os.geteuid() == 0:
            return ["umount", *(["-l"] if lazily else []), self.mountpoint]
        return ["fusermount3", "-u", *(["-z"] if lazily else []), self.mountpoint]

    def _unmount(self, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            if subprocess.run(self._command(), stderr=subprocess.DEVNULL, timeout=timeout).returncode == 0:
                return
            time.sleep(0.05)
        subprocess.run(self._command(lazily=True), stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
