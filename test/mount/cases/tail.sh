#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs that wait at the end of a file see what other machines append, each line once, or an error.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 tail
start_s3d
mnt=$work/mnt other=$work/other
put() { by_curl "$1" -X PUT --data-binary "@$2" -o /dev/null; }

# A program that reads lines as they come, without asking for attributes by itself.
cat >"$work/readline.py" <<'PYTHON'
import sys, time
with open(sys.argv[1]) as f:
    while True:
        try: line = f.readline()
        except OSError as e: print("error", e.errno, flush=True); sys.exit(1)
        if line: print(line, end="", flush=True)
        else: time.sleep(0.2)
PYTHON

# follow NAME COMMAND...: in the background; its output goes to $work/NAME.out
followers=''
follow() {
  local name=$1
  shift
  "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
  followers+=" $!"
}
stop_followers() {
  [ -n "$followers" ] || return 0 # wait without a number would wait for the server
  # shellcheck disable=SC2086 # several numbers
  kill $followers 2>/dev/null || true
  # shellcheck disable=SC2086
  wait $followers 2>/dev/null || true
  followers=''
}
cleanup_steps+=(stop_followers)
has_line() { grep -qx "$2" "$work/$1.out"; }

# play KIND: the lines are appended by KIND, a mount or curl.
play() {
  local i name began took log=log-$1
  context="appended by $1: "
  seq -f 'line %g' 3 >"$work/log"
  put "$log" "$work/log"
  follow tail-f tail -n +1 -f "$mnt/$log"
  follow tail-F tail -n +1 -F "$mnt/$log"
  follow readline python3 "$work/readline.py" "$mnt/$log"
  for name in tail-f tail-F readline; do
    expect "$name shows what is there" wait_until 20 has_line $name 'line 3'
  done
  sleep 2.5
  for i in $(seq 4 12); do
    echo "line $i" >>"$work/log"
    began=$(milliseconds)
    if [ "$1" = mount ]; then echo "line $i" >>"$other/$log"; else put "$log" "$work/log"; fi
    for name in tail-f tail-F readline; do
      wait_until 20 has_line $name "line $i" || bad "$name does not show line $i: $(tail -n 2 "$work/$name.err")"
    done
    took=$(($(milliseconds) - began))
    [ "$took" -lt 15000 ] || bad "line $i came after $took ms"
    sleep 0.$((i * 7 % 10))
    stat "$mnt/$log" >/dev/null # a lookup meanwhile
  done
  for name in tail-f tail-F readline; do
    expect_same "$name shows each line once" "$work/log" "$work/$name.out"
  done
  stop_followers
}

mount_here "$mnt"
mount_here "$other"
play curl
play mount
context=''

# A log of which only the end is shown, larger than what is read again to prove what it begins with.
seq 2000000 >"$work/log"
put large "$work/log"
follow large tail -n 2 -f "$mnt/large"
expect "the end of a large log is shown" wait_until 20 has_line large 2000000
sleep 2.5
for i in 2000001 2000002 2000003; do
  echo "$i" >>"$work/log"
  put large "$work/log"
  wait_until 20 has_line large $i || bad "$i of a large log is not shown: $(cat "$work/large.err")"
done
expect_equal "each line of it once" '1999999 2000000 2000001 2000002 2000003' "$(xargs <"$work/large.out")"
stop_followers

# ---- what is no append ----------------------------------------------------------------------------------------------------

printf 'old 1\nold 2\n' >"$work/log"
put log "$work/log"
follow tail-f tail -n +1 -f "$mnt/log"
follow tail-F tail -n +1 -F "$mnt/log"
follow readline python3 "$work/readline.py" "$mnt/log"
for name in tail-f tail-F readline; do wait_until 20 has_line $name 'old 2' || bad "$name shows nothing"; done
sleep 2.5
printf 'new 1\nnew 2\nnew 3\n' >"$work/log"
put log "$work/log"
expect "tail -f says that its file is gone" wait_until 20 grep -q 'Stale file handle' "$work/tail-f.err"
expect "so does a program that reads lines" wait_until 20 has_line readline 'error 116'
expect "tail -F goes on with the new one" wait_until 20 has_line tail-F 'new 3'
expect_equal "and shows each of its lines once" 'old 1 old 2 new 1 new 2 new 3' "$(xargs <"$work/tail-F.out")"
stop_followers

# Who reads slowly, and is not at the end, reads the version that it has opened.
seq 1000 >"$work/log"
put slow "$work/log"
python3 - "$mnt/slow" >"$work/slow.out" <<'PYTHON' &
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
for i in range(12):
    os.write(1, os.read(fd, 200)); time.sleep(0.5)
PYTHON
reader=$!
sleep 1.5
seq 5000 5900 >"$work/new"
put slow "$work/new"
expect "a slow reader of a file that is replaced meets no error" wait "$reader"
expect "and reads one version" cmp -s "$work/slow.out" <(head -c 2400 "$work/log")
unmount "$mnt"
unmount "$other"
