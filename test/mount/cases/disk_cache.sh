#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# use_cache: what was read is on disk for the next mount, is never believed when it is damaged or old, and stays in bounds.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

start_s3d
mnt=$work/mnt cache=$work/cache

# The bodies that the server was asked for since the counters were reset.
gets() { curl -sS "$control/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get("GetObject", 0))'; }
reset() { curl -sS --fail -X POST "$control/reset" >/dev/null; }
# A tenth of the disk, at most 10 GiB, stays free: however full this disk is, it is taken for large enough.
cached() { mount_here "$mnt" -o "use_cache=$cache,fake_diskfree=20000" "$@"; }
kept_files() { find "$cache/pailfs" -path '*/blocks/*' -type f ! -name usage ! -name lock; }
kept_kilobytes() { du -sk "$cache" | cut -f1; }
# mtimes must differ for the data files alone, not for the indexes
largest_kept() { kept_files | grep -v '\.index$' | xargs -d '\n' ls -S | head -1; }

head -c 20000000 /dev/urandom >"$work/large"
for i in $(seq 20); do head -c $((i * 3000)) /dev/urandom >"$work/small$i"; done
mount_here "$mnt"
cp "$work"/large "$work"/small* "$mnt"
unmount "$mnt"

read_all() { # WHAT
  local file
  for file in "$work"/large "$work"/small*; do cmp -s "$file" "$mnt/${file##*/}" || bad "$1: ${file##*/} differs"; done
}

reset
cached
read_all "the first mount"
expect "the first mount fetches every file" [ "$(gets)" -ge 21 ]
unmount "$mnt"
expect "what is kept is there" [ -n "$(kept_files)" ]
expect_equal "and private" "" "$(find "$cache/pailfs" -perm /077)"

reset
cached
read_all "the second mount"
expect_equal "the second mount fetches no body" 0 "$(gets)"
expect "its status shows the cache" grep -q "MiB on disk" <("$pailfs" status "$mnt")
mkdir "$work/other"
reset
mount_here "$work/other" -o "use_cache=$cache,fake_diskfree=20000"
expect "another mount of the bucket serves" cmp "$work/large" "$work/other/large"
expect_equal "what the first one has fetched" 0 "$(gets)"
unmount "$work/other"
unmount "$mnt"

reset
printf x | dd of="$(largest_kept)" bs=1 seek=5000000 conv=notrunc status=none
cached
read_all "a damaged cache"
expect "only what is damaged is fetched" [ "$(gets)" = 1 ]
unmount "$mnt"

head -c 20000000 /dev/urandom >"$work/large"
mount_here "$mnt"
cp "$work/large" "$mnt/large"
unmount "$mnt"
cached
read_all "a file that was replaced"
unmount "$mnt"

kept_files | while read -r file; do : >"$file"; done
cached
read_all "a cache of empty files"
unmount "$mnt"

# A file that is whole on the disk and cannot change, the kernel reads for itself where it can.
kernel_reads() { "$pailfs" status --json "$mnt" | python3 -c 'import json, sys; print(json.load(sys.stdin)["fuse_requests"].get("read", 0))'; }
rm -rf "$cache"
cached -o ro
read_all "a mount that only reads"
read_all "the same from the disk"
before=$(kernel_reads)
echo 1 >/proc/sys/vm/drop_caches 2>/dev/null || true
read_all "the same once more"
if [ "$(id -u)" = 0 ] && pkg-config --atleast-version=3.17 fuse3; then
  expect_equal "the kernel asks for none of its bytes" "$before" "$(kernel_reads)"
else
  say "note: this libfuse hands no file to the kernel"
fi
unmount "$mnt"

rm -rf "$cache"
cached -o cache_size=4
read_all "a cache that is too small"
expect "it stays in its bound" [ "$(kept_kilobytes)" -le 4600 ]
unmount "$mnt"

# The last fake_diskfree counts.
rm -rf "$cache"
cached -o fake_diskfree=1
read_all "a disk without room"
expect "no block is kept" [ "$(kept_kilobytes)" -le 300 ]
expect "status says so" grep -q "not kept: the file system of use_cache has too little free room" <("$pailfs" status "$mnt")
unmount "$mnt"

cached -o del_cache
read_all "a cache that is emptied"
expect "it is used meanwhile" [ -n "$(kept_files)" ]
unmount "$mnt"
expect_equal "del_cache leaves nothing" "" "$(kept_files)"


