#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the distribution's s3fs wrote looks the same through pailfs, and the other way round.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl
need_s3fs
say "note: compared with $("$s3fs" --version | head -n 1)"

# fill DIR: one of each kind, with modes, owners and times that no default would give.
fill() {
  local big=$1/big
  echo text >"$1/plain"
  : >"$1/empty"
  seq 1 2000000 >"$big" # 14 MB
  cat "$big" "$big" "$big" >"$1/several-parts"
  echo '#!/bin/sh' >"$1/executable"
  chmod 755 "$1/executable"
  echo secret >"$1/private"
  chmod 600 "$1/private"
  echo special >"$1/special"
  echo odd >"$1/name with blanks, + and %41 & umlaut-ä?"
  echo other >"$1/owned"
  chown 1234:2345 "$1/owned"
  chmod 4750 "$1/special"
  mkdir "$1/directory" "$1/directory/below" "$1/empty-directory"
  echo below >"$1/directory/below/file"
  ln -s directory/below/file "$1/link"
  ln -s '/nowhere/ä b' "$1/dangling"
  chmod 2750 "$1/directory"
  chown 4321:5432 "$1/directory/below"
  chmod 1777 "$1/empty-directory"
  touch -d '2001-09-09 01:46:40' "$1/plain" "$1/directory/below/file"
  touch -d '1999-12-31 23:59:59.25' "$1/private"
  touch -d '2038-01-20 00:00:00' "$1/executable"
  touch -d '2005-05-05 05:05:05' "$1/directory/below" "$1/empty-directory"
}

# Sizes of directories are nobody's business.
show() { (cd "$1" && find . -mindepth 1 -printf '%p %y mode=%m owner=%U:%G mtime=%T@ size=%s link=%l\n' | sed -E 's/^(.* d mode.* size=)[0-9]+/\1-/' | sort); }
contents() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }

# exchange WRITER READER: each a function that mounts at a directory.
exchange() {
  local writer=$1 reader=$2 mnt=$work/mnt names="$1 to $2"
  context="$server: ${names//_here/}: "
  mount_with "$writer" "$mnt"
  fill "$mnt"
  unmount "$mnt"

  mount_with "$writer" "$mnt"
  show "$mnt" >"$work/of-writer"
  contents "$mnt" >"$work/contents-of-writer"
  unmount "$mnt"
  mount_with "$reader" "$mnt"
  show "$mnt" >"$work/of-reader"
  contents "$mnt" >"$work/contents-of-reader"
  expect_same "modes, owners, times, sizes and links" "$work/of-writer" "$work/of-reader"
  expect_same "contents" "$work/contents-of-writer" "$work/contents-of-reader"

  # the reader changes what the writer made
  chmod 640 "$mnt/plain"
  chmod 00700 "$mnt/directory" # five digits, or chmod keeps the bit of the group
  chown 77:88 "$mnt/private" "$mnt/empty-directory"
  touch -d '2010-10-10 10:10:10' "$mnt/empty"
  mv "$mnt/executable" "$mnt/renamed"
  mv "$mnt/directory/below" "$mnt/moved"
  echo more >>"$mnt/owned"
  touch -d '2011-11-11 11:11:11' "$mnt/owned"
  printf 'changed' | dd of="$mnt/several-parts" bs=1 seek=20000000 conv=notrunc status=none
  touch -d '2012-12-12 12:12:12' "$mnt/several-parts" "$mnt/directory" "$mnt/moved"
  ln -sfn elsewhere "$mnt/link"
  touch -h -d '2013-01-01' "$mnt/link"
  unmount "$mnt"
  mount_with "$reader" "$mnt"
  show "$mnt" >"$work/of-reader"
  contents "$mnt" >"$work/contents-of-reader"
  unmount "$mnt"
  mount_with "$writer" "$mnt"
  show "$mnt" >"$work/of-writer"
  contents "$mnt" >"$work/contents-of-writer"
  expect_same "changes by the one, seen by the other" "$work/of-reader" "$work/of-writer"
  expect_same "changed contents" "$work/contents-of-reader" "$work/contents-of-writer"
  expect_equal "chmod" "640 700" "$(stat -c %a "$mnt/plain" "$mnt/directory" | paste -sd ' ')"
  expect_equal "chown" "77:88 77:88" "$(stat -c %u:%g "$mnt/private" "$mnt/empty-directory" | paste -sd ' ')"
  expect_equal "utimes" "$(date -d '2010-10-10 10:10:10' +%s)" "$(stat -c %Y "$mnt/empty")"
  expect_equal "the renamed file keeps mode and time" "755 $(date -d '2038-01-20 00:00:00' +%s)" "$(stat -c '%a %Y' "$mnt/renamed")"
  expect_equal "the renamed directory keeps owner and content" "4321:5432 below" \
    "$(stat -c %u:%g "$mnt/moved") $(cat "$mnt/moved/file")"
  expect "the writer removes all" find "$mnt" -mindepth 1 -delete
  unmount "$mnt"
  mount_with "$reader" "$mnt"
  expect_equal "nothing is left for the other" '' "$(ls -A "$mnt")"
  unmount "$mnt"
}
mount_with() { "$1" "$2"; }
pailfs_here() { mount_here "$@"; }

both_ways() {
  # s3fs mounts no prefix that has no directory object
  if [ -n "$prefix" ]; then by_curl '' -X PUT -H 'Content-Length: 0' -H 'Content-Type: application/x-directory' -o /dev/null; fi
  exchange s3fs_here pailfs_here
  exchange pailfs_here s3fs_here
  if [ -n "$prefix" ]; then by_curl '' -X DELETE -o /dev/null; fi
  expect_equal "the bucket is empty" '' "$(keys_in_bucket)"
}

on_each_server both_ways pailfs-s3d ceph-rgw
