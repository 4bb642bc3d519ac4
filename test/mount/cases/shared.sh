#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several mounts of one bucket, as several machines have them: what they append to one file is all there, what is exclusive
# has one winner, and a lost race is an error whose bytes are kept.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

many=5 lines=40 rounds=10
if [ -n "${PAILFS_THOROUGH:-}" ]; then many=10 lines=1000 rounds=100; fi
control() { curl -sS --fail -X POST "$control/$1" "${@:2}" >/dev/null; }

# begin_mounts OPTIONS: $work/m1 to $work/mN, each with a cache directory of its own.
begin_mounts() {
  local n
  for ((n = 1; n <= mounts; n++)); do
    mkdir -p "$work/cache$n" "$work/tmp$n"
    mount_here "$work/m$n" -o "tmpdir=$work/tmp$n${1:+,${1//CACHE/$work/cache$n}}"
  done
}
end_mounts() {
  local n
  for ((n = 1; n <= mounts; n++)); do unmount "$work/m$n"; done
}

# append_lines DIR NAME: opened, appended to and closed for each line. An error is told by the line's number.
append_lines() {
  local i
  for ((i = 1; i <= lines; i++)); do
    say "$2 line $i" >>"$1/log" || say "$2 $i" >>"$work/errors"
  done
}

# Each line once and whole, whatever is between them.
appends() {
  local n i options=$1
  local -a writers
  context="${options:-durability=remote}${2:+, $2}: "
  : >"$work/errors"
  begin_mounts "$options"
  [ -z "${2:-}" ] || control fault --data-binary 'op=PutObject key=*log prob=0.05 seed=7 action=apply_then_drop'
  writers=()
  for ((n = 1; n <= mounts; n++)); do
    append_lines "$work/m$n" "m$n" &
    writers+=($!)
  done
  wait "${writers[@]}"
  control faults/clear
  end_mounts
  for ((n = 1; n <= mounts; n++)); do
    for ((i = 1; i <= lines; i++)); do say "m$n line $i"; done
  done | sort >"$work/wanted"
  by_curl log -o "$work/log"
  sort "$work/log" >"$work/got"
  expect_same "each line of $mounts mounts is there once" "$work/wanted" "$work/got"
  expect_equal "no append failed" '' "$(cat "$work/errors")"
  by_curl log -X DELETE
}

# one_winner COMMAND: by each mount at the same moment, in an own process; says how many succeeded.
one_winner() {
  local n won=0
  local -a pids=()
  for ((n = 1; n <= mounts; n++)); do
    (cd "$work/m$n" && eval "$1") >/dev/null 2>&1 &
    pids+=($!)
  done
  for n in "${pids[@]}"; do if wait "$n"; then won=$((won + 1)); fi; done
  say "$won"
}

exclusive() {
  local round winners=''
  context='exclusive: '
  begin_mounts ''
  for ((round = 1; round <= rounds; round++)); do winners+=$(one_winner "mkdir d$round"); done
  expect_equal "mkdir by $mounts mounts at once has one winner" "$(printf '1%.0s' $(seq "$rounds"))" "$winners"
  winners=''
  for ((round = 1; round <= rounds; round++)); do
    winners+=$(one_winner "python3 -c 'import os; os.close(os.open(\"f$round\", os.O_CREAT | os.O_EXCL | os.O_WRONLY))'")
  done
  expect_equal "O_EXCL by $mounts mounts at once has one winner" "$(printf '1%.0s' $(seq "$rounds"))" "$winners"
  end_mounts
}

# change_in_place FILE: holds it open, waits for $work/go and writes.
change_in_place() {
  python3 - "$1" "$work/open" "$work/go" <<'EOF'
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
os.pread(fd, 100, 0)
open(sys.argv[2], "w").close()
while not os.path.exists(sys.argv[3]):
    time.sleep(0.05)
os.pwrite(fd, b"OURS", 2)
try:
    os.close(fd)
except OSError as error:
    print(error.errno)
EOF
}

lost_update() {
  local name file writer
  context='lost update: '
  mounts=2
  begin_mounts ''
  say 0123456789 >"$work/m1/f"
  change_in_place "$work/m1/f" >"$work/errno" &
  writer=$!
  wait_until 10 test -e "$work/open"
  say 'of another client' >"$work/m2/f"
  : >"$work/go"
  wait "$writer"
  expect_equal "close is ESTALE" 116 "$(cat "$work/errno")"
  expect_equal "the other client's version stays" 'of another client' "$(by_curl f)"
  wait_until 10 grep -q 'f' <("$pailfs" conflicts "$work/m1")
  file=$("$pailfs" conflicts --json "$work/m1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["file"])')
  expect_equal "what was written is kept, in its place" OURS "$(tail -c +3 "$file" | head -c 4)"
  expect "status tells of it" grep -q 'lost against' <("$pailfs" status "$work/m1")
  expect "it is this mount's" grep -q '1 conflict: 1 of this mount, 0 of other' <("$pailfs" conflicts "$work/m1")
  name=$("$pailfs" conflicts --json "$work/m1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["name"])')
  expect "it is forgotten" "$pailfs" conflicts --forget "$name" "$work/m1"
  expect_equal "and not listed any more" 'no conflicts' "$("$pailfs" conflicts "$work/m1")"
  end_mounts
}

# refused COMMAND...: it must fail.
refused() { if "$@" 2>>"$work/refused"; then bad "succeeds: $*"; else ok "refused: $*"; fi; }

# directories HOW [OPTIONS]: what one mount has stored under a name is not replaced by a directory that the other one, with these
# options, moves there.
directories() {
  local renaming a=$work/m1 b=$work/m2
  context="directories, $1: "
  mounts=2
  mkdir -p "$work/cache1"
  mount_here "$a" -o "tmpdir=$work${2:+,$2}"
  mount_here "$b" -o "tmpdir=$work"
  mkdir "$a/new" "$a/empty" "$a/gone" "$a/back"
  for file in new/f back/a back/zz; do say ours >"$a/$file"; done
  [ -z "${2:-}" ] || expect "all of it is in the bucket" "$pailfs" sync "$a"
  ls "$a/cur" "$a/empty" "$a/gone" >/dev/null 2>&1 || true
  mkdir "$b/cur"
  for name in cur empty gone; do say theirs >"$b/$name/f"; done
  refused mv -T "$a/new" "$a/cur"
  refused mv -T "$a/new" "$a/empty"
  rmdir "$a/gone" 2>/dev/null || true
  refused mv -T "$a/new" "$a/gone"
  for name in cur empty gone; do expect_equal "$name/f stays" theirs "$(by_curl "$name/f")"; done
  expect_equal "what was not moved stays" ours "$(cat "$a/new/f")"
  if [ "$1" = obeying ]; then
    # The copy of zz waits; meanwhile the other mount changes a, which is copied already, and makes other/zz.
    control fault --data-binary 'op=CopyObject key=*other/zz times=1 action=delay:1500'
    mv -T "$a/back" "$a/other" 2>>"$work/refused" &
    renaming=$!
    wait_until 10 by_curl other/a -o /dev/null
    say later >"$b/back/a"
    wait "$renaming" || bad "the directory is not moved: $(cat "$work/refused")"
    refused mv -T "$a/other" "$a/back"
    expect_equal "what kept its old name is not replaced" later "$(by_curl back/a)"
    control fault --data-binary 'op=CopyObject key=*third/zz times=1 action=delay:1500'
    mv -T "$a/other" "$a/third" 2>>"$work/refused" &
    renaming=$!
    wait_until 10 by_curl third/a -o /dev/null
    by_curl third/zz -X PUT --data-binary 'put meanwhile'
    if wait "$renaming"; then bad "a directory is moved over another client's file"; fi
    expect_equal "what was put under the new name stays" 'put meanwhile' "$(by_curl third/zz)"
    expect_equal "and what was to be moved, too" ours "$(by_curl other/zz)"
    control faults/clear
  fi
  end_mounts
}

start_s3d
directories obeying
stop_s3d
start_s3d --rule no_conditional
directories 'not obeying'
stop_s3d
start_s3d
directories 'with a journal' "durability=local,use_cache=$work/cache1"
stop_s3d
mounts=$many
start_s3d
appends ''
appends '' 'a reply in twenty is lost'
appends 'durability=local,use_cache=CACHE'
appends 'durability=local,use_cache=CACHE' 'a reply in twenty is lost'
exclusive
lost_update
