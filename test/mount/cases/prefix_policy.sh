#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keys whose policy allows one path in the bucket: that path mounts and works, however it is written, whether objects make
# it, a directory of its own, or nothing yet; the bucket itself is refused with what to do.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/refusal.sh
. "$(dirname "$0")/../refusal.sh"

need curl
start_s3d
mnt=$work/mnt
mkdir "$mnt"

rule() { signed_curl "$access" "$secret" "$region" --fail -X POST "$control/rule?name=$1&on=${2:-1}" -o /dev/null; }
denials() { curl -sS "$control/stats" | sed -n 's/.*"AccessDenied":\([0-9]*\).*/\1/p' | grep . || say 0; }

by_curl team/implicit/old --data-binary old -X PUT -o /dev/null
by_curl team/made/ --data-binary '' -X PUT -H 'Content-Type: application/x-directory' -o /dev/null
by_curl other/secret --data-binary secret -X PUT -o /dev/null

# works SOURCE: it mounts, and every kind of change works in it.
works() {
  local context="$context$1: " before
  before=$(denials)
  status=0
  timeout 20 "$pailfs" "$1" "$mnt" -o "$(mount_options)${extra:-}" 2>"$work/err" || status=$?
  expect_equal "mounts without a word" 0 "$status$(cat "$work/err")"
  is_mounted "$mnt" || return 0
  expect "a listing" ls -la "$mnt"
  expect_failure "a name that is absent" cat "$mnt/absent"
  expect_equal "it is told as absent" ENOENT "$(errno_of "$mnt/absent")"
  expect "a new file" bash -c "echo new >'$mnt/new' && [ \"\$(cat '$mnt/new')\" = new ]"
  expect "a directory" mkdir -p "$mnt/dir/sub"
  expect "a file below it" cp "$mnt/new" "$mnt/dir/sub/copy"
  expect "a mode" chmod 600 "$mnt/dir/sub/copy"
  expect "a file is renamed" mv "$mnt/new" "$mnt/dir/moved"
  expect "a directory is renamed" mv "$mnt/dir" "$mnt/renamed"
  expect_equal "all is there" "$(printf '%s\n' moved sub sub/copy)" "$(cd "$mnt/renamed" && find . -mindepth 1 -printf '%P\n' | sort)"
  expect "all is removed" rm -r "$mnt/renamed"
  expect "df" df "$mnt"
  unmount "$mnt"
  [ -n "${missing:-}" ] || expect_equal "nothing outside was asked for" "$before" "$(denials)"
}
errno_of() { python3 -c 'import errno,os,sys
try: os.stat(sys.argv[1])
except OSError as e: print(errno.errorcode[e.errno])' "$1"; }

every_spelling() {
  works pail:/team/implicit
  works pail:/team/implicit/
  works s3://pail/team/implicit
  works s3:pail/team/implicit/
  works pail:/team/made
  works pail:/team/empty
  works pail:/team
}

rule only_prefix=team%2F
every_spelling

# Ceph says 403 of absent objects where s3:ListBucket is allowed for a prefix only, and of every batch.
context="as Ceph, " missing=403 extra=,disable_noobj_cache
rule missing_is_403
rule deny=DeleteObjects
every_spelling
rule missing_is_403 0
rule deny=DeleteObjects 0
context=''
expect "check says that all is well, written things included" timeout 30 "$pailfs" check pail:/team/implicit --write -o "$(mount_options)"

expected=5
for mode in '' '-f '; do
  # shellcheck disable=SC2086
  refused 'the bare bucket' 'may.not.list.bucket."pail" AccessDenied if.its.policy.allows.a.path mount.that:.pail:/PATH' \
    pail "$mnt" -o "$(mount_options)" $mode
  # shellcheck disable=SC2086
  refused 'another path' 'may.not.list."other/".in.bucket."pail" must.allow.s3:ListBucket' pail:/other "$mnt" -o "$(mount_options)" $mode
done
show_table
