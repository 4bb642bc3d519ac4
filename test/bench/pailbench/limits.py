# SPDX-License-Identifier: Apache-2.0
"""What no file system can beat here: curl alone against the same server, and FUSE alone without a server."""
import concurrent.futures
import hashlib
import http.client
import os
import re
import resource
import subprocess
import time

from . import measure, mount

PART = 8 << 20
PARALLEL = 16
READ_AHEAD_KIB = 1024


def _timed(command):
    """Seconds of the clock and of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    # --silent does not silence the progress of --parallel.
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Source:
    """A bucket as curl reaches it, and a directory for its files."""

    def __init__(self, server, bucket, tls, directory):
        self.base = f"{server.tls_endpoint if tls else server.endpoint}/{bucket}"
        self.plain = server.endpoint.split("//")[1]
        self.path = f"/{bucket}"
        self.ca = server.ca if tls else ""
        self.directory = directory

    def curl(self, transfers, parallel):
        """One curl for transfers given as lists of configuration lines."""
        path = os.path.join(self.directory, "curl.conf")
        common = ["silent", "show-error", "fail", 'noproxy = "*"', 'output = "/dev/null"', 'header = "Expect:"']
        if self.ca:
            common.append(f'cacert = "{self.ca}"')
        with open(path, "w") as file:
            file.write("\nnext\n".join("\n".join(common + lines) for lines in transfers))
        command = ["curl", "--config", path]
        if parallel > 1:
            command[1:1] = ["--parallel", "--parallel-max", str(parallel)]
        return _timed(command)


def ranges(size, part=PART):
    return [(start, min(start + part, size) - 1) for start in range(0, size, part)]


def curl_read(source, key, size, parallel=PARALLEL):
    """`parallel` ranges at a time; 1 is one connection that takes it whole."""
    url = f'url = "{source.base}/{key}"'
    transfers = [[url, f'range = "0-{size - 1}"']] if parallel == 1 else [[url, f'range = "{a}-{b}"'] for a, b in ranges(size)]
    seconds, cpu = source.curl(transfers, parallel)
    return measure.Sample(seconds=seconds, bytes=size, cpu=cpu)


def curl_write(source, key, size, parallel=PARALLEL):
    """A multipart upload, its parts in parallel."""
    content = os.path.join(source.directory, "part")
    with open(content, "wb") as file:
        file.write(b"w" * PART)
    connection = http.client.HTTPConnection(source.plain, timeout=60)
    path = f"{source.path}/{key}"
    began = time.monotonic()
    reply = _ask(connection, "POST", path + "?uploads=")
    upload = re.search("<UploadId>(.*)</UploadId>", reply).group(1)
    count = len(ranges(size))
    put = [f'upload-file = "{content}"']
    transfers = [put + [f'url = "{source.base}/{key}?partNumber={n}&uploadId={upload}"'] for n in range(1, count + 1)]
    _, cpu = source.curl(transfers, parallel)
    listed = _ask(connection, "GET", f"{path}?uploadId={upload}")
    etags = re.findall("<ETag>(.*?)</ETag>", listed)
    parts = "".join(f"<Part><PartNumber>{n + 1}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in enumerate(etags))
    _ask(connection, "POST", f"{path}?uploadId={upload}", f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
    return measure.Sample(seconds=time.monotonic() - began, bytes=count * PART, cpu=cpu)


def _ask(connection, method, path, body=None):
    connection.request(method, path, body)
    reply = connection.getresponse()
    text = reply.read().decode()
    if reply.status != 200:
        raise RuntimeError(f"{method} {path}: {reply.status} {text}")
    return text


def null_fuse(program, directory, size, run):
    """`run(path of the file)` on a FUSE file system that does nothing."""
    log = os.path.join(directory, "null_fuse.log")
    command = [program, os.path.join(directory, "null"), str(size), str(READ_AHEAD_KIB)]
    start = lambda out: subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                         start_new_session=True)
    with mount.Mount(command[1], log, start) as null:
        path = os.path.join(null.mountpoint, "data")
        os.stat(path)
        time.sleep(0.05)  # the read-ahead is set after the mount
        before = measure.cpu_seconds(null.process.pid)
        result = run(path)
        cpu = measure.cpu_seconds(null.process.pid) - before
        return measure.Sample(seconds=result["seconds"], bytes=result["bytes"], cpu=cpu, rss=measure.memory(null.process.pid))


def sha256(size):
    """What signing a payload takes on all processors at once; plain HTTP wants it, curl's unsigned uploads go without."""
    threads = len(os.sched_getaffinity(0))
    block = bytes(PART)

    def hash_share(_):
        digest = hashlib.sha256()
        for _ in range(0, size // threads, PART):
            digest.update(block)

    before = time.process_time()
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(hash_share, range(threads)))
    return measure.Sample(seconds=time.monotonic() - began, bytes=size, cpu=time.process_time() - before)


def local_file(directory, size, run):
    """`run(path)` on a file of this machine that is not in the kernel's cache yet."""
    path = os.path.join(directory, "local")
    with open(path, "wb") as file:
        for _ in range(0, size, PART):
            file.write(b"l" * PART)
        file.flush()
        os.fsync(file.fileno())
    measure.drop_caches()
    result = run(path)
    os.unlink(path)
    return measure.Sample(seconds=result["seconds"], bytes=result["bytes"])


def composed(*rates):
    """Bytes a second of steps that share the same processors: 1 / (1/a + 1/b)."""
    return 1 / sum(1 / rate for rate in rates) if all(rate > 0 for rate in rates) else 0
