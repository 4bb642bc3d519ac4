#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount keeps to the bytes and requests a second that it was given, and to others when they are changed while it lives.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl
start_s3d
mnt=$work/mnt

# took COMMAND...: its milliseconds
took() {
  local start
  start=$(milliseconds)
  "$@" >/dev/null || bad "$*"
  say $(($(milliseconds) - start))
}

head -c 16M /dev/urandom >"$work/content"
by_curl stored -X PUT --data-binary @"$work/content" -o /dev/null
mount_here "$mnt" -o limit_rate=4M
slow=$(took cp "$work/content" "$mnt/file")
# The last of the parts begins when those before it are paid for.
expect "16 MiB at 4 MiB a second are written in 1.5 s or more, here $slow ms" [ "$slow" -ge 1500 ]
slow=$(took cat "$mnt/stored")
expect "and read, here in $slow ms" [ "$slow" -ge 1500 ]
expect "pailfs remount lifts the limit" "$pailfs" remount -o limit_rate=0 "$mnt"
quick=$(took cp "$work/content" "$mnt/file2")
expect "then the same takes less than half of it, here $quick ms" [ "$((2 * quick))" -lt "$slow" ]
expect_same "nothing is lost" "$work/content" "$mnt/file"
unmount "$mnt"

for i in {1..30}; do by_curl "few/$i" -X PUT --data-binary "$i" -o /dev/null; done
mount_here "$mnt" -o limit_requests=10
slow=$(took rm -r "$mnt/few")
expect "30 files are removed at 10 requests a second in 2 s or more, here $slow ms" [ "$slow" -ge 2000 ]
unmount "$mnt"
expect "a rate without its unit is refused" [ -n "$("$pailfs" "$bucket" "$mnt" -o "$(mount_options),limit_rate=500" 2>&1 | grep '500K, 10M, 1G')" ]
