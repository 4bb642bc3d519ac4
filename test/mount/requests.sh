# SPDX-License-Identifier: Apache-2.0
# Counting what commands in a mount send to pailfs-s3d; sourced after lib.sh by cases that have called start_s3d and set mnt.
# shellcheck shell=bash disable=SC2154

control() { curl -sS --fail -X POST "$control/$1" "${@:2}" >/dev/null; }

# fill KEY COUNT [SIZE]: so many objects KEY000000, ... with s3fs's attributes.
fill() {
  control "synthetic?bucket=$bucket&key=$1&count=$2&size=${3:-4096}" -H 'x-amz-meta-mode: 33188' -H 'x-amz-meta-uid: 0' \
    -H 'x-amz-meta-gid: 0' -H 'x-amz-meta-mtime: 1700000000' -H 'Content-Type: application/octet-stream'
}
empty_bucket() {
  control "bucket/discard?name=$bucket"
  control "bucket?name=$bucket"
}

# requests [each]: all requests since the server's counters were reset, but those of the kind $uncounted, or by kind.
uncounted=''
requests() {
  curl -sS "$control/stats" | uncounted=$uncounted python3 -c '
import json, os, sys
counts = json.load(sys.stdin)["requests"]
if "each" in sys.argv:
  print(", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count))
else:
  print(sum(counts.values()) - counts.get(os.environ["uncounted"], 0))' "$@"
}

# counted WHAT MOST COMMAND...: runs the command in the mount and judges what was sent since the counters were reset. An absent name
# is asked about again after a second, so a command that a busy machine stretches beyond two may send a LIST more a second.
counted() {
  local what=$1 most=$2 count begin took
  shift 2
  begin=$(milliseconds)
  (cd "$mnt" && "$@") >"$work/command.out" 2>&1 || bad "$what: $(head -c 300 "$work/command.out")"
  count=$(requests)
  took=$(($(milliseconds) - begin))
  say "note: $what: $count requests ($(requests each)), $took ms"
  if [ "$took" -gt 2000 ]; then most=$((most + (took - 1000) / 1000)); fi
  expect "$what takes at most $most requests" [ "$count" -le "$most" ]
}

# costs WHAT MOST COMMAND...: the same on a mount of its own.
costs() {
  control reset
  mount_here "$mnt"
  counted "$@"
  unmount "$mnt"
}

# costs_in_all WHAT MOST COMMAND...: the same with durability=local, everything that is carried out later included.
costs_in_all() {
  local what=$1 most=$2 count
  shift 2
  control reset
  mount_here "$mnt" -o durability=local,use_cache="$work/journal"
  (cd "$mnt" && "$@") >"$work/command.out" 2>&1 || bad "$what: $(head -c 300 "$work/command.out")"
  expect "$what is stored" "$pailfs" sync "$mnt"
  count=$(requests)
  say "note: $what with a journal: $count requests ($(requests each))"
  expect "$what with a journal takes at most $most requests" [ "$count" -le "$most" ]
  unmount "$mnt"
}
