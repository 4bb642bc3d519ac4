#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Large files: larger than memory and disk together, appended to, and on a service that wants parts of one size.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl openssl python3
[ "$namespace" = own ] || skip "a mount namespace of its own is needed: it mounts a tmpfs"
start_s3d
mnt=$work/mnt
small=$work/small
mkdir "$small"
mount -t tmpfs -o size=64m tmpfs "$small"
disk_used() { df --output=used -k "$small" | tail -n 1 | tr -d ' '; }

# watch_disk: prints the most that the small disk held, in KiB, when it is killed.
watch_disk() {
  local most=0 now
  trap 'say "$most"; exit 0' TERM
  while now=$(disk_used); do
    ((now <= most)) || most=$now
    sleep 0.05
  done
}

# ---- 1 GiB through 16 MiB of memory and a disk of 64 MiB, of which some stays free --------------------------------------

size=$((1 << 30))
# No two blocks alike. openssl does not like its reader to leave.
{ openssl enc -aes-128-ctr -pass pass:acceptance -nosalt -pbkdf2 -in /dev/zero 2>/dev/null || true; } |
  head -c "$size" >"$work/original"
for keep in ensure_diskfree=40 free_space_ratio=60; do
  # A slow store: the writer is always ahead.
  curl -s -X POST "$control/bandwidth?connection=20000000&total=0" >/dev/null
  mount_here "$mnt" -o "memory_limit=16,tmpdir=$small,$keep"
  watch_disk >"$work/most" &
  watcher=$!
  expect "$keep: 1 GiB is written" dd if="$work/original" of="$mnt/big" bs=1M conv=fsync status=none
  kill -TERM "$watcher"
  wait "$watcher" || true
  most=$(cat "$work/most")
  say "note: the disk held $most KiB at most"
  expect "$keep: the rest of the disk stays free" [ "$most" -le $((26 << 10)) ]
  curl -s -X POST "$control/bandwidth?connection=0&total=0" >/dev/null
  expect "$keep: its content in the store" cmp "$work/original" <(by_curl big)
  rm "$mnt/big"
  unmount "$mnt"
  expect_equal "$keep: nothing is left on the disk" 0 "$(disk_used)"
done

# ---- no room at all: the write fails, the object stays, and what was acknowledged is stored when there is room ----------

head -c $((8 << 20)) /dev/urandom >"$work/old"
head -c $((4 << 20)) /dev/urandom >"$work/new"
by_curl f -T "$work/old" -o /dev/null
mount_here "$mnt" -o "memory_limit=1,tmpdir=$small"
head -c $((80 << 20)) /dev/zero >"$small/fill" 2>/dev/null || true
expect_equal "the disk is full" $((64 << 10)) "$(disk_used)"
# Prints how many blocks of 64 KiB were acknowledged, why no more, and what close said.
python3 - "$work/new" "$mnt/f" >"$work/told" <<'END'
import errno, os, sys
new = open(sys.argv[1], "rb").read()
fd = os.open(sys.argv[2], os.O_WRONLY)
blocks, why, closed = 0, "nothing", "nothing"
try:
    while blocks < 64:
        os.pwrite(fd, new[blocks << 16:(blocks + 1) << 16], blocks << 16)
        blocks += 1
except OSError as error:
    why = errno.errorcode[error.errno]
try:
    os.close(fd)
except OSError as error:
    closed = errno.errorcode[error.errno]
print(blocks, why, closed)
END
read -r blocks why closed <"$work/told"
say "note: $blocks writes of 64 KiB were acknowledged"
expect "some writes have room" [ "$blocks" -gt 0 ]
expect_equal "the next one has none" ENOSPC "$why"
expect_equal "nor has the close, which needs the rest of the object" ENOSPC "$closed"
expect "the object is as it was" cmp "$work/old" <(by_curl f)
rm "$small/fill"
unmount "$mnt"
dd if="$work/new" of="$work/old" bs=64k count="$blocks" conv=notrunc status=none
expect "with room again it has all that was acknowledged and nothing else" cmp "$work/old" <(by_curl f)
stop_s3d

# ---- what is appended is sent while it is written ----------------------------------------------------------------------

start_s3d
mount_here "$mnt"
head -c $((30 << 20)) /dev/urandom >"$work/local"
cp "$work/local" "$mnt/f"
head -c $((60 << 20)) /dev/urandom >"$work/more"
# No shell's redirection: each of its programs that ends makes the kernel flush the file.
begun=$(python3 - "$work/more" "$mnt/f" "$control/uploads" <<'END'
import sys, time, urllib.request
with open(sys.argv[1], "rb") as more, open(sys.argv[2], "ab", 0) as file:
    while file.write(more.read(1 << 20)):
        pass
    end = time.monotonic() + 20
    uploads = b""
    while not uploads and time.monotonic() < end:
        time.sleep(0.05)
        uploads = urllib.request.urlopen(sys.argv[3]).read()
    print(len(uploads.splitlines()))
END
)
cat "$work/more" >>"$work/local"
expect_equal "its upload begins before the file is closed" 1 "$begun"
expect "the object has both" cmp "$work/local" <(by_curl f)
expect_equal "and no upload is left" 0 "$(curl -s "$control/uploads" | wc -l)"
unmount "$mnt"
stop_s3d

# ---- parts of one size --------------------------------------------------------------------------------------------------

start_s3d --rule equal_parts
mount_here "$mnt"
for size in 25000000 26214400 33333333 70000001; do
  head -c "$size" /dev/urandom >"$work/local"
  expect "$size bytes are stored in parts of one size" cp "$work/local" "$mnt/f"
  expect "and are the same there" cmp "$work/local" <(by_curl f)
done
# The second writer changes an object of which most could be copied.
printf 'changed' | dd of="$work/local" bs=1 seek=30000000 conv=notrunc status=none
expect "a change in the middle is stored" \
  dd if="$work/local" of="$mnt/f" bs=1 skip=30000000 seek=30000000 count=7 conv=notrunc status=none
expect "and the rest is as it was" cmp "$work/local" <(by_curl f)
printf 'more' | tee -a "$work/local" >>"$mnt/f"
expect "what is appended is stored" cmp "$work/local" <(by_curl f)
unmount "$mnt"

# ---- zeros that no program has written ----------------------------------------------------------------------------------

curl -s -X POST "$control/reset" >/dev/null
mount_here "$mnt"
: >"$mnt/hole"
# refused WHAT COMMAND...: at once, and nothing has changed.
refused() {
  local what=$1
  shift
  expect_equal "a hole of 1 TiB is refused: $what" "File too large" "$(timeout 20 "$@" 2>&1 | grep -o 'File too large')"
  expect_equal "$what: the file is as it was" 0 "$(stat -c %s "$mnt/hole")"
}
refused truncate truncate -s 1T "$mnt/hole"
refused fallocate fallocate -l 1T "$mnt/hole"
refused "a write behind the end" dd if=/dev/zero of="$mnt/hole" bs=1 count=1 seek=1T conv=notrunc
unmount "$mnt"
mount_here "$mnt" -o hole_limit=10
expect "a hole within the limit is stored" truncate -s 10M "$mnt/hole"
expect "as zeros" cmp -n "$((10 << 20))" /dev/zero <(by_curl hole)
expect_failure "one beyond it is refused" truncate -s 21M "$mnt/hole"
unmount "$mnt"
