#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What everyday commands cost with durability=local, until everything is in the store: counted by the server, each on a fresh
# mount, whose own question counts.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/requests.sh
. "$(dirname "$0")/../requests.sh"

need curl python3 git

start_s3d
mnt=$work/mnt
mkdir -m 700 "$work/cache"
[ "$(stat -f -c %T "$work/cache")" != tmpfs ] || skip "$work is in memory, where no journal can be"

# in_journal COMMAND...: runs it in the mount and waits until the store has everything.
in_journal() {
  "$@" || return
  cd /
  "$pailfs" sync "$mnt"
}

# costs_local WHAT MOST COMMAND...
costs_local() {
  local what=$1 most=$2
  shift 2
  control reset
  mount_here "$mnt" -o "durability=local,use_cache=$work/cache"
  counted "$what" "$most" in_journal "$@"
  unmount "$mnt"
  expect "nothing comes later: $what" [ "$(requests)" -le "$most" ]
}

for d in $(seq 0 9); do fill "t/d$d/f" 100; done
costs_local "rm -rf of 10 directories of 100" 6 rm -rf t
expect_equal "nothing is left" "" "$(keys_in_bucket)"
empty_bucket

make_tree() {
  local d
  for d in $(seq 10); do
    mkdir -p "t/d$d"
    for f in $(seq 20); do head -c 4096 /dev/zero >"t/d$d/f$f"; done
  done
}
costs_local "making 11 directories and 200 files" 216 make_tree
expect_equal "all of them are there" 211 "$(keys_in_bucket | wc -l)"
# An object of each directory tells its owner and mode.
costs_local "rm -rf of them" 15 rm -rf t
expect_equal "nothing is left of them" "" "$(keys_in_bucket)"

make_and_remove() {
  make_tree
  rm -rf t
}
# What is sent before it is removed depends on how long that takes.
costs_local "making them and removing them at once" 220 make_and_remove
expect_equal "nothing is left of that" "" "$(keys_in_bucket)"

by_another_name() {
  mkdir n
  local i
  for i in $(seq 50); do
    head -c 4096 /dev/zero >n/temporary
    chmod 640 n/temporary
    mv n/temporary "n/f$i"
  done
}
costs_local "50 files written under another name first" 56 by_another_name
expect_equal "each is there under its own" 51 "$(keys_in_bucket | wc -l)"
empty_bucket

# 231 files and 110 directories, those of .git included, when there is nothing but files of the repository's own size.
git init -q "$work/repository"
for d in $(seq 22); do
  mkdir -p "$work/repository/d$d/sub"
  for f in $(seq 5); do echo "$d $f" >"$work/repository/d$d/sub/f$f"; done
done
git -C "$work/repository" add .
git -C "$work/repository" -c user.name=n -c user.email=e commit -qm all
control reset
mount_here "$mnt" -o "durability=local,use_cache=$work/cache"
(cd "$mnt" && in_journal git clone -q "$work/repository" r) || bad "git clone"
count=$(requests)
entries=$(keys_in_bucket | wc -l)
unmount "$mnt"
say "note: git clone: $count requests for $entries files and directories"
# The reference has 231 files and 110 directories for at most 360 requests.
expect "git clone takes little more than a request for each file and directory" [ "$count" -le $((entries * 360 / 341)) ]
