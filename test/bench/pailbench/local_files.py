# SPDX-License-Identifier: Apache-2.0
"""What metadata workloads copy, unpack, clone or install: made outside the mount, always the same."""
import io
import os
import random
import subprocess
import sys
import tarfile
import zipfile


def small_tree(count):
    """Files of 512 + 300,000 * u^10 bytes, 30 KB in the mean, two directories deep."""
    def make(directory):
        dice = random.Random(1)
        for i in range(count):
            folder = os.path.join(directory, "tree", str(i % 8), str(i // 8 % 8))
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, str(i)), "wb") as file:
                file.write(b"s" * int(512 + 300_000 * dice.random() ** 10))
    return make


def archive(directories, files, size):
    """a.tar: modes and times as in a release."""
    def make(directory):
        with tarfile.open(os.path.join(directory, "a.tar"), "w") as tar:
            for d in range(directories):
                folder = tarfile.TarInfo(f"d{d}")
                folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o755, 1_600_000_000 + d
                tar.addfile(folder)
                for f in range(files):
                    entry = tarfile.TarInfo(f"d{d}/f{f}")
                    entry.size, entry.mode, entry.mtime = size, 0o640, 1_500_000_000 + f
                    tar.addfile(entry, io.BytesIO(b"t" * size))
    return make


def repository(directories, files):
    """repo: one commit."""
    def make(directory):
        repo = os.path.join(directory, "repo")
        for d in range(directories):
            folder = os.path.join(repo, f"src{d % 10}", f"part{d}")
            os.makedirs(folder)
            for f in range(files):
                with open(os.path.join(folder, f"file{f}.txt"), "w") as file:
                    file.write(f"line {d} {f}\n" * 40)
        commit = ["-c", "user.name=b", "-c", "user.email=b@localhost", "commit", "-qm", "all"]
        for command in (["init", "-q"], ["add", "."], commit):
            subprocess.run(["git", "-C", repo, *command], check=True, env=dict(os.environ, HOME=directory))
        subprocess.run(["git", "clone", "-q", repo, os.path.join(directory, "expected")], check=True)
    return make


def wheels(packages, modules):
    """Wheels of pure Python in wheels/, and what pip makes of them in expected/."""
    def make(directory):
        os.makedirs(os.path.join(directory, "wheels"))
        for p in range(packages):
            name = f"benchpkg{p}"
            info = f"{name}-1.0.dist-info"
            files = {f"{name}/__init__.py": "", **{f"{name}/m{m}.py": f"VALUE = {m}\n" * 20 for m in range(modules)},
                     f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
                     f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
            files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
            with zipfile.ZipFile(os.path.join(directory, "wheels", f"{name}-1.0-py3-none-any.whl"), "w") as wheel:
                for path, text in files.items():
                    wheel.writestr(path, text)
        subprocess.run(pip_install(os.path.join(directory, "expected"), directory), check=True, shell=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, executable="/bin/bash")
    return make


def pip_install(target, local):
    return (f"{sys.executable} -m pip install -q --no-index --no-cache-dir --disable-pip-version-check --root-user-action=ignore "
            f"--target {target} {local}/wheels/*.whl")


def expected_entries(directory):
    """Files and directories below `expected`, one request each at least."""
    return sum(len(folders) + len(files) for _, folders, files in os.walk(os.path.join(directory, "expected"))) + 1
