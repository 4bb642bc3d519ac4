# SPDX-License-Identifier: Apache-2.0
"""The programs that are compared: how each is found, started in the foreground and told about the server."""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Callable

from . import server as s3


@dataclass(frozen=True)
class Place:
    """Where one run mounts, and what it mounts."""
    endpoint: str
    bucket: str
    mountpoint: str
    private: str  # directory for password file, cache and log of this run
    ca: str = ""  # certificate that the endpoint's is signed with


@dataclass(frozen=True, eq=False)
class Kind:
    command: Callable[[str, Place], list]
    keys_in_environment: bool = True
    environment: dict = field(default_factory=dict)
    # Stored later than close() returns: the run lasts until so many seconds have been quiet.
    settle: float = 0.05
    note: str = ""


def _s3fs(program, place, extra=()):
    passwd = os.path.join(place.private, "passwd")
    with open(os.open(passwd, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{s3.ACCESS_KEY}:{s3.SECRET_KEY}\n")
    options = f"url={place.endpoint},use_path_request_style,passwd_file={passwd}"
    return [program, place.bucket, place.mountpoint, "-f", "-o", options, *extra]


def _rclone(program, place):
    return [program, "mount", f"bench:{place.bucket}", place.mountpoint, "--config", "/dev/null",
            "--cache-dir", os.path.join(place.private, "cache"), "--vfs-cache-mode", "full", "--vfs-write-back", "1s",
            "--ignore-checksum", "--s3-provider", "Other", "--s3-endpoint", place.endpoint, "--s3-region", s3.REGION]


def _goofys(program, place):
    return [program, "-f", "--endpoint", place.endpoint, "--region", s3.REGION, place.bucket, place.mountpoint]


def _geesefs(program, place):
    return [program, "-f", "--endpoint", place.endpoint, "--region", s3.REGION, "--list-type", "2", "--no-detect",
            place.bucket, place.mountpoint]


def _mount_s3(program, place):
    return [program, "--foreground", "--endpoint-url", place.endpoint, "--region", s3.REGION, "--force-path-style",
            "--allow-delete", "--allow-overwrite", "--maximum-throughput-gbps", "10", place.bucket, place.mountpoint]


KINDS = {
    "pailfs": Kind(_s3fs, keys_in_environment=False),
    "s3fs": Kind(_s3fs, keys_in_environment=False),
    "rclone": Kind(_rclone, settle=2.5, note="stores after close",
                   environment={"RCLONE_CONFIG_BENCH_TYPE": "s3", "RCLONE_CONFIG_BENCH_ENV_AUTH": "true"}),
    "goofys": Kind(_goofys),
    "geesefs": Kind(_geesefs, settle=1.0, note="stores after close"),
    "mount-s3": Kind(_mount_s3),
}


@dataclass(frozen=True, eq=False)
class Mounter:
    name: str
    program: str
    kind: Kind

    def start(self, place, log, group=None):
        """The running process, in the control group if one is given; mounting is under way."""
        environment = {name: value for name, value in os.environ.items()
                       if not name.upper().startswith(("AWS_", "RCLONE_")) and not name.lower().endswith("_proxy")}
        environment.update(HOME=place.private, LC_ALL="C", **self.kind.environment)
        if self.kind.keys_in_environment:
            environment.update(AWS_ACCESS_KEY_ID=s3.ACCESS_KEY, AWS_SECRET_ACCESS_KEY=s3.SECRET_KEY)
        if place.ca:
            environment.update(CURL_CA_BUNDLE=place.ca, AWS_CA_BUNDLE=place.ca, SSL_CERT_FILE=place.ca)
        command = self.kind.command(self.program, place)
        if group:
            command = group.command(command)
        # Of its own session: the key that stops the benchmark must not end it before it is unmounted.
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                start_new_session=True)

    def version(self):
        try:
            out = subprocess.run([self.program, "--version"], capture_output=True, text=True, timeout=20).stdout
        except (OSError, subprocess.TimeoutExpired):
            return "?"
        # pailfs answers with the name of what it replaces, then its own.
        own = re.search(r"pailfs [0-9.]+", out)
        return own.group() if own else (out.strip().splitlines() or ["?"])[0]


def find(word, own_pailfs):
    """A Mounter for NAME, or for NAME=PROGRAM (a pailfs, unless NAME begins as another does); None: not installed."""
    name, _, program = word.partition("=")
    kind = next((known for known in KINDS if name == known or name.startswith(known + "-")), "pailfs")
    if not program:
        if name not in KINDS:
            raise ValueError(f"no such mounter: {name}; known are {', '.join(KINDS)}, or NAME=PROGRAM")
        program = own_pailfs if name == "pailfs" else shutil.which(name)
    if not program or not os.access(program, os.X_OK):
        return None
    return Mounter(name, os.path.abspath(program), KINDS[kind])
