#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A source tree of a thousand files is unpacked, compared, renamed and removed.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need tar diff find curl

# make_tree DIR DIRECTORIES FILES: that many files in each of the directories, with modes and times of their own, symbolic
# links, an empty directory, and names that are awkward in a URL.
make_tree() {
  local d f dir
  local odd=('blank in name' 'plus+and&' 'per%20cent' 'hash#quest?' "quote'\"" 'umlaut-äöü' 'a:b=c,d' '~tilde$')
  mkdir -p "$1"
  for d in $(seq 0 $(($2 - 1))); do
    dir=$1/package-$((d % 10))/module-$d
    mkdir -p "$dir"
    for f in $(seq 0 $(($3 - 1))); do
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
  local package mnt=$work/mnt tree=$work/whole/tree listing=$work/listing
  # Swift's s3api answers a few requests a second.
  if [ "$server" = swift ]; then
    tree=$work/part/tree
    say "note: ${context}with a small tree, because it is slow"
  fi
  listing_of "$tree" >"$listing"
  mount_here "$mnt"
  expect "tar unpacks a tree of $(find "$tree" -type f | wc -l) files" tar -C "$mnt" -xpf "$tree.tar"
  expect "diff -r finds no difference" diff -r --no-dereference "$tree" "$mnt/tree"
  listing_of "$mnt/tree" >"$listing.got"
  expect_same "modes, owners, times and links are those of the original" "$listing" "$listing.got"

  # A new mount knows only what the store holds.
  unmount "$mnt"
  mount_here "$mnt"
  listing_of "$mnt/tree" >"$listing.got"
  expect_same "the same after mounting again" "$listing" "$listing.got"
  expect "diff -r finds no difference after mounting again" diff -r --no-dereference "$tree" "$mnt/tree"
  expect "tar packs the tree of the mount" tar -C "$mnt" -cf "$work/back.tar" tree
  expect "and finds it equal to the original" tar -C "${tree%/*}" -df "$work/back.tar"

  # In the whole tree these are 10 directories of 20 files each.
  mkdir "$mnt/several"
  mv "$mnt/tree/package-8" "$mnt/tree/package-9" "$mnt/several/"
  say "note: ${context}renaming a directory with $(find "$mnt/several" -type f | wc -l) files below it"
  expect "it is renamed" mv "$mnt/several" "$mnt/renamed"
  expect_failure "the old name is gone" test -e "$mnt/several"
  for package in package-8 package-9; do
    expect "the content of $package is that of the original" diff -r "$tree/$package" "$mnt/renamed/$package"
    listing_of "$mnt/renamed/$package" >"$work/renamed.got"
    listing_of "$tree/$package" >"$work/renamed"
    expect_same "its modes, owners and times too" "$work/renamed" "$work/renamed.got"
  done
  # tree comes later in the listing than renamed and several
  expect_equal "the store has nothing under the old name" '' "$(keys_in_bucket | grep '^several' || true)"
  expect "but under the new one" grep -q '^renamed/package-9/module-9/source-7.c$' <(keys_in_bucket)

  expect "rm -rf of all" rm -rf "$mnt/renamed" "$mnt/tree"
  expect_equal "the directory is empty" '' "$(ls -A "$mnt")"
  unmount "$mnt"
  expect_equal "the bucket is empty" '' "$(keys_in_bucket)"
}

make_tree "$work/whole/tree" 50 20
make_tree "$work/part/tree" 11 8
for tree in "$work/whole" "$work/part"; do tar -C "$tree" -cf "$tree/tree.tar" --format=posix tree; done
expect_equal "the tree has 1,000 files" 1000 "$(find "$work/whole/tree" -type f | wc -l)"
on_each_server unpack_compare_remove
