#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Eight mounts of a machine with one cache directory fetch what they read once, also while some of them are killed.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

size=${PAILFS_THOROUGH:+1024} size=${size:-192} mounts=8
start_s3d
cache=$work/cache
sent() { curl -sS "$control/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["bytes_out"])'; }
control() { curl -sS --fail -X POST "$control/$1" "${@:2}" >/dev/null; }
each() { local i; for ((i = 0; i < mounts; i++)); do "$@" "$i"; done; }
# A tenth of the disk, at most 10 GiB, stays free: however full this disk is, it is taken for large enough.
mount_one() { mount_here "$work/mnt$1" -o "use_cache=$cache,fake_diskfree=20000"; }
unmount_one() { unmount "$work/mnt$1"; }
# read_all: each mount's cat side by side; what differs is said
read_all() {
  local i pids=() pid
  for ((i = 0; i < mounts; i++)); do
    cmp "$work/content" "$work/mnt$i/model" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || bad "$context a mount does not show the file as it is"; done
}

head -c "${size}M" /dev/urandom >"$work/content"
by_curl model -X PUT -T "$work/content" -o /dev/null

each mount_one
control reset
read_all
bytes=$(sent)
expect "eight mounts that read one file at once fetch it once: $((bytes * 100 / (size << 20))) %" [ "$bytes" -le $((size * 1048576 * 102 / 100)) ]
each unmount_one
each mount_one
control reset
read_all
bytes=$(sent)
expect "and not again by the next mounts: $bytes bytes" [ "$bytes" -le 1000000 ]
each unmount_one

rm -r "$cache"
each mount_one
control reset
cmp "$work/content" "$work/mnt1/model" &
reader=$!
for ((i = 2; i < mounts; i++)); do
  (cat "$work/mnt$i/model" >"$work/null" 2>&1 || true) &
  killed=$(daemons "$work/mnt$i")
  sleep 0.05
  kill -9 "$killed"
done
expect "a reader beside six mounts that are killed sees every byte" wait "$reader"
expect_same "and so does another after them" "$work/content" "$work/mnt0/model"
for ((i = 2; i < mounts; i++)); do fusermount3 -uz "$work/mnt$i"; done
unmount_one 0
unmount_one 1
