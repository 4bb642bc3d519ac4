#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Keys that change while two mounts work: replaced every second for a minute, in a file and in a directory behind a link,
# and no program notices. The store takes the newest keys only, without a grace period.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl
seconds=60
start_s3d
keys=$work/keys
mkdir "$keys" "$work/load"

# set_store GENERATION: from now on it takes these keys and no others.
set_store() {
  curl --silent --fail --max-time 10 -X POST "$control/credentials?access=AKROTATED$1&secret=canary-rotated-$1" >/dev/null
}
# set_file GENERATION: by rename, and every third time in place and in two steps, as no one should.
set_file() {
  if [ $(($1 % 3)) = 2 ]; then
    printf 'AKROTA' >"$keys/file"
    sleep 0.05
    printf 'AKROTATED%s:canary-rotated-%s\n' "$1" "$1" >"$keys/file"
  else
    (umask 077 && printf 'AKROTATED%s:canary-rotated-%s\n' "$1" "$1" >"$keys/file.new")
    mv "$keys/file.new" "$keys/file"
  fi
}
# set_directory GENERATION: a new directory, to which the link is flipped; the old one goes, as drivers do it.
set_directory() {
  local old=''
  if [ -e "$keys/link" ]; then old=$(readlink -f "$keys/link"); fi
  (
    umask 077
    mkdir "$keys/generation$1"
    printf 'AKROTATED%s' "$1" >"$keys/generation$1/AccessKeyId"
    printf 'canary-rotated-%s\n' "$1" >"$keys/generation$1/AccessKeySecret"
    date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ >"$keys/generation$1/Expiration"
  )
  ln -s "generation$1" "$keys/link.new"
  mv -T "$keys/link.new" "$keys/link"
  if [ -n "$old" ]; then rm -r "$old"; fi
}
# rotate GENERATION: the store before those who use it, or after them.
rotate() {
  if [ $(($1 % 2)) = 0 ]; then
    set_store "$1"
    set_file "$1"
    set_directory "$1"
  else
    set_file "$1"
    set_directory "$1"
    set_store "$1"
  fi
}

# work_in DIR NAME UNTIL: what programs do; one line in NAME.failed for everything that went wrong.
work_in() {
  local dir=$1 mine=$work/load/$2 rounds=0 file
  mkdir "$dir/$2"
  while [ "$(milliseconds)" -lt "$3" ]; do
    file=$dir/$2/$((rounds % 5))
    head -c 30000 /dev/urandom >"$mine.bytes"
    {
      cp "$mine.bytes" "$file" && cmp "$mine.bytes" "$file" && ls -l "$dir/$2" >/dev/null && chmod 640 "$file" &&
        mv "$file" "$file.moved" && cmp "$mine.bytes" "$file.moved" && rm "$file.moved"
    } 2>>"$mine.failed" || say "round $rounds of $2" >>"$mine.failed"
    rounds=$((rounds + 1))
  done
  say "$rounds" >"$mine.rounds"
}

set_store 0
set_file 0
set_directory 0
mount_options() { say "url=$endpoint,use_path_request_style,dbglevel=dbg,curldbg,logfile=$work/$1.log,stat_cache_expire=1"; }
for form in file link; do
  mkdir "$work/$form"
  expect "a mount with keys in a $form" timeout 20 "$pailfs" pail "$work/$form" -o "$(mount_options "$form"),passwd_file=$keys/$form"
done

end=$(($(milliseconds) + seconds * 1000))
workers=()
for worker in 1 2 3; do
  work_in "$work/file" "file$worker" "$end" &
  workers+=($!)
  work_in "$work/link" "link$worker" "$end" &
  workers+=($!)
done
generation=0
while [ "$(milliseconds)" -lt "$end" ]; do
  generation=$((generation + 1))
  next=$(($(milliseconds) + 1000))
  rotate "$generation"
  while [ "$(milliseconds)" -lt "$next" ]; do sleep 0.05; done
done
wait "${workers[@]}"

expect "keys were replaced again and again ($generation times)" [ "$generation" -ge $((seconds / 3)) ]
for form in file link; do
  rounds=0
  for worker in 1 2 3; do rounds=$((rounds + $(cat "$work/load/$form$worker.rounds"))); done
  expect "there was work with keys in a $form ($rounds rounds)" [ "$rounds" -ge $((seconds / 4)) ]
  expect_equal "and no error in it" '' "$(cat "$work/load/$form"*.failed)"
  expect_failure "no key in the log" grep -q canary-rotated "$work/$form.log"
done
expect "the store has refused old keys meanwhile" grep -q InvalidAccessKeyId <(curl --silent "$control/stats" "$control/log")

set_file 1000
set_store 1000
kill -HUP "$(daemons "$work/file")"
expect "after SIGHUP all goes on" cp /etc/hostname "$work/file/before" # a request: a listing may be known

rm "$keys/file"
expect "a file that is gone leaves the keys in use" cp /etc/hostname "$work/file/after"
for form in file link; do
  if [ "$form" = link ]; then set_directory 1000; fi
  unmount "$work/$form"
done

# No keys anywhere.
mkdir "$work/public"
curl --silent --fail -X POST "$control/bucket?name=open&public=1" >/dev/null
export AWS_EC2_METADATA_DISABLED=true
timeout 20 "$pailfs" open "$work/public" -o "url=$endpoint,use_path_request_style" 2>"$work/err" || true
expect "a public bucket is mounted without keys" is_mounted "$work/public"
expect_equal "with one line about it" 'pailfs: no credentials found; bucket is public, requests are not signed' "$(cat "$work/err")"
unmount "$work/public"
status=0
timeout 20 "$pailfs" pail "$work/public" -o "url=$endpoint,use_path_request_style" 2>"$work/err" || status=$?
expect_equal "one that is not public gives code 4" 4 "$status"
expect_equal "and one line" 1 "$(wc -l <"$work/err")"
expect "with the places looked at" grep -q 'passwd_file.*AWS_ACCESS_KEY_ID.*\.aws/credentials.*passwd-s3fs.*EC2' "$work/err"
expect "a pipe may hold the keys" timeout 20 "$pailfs" pail "$work/public" \
  -o "url=$endpoint,use_path_request_style,passwd_file=/dev/fd/9" 9< <(echo AKROTATED1000:canary-rotated-1000)
unmount "$work/public"
