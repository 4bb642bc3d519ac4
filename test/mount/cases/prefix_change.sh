#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A living mount comes to show another path of the bucket: everything is stored before, what is open goes on in the old mount,
# and what cannot be mounted changes nothing.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need python3 curl setpriv
if [ "$namespace" = own ]; then mount -t tmpfs -o mode=755 tmpfs /run; fi
start_s3d
mnt=$work/mnt

# shellcheck source=test/mount/commands.sh
. "$(dirname "$0")/../commands.sh"
mounts() { ask list --json && field '" ".join(m["source"] for m in sorted(j, key=lambda m: m["mountpoint"] == ""))'; }
# listener PORT: the process that listens there
listener() {
  local inode pid
  inode=$(awk -v port=":$(printf %04X "$1")" '$2 ~ port"$" && $4 == "0A" { print $10 }' /proc/net/tcp)
  for pid in /proc/[0-9]*; do
    [ -z "$(find "$pid/fd" -lname "socket:\[$inode\]" 2>/dev/null)" ] || say "${pid#/proc/}"
  done
  return 0
}
control() { signed_curl "$access" "$secret" "$region" --fail -X POST "$control/$1" "${@:2}" -o /dev/null; }
ended() { ! process_start "$1" >/dev/null; }

by_curl old/name -X PUT --data-binary old -o /dev/null
by_curl new/name -X PUT --data-binary new -o /dev/null
port=$(free_ports 1)
# Relative names of files mean what they meant when the mount began.
cd "$work"
mkdir -p "$mnt"
timeout 60 "$pailfs" pail:/old mnt -o "url=$endpoint,use_path_request_style,passwd_file=passwd,metrics_listen=$port,logfile=log,dbglevel=info,umask=022,retries=1"
cd /
ask list --json
old=$(field 'j[0]["pid"]')
expect_equal "the old path shows" old "$(cat "$mnt/name")"
head -c 3M /dev/urandom >"$work/content"
exec 8<>"$mnt/open"
cat "$work/content" >&8

ask remount -o prefix=new/ "$mnt"
expect_equal "the prefix is changed" 0 "$status"
expect "and it is said what goes on" grep -q "^pailfs: files of pail:/old are still open, in process $old, which ends with the last of them; to watch it: pailfs status $old" "$work/err"
expect_equal "the new path shows" new "$(cat "$mnt/name")"
expect "what was written before is stored" cmp <(by_curl old/open) "$work/content"
expect_equal "both are listed" 'pail:/new pail:/old' "$(mounts)"
expect_equal "the options stay" "umask=022" "$(field '[o for o in j[0]["options"] if o.startswith("umask")][0]')"
expect_equal "the old one has no directory" "" "$(field '[m["mountpoint"] for m in j if m["prefix"] == "old/"][0]')"
ask list
expect "which the list says" grep -q "^pail:/old on no directory any more, with open files (" "$work/out"
printf more >&8
cat <&8 >/dev/null
ask sync "$old"
expect_equal "sync finds the old one by its process" 0 "$status"
expect "what was written after is stored under the old path" cmp <(by_curl old/open) <(cat "$work/content" && printf more)
expect "the port of the metrics is the new one's" sh -c "curl -sS -f http://127.0.0.1:$port/metrics | grep -q 'pailfs_.*'"
expect_equal "and of one process" "$(mounts >/dev/null && field 'j[0]["pid"] if j[0]["prefix"] == "new/" else j[1]["pid"]')" "$(listener "$port")"
printf last >&8
exec 8>&-
expect "the old one ends with the last file" wait_until 20 ended "$old"
expect "all of it is stored" cmp <(by_curl old/open) <(cat "$work/content" && printf 'morelast')
expect_equal "one mount is left" 'pail:/new' "$(mounts)"
expect "the log has both" grep -q 'taken off its directory' "$work/log"
expect "in order" grep -q 'mounted s3://pail/new/' "$work/log"

new=$(field 'j[0]["pid"]')
ask remount -o prefix=new "$mnt"
expect_equal "the same prefix changes nothing" "0 $new" "$status $(mounts >/dev/null && field 'j[0]["pid"]')"
ask remount -o prefix=old,passwd_file=/nonexistent "$mnt"
expect_equal "keys that are not there: the status of a mount" 2 "$status"
expect_equal "and nothing has changed" new "$(cat "$mnt/name")"
expect_equal "in the same process" "$new" "$(mounts >/dev/null && field 'j[0]["pid"]')"
control fault -d 'op=PutObject key=new/lost action=status:500:InternalError'
exec 8>"$mnt/lost"
printf lost >&8
ask remount -o prefix=old "$mnt"
expect_equal "a file that cannot be stored: the status of sync" 1 "$status"
expect "it is named" grep -q '^pailfs: not stored: lost: ' "$work/err"
expect_equal "nothing has changed" "new $new" "$(cat "$mnt/name") $(mounts >/dev/null && field 'j[0]["pid"]')"
control faults/clear
exec 8>&-
expect_equal "it is stored later" lost "$(by_curl new/lost)"

ask remount -o 'prefix=/,ro' "$mnt"
expect_equal "the whole bucket, read-only" "0 old" "$status $(cat "$mnt/old/name")"
expect_failure "it cannot be written" touch "$mnt/no"
ask remount -o prefix=new,rw "$mnt"
expect_equal "and writable again" "0" "$status"
expect "it is" touch "$mnt/yes"
ask umount "$mnt"
expect_equal "unmounted" 0 "$status"
expect "nothing is left" wait_until 10 no_daemon "$mnt"

# ---- what cannot be ------------------------------------------------------------------------------------------------------

"$pailfs" pail:/old "$mnt" -f -o "$(mount_options)" >/dev/null 2>&1 </dev/null &
shell=$!
wait_until 20 is_mounted "$mnt"
ask remount -o prefix=new "$mnt"
expect_equal "a mount in the foreground belongs to its starter" 1 "$status"
expect "which is said" grep -q 'is served in the foreground, for the program that has started it' "$work/err"
umount "$mnt"
wait "$shell"

# ---- an ordinary user ------------------------------------------------------------------------------------------------------

user_changes() {
  local user=$work/user as_user
  own_fuse_device 666
  mkdir -m 755 "$user" && mkdir "$user/mnt"
  cp "$work/passwd" "$user/passwd"
  chown -R 65534:65534 "$user"
  as_user=(env -u XDG_RUNTIME_DIR "HOME=$user" setpriv --reuid=65534 --regid=65534 --clear-groups)
  expect "a user mounts" "${as_user[@]}" timeout 20 "$pailfs" pail:/old "$user/mnt" -o "url=$endpoint,use_path_request_style,passwd_file=$user/passwd"
  expect "and changes the prefix" "${as_user[@]}" timeout 20 "$pailfs" remount -o prefix=new "$user/mnt"
  expect_equal "it shows" new "$("${as_user[@]}" cat "$user/mnt/name")"
  expect "and is unmounted" "${as_user[@]}" timeout 20 "$pailfs" umount "$user/mnt"
}
if [ "$namespace" = own ]; then user_changes; else say "note: an ordinary user was left out"; fi
