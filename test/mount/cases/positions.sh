#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Positions in an open directory (telldir, seekdir) keep their meaning, as programs find it on local file systems.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need python3

# positions DIR [COMMAND]: remembers a position before each name, runs COMMAND, seeks to the start, reads one name, and
# then seeks to every position: says how many of them lead to another name than before, those of names that are gone
# (they begin with "gone") left out.
positions() {
  python3 - "$@" <<'PYTHON'
import ctypes, random, subprocess, sys

class Dirent(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("reclen", ctypes.c_uint16),
                ("type", ctypes.c_uint8), ("name", ctypes.c_char * 256)]

libc = ctypes.CDLL(None, use_errno=True)
libc.opendir.restype = ctypes.c_void_p
libc.readdir.restype = ctypes.POINTER(Dirent)
libc.readdir.argtypes = libc.closedir.argtypes = libc.telldir.argtypes = libc.rewinddir.argtypes = [ctypes.c_void_p]
libc.telldir.restype = ctypes.c_long
libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]

directory = libc.opendir(sys.argv[1].encode())

def next_name():
    entry = libc.readdir(directory)
    return entry.contents.name if entry else None

places = []
while True:
    place = libc.telldir(directory)
    name = next_name()
    if name is None:
        break
    places.append((place, name))
if len(sys.argv) > 2:
    subprocess.run(sys.argv[2], shell=True, check=True)
wrong = 0
for again in range(2):
    if again == 0:
        libc.seekdir(directory, places[0][0])
    else:
        libc.rewinddir(directory)
    next_name()
    random.Random(again).shuffle(places)
    for place, name in places:
        libc.seekdir(directory, place)
        found = next_name()
        wrong += found != name and not name.startswith(b"gone")
    places.sort()
print(f"{wrong} of {len(places)}")
PYTHON
}

start_s3d
mnt=$work/mnt
mount_here "$mnt"
mkdir "$mnt/d" "$mnt/large" "$mnt/changed"
for i in 3 1 2; do : >"$mnt/d/$i"; done
python3 - "$mnt" <<'PYTHON'
import random, sys
names = list(range(1500))
random.Random(1).shuffle(names)
for name in names:
    open(f"{sys.argv[1]}/large/{name}", "w").close()
for name in range(40):
    open(f"{sys.argv[1]}/changed/{'gone' if name % 2 else 'stays'}{name}", "w").close()
PYTHON
sleep 7 # a listing is believed for five
expect_equal "positions of three files" "0 of 5" "$(positions "$mnt/d")"
expect_equal "positions of 1,500 files" "0 of 1502" "$(positions "$mnt/large")"
sleep 7
expect_equal "positions of 1,500 files, listed anew" "0 of 1502" "$(positions "$mnt/large" "sleep 7")"
change="cd '$mnt/changed' && rm gone* && for i in \$(seq 30); do : >a\$i; done && sleep 7"
expect_equal "positions beside names that come and go" "0 of 42" "$(positions "$mnt/changed" "$change")"
unmount "$mnt"
