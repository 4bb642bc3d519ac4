#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A source tree of a thousand files is unpacked, compared, renamed and removed.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need tar diff find curl

# make_tree DIR: 1,000 files in 50 directories with modes and times of their own, symbolic links, an empty directory, and
# names that are awkward in a URL.
make_tree() {
  local d f dir
  local odd=('blank in name' 'plus+and&' 'per%20cent' 'hash#quest?' "quote'\"" 'umlaut-äöü' 'a:b=c,d' '~tilde$')
  mkdir -p "$1"
  for d in $(seq 0 49); do
    dir=$1/package-$((d % 10))/module-$d
    mkdir -p "$dir"
    for f in $(seq 0 19); do
      printf 'module %d file %d\n%*s\n' "$d" "$f" $(((d * 20 + f) * 7 % 3000)) x >"$dir/source-$f.c"
    done
  done
  for d in "${!odd[@]}"; do mv "$1/package-1/module-1/source-$d.c" "$1/package-1/module-1/${odd[d]}"; done
  : >"$1/package-2/module-2/source-0.c" # an empty file
  mkdir "$1/empty"
  ln -s ../module-10/source-3.c "$1/package-0/module-0/link"
  ln -s /nowhere/at/all "$1/package-0/dangling"
  chmod 755 "$1"/package-3/module-3/*.c
  chmod 600 "$1/package-4/module-4/source-1.c"
  chmod 4711 "$1/package-4/module-4/source-2.c"
  chmod 000 "$1/package-4/module-4/source-3.c"
  chmod 1777 "$1/empty"
  chmod 700 "$1/package-5"
  chown 1234:2345 "$1/package-6/module-6/source-6.c"
  find "$1" -exec touch -h -d '2001-09-09 01:46:40.5' {} +
  find "$1/package-7" -exec touch -h -d '1999-12-31 23:59:59' {} +
}

# Everything that tar restores; links have neither mode nor time of interest.
listing_of() {
  listing "$1" '%p %y %m %U:%G %T@ %l\n' | sed -E 's/^(.* l) [0-9]+ ([0-9:]+) [0-9.]+/\1 \2/'
}

unpack_compare_remove() {
  local mnt=$work/mnt
  mount_here "$mnt"
  expect "tar unpacks a tree of 1,000 files" tar -C "$mnt" -xpf "$work/tree.tar"
  expect "diff -r finds no difference" diff -r --no-dereference "$work/tree" "$mnt/tree"
  listing_of "$mnt/tree" >"$work/listing.got"
  expect_same "modes, owners, times and links are those of the original" "$work/listing" "$work/listing.got"

  # A new mount knows only what the store holds.
  unmount "$mnt"
  mount_here "$mnt"
  listing_of "$mnt/tree" >"$work/listing.got"
  expect_same "the same after mounting again" "$work/listing" "$work/listing.got"
  expect "diff -r finds no difference after mounting again" diff -r --no-dereference "$work/tree" "$mnt/tree"

  expect "tar packs the tree of the mount" tar -C "$mnt" -cf "$work/back.tar" tree
  expect "and finds it equal to the original" tar -C "$work" -df "$work/back.tar"

  # 10 directories of 20 files each, besides those above them
  mkdir "$mnt/several"
  mv "$mnt/tree/package-8" "$mnt/several/"
  mv "$mnt/tree/package-9" "$mnt/several/"
  expect_equal "a directory of 200 files is there" 200 "$(find "$mnt/several" -type f | wc -l)"
  expect "it is renamed" mv "$mnt/several" "$mnt/renamed"
  expect_failure "the old name is gone" test -e "$mnt/several"
  expect "its content is that of the original" diff -r "$work/tree/package-8" "$mnt/renamed/package-8"
  expect "its content is that of the original" diff -r "$work/tree/package-9" "$mnt/renamed/package-9"
  listing_of "$mnt/renamed/package-9" >"$work/renamed.got"
  listing_of "$work/tree/package-9" >"$work/renamed"
  expect_same "its modes, owners and times too" "$work/renamed" "$work/renamed.got"
  expect_equal "the store has nothing under the old name" '' "$(keys_in_bucket | grep "^\(.*/\)\?several/" || true)"

  expect "rm -rf of all" rm -rf "$mnt/renamed" "$mnt/tree"
  expect_equal "the directory is empty" '' "$(ls -A "$mnt")"
  unmount "$mnt"
  expect_equal "the bucket is empty" '' "$(keys_in_bucket)"
}

make_tree "$work/tree"
tar -C "$work" -cf "$work/tree.tar" --format=posix tree
listing_of "$work/tree" >"$work/listing"
expect_equal "the tree has 1,000 files" 1000 "$(find "$work/tree" -type f | wc -l)"
on_each_server unpack_compare_remove
