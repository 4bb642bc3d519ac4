#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `pailfs refresh`: what others have changed is seen at once, whatever the kernel and pailfs believed.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 setfattr
if [ "$namespace" = own ]; then mount -t tmpfs -o mode=755 tmpfs /run; fi
start_s3d
mnt=$work/mnt

put() { by_curl "$1" -X PUT --data-binary "$2" -o /dev/null; }
remove() { by_curl "$1" -X DELETE -o /dev/null; }
refresh() { timeout 30 "$pailfs" refresh "$@" >"$work/out" 2>"$work/err"; }

# play REFRESH...: by this command; others then replace, remove and add.
play() {
  put d/replaced old
  put d/removed old
  put d/open old
  put d/a%20b%0Ac strange
  sleep 1.2
  "$@"
  ls -l "$mnt/d" >/dev/null
  cat "$mnt/d/replaced" "$mnt/d/removed" >/dev/null
  stat "$mnt/d/added" >/dev/null 2>&1 && bad "nothing was added yet"
  exec 7<"$mnt/d/open"
  expect_equal "an open file is read" old "$(head -c 3 <&7)"
  put d/replaced 'new and longer'
  remove d/removed
  put d/added 'here now'
  put d/open 'other'
  expect_equal "before, the old version is seen" 3 "$(stat -c %s "$mnt/d/replaced")"
  "$@"
  expect_equal "after it, the new one by stat" 14 "$(stat -c %s "$mnt/d/replaced")"
  expect_equal "and by cat" 'new and longer' "$(cat "$mnt/d/replaced")"
  expect_equal "what was added is there" 'here now' "$(cat "$mnt/d/added")"
  expect_failure "what was removed is gone" stat "$mnt/d/removed"
  expect_equal "a listing shows it all" xxxx "$(find "$mnt/d" -mindepth 1 -printf x)"
  expect_equal "a file that is open by another handle is the new one" other "$(cat "$mnt/d/open")"
  expect_equal "and the old handle has the old bytes" old "$(python3 -c 'import os; print(os.pread(7, 3, 0).decode())')"
  exec 7<&-
  remove d/added
}

# With the longest beliefs that there are.
mount_here "$mnt" -o entry_timeout=1,attr_timeout=600,stat_cache_expire=600
context='refresh: '
play refresh "$mnt/d"
context='of the mountpoint: '
play refresh "$mnt"
context='by setfattr: '
by_attribute() { setfattr -n user.pailfs.refresh -v 1 "$mnt/d" && sleep 1.1; }
play by_attribute
context=''

expect_failure "an attribute of another name is refused" setfattr -n user.other -v 1 "$mnt/d"
put d/x/new there
expect "a path of which nothing is there yet can be refreshed" refresh "$mnt/d/x/new" "$mnt/d/x"
expect_equal "and is then read" there "$(cat "$mnt/d/x/new")"
expect_equal "without a word" '' "$(cat "$work/out" "$work/err")"
expect "a path that leads nowhere can be refreshed too" refresh "$mnt/d/nope" "$mnt/d"
expect_equal "which is said, of it alone" "pailfs: $mnt/d/nope: there is nothing of that name in the bucket" "$(cat "$work/out" "$work/err")"
cd "$mnt/d"
expect "so can a directory by a relative path, from within" refresh . x "$(printf 'a b\nc')"
expect_equal "the shell stays where it is" "$mnt/d" "$(pwd -P)"
cd /
expect_failure "a path outside of all mounts is refused" refresh /usr/bin
expect "and named" grep -q '^pailfs: /usr/bin is in no mount of pailfs$' "$work/err"
expect_failure "one of several that cannot be" refresh "$mnt/d" /usr/bin "$mnt"
expect_equal "is one line" 1 "$(wc -l <"$work/err")"
ln -s "$mnt" "$work/link"
expect "a symbolic link to the mountpoint leads there" refresh "$work/link" "$work/link/d"

mount_here "$work/second"
put both old
cat "$mnt/both" "$work/second/both" >/dev/null
put both 'new text'
expect "paths in several mounts are refreshed by one command" refresh "$mnt/both" "$work/second/both"
expect_equal "both" '8 8' "$(stat -c %s "$mnt/both" "$work/second/both" | xargs)"
unmount "$work/second"

# ---- without a refresh ----------------------------------------------------------------------------------------------------

mkdir "$mnt/j"
put j/r 'from elsewhere'
is_read() { [ "$(cat "$mnt/j/r" 2>/dev/null)" = 'from elsewhere' ]; }
expect "what others put into a new directory is read within a second" wait_until 2 is_read

# ---- many names, and a busy mount ---------------------------------------------------------------------------------------

mkdir "$mnt/many"
python3 - "$mnt/many" <<'PYTHON'
import os, sys
for i in range(3000): os.close(os.open(f"{sys.argv[1]}/n{i}", os.O_CREAT | os.O_WRONLY))
PYTHON
ls -l "$mnt/many" >/dev/null
before=$(milliseconds)
expect "three thousand known names are refreshed" refresh "$mnt"
took=$(($(milliseconds) - before))
expect "at once ($took ms)" [ "$took" -lt 2000 ]

# busy SECONDS: eight processes that read, write and list; prints what went wrong.
busy() {
  timeout 120 python3 - "$mnt/many" "$1" <<'PYTHON'
import os, sys, threading, time
top, end, wrong = sys.argv[1], time.monotonic() + float(sys.argv[2]), []
def work(k):
    i = 0
    while time.monotonic() < end:
        i += 1
        try:
            if k % 4 == 0: open(f"{top}/w{k}", "w").write("x" * i)
            elif k % 4 == 1: os.listdir(top)
            elif k % 4 == 2: open(f"{top}/n{i % 3000}").read()
            else: os.stat(f"{top}/n{i % 3000}"), os.path.exists(f"{top}/none{i}")
        except OSError as e: wrong.append(str(e))
threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(wrong), *wrong[:3])
PYTHON
}
busy 6 >"$work/busy" &
busy=$!
for _ in $(seq 40); do
  refresh "$mnt" "$mnt/many" || bad "a refresh failed: $(cat "$work/err")"
  setfattr -n user.pailfs.refresh -v 1 "$mnt/many" || bad "a refresh by setfattr failed"
done
wait "$busy" || bad "the busy processes hang"
expect_equal "readers, writers and listers go on while others refresh" 0 "$(cat "$work/busy")"
unmount "$mnt"

# A kernel that is told to believe for long that names are absent does so, which is said.
mount_here "$mnt" -o negative_timeout=30
stat "$mnt/absent" >/dev/null 2>&1 || true
expect "a refresh succeeds" refresh "$mnt"
expect "and says what the kernel believes" grep -q 'for up to 2[5-9] seconds more the kernel believes' "$work/out" "$work/err"
unmount "$mnt"
