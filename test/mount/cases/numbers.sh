#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Inode numbers, as programs use them: the same after the kernel has forgotten a file, and in the next mount.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 git tar

# shellcheck source=test/mount/requests.sh
. "$(dirname "$0")/../requests.sh"
start_s3d
mnt=$work/mnt

number() { stat -c %i "$1"; }
# The kernel forgets what nobody uses.
forget() { mount -i -o remount,rw "$mnt"; }

# ---- a name -------------------------------------------------------------------------------------------------------------

mount_here "$mnt"
cd "$mnt"
mkdir d d/e
: >f
echo text >d/e/g
ln -s f l
mkfifo p
find . -printf '%i %p\n' | sort >"$work/before"
expect_equal "each has a number of its own" "$(wc -l <"$work/before")" "$(cut -d' ' -f1 "$work/before" | sort -u | wc -l)"
forget
find . -printf '%i %p\n' | sort >"$work/after"
expect_same "numbers are the same when the kernel has forgotten the files" "$work/before" "$work/after"
# A listing shows numbers of its own accord.
forget
# shellcheck disable=SC2012 # the listing itself is meant
ls -i1 d/e | awk '{print $1}' >"$work/listed"
expect_equal "a listing shows the number that stat shows" "$(number d/e/g)" "$(cat "$work/listed")"
expect_equal "the directory above a listed one has its number" "$(number d)" \
  "$(python3 -c 'import ctypes, os, sys
libc = ctypes.CDLL(None); libc.opendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.readdir.argtypes = [ctypes.c_void_p]
directory = libc.opendir(b"d/e")
while entry := libc.readdir(directory):
  if ctypes.string_at(entry + 19) == b"..": print(ctypes.c_uint64.from_address(entry).value)')"
expect_equal "find -inum finds it" ./d/e/g "$(find . -inum "$(number d/e/g)")"
cd /
unmount "$mnt"
mount_here "$mnt"
(cd "$mnt" && find . -printf '%i %p\n' | sort) >"$work/after"
expect_same "numbers are the same in the next mount" "$work/before" "$work/after"
mkdir "$work/part"
"$pailfs" "$bucket:/d" "$work/part" -o "$(mount_options)"
expect_equal "numbers are the same where only a part of the bucket is mounted" "$(number "$mnt/d/e/g")" \
  "$(number "$work/part/e/g")"
unmount "$work/part"

# ---- files that change their names --------------------------------------------------------------------------------------

cd "$mnt"
echo 1 >log
first=$(number log)
mv log log.1
echo 2 >log
expect_equal "a renamed file keeps its number" "$first" "$(number log.1)"
expect "a new file of its name has another" [ "$(number log)" != "$first" ]
second=$(number log)
forget
expect_equal "so it is when the kernel has forgotten both" "$first $second" "$(number log.1) $(number log)"
exec 7<log
rm log
echo 3 >log
expect "an open file without a name and a new file of that name differ" [ "$(stat -L -c %i /proc/self/fd/7)" != "$(number log)" ]
exec 7<&-
echo new >log.new
third=$(number log.new)
mv log.new log
expect_equal "a file that replaces another brings its number" "$third" "$(number log)"
mkdir x
echo y >x/y
inside=$(number x) below=$(number x/y)
mv x z
expect_equal "a renamed directory and what is in it keep theirs" "$inside $below" "$(number z) $(number z/y)"
cd /
unmount "$mnt"

# ---- file handles -------------------------------------------------------------------------------------------------------

cat >"$work/handles.py" <<'PYTHON'
import ctypes, errno, os, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)

class Handle(ctypes.Structure):
  _fields_ = [("size", ctypes.c_uint), ("type", ctypes.c_int), ("bytes", ctypes.c_ubyte * 128)]

def handle(path):
  found, mount = Handle(128), ctypes.c_int()
  if libc.name_to_handle_at(-100, path.encode(), ctypes.byref(found), ctypes.byref(mount), 0) != 0:
    raise OSError(ctypes.get_errno(), path)
  return found

def opened(found):
  """What the file of a handle holds: text, or names; or the error."""
  top = os.open(".", os.O_RDONLY)
  try:
    fd = libc.open_by_handle_at(top, ctypes.byref(found), os.O_RDONLY)
    if fd < 0: return errno.errorcode[ctypes.get_errno()]
    try:
      return sorted(os.listdir(fd)) if os.path.isdir(f"/proc/self/fd/{fd}") else os.read(fd, 100).decode()
    finally:
      os.close(fd)
  finally:
    os.close(top)

def forget():
  os.chdir("/")
  subprocess.run(["mount", "-i", "-o", "remount,rw", sys.argv[1]], check=True)
  os.chdir(sys.argv[1])

def check(what, expected, got):
  print(f"ok: {what}" if expected == got else f"FAILED: {what}: expected {expected}, got {got}", flush=True)

os.chdir(sys.argv[1])
if sys.argv[2] == "later":
  kept = Handle.from_buffer_copy(open(sys.argv[3], "rb").read())
  check("a handle of the mount before is good in the next one", "file\n", opened(kept))
  sys.exit()
os.makedirs("h/deep/er")
for name in "h/deep/er/f", "h/gone", "h/again", "h/moved":
  with open(name, "w") as file: file.write("file\n")
handles = {name: handle(name) for name in ("h", "h/deep", "h/deep/er", "h/deep/er/f", "h/gone", "h/again", "h/moved")}
forget()
for name in "h/deep/er/f", "h/moved":
  check(f"a file that the kernel has forgotten is opened by its handle: {name}", "file\n", opened(handles[name]))
forget()
check("and a directory", ["f"], opened(handles["h/deep/er"]))
forget()
check("and the one above it", ["er"], opened(handles["h/deep"]))
os.rename("h/moved", "h/deep/here")
forget()
check("a renamed one too", "file\n", opened(handles["h/moved"]))
os.rename("h/deep", "h/other")
forget()
check("and a renamed directory", ["er", "here"], opened(handles["h/deep"]))
os.unlink("h/gone")
os.unlink("h/again")
with open("h/again", "w") as file: file.write("another\n")
forget()
check("a handle of a file that is gone is stale", "ESTALE", opened(handles["h/gone"]))
check("and so is one of a file that another has followed", "ESTALE", opened(handles["h/again"]))
open(sys.argv[3], "wb").write(bytes(handle("h/other/er/f")))
PYTHON
mount_here "$mnt"
python3 "$work/handles.py" "$mnt" first "$work/handle" >"$work/handles" 2>&1 || bad "handles: $(tail -n 1 "$work/handles")"
cat "$work/handles"
unmount "$mnt"
mount_here "$mnt"
python3 "$work/handles.py" "$mnt" later "$work/handle" >>"$work/handles" 2>&1 || bad "handles: $(tail -n 1 "$work/handles")"
tail -n 1 "$work/handles"
failures=$((failures + $(grep -c FAILED "$work/handles" || true)))
unmount "$mnt"

# ---- programs that remember numbers -------------------------------------------------------------------------------------

# opens COMMAND...: how many files of the mount it opens.
opened() { "$pailfs" status --json "$mnt" | python3 -c 'import json, sys; print(json.load(sys.stdin)["fuse_requests"].get("open", 0))'; }
opens() {
  local before
  before=$(opened)
  "$@" >"$work/command.out" 2>&1 || bad "$*: $(head -c 300 "$work/command.out")"
  say "$(($(opened) - before))"
}

export GIT_CONFIG_NOSYSTEM=1
git init -q "$work/repository"
for i in $(seq 1000); do echo "text $i" >"$work/repository/f$i"; done
mount_here "$mnt"
cp -r "$work/repository" "$mnt/r"
sleep 1.1 # what is as young as git's index it reads again
git -C "$mnt/r" add .
git -C "$mnt/r" status >/dev/null
snapshot() { tar -C "$mnt" --no-check-device -g "$work/snapshot" -cvf "$work/new.tar" r 2>"$work/tar.err" | grep -vc '/$' || true; }
expect "tar begins with every file" [ "$(snapshot)" -gt 1000 ]
forget
expect "git status of 1,000 files that the kernel has forgotten reads none" [ "$(opens git -C "$mnt/r" status)" -lt 20 ]
unmount "$mnt"
mount_here "$mnt"
expect "git status of 1,000 files in the next mount reads none" [ "$(opens git -C "$mnt/r" status)" -lt 20 ]
expect_equal "git finds nothing changed" '' "$(git -C "$mnt/r" diff --name-only 2>&1)"
expect_equal "tar finds nothing new in the next mount" 0 "$(snapshot)"
unmount "$mnt"
mount_here "$mnt" -o use_cache="$work/cache"
control reset
git -C "$mnt/r" status >"$work/status"
say "note: git status of 1,000 files: $(requests each)"
unmount "$mnt"
mount_here "$mnt" -o use_cache="$work/cache"
control reset
git -C "$mnt/r" status >"$work/status"
expect "with what a cache remembers git status takes no byte of a file from the store" \
  [ "$(requests each | grep -o 'GetObject [0-9]*' | cut -d' ' -f2 || say 0)" -lt 20 ]
unmount "$mnt"
