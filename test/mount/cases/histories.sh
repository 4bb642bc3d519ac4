#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Random histories of several mounts of one bucket and a client without a mount, through the kernel, with mounts that are
# killed: test/mount/histories says what is done and what may be lost and seen. PAILFS_HISTORIES_SEED chooses the first of them.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

seed=${PAILFS_HISTORIES_SEED:-1} count=8
if [ -n "${PAILFS_THOROUGH:-}" ]; then count=${PAILFS_HISTORIES_COUNT:-1000}; fi

# begin_mount N
begin_mount() {
  mkdir -p "$work/tmp$1" "$work/cache$1"
  mount_here "$work/m$1" -o "logfile=$work/log$1,dbglevel=info,tmpdir=$work/tmp$1${options:+,${options//CACHE/$work/cache$1}}"
}

# write_commands: what the player calls for a mount that was killed, and as the client without a mount.
write_commands() {
  {
    say '#!/bin/bash'
    say "exec timeout 60 '$pailfs' '$(source_argument)' '$work'/m\$1 -o '$(mount_options)' -o \"logfile=$work/log\$1,dbglevel=info,tmpdir=$work/tmp\$1${options:+,${options//CACHE/$work/cache\$1}}\""
  } >"$work/mount-again"
  {
    say '#!/bin/bash'
    say "key=\$1; shift"
    say "$(declare -f say have die signed_curl store_curl by_curl 2>/dev/null)"
    declare -p bucket prefix access secret region endpoint
    say "by_curl \"\$key\" \"\$@\""
  } >"$work/client"
  chmod 755 "$work/mount-again" "$work/client"
}

# logged VERDICT: what the mounts have logged of the history that is wrong.
logged() {
  local history
  history=$(grep -oE 'history h[0-9]+' "$1" | head -n 1 | cut -d ' ' -f 2)
  [ -z "$history" ] || { grep -F "$history/" "$work"/log* | grep -v 'errno 2:' | tail -n 40; grep -h 'errno 5:' "$work"/log* | tail -n 5; }
}

# histories WHAT MOUNTS COUNT CONDITIONAL KILLS [OPTIONS]
histories() {
  local n tops='' status=0 copies_obey=$4
  # Of the servers tried none but this one obeys a condition on the destination of a COPY.
  [ "$server" = pailfs-s3d ] || copies_obey=false
  options=${6:-}
  context="$server, $1, $2 mounts: "
  write_commands
  for ((n = 0; n < $2; n++)); do
    begin_mount "$n"
    tops+="${tops:+, }\"$work/m$n\""
  done
  cat >"$work/settings.json" <<EOF
{"mounts": [$tops], "mount_again": "$work/mount-again", "curl": "$work/client", "seed": $seed, "count": $3, "steps": 12,
 "conditional": $4, "copies_obey": $copies_obey, "kills": $5}
EOF
  timeout 6000 python3 "$root/test/mount/histories/play.py" "$work/settings.json" >"$work/verdict" 2>&1 || status=$?
  say "note: $context$(grep 'histories of' "$work/verdict")"
  if [ "$status" = 0 ]; then ok "nothing is lost or shown that may not be"; else bad "$(cat "$work/verdict" <(logged "$work/verdict"))"; fi
  for ((n = 0; n < $2; n++)); do unmount "$work/m$n"; done
  seed=$((seed + $3))
}

obeying() {
  histories 'conditions are obeyed' 3 "$count" true 0.4
  if [ -n "${PAILFS_THOROUGH:-}" ]; then
    histories 'conditions are obeyed' 2 "$count" true 0.4
    histories 'conditions are obeyed' 10 $((count / 4)) true 0.4
  fi
}
on_each_server obeying ceph-rgw pailfs-s3d

start_s3d --rule no_conditional
histories 'conditions are ignored' 3 $((count / 2)) false 0.4
stop_s3d
