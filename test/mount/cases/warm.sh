#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# pailfs warm: what it has read needs no request any more, and what has no room is said.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

# shellcheck source=test/mount/requests.sh
. "$(dirname "$0")/../requests.sh"
start_s3d
mnt=$work/mnt
# shellcheck source=test/mount/commands.sh
. "$(dirname "$0")/../commands.sh"

control "synthetic?bucket=$bucket&key=set/f&count=300&size=20000" -H 'Content-Type: application/octet-stream'
head -c 20M /dev/urandom >"$work/content"
by_curl set/large -X PUT --data-binary @"$work/content" -o /dev/null

mount_here "$mnt" -o "use_cache=$work/cache,stat_cache_expire=600"
ask warm "$mnt/set"
expect_equal "warm reads a tree" 0 "$status"
expect "and says how much" grep -q '^read 301 files in 1 directory, 25.[0-9] MiB (' "$work/out"
expect_equal "and nothing else" "" "$(cat "$work/err")"
control reset
counted "then reading it again costs nothing" 0 bash -c 'cat set/* | wc -c'
unmount "$mnt"

mount_here "$mnt" -o stat_cache_expire=600
ask warm --attributes "$mnt/set"
expect_equal "warm --attributes reads no bytes" 0 "$status"
expect "as it says" grep -qx 'read 301 files in 1 directory' "$work/out"
control reset
counted "then ls -l costs nothing" 0 ls -l set
ask warm "$mnt/set" --jobs=2
expect "without use_cache it says where bytes are kept" grep -q 'use_cache=DIR keeps them on disk' "$work/err"
ask warm "$mnt/none" "$mnt/set/large"
expect_equal "a name that is not there is an error" 2 "$status"
expect "that is named" grep -q '/none: No such file or directory' "$work/err"
expect "and the others are read" grep -q '^read 1 file in 0 directories, 20.0 MiB' "$work/out"
ask warm "$work/content"
expect_equal "a path outside of all mounts is refused" 2 "$status"
ask warm --jobs=0 "$mnt/set"
expect_equal "as is a number of jobs that is none" 1 "$status"
unmount "$mnt"
