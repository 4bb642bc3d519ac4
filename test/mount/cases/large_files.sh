#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Large files: on a service that wants parts of one size.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

start_s3d --rule equal_parts
mount_here "$work/mnt"
for size in 25000000 26214400 33333333 70000001; do
  head -c "$size" /dev/urandom >"$work/local"
  expect "$size bytes are stored in parts of one size" cp "$work/local" "$work/mnt/f"
  expect "and are the same there" cmp "$work/local" <(by_curl f)
done
# In two runs of cp: the second one changes an object, and most of it could be copied.
printf 'changed' | dd of="$work/local" bs=1 seek=30000000 conv=notrunc status=none
expect "a change in the middle is stored" \
  dd if="$work/local" of="$work/mnt/f" bs=1 skip=30000000 seek=30000000 count=7 conv=notrunc status=none
expect "and the rest is as it was" cmp "$work/local" <(by_curl f)
printf 'more' | tee -a "$work/local" >>"$work/mnt/f"
expect "what is appended is stored" cmp "$work/local" <(by_curl f)
unmount "$work/mnt"
