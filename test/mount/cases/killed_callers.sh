#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A server that accepts and never answers: whoever waits for it in a mount can be killed, and signals do to programs what
# they do on a local disk.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

mnt=$work/mnt
callers() { python3 "${BASH_SOURCE[0]%/*}/../callers.py" "$@"; }
control() { curl -sS --fail -X POST "$control/$1" "${@:2}" >/dev/null; }

# judged COMMAND...: what it says is the verdict.
judged() {
  local line
  while read -r line; do
    case $line in
      ok:*) ok "${line#ok: }" ;;
      FAILED:*) bad "${line#FAILED: }" ;;
      *) say "$line" ;;
    esac
  done < <("$@" 2>&1 || say "FAILED: $2 $1 says so")
}

fill_bucket() {
  local name
  head -c 6000000 /dev/urandom >"$work/large"
  printf '#!/bin/sh\n' >"$work/small"
  for name in cat read map program; do by_curl "files/$name" -T "$work/large" -H 'x-amz-meta-mode: 33261' -o /dev/null; done
  for name in rm mv chmod truncate; do by_curl "files/$name" -T "$work/small" -o /dev/null; done
  for name in listed/1 listed/2 tree/1 tree/2 shared/1 shared/2; do by_curl "$name" -T "$work/small" -o /dev/null; done
  by_curl empty/ -X PUT -d '' -o /dev/null
  for name in 0 1 2 3 4 5 6 7; do by_curl "files/storm$name" -T "$work/small" -o /dev/null; done
}

# aside: the mount is given up as it is; its server never answers.
aside() {
  umount -l "$mnt"
  daemons "$mnt" | xargs -r kill -KILL
  wait_until 10 no_daemon "$mnt" || bad "a killed daemon is still there"
  control faults/clear
}

# on_mount OPTIONS COMMAND...: on a mount that gives up no request while the case lasts.
on_mount() {
  context="${1:-durability=remote}: "
  mount_here "$mnt" -o "readwrite_timeout=600${1:+,$1}"
  ls "$mnt/files" >/dev/null
  "${@:2}"
  aside
  context=''
}

start_s3d
fill_bucket
# The first page that a mount asks for shows nothing of the names above.
control "synthetic?bucket=$bucket&key=aaa/&count=1200&size=10"

for options in '' "durability=local,use_cache=$work/journal"; do
  on_mount "$options" judged callers killed "$control" "$mnt" 3
  # What was given up still waits for the server, at most this long, and others wait behind it.
  on_mount "readwrite_timeout=5${options:+,$options}" judged callers crowd "$control" "$mnt" 5 200
  on_mount "$options" judged callers asked "$control" "$mnt"
  rm -rf "$work/journal"
done
stop_s3d

start_s3d --latency-ms 20
fill_bucket
mount_here "$mnt"
judged callers storm "$mnt" 8
unmount "$mnt"
