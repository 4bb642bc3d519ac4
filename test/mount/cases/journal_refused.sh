#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With durability=local, on a service that fails for ever on some names, as s3proxy and S3Mock do, or says of what it has done
# that it failed: all the rest is stored, and sync, umount and status name what is left and why.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl

start_s3d
mnt=$work/mnt
mkdir -m 700 "$work/cache"
[ "$(stat -f -c %T "$work/cache")" != tmpfs ] || skip "$work is in memory, where no journal can be"
fault() { curl -sS --fail "$control/fault" --data-binary "$1" -o /dev/null; }
no_faults() { curl -sS --fail -X POST "$control/faults/clear" -o /dev/null; }
mount_local() { mount_here "$mnt" -o "durability=local,use_cache=$work/cache"; }
says() { grep -e "$2" "$work/$1"; }

mount_local
mkdir "$mnt/old"
for i in 1 2 3 4 5 6 7 8; do echo "$i" >"$mnt/old/f$i"; done
echo origin >"$mnt/origin"
expect "what was there before is stored" "$pailfs" sync "$mnt"

# Where these services keep their objects no file can have such a name.
long=$(printf 'n%.0s' $(seq 255))
fault "key=$long action=status:500:InternalError"
fault "key=*back%5Cslash action=status:400:InvalidRequest"
echo long >"$mnt/$long"
mv "$mnt/origin" "$mnt/back\\slash"
rm "$mnt"/old/f[1-4]
for i in $(seq 20); do echo "$i" >"$mnt/new$i"; done
mv "$mnt/old/f5" "$mnt/old/g5"
status=0
"$pailfs" sync "$mnt" >"$work/sync" 2>&1 || status=$?
expect "sync says by its status that something is left ($status)" [ "$status" != 0 ]
expect "and names the one" says sync "not stored: $long: .*InternalError"
expect "and the other" says sync 'not stored: back.*slash: .*InvalidRequest'
expect "and what waits for it" says sync "not stored: origin: waits until back.*slash is stored"
keys_in_bucket >"$work/keys"
expected=$(
  for i in $(seq 20); do echo "new$i"; done
  printf '%s\n' old/ old/f6 old/f7 old/f8 old/g5 origin
)
expect_equal "all the rest is stored or removed" "$(sort <<<"$expected")" "$(sort "$work/keys")"
expect_equal "what is left can be read" "long origin" "$(cat "$mnt/$long" "$mnt/back\\slash" | xargs)"
"$pailfs" status "$mnt" >"$work/status" 2>&1 || true
expect "status names it" says status "$long: .*InternalError"
status=0
"$pailfs" umount "$mnt" >"$work/umount" 2>&1 || status=$?
expect "umount says by its status that something is left ($status)" [ "$status" != 0 ]
expect "and names it" says umount "not stored: $long: .*InternalError"
unmount "$mnt"

mount_local
expect_equal "the next mount has it" "long origin" "$(cat "$mnt/$long" "$mnt/back\\slash" | xargs)"
no_faults
expect "and stores it, now that it can" "$pailfs" sync "$mnt"
expect_equal "under its name only" "" "$(keys_in_bucket | grep -x origin || true)"

# A PUT that has taken effect and has no reply, the one after it is 412.
fault "op=PutObject key=doubt* times=12 action=apply_then_drop"
for i in 1 2 3; do echo "$i" >"$mnt/doubt$i"; done
expect "what was done and called failed is stored" "$pailfs" sync "$mnt"
expect_equal "and no conflict" "1 2 3" "$(cat "$mnt"/doubt? | xargs)"
expect_equal "nothing is set aside" "" "$(find "$work/cache" -path '*/conflicts/*')"
expect "umount leaves nothing" "$pailfs" umount "$mnt"

# on_imitation NAME: on each of these a 255-byte name, a backslash, or both are refused, each in its own words; rclone's answers
# some PUTs that have taken effect with 500.
on_imitation() {
  context="$1: "
  stop_s3d
  start_s3d --imitate "$1"
  rm -rf "$work/cache"
  mkdir -m 700 "$work/cache"
  mount_local
  mkdir "$mnt/d"
  for i in $(seq 10); do echo "$i" >"$mnt/d/f$i"; done
  expect "what was there before is stored" "$pailfs" sync "$mnt"
  echo long >"$mnt/d/$long"
  echo slash >"$mnt/d/back\\slash"
  rm "$mnt"/d/f[1-5]
  for i in $(seq 20); do echo "$i" >"$mnt/d/new$i"; done
  status=0
  "$pailfs" sync "$mnt" >"$work/sync" 2>&1 || status=$?
  keys_in_bucket | grep -v -e '^d/n*$' -e slash >"$work/keys" || true
  expected=$(
    for i in $(seq 20); do echo "d/new$i"; done
    printf 'd/f%s\n' 6 7 8 9 10
  )
  expect_equal "all the rest is stored or removed" "$(sort <<<"$expected")" "$(grep -v '/$' "$work/keys" | sort)"
  expect_equal "nothing is set aside" "" "$(find "$work/cache" -path '*/conflicts/*')"
  local named
  named=$(grep -c -e 'not stored: d/nnn' -e 'not stored: d/back' "$work/sync" || true)
  expect_equal "sync fails when it names a name ($named), and only then" "$((named > 0))" "$((status > 0))"
  expect_equal "what is left can be read" "long slash" "$(cat "$mnt/d/$long" "$mnt/d/back\\slash" | xargs)"
  rm "$mnt/d/$long" "$mnt/d/back\\slash"
  expect "without these names nothing is left" "$pailfs" sync "$mnt"
  unmount "$mnt"
  context=''
}
for service in s3proxy s3mock rclone; do on_imitation "$service"; done
