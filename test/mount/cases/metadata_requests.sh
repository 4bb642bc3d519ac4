#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What everyday commands on many small files cost, counted by the server: each on a fresh mount.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

start_s3d
mnt=$work/mnt

# requests [FORM]: all requests since the server's counters were reset, by kind with "each".
requests() {
  curl -sS "$control/stats" | python3 -c '
import json, sys
counts = json.load(sys.stdin)["requests"]
if "each" in sys.argv:
  print(", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count))
else:
  print(sum(counts.values()))' "$@"
}
reset_requests() { curl -sS -X POST "$control/reset" >/dev/null; }

# costs WHAT MOST COMMAND...: mounts, runs the command in the mount, and counts everything, the mount's own question included.
costs() {
  local what=$1 most=$2 count
  shift 2
  reset_requests
  mount_here "$mnt"
  (cd "$mnt" && "$@") >"$work/command.out" 2>&1 || bad "$what: $(head -c 300 "$work/command.out")"
  count=$(requests)
  say "note: $what: $count requests ($(requests each))"
  expect "$what takes at most $most requests" [ "$count" -le "$most" ]
  unmount "$mnt"
}

create_by_shell() {
  mkdir c
  local i
  for i in $(seq 100); do head -c 4096 /dev/zero >"c/f$i"; done
}
costs "creating 100 files by redirection" 105 create_by_shell
expect_equal "all of them are there" 100 "$(store_curl "$bucket?prefix=c%2Ff" | grep -o '<Size>4096<' | wc -l)"

empty_by_shell() {
  : >empty
  { true; } >also-empty
}
costs "creating two empty files" 8 empty_by_shell
expect_equal "an empty file is stored when its last descriptor is closed" "also-empty empty" \
  "$(keys_in_bucket | grep -v '^c/' | sort | tr '\n' ' ' | sed 's/ $//')"
