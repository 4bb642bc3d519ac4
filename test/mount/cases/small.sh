#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount is small and quick to make, and many of them live side by side.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

[ -z "${PAILFS_SANITIZE:-}" ] || skip "built with ${PAILFS_SANITIZE}: its size and speed say nothing"
case ${PAILFS_BUILD:-Release} in
  Rel*) ;;
  *) skip "a build of type $PAILFS_BUILD: its size and speed say nothing" ;;
esac

resident_kib() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$1/status"; }
start_s3d
mnt=$work/mnt
mkdir "$mnt"
times=()
for _ in $(seq 10); do
  begin=$EPOCHREALTIME
  "$pailfs" pail "$mnt" -o "$(mount_options)"
  : >"$mnt/usable"
  end=$EPOCHREALTIME
  times+=($(((10#${end/./} - 10#${begin/./}) / 1000)))
  rm "$mnt/usable"
  unmount "$mnt"
done
mapfile -t sorted < <(printf '%s\n' "${times[@]}" | sort -n)
median=${sorted[5]}
say "note: from the command to a created file: median $median ms, all: ${sorted[*]} (the goal is 100 ms)"
# An absolute time is no test on a busy machine; when even the quickest takes ten times the goal, it is not the machine.
expect "a mount is usable within a second" [ "${sorted[0]}" -lt 1000 ]

mount_here "$mnt"
ls "$mnt" >/dev/null
pid=$(daemons "$mnt")
idle=$(resident_kib "$pid")
say "note: resident memory of an idle mount: $idle KiB, threads: $(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)"
expect "an idle mount takes less than 25 MiB" [ "$idle" -lt $((25 * 1024)) ]

# A large file passes through; it must not stay.
head -c $((300 << 20)) /dev/urandom >"$work/large"
cp "$work/large" "$mnt/large"
expect "a large file is read back equal" cmp "$work/large" "$mnt/large"
say "note: resident memory after a file of 300 MiB went in and out: $(resident_kib "$pid") KiB," \
  "at most: $(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status") KiB"
# 10 parts of 10 MiB in flight are the largest that the defaults allow.
expect "memory is bounded by what is in flight, not by the file" [ "$(resident_kib "$pid")" -lt $((200 * 1024)) ]
rm "$mnt/large" "$work/large"
unmount "$mnt"

all=()
for i in $(seq 8); do
  mkdir "$work/mnt$i"
  timeout 60 "$pailfs" "pail:/of-$i" "$work/mnt$i" -o "$(mount_options)" 2>"$work/mount$i.err" &
  all+=($!)
done
for i in $(seq 8); do expect "mount $i of 8 at once" wait "${all[i - 1]}"; done
for i in $(seq 8); do echo "content $i" >"$work/mnt$i/file"; done
total=0
for i in $(seq 8); do
  expect_equal "mount $i has its own file" "content $i" "$(cat "$work/mnt$i/file")"
  expect_equal "under its own key" "content $i" "$(by_curl "of-$i/file")"
  total=$((total + $(resident_kib "$(daemons "$work/mnt$i")")))
done
say "note: resident memory of 8 mounts together: $total KiB"
expect "8 mounts take less than 200 MiB" [ "$total" -lt $((200 * 1024)) ]
for i in $(seq 8); do unmount "$work/mnt$i"; done
