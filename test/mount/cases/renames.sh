#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A directory rename and everybody else, far from the server: neither waits for the other.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

start_s3d
mnt=$work/mnt
latency() { curl -sS --fail -X POST "$control/latency?ms=$1" >/dev/null; }

# How long the rename takes alone, and beside 16 writers that go on until it is over. A rename that starves does not end
# before the writers do, which is after a hundred times as long or half a minute.
beside_writers() {
  python3 - "$mnt" "$control" <<'PYTHON'
import json, os, select, sys, time, urllib.request
mount, control = sys.argv[1:]

def puts():
    return json.load(urllib.request.urlopen(control + "/stats"))["requests"].get("PutObject", 0)

def rename(old, new):
    begin = time.monotonic()
    os.rename(f"{mount}/{old}", f"{mount}/{new}")
    return time.monotonic() - begin

for directory in "0", "1", "2", "3", "4", "5", "writers":
    os.mkdir(f"{mount}/{directory}")
for i in range(16):
    open(f"{mount}/writers/{i}", "w").write("bytes")
for directory in range(6):
    for name in "ab":
        open(f"{mount}/{directory}/{name}", "w").write(name)
alone = rename("0", "renamed0")
limit = time.monotonic() + max(30, 100 * alone)
read_end, write_end = os.pipe()  # closed: it is over

def write(i):
    os.close(write_end)
    # One existing file: new names in one directory would wait for each other in the kernel.
    while time.monotonic() < limit and not select.select([read_end], [], [], 0)[0]:
        with open(f"{mount}/writers/{i}", "w") as file:
            file.write("others")

before = puts()
writers = []
for i in range(16):
    writers.append(os.fork())
    if writers[-1] == 0:
        write(i)
        os._exit(0)
while puts() < before + 64:
    time.sleep(0.01)
times = []
for directory in range(1, 6):
    times.append(rename(directory, f"renamed{directory}"))
    if time.monotonic() > limit:
        break
os.close(write_end)
for writer in writers:
    os.waitpid(writer, 0)
print(f"note: alone {alone:.2f} s, beside 16 writers " + " ".join(f"{seconds:.2f}" for seconds in times) + " s", file=sys.stderr)
print("in time" if time.monotonic() < limit and len(times) == 5 and max(times) < 10 * alone else "starved")
PYTHON
}

# While a rename is under way: which of these end before it does? Each is timed on a thread of its own and begins once
# objects are being copied.
beside_rename() {
  python3 - "$mnt" "$control" <<'PYTHON'
import json, os, sys, threading, time, urllib.request
mount, control = sys.argv[1:]

def copies():
    return json.load(urllib.request.urlopen(control + "/stats"))["requests"].get("CopyObject", 0)

def cat(name):
    with open(f"{mount}/{name}") as file:
        return file.read() == "bytes"

def write(name):
    with open(f"{mount}/{name}", "w") as file:
        file.write("bytes")
    return True

def timed(verb):
    begin = time.monotonic()
    try:
        if not verb():
            raise SystemExit("read something else")
    except FileNotFoundError:
        if not ended:
            raise
    return time.monotonic() - begin

ended = []
alone = timed(lambda: cat("other/a"))

def rename():
    os.rename(f"{mount}/many", f"{mount}/moved")
    ended.append(time.monotonic())

renaming = threading.Thread(target=rename)
begin = time.monotonic()
renaming.start()
while copies() < 16:
    time.sleep(0.005)
times = {
    "cat of another file": timed(lambda: cat("other/b")),
    "cat of one that is being moved": timed(lambda: cat("many/0")),
    "write": timed(lambda: write("other/new")),
    "mkdir": timed(lambda: os.mkdir(f"{mount}/other/sub") is None),
    "rename": timed(lambda: os.rename(f"{mount}/other/a", f"{mount}/other/c") is None),
}
cats = []
while not ended and len(cats) < 20:
    cats.append(timed(lambda: cat(f"other/far{len(cats)}")))
outside = len(cats) == 20 or not ended
renaming.join()
# In round trips of 30 ms; a HEAD and a GET are two. The machine may be busy once.
cats.append(times["cat of another file"])
round_trips = sorted(cats)[-2 if len(cats) > 1 else -1] / 0.03
print(f"note: the rename {ended[0] - begin:.2f} s; cat alone {alone:.3f} s; meanwhile " +
      ", ".join(f"{name} {seconds:.3f}" for name, seconds in times.items()) + " s", file=sys.stderr)
print(f"note: the slowest cat but one of {len(cats)}: {round_trips:.1f} round trips", file=sys.stderr)
print("went on" if outside and len(cats) > 3 and round_trips < 3 else "waited")
PYTHON
}

mount_here "$mnt"
latency 30
expect_equal "a directory is renamed beside 16 writers in another" "in time" "$(beside_writers)"

latency 0
mkdir "$mnt/many" "$mnt/other"
for name in a b far{0..19}; do printf bytes >"$mnt/other/$name"; done
python3 - "$mnt/many" <<'PYTHON'
import sys
for n in range(1600):
    with open(f"{sys.argv[1]}/{n}", "w") as file:
        file.write("bytes")
PYTHON
unmount "$mnt"
mount_here "$mnt"
latency 30
# The kernel holds the directory of both names; of what is in there it must know what others use.
ls "$mnt" >/dev/null
stat "$mnt/other" "$mnt/many" >/dev/null
curl -sS --fail -X POST "$control/reset" >/dev/null
expect_equal "what has nothing to do with a rename goes on meanwhile" "went on" "$(beside_rename)"
expect_equal "all of it was moved" 1600 "$(find "$mnt/moved" -type f | wc -l)"
latency 0
unmount "$mnt"
