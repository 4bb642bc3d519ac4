#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount that is told to end while its server does not answer: it ends in time, with a status and a list; one whose
# server is slow stores everything first.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

mnt=$work/mnt
control() { curl -sS --fail -X POST "$control/$1" "${@:2}" >/dev/null; }

# serve_here OPTIONS: a mount in the foreground, so that its status is known; sets served.
serve_here() {
  mkdir -p "$mnt"
  "$pailfs" "$(source_argument)" "$mnt" -f -o "$(mount_options)${1:+,$1}" 2>"$work/err" </dev/null &
  served=$!
  wait_until 20 is_mounted "$mnt" || die "not mounted: $(cat "$work/err")"
}

# holds FILE: a process that has the file open with bytes that are not stored; sets holder.
holds() {
  rm -f "$work/held"
  python3 -c 'import os, sys, time
f = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
os.write(f, b"x" * int(sys.argv[3]))
open(sys.argv[2], "w")
time.sleep(600)' "$1" "$work/held" "${2:-1000}" &
  holder=$!
  wait_until 20 test -e "$work/held" || die "no file could be written"
}

# ends WHAT STATUS MOST: SIGTERM ends the mount with this status, in at most so many seconds.
ends() {
  local begin status=0 took
  begin=$(milliseconds)
  kill -TERM "$served"
  wait_until 200 process_ended "$served" || bad "$1: it never ends"
  wait "$served" || status=$?
  took=$(($(milliseconds) - begin))
  say "note: $1: $took ms after SIGTERM, status $status"
  expect_equal "$1: the status" "$2" "$status"
  expect "$1: it ends in time" [ "$took" -le "$(($3 * 1000))" ]
  expect "$1: the mount has gone" not_mounted "$mnt"
}

start_s3d
head -c 20000000 /dev/urandom >"$work/large"
by_curl large -T "$work/large" -o /dev/null

for options in '' "durability=local,use_cache=$work/journal"; do
  context="${options:-durability=remote}: "

  serve_here "$options"
  control fault -d 'op=* action=stall_before'
  cat "$mnt/large" >/dev/null 2>&1 &
  reader=$!
  sleep 0.5
  ends "nothing unstored, a reader waits" 0 10
  wait_until 5 process_ended "$reader" || bad "the reader still waits"
  control faults/clear

  serve_here "$options"
  holds "$mnt/unstored"
  control fault -d 'op=* action=stall_before'
  if [ -z "$options" ]; then
    ends "a file unstored" 1 10
    expect "a file unstored: it is named" grep -q 'not stored: unstored, 1000 bytes' "$work/err"
    expect "a file unstored: and counted" grep -q '1 not stored and lost with this mount: unstored;' "$work/err"
  else
    ends "a file unstored" 1 10
    expect "a file unstored: what waits is named" grep -q 'still in the journal' "$work/err"
  fi
  kill -KILL "$holder" 2>/dev/null || true
  control faults/clear

  # It reads ahead when its reader is killed; the rest is nobody's.
  mount_here "$mnt" -o "readwrite_timeout=60${options:+,$options}"
  control fault -d 'op=GetObject action=stall_before'
  timeout -s KILL 1 cat "$mnt/large" >/dev/null 2>&1 || true
  begin=$(milliseconds)
  expect "an unmount" timeout 100 "$pailfs" umount "$mnt"
  took=$(($(milliseconds) - begin))
  say "note: an unmount beside reads that nobody wants any more: $took ms"
  expect "an unmount waits for no read that nobody wants any more" [ "$took" -le 20000 ]
  control faults/clear
  rm -rf "$work/journal"
done
context=''
stop_s3d

# 20 MB at 2 MB a second, an answer after two seconds: several times the limit, and never silent for as long.
start_s3d --bandwidth 2000000 --latency-ms 1000
serve_here umount_timeout=5
holds "$mnt/slow" 20000000
ends "a slow server" 0 120
kill -KILL "$holder" 2>/dev/null || true
expect_equal "a slow server has everything" 20000000 "$(by_curl slow | wc -c)"
