#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A file of 1 GiB goes in and comes out the same, through the mount and through curl.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

checksum() { sha256sum | cut -d ' ' -f 1; }

need curl sha256sum openssl

one_gibibyte() {
  local mnt=$work/mnt begin sum file
  # Zeros through a cipher: quick, incompressible, no two blocks alike. openssl does not like its reader to leave.
  { openssl enc -aes-128-ctr -pass pass:acceptance -nosalt -pbkdf2 -in /dev/zero 2>/dev/null || true; } |
    head -c $((1 << 30)) >"$work/original"
  expect_equal "the original has 1 GiB" $((1 << 30)) "$(stat -c %s "$work/original")"
  sum=$(checksum <"$work/original")

  mount_here "$mnt"
  begin=$(milliseconds)
  expect "cp of 1 GiB into the mount" cp "$work/original" "$mnt/big"
  say "note: ${context}in: $(($(milliseconds) - begin)) ms"
  expect_equal "its size in the mount" $((1 << 30)) "$(stat -c %s "$mnt/big")"
  expect_equal "its content by curl" "$sum" "$(by_curl big | checksum)"

  # A new mount has nothing in any cache.
  unmount "$mnt"
  mount_here "$mnt"
  begin=$(milliseconds)
  expect "cp of 1 GiB out of the mount" cp "$mnt/big" "$work/copy"
  say "note: ${context}out: $(($(milliseconds) - begin)) ms"
  expect_equal "the copy has the same checksum" "$sum" "$(checksum <"$work/copy")"
  # Bytes in the middle and at the end of an object of several parts, and one that another client wrote.
  truncate -s $((64 << 20)) "$work/original"
  by_curl by-curl -T "$work/original" -o /dev/null
  expect "the mount reads what curl wrote" cmp "$work/original" "$mnt/by-curl"
  for file in "$mnt/by-curl" "$work/original"; do
    printf 'changed' | dd of="$file" bs=1 seek=$((33 << 20)) conv=notrunc status=none
    printf 'longer' >>"$file"
  done
  by_curl by-curl -o "$work/copy"
  expect "its content by curl after changes" cmp "$work/original" "$work/copy"
  rm "$mnt/big" "$mnt/by-curl" "$work/original" "$work/copy"
  unmount "$mnt"
  expect_equal "the bucket is empty" '' "$(keys_in_bucket)"
}

# Swift's s3api keeps a gibibyte in more time than a test may take.
on_each_server one_gibibyte pailfs-s3d ceph-rgw
