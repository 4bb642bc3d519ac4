#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Access control lists: as on tmpfs, call by call, and for plain users; or refused.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 setpriv

start_s3d
mnt=$work/mnt
mkdir "$work/tmpfs"
mount -t tmpfs -o mode=755 tmpfs "$work/tmpfs" || skip "cannot mount a tmpfs to compare with"
touch "$work/tmpfs/probe"
cat >"$work/acl.py" <<'PYTHON'
import errno, os, struct, sys

TAGS = {"u": 1, "U": 2, "g": 4, "G": 8, "m": 16, "o": 32}

def value(text):  # "u:6 U1000:7 g:4 m:6 o:0"
  out = struct.pack("<I", 2)
  for word in text.split():
    who, permissions = word.split(":")
    out += struct.pack("<HHI", TAGS[who[0]], int(permissions), int(who[1:] or 0xffffffff))
  return out

def text(value):
  names = {number: name for name, number in TAGS.items()}
  words = []
  for at in range(4, len(value), 8):
    tag, permissions, number = struct.unpack_from("<HHI", value, at)
    words.append(f"{names[tag]}{'' if number == 0xffffffff else number}:{permissions}")
  return " ".join(words)

def attempt(call, *arguments):
  try:
    return call(*arguments)
  except OSError as error:
    return errno.errorcode[error.errno]

def set_list(path, kind, words):
  return attempt(os.setxattr, path, f"system.posix_acl_{kind}", value(words))

def show(path):
  told = [f"{os.lstat(path).st_mode:o}"]
  for kind in "access", "default":
    got = attempt(os.getxattr, path, f"system.posix_acl_{kind}")
    told.append(got if isinstance(got, str) else text(got))
  told.append(",".join(sorted(attempt(os.listxattr, path))))
  return " | ".join(told)

def tries(path, uid, gid):
  """What a plain user may do with it."""
  child = os.fork()
  if child == 0:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    allowed = "".join(letter for letter, flag in (("r", os.O_RDONLY), ("w", os.O_WRONLY))
                      if isinstance(attempt(os.open, path, flag), int))
    allowed += "x" if os.access(path, os.X_OK) else ""
    print(f"  user {uid} group {gid} {os.path.basename(path)}: {allowed or 'nothing'}", flush=True)
    os._exit(0)
  os.waitpid(child, 0)

def main(top):
  os.chdir(top)
  os.umask(0o027)
  def step(what, result, *paths):
    print(what, result, *(f"[{path}: {show(path)}]" for path in paths), flush=True)
  open("f", "w").close()
  os.mkdir("d")
  step("made", None, "f", "d")
  step("minimal", set_list("f", "access", "u:4 g:7 o:6"), "f")
  step("named", set_list("f", "access", "u:6 U1000:6 U1001:0 g:4 G1002:6 m:6 o:0"), "f")
  for uid, gid in (1000, 1000), (1001, 1000), (1003, 1002), (1003, 0), (1003, 1003):
    tries("f", uid, gid)
  step("chmod 640", os.chmod("f", 0o640), "f")
  tries("f", 1000, 1000)
  step("chmod 2755", os.chmod("f", 0o2755), "f")
  step("masked", set_list("f", "access", "u:7 U1000:7 g:7 m:1 o:5"), "f")
  tries("f", 1000, 1000)
  step("removed", attempt(os.removexattr, "f", "system.posix_acl_access"), "f")
  step("removed again", attempt(os.removexattr, "f", "system.posix_acl_access"), "f")
  step("no mask", set_list("f", "access", "u:7 U1000:7 g:7 o:5"), "f")
  step("out of order", set_list("f", "access", "g:7 u:7 o:5"), "f")
  step("empty", set_list("f", "access", ""), "f")
  step("default of a file", set_list("f", "default", "u:7 g:7 o:5"), "f")
  step("named, then minimal", (set_list("f", "access", "u:6 U1000:6 g:4 m:6 o:0"),
                               set_list("f", "access", "u:6 g:0 o:0")), "f")
  step("chown", os.chown("f", 1003, 1003), "f")
  child = os.fork()
  if child == 0:
    os.setgroups([])
    os.setresgid(1003, 1003, 1003)
    os.setresuid(1003, 1003, 1003)
    step("by its owner", set_list("f", "access", "u:6 U1000:4 g:4 m:4 o:0"), "f")
    os._exit(0)
  os.waitpid(child, 0)
  child = os.fork()
  if child == 0:
    os.setgroups([])
    os.setresgid(1004, 1004, 1004)
    os.setresuid(1004, 1004, 1004)
    step("by another", set_list("f", "access", "u:6 g:6 o:6"), "f")
    os._exit(0)
  os.waitpid(child, 0)

  os.chmod("d", 0o2777)
  step("default", set_list("d", "default", "u:7 U1000:7 g:5 m:7 o:0"), "d")
  open("d/f", "w").close()
  os.mkdir("d/d")
  os.mkdir("d/narrow", 0o700)
  os.mknod("d/p", 0o010666)
  os.symlink("f", "d/l")
  os.close(os.open("d/w", os.O_CREAT | os.O_WRONLY, 0o642))
  step("inherited", None, "d/f", "d/d", "d/narrow", "d/p", "d/w")
  print(f"{os.lstat('d/l').st_mode:o}")
  for path in "d/f", "d/d", "d/w":
    tries(path, 1000, 1000)
    tries(path, 1005, 1005)
  step("minimal default", set_list("d", "default", "u:7 g:5 o:1"), "d")
  open("d/g", "w").close()
  os.mkdir("d/e")
  step("inherited", None, "d/g", "d/e")
  step("no default", set_list("d", "default", ""), "d")
  open("d/h", "w").close()
  os.mkdir("d/i")
  step("the umask again", None, "d/h", "d/i")
  step("of a directory", set_list("d", "access", "u:7 U1000:0 g:7 m:7 o:7"), "d")
  tries("d/h", 1000, 1000)
  tries("d", 1005, 1005)
  step("chmod of a directory", os.chmod("d", 0o700), "d")
  os.rename("d/f", "d/moved")
  step("renamed", None, "d/moved")

main(sys.argv[1])
PYTHON

mount_here "$mnt" -o use_xattr,allow_other,default_acl=private
chmod 755 "$mnt"
python3 "$work/acl.py" "$work/tmpfs" >"$work/expected" 2>&1 || bad "tmpfs: $(tail -n 1 "$work/expected")"
expect "tmpfs knows access control lists" grep -q 'U1000' "$work/expected"
python3 "$work/acl.py" "$mnt" >"$work/got" 2>&1 || bad "the mount: $(tail -n 1 "$work/got")"
expect_same "lists, modes and what users may do are as on tmpfs" "$work/expected" "$work/got"
lists() { (cd "$mnt" && find . -mindepth 1 ! -type l -exec python3 -c 'import os, sys
for path in sorted(sys.argv[1:]): print(path, oct(os.stat(path).st_mode), [(n, os.getxattr(path, n)) for n in sorted(os.listxattr(path))])' {} +); }
lists >"$work/before"
unmount "$mnt"
mount_here "$mnt" -o use_xattr,allow_other
lists >"$work/after"
expect_same "the next mount shows the same" "$work/before" "$work/after"
as_user() { setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
python3 -c 'import os, sys; os.removexattr(sys.argv[1], "system.posix_acl_access")' "$mnt/d"
chmod 777 "$mnt/d"
expect "a list grants in the next mount what it granted" as_user cat "$mnt/d/moved"
unmount "$mnt"

# ---- what others have put into the bucket ------------------------------------------------------------------------------

: >"$work/empty"
by_curl alien -T "$work/empty" -H 'x-amz-meta-mode: 33206' -H 'x-amz-meta-uid: 0' -H 'x-amz-meta-gid: 0' \
  -H 'x-amz-meta-xattr: %7B%22system.posix_acl_access%22%3A%22bm9uc2Vuc2U%3D%22%7D'
mount_here "$mnt" -o use_xattr,allow_other
expect_failure "a list that is none lets no other user in" as_user cat "$mnt/alien"
expect "but its owner and root" cat "$mnt/alien"
unmount "$mnt"

# ---- where they would have no effect --------------------------------------------------------------------------------------

set_one() { python3 -c 'import os, struct, sys
entries = (1, 6, 2**32 - 1), (2, 0, 1000), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 4, 2**32 - 1)
os.setxattr(sys.argv[1], "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries))' "$1"; }
mount_here "$mnt" -o use_xattr,allow_other,umask=022
expect_equal "with umask= a list is refused" "Errno 95" "$(set_one "$mnt/f" 2>&1 | grep -o 'Errno 95')"
unmount "$mnt"
mount_here "$mnt" -o allow_other
expect_equal "without use_xattr a list is refused" "Errno 95" "$(set_one "$mnt/f" 2>&1 | grep -o 'Errno 95')"
# The mode is the list's: who could not read it cannot now.
expect_equal "chmod without use_xattr narrows the list too" "" "$(chmod 600 "$mnt/d/moved" 2>&1)"
unmount "$mnt"
mount_here "$mnt" -o use_xattr,allow_other
expect_failure "what chmod took away stays away" as_user cat "$mnt/d/moved"
unmount "$mnt"
