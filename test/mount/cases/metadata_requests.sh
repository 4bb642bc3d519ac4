#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What everyday commands on many small files cost, counted by the server: each on a fresh mount, whose own question counts.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 tar git

# shellcheck source=test/mount/requests.sh
. "$(dirname "$0")/../requests.sh"
start_s3d
mnt=$work/mnt

create_by_shell() {
  mkdir c
  local i
  for i in $(seq 100); do head -c 4096 /dev/zero >"c/f$i"; done
}
costs "creating 100 files by redirection" 103 create_by_shell
expect_equal "all of them are there" 100 "$(store_curl "$bucket?prefix=c%2Ff" | grep -o '<Size>4096<' | wc -l)"
empty_bucket

empty_by_shell() {
  : >empty
  { true; } >also-empty
}
costs "creating two empty files" 4 empty_by_shell
expect_equal "an empty file is stored when its last descriptor is closed" "also-empty empty" \
  "$(keys_in_bucket | sort | tr '\n' ' ' | sed 's/ $//')"
empty_bucket

mkdir "$work/tree"
for d in $(seq 10); do
  mkdir -m 750 "$work/tree/d$d"
  for f in $(seq 20); do head -c 4096 /dev/zero >"$work/tree/d$d/f$f"; done
done
find "$work/tree" -exec touch -d '2001-09-09 01:46:40.5' {} +
tar -C "$work/tree" -cf "$work/tree.tar" .
costs "unpacking 10 directories of 20 files" 245 tar xf "$work/tree.tar"
empty_bucket

fill d/f 1000
control reset
mount_here "$mnt" -o stat_cache_expire=4
counted "ls -l of 1,000 files" 1002 ls -l d
sleep 5
control reset
counted "the same when the time of what is known has passed" 2 ls -l d
unmount "$mnt"
mount_here "$mnt" -o use_cache="$work/cache"
ls -l "$mnt/d" >"$work/listed"
unmount "$mnt"
control reset
mount_here "$mnt" -o use_cache="$work/cache"
counted "ls -l of 1,000 files in a second mount with the same cache" 2 ls -l d
expect_same "it shows the same" "$work/listed" "$work/command.out"
unmount "$mnt"
control reset
mount_here "$mnt" -o use_cache="$work/cache"
counted "stat of 100 files in a third one" 2 bash -c 'stat d/f0001{00..99}'
unmount "$mnt"
costs "stat of 100 files" 135 bash -c 'stat d/f0001{00..99}'
# shellcheck disable=SC2016
costs "20 absent names" 2 bash -c 'for i in {1..20}; do [ ! -e d/absent$i ] || exit; done'
empty_bucket

fill d/f 10
mount_here "$mnt"
expect_equal "a directory that is read again from its start shows a new name" "10 11" "$(cd "$mnt/d" && python3 -c '
import os
directory = os.open(".", os.O_RDONLY)
before = len(os.listdir(directory))
open("new", "w").close()
print(before, len(os.listdir(directory)))')"
unmount "$mnt"
empty_bucket

fill d/f 100000
costs "ls -f of 100,000 files" 101 ls -f d
empty_bucket

for d in $(seq 0 9); do fill "t/d$d/f" 100; done
costs "find -type f in 10 directories of 100" 2 find . -type f
costs "rm -rf of them" 1012 rm -rf t
expect_equal "nothing is left" "" "$(keys_in_bucket)"
empty_bucket

fill d/f 100
costs "ls and cat of 100 files" 102 bash -c 'ls d; cat d/*'
# Of them one LIST of the new name, which another client may have taken since mv has found it absent.
costs "renaming a directory of 100" 106 mv d e
expect_equal "all of it has moved" 100 "$(keys_in_bucket | grep -c '^e/f')"
empty_bucket

# More than one page shows, in directories with and without objects of their own.
for d in {10..59}; do
  fill "w/d$d/f" 30 300
  [ "$d" -lt 35 ] || by_curl "w/d$d/" -X PUT --data-binary '' -H 'x-amz-meta-mode: 16877' >/dev/null
done
costs "find of 1,500 small files in 50 directories" 1605 find w -type f
expect_equal "all of them are found" 1500 "$(wc -l <"$work/command.out")"
costs "du of them" 1605 du -s w
# On a busy machine a file is opened more than a second after it was fetched, and asked for again.
uncounted=HeadObject
costs "cp -a of them out of the mount" 1560 cp -a w "$work/copied"
expect_equal "all of them are copied" 1500 "$(find "$work/copied" -type f | wc -l)"
if have rsync; then
  # It looks at all of them first, and opens them later.
  costs "rsync -a of them out of the mount" 1560 rsync -a w/ "$work/copied-again"
  expect "it copies the same" diff -r "$work/copied" "$work/copied-again"
fi
uncounted=''
empty_bucket

for d in {10..19}; do
  fill "m/d$d/a" 10 300
  fill "m/d$d/b" 90 9000
done
costs "find -type f where a listing tells of nine in ten that they are files" 115 find m -type f
empty_bucket

git init -q "$work/repository"
for d in $(seq 22); do
  mkdir -p "$work/repository/d$d/sub"
  for f in $(seq 5); do echo "$d $f" >"$work/repository/d$d/sub/f$f"; done
done
git -C "$work/repository" add .
git -C "$work/repository" -c user.name=n -c user.email=e commit -qm all
# On a busy machine git comes back to a file after more than a second, when it is asked for again.
uncounted=HeadObject
costs "git clone of 110 files in 44 directories" 720 git clone -q "$work/repository" r
empty_bucket

# What the journal merges: three changes of a directory's attributes, a copy's times, files that are renamed into place.
case $(stat -f -c %T "$work") in
  tmpfs | ramfs) say "skipped: the journal's requests: $work is in memory" ;;
  *)
    uncounted=''
    # One LIST a second more where it takes longer: a name is believed to be absent for a second.
    costs_in_all "unpacking 10 directories of 20 files" 216 tar xf "$work/tree.tar"
    empty_bucket
    uncounted=HeadObject
    costs_in_all "git clone of 110 files in 44 directories" 500 git clone -q "$work/repository" r
    uncounted=''
    empty_bucket
    for d in $(seq 0 9); do fill "t/d$d/f" 100; done
    costs_in_all "rm -rf of 10 directories of 100" 10 rm -rf t
    expect_equal "nothing is left behind" "" "$(keys_in_bucket)"
    ;;
esac
