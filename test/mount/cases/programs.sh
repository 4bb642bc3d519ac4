#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs that ask much of a file system: git, sqlite, and many writers at once.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need git sqlite3 curl
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=nobody GIT_AUTHOR_EMAIL=nobody@localhost GIT_COMMITTER_NAME=nobody \
  GIT_COMMITTER_EMAIL=nobody@localhost

make_repository() {
  local commit file
  git -c init.defaultBranch=main init -q "$1"
  for commit in $(seq 1 8); do
    for file in $(seq 1 12); do printf 'commit %s\n%s\n' "$commit" "$(seq "$commit" $((file * 20)))" >"$1/file-$file"; done
    mkdir -p "$1/sub/directory-$commit"
    seq "$commit" 500 >"$1/sub/directory-$commit/numbers"
    ln -sf "file-$commit" "$1/latest"
    chmod 755 "$1/file-1"
    git -C "$1" add -A
    git -C "$1" commit -q -m "commit $commit"
  done
}

git_works() {
  local mnt=$1
  expect "git clones into the mount" git clone -q --no-hardlinks "$work/repository" "$mnt/clone"
  expect "git fsck is content" git -C "$mnt/clone" fsck --full --strict
  expect_equal "git status is clean" '' "$(git -C "$mnt/clone" status --porcelain 2>&1)"
  expect "the work tree is that of the original" diff -r --no-dereference -x .git "$work/repository" "$mnt/clone"
  echo more >"$mnt/clone/more"
  git -C "$mnt/clone" add more
  expect "git commits in the mount" git -C "$mnt/clone" commit -q -m more
  expect "git packs in the mount" git -C "$mnt/clone" gc -q
  expect "git fsck is content with the packs" git -C "$mnt/clone" fsck --full --strict
}

sqlite_works() {
  local db=$1/table.db
  expect "sqlite3 creates a table" sqlite3 "$db" 'CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT);'
  { echo 'BEGIN;'; seq -f "INSERT INTO t (word) VALUES ('word %g');" 1 1000; echo 'COMMIT;'; } >"$work/insert.sql"
  expect "sqlite3 inserts 1,000 rows in a transaction" sqlite3 "$db" ".read $work/insert.sql"
  expect_equal "sqlite3 counts them" 1000 "$(sqlite3 "$db" 'SELECT count(*) FROM t;' 2>&1)"
  expect_equal "the database is sound" ok "$(sqlite3 "$db" 'PRAGMA integrity_check;' 2>&1)"
}

many_writers() {
  local mnt=$1 writer file pids=() pid
  mkdir "$mnt/shared"
  for writer in $(seq 1 10); do
    (for file in $(seq 1 10); do seq "$writer" $((file * 1000)) >"$mnt/shared/$writer-$file"; done) &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do expect "a writer of ten files succeeds" wait "$pid"; done
  for writer in $(seq 1 10); do
    for file in $(seq 1 10); do seq "$writer" $((file * 1000)) >"$work/shared/$writer-$file"; done
  done
  expect "100 files of 10 writers are there" diff -r "$work/shared" "$mnt/shared"
}

all_programs() {
  local mnt=$work/mnt
  mount_here "$mnt"
  git_works "$mnt"
  sqlite_works "$mnt"
  many_writers "$mnt"

  unmount "$mnt"
  mount_here "$mnt"
  expect "git fsck is content after mounting again" git -C "$mnt/clone" fsck --full --strict
  expect_equal "sqlite3 counts the rows after mounting again" 1000 "$(sqlite3 "$mnt/table.db" 'SELECT count(*) FROM t;' 2>&1)"
  expect "the 100 files are there after mounting again" diff -r "$work/shared" "$mnt/shared"
  by_curl table.db -o "$work/table.db"
  expect_equal "sqlite3 counts the rows of the object" 1000 "$(sqlite3 "$work/table.db" 'SELECT count(*) FROM t;' 2>&1)"
  expect "rm -rf of all" rm -rf "$mnt/clone" "$mnt/table.db" "$mnt/shared"
  unmount "$mnt"
  expect_equal "the bucket is empty" '' "$(keys_in_bucket)"
}

make_repository "$work/repository"
mkdir "$work/shared"
on_each_server all_programs
