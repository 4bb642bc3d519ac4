#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The life of a mount: how it begins and ends, in good and in bad ways.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl fusermount3 mountpoint python3
start_s3d
mnt=$work/mnt

# daemon_of DIR: the id of the only daemon there.
daemon_of() {
  local pids
  pids=$(daemons "$1")
  [ "$(wc -w <<<"$pids")" = 1 ] || die "not one daemon of $1, but: $pids"
  say "$pids"
}
target_of() { readlink "/proc/$1/fd/$2"; }

mount_here "$mnt"
pid=$(daemon_of "$mnt")
for fd in 0 1 2; do expect_equal "descriptor $fd of the daemon is /dev/null" /dev/null "$(target_of "$pid" $fd)"; done
expect_equal "the daemon is in the root directory" / "$(readlink "/proc/$pid/cwd")"
expect_equal "it leads a session of its own" "$pid" "$(ps -o sid= -p "$pid" | tr -d ' ')"
expect_equal "it has no children" '' "$(cat "/proc/$pid/task/"*/children)"

# Only what the daemon needs is inherited.
exec 7>"$work/inherited"
mkdir "$work/second"
mount_here "$work/second"
second=$(daemon_of "$work/second")
expect_equal "a descriptor of the caller is not kept open" '' \
  "$(find "/proc/$second/fd" -lname "$work/inherited" 2>/dev/null)"
exec 7>&-
unmount "$work/second"

# open for writing
exec 8>"$mnt/open"
echo one >&8
expect_failure "umount is refused while a file is open" umount "$mnt"
expect_equal "because it is busy" 32 "$(umount "$mnt" 2>"$work/err"; echo $?)"
expect "umount says so" grep -q busy "$work/err"
expect_failure "so is fusermount3 -u" fusermount3 -u "$mnt"
expect "the mount still works" ls "$mnt"
echo two >&8
exec 8>&-
expect_equal "what was written is in the bucket after close" $'one\ntwo' "$(by_curl open)"
expect "umount succeeds after close" umount "$mnt"
expect "and the daemon ends" wait_until 10 no_daemon "$mnt"

mount_here "$mnt"
expect "fusermount3 -u succeeds" fusermount3 -u "$mnt"
expect "nothing is mounted" not_mounted "$mnt"
expect "the daemon ends" wait_until 10 no_daemon "$mnt"

# What was closed is durable, whatever follows at once.
mount_here "$mnt"
pid=$(daemon_of "$mnt")
seq 1 100000 >"$work/closed"
cp "$work/closed" "$mnt/closed"
fusermount3 -u "$mnt"
kill -KILL "$pid" 2>/dev/null || true
by_curl closed -o "$work/got" || true
expect "a closed file is in the bucket after fusermount3 -u and kill -9" cmp "$work/closed" "$work/got"
wait_until 10 no_daemon "$mnt"

# kill -9 leaves a dead mount, which the next command clears
mount_here "$mnt"
pid=$(daemon_of "$mnt")
kill -KILL "$pid"
expect "the daemon is gone" wait_until 10 no_daemon "$mnt"
expect "a dead mount is left" is_mounted "$mnt"
expect_failure "and cannot be used" ls "$mnt"
expect "the next command mounts there" timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options)"
expect_equal "once" 1 "$(mounts_below "$mnt" | wc -l)"
expect "it can be used" cmp "$work/closed" "$mnt/closed"

# a second command on a living mount is no reason to mount twice, nor to fail in silence
expect "the same once more has nothing to do" timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options)"
status=0
timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options),ro" 2>"$work/err" || status=$?
expect_failure "a second mount on a living one is refused" [ "$status" = 0 ]
expect_equal "by one line" 1 "$(wc -l <"$work/err")"
expect_equal "and the first one stays alone" 1 "$(mounts_below "$mnt" | wc -l)"
expect "and alive" cmp "$work/closed" "$mnt/closed"
while [ "$(mounts_below "$mnt" | wc -l)" -gt 1 ]; do umount "$mnt"; done

for signal in TERM INT HUP; do
  is_mounted "$mnt" || mount_here "$mnt"
  pid=$(daemon_of "$mnt")
  kill -"$signal" "$pid"
  if [ "$signal" = HUP ]; then
    sleep 0.5
    if is_mounted "$mnt"; then expect "SIGHUP leaves the mount usable" ls "$mnt"; fi
    continue
  fi
  expect "SIG$signal ends the daemon" wait_until 10 no_daemon "$mnt"
  expect "SIG$signal unmounts" not_mounted "$mnt"
done
is_mounted "$mnt" && unmount "$mnt"

for signal in TERM INT; do
  # A shell lets its background processes ignore SIGINT, and what is ignored stays so.
  setsid env --default-signal=INT "$pailfs" pail "$mnt" -f -o "$(mount_options)" 2>"$work/err" </dev/null &
  shell=$!
  expect "-f mounts" wait_until 10 is_mounted "$mnt"
  expect "-f stays in the foreground" process_start "$shell"
  echo "before $signal" >"$mnt/before"
  kill -"$signal" "$(daemons "$mnt" | head -n 1)"
  status=0
  wait "$shell" || status=$?
  expect_equal "-f exits with 0 after SIG$signal" 0 "$status"
  expect "nothing is mounted" not_mounted "$mnt"
  expect_equal "what was closed is in the bucket" "before $signal" "$(by_curl before)"
done

# SIGTERM while a file is open: its bytes were never promised, but the ones that were flushed were
setsid "$pailfs" pail "$mnt" -f -o "$(mount_options)" 2>"$work/err" </dev/null &
shell=$!
wait_until 10 is_mounted "$mnt"
exec 8>"$mnt/synced"
echo synced >&8
sync "$mnt/synced"
kill -TERM "$(daemons "$mnt" | head -n 1)"
status=0
wait "$shell" || status=$?
exec 8>&- 2>/dev/null || true
expect_equal "-f exits with 0 after SIGTERM with a file open" 0 "$status"
expect "nothing is mounted" not_mounted "$mnt"
expect_equal "what was synced is in the bucket" synced "$(by_curl synced)"

# umount in the foreground
"$pailfs" pail "$mnt" -f -o "$(mount_options)" 2>"$work/err" </dev/null &
shell=$!
wait_until 10 is_mounted "$mnt"
umount "$mnt"
status=0
wait "$shell" || status=$?
expect_equal "-f exits with 0 after umount" 0 "$status"

# a file for which the store fails stays an error, not a success
mount_here "$mnt"
signed_curl "$access" "$secret" "$region" -d 'op=PutObject times=1000 action=status:403:AccessDenied' "$control/fault" -o /dev/null
expect_failure "dd tells that the store refused" dd if="$work/closed" of="$mnt/refused" status=none
expect_failure "cp tells that the store refused" cp "$work/closed" "$mnt/refused-too"
signed_curl "$access" "$secret" "$region" -X POST "$control/faults/clear" -o /dev/null
expect "afterwards writing works again" cp "$work/closed" "$mnt/accepted"
unmount "$mnt"

# In the namespace of the machine they may be those of somebody else, and reaped late.
if [ "$namespace" = own ]; then
  expect_equal "no process of this test is a zombie at the end" '' \
    "$(ps -e -o pid=,stat=,comm= | awk '$2 ~ /^Z/ && $3 ~ /pailfs|s3fs|fusermount/')"
fi

# A machine that sleeps: the process stands still, its connections are gone and the clock has moved on when it wakes.
context='hibernation: '
mount_here "$mnt"
echo before >"$mnt/slept"
pid=$(daemon_of "$mnt")
# In a process of its own: whoever inherits an open file waits for the daemon when it ends.
python3 -c 'import os, sys, time
with open(sys.argv[1], "w", buffering=1) as file:
    file.write("one\n")
    open(sys.argv[2], "w").close()
    while not os.path.exists(sys.argv[3]): time.sleep(0.05)
    file.write("two\n")' "$mnt/slept-open" "$work/asleep" "$work/awake" &
writer=$!
wait_until 10 test -e "$work/asleep"
kill -STOP "$pid"
curl -sS -f -X POST "$control/idle/close" -o /dev/null
curl -sS -f -X POST "$control/clock?offset_s=7200" -o /dev/null
kill -CONT "$pid"
expect_equal "what was there can be read" before "$(timeout 20 cat "$mnt/slept" 2>&1)"
: >"$work/awake"
expect "an open file can be written on and closed" wait "$writer"
expect_equal "and is stored" $'one\ntwo' "$(curl -sS -f "$control/object/$bucket/slept-open")"
expect "new files can be made" timeout 20 cp /etc/hostname "$mnt/slept-new"
curl -sS -f -X POST "$control/clock?offset_s=0" -o /dev/null
unmount "$mnt"
context=''
