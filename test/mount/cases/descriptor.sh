#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount whose FUSE descriptor another program has opened and mounted is listed, watched, synced and unmounted like others:
# by the directory where it is seen, by the number of its process elsewhere.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need python3 curl
if [ "$namespace" = own ]; then mount -t tmpfs -o mode=755 tmpfs /run; fi
start_s3d
mnt=$work/mnt
mkdir "$mnt" "$mnt-two" "$mnt-far"

# shellcheck source=test/mount/commands.sh
. "$(dirname "$0")/../commands.sh"
# pass DIR BUCKET [COMMAND...]: opens and mounts a descriptor, there by COMMAND, and passes it; sets pid
pass() {
  local dir=$1 bucket=$2
  shift 2
  exec 9<>/dev/fuse
  "$@" mount -i -t fuse.pailfs -o fd=9,rootmode=40000,user_id=0,group_id=0,default_permissions "$bucket" "$dir"
  "$pailfs" "$bucket" /dev/fd/9 -f -o "$(mount_options)" 2>"$work/$pid_file.err" </dev/null &
  pid=$!
  exec 9>&-
}
serves() { ask list --json && [ "$(field "[m['state'] for m in j if m['pid'] == $1]")" = "['serving']" ]; }

pid_file=one
pass "$mnt" pail
one=$pid
curl -sS -f -X POST "$control/bucket?name=other" -o /dev/null
pid_file=two
pass "$mnt-two" other
two=$pid
expect "two that were passed the same number are served" wait_until 20 serves "$one"
expect "both" wait_until 20 serves "$two"

ask list
expect_equal "list names them by their directories" "other on $mnt-two|pail on $mnt|" "$(sed 's/ (.*//' "$work/out" | sort | tr '\n' '|')"
ask list --json
expect_equal "as JSON too" "$mnt $mnt-two" "$(field '" ".join(m["mountpoint"] for m in j)')"
expect "in the shape that the documents say" python3 "$(dirname "$0")/../json_shape.py" "$(dirname "$0")/../../../docs/json-schema.json" list "$work/out"
echo content >"$mnt/file"
ask status "$mnt" --json
expect_equal "status by the directory is of that bucket" "pail $mnt $one" "$(field '" ".join([j["bucket"], j["mountpoint"], str(j["pid"])])')"
ask status "$two" --json
expect_equal "and by the process of the other" "other $mnt-two" "$(field '" ".join([j["bucket"], j["mountpoint"]])')"
ask status --json
expect_equal "status of all has both" 'other pail' "$(field '" ".join(sorted(m["bucket"] for m in j))')"
exec 8>>"$mnt/open"
echo more >&8
ask sync "$mnt"
expect_equal "sync stores what is open" "0 more" "$status $(by_curl open)"
ask umount "$mnt"
expect_equal "what is in use stays" 2 "$status"
exec 8>&-
ask refresh "$mnt/file"
expect_equal "refresh finds it" "0" "$status$(cat "$work/err")"
ask remount -o dbglevel=info "$mnt"
expect_equal "remount too" "0" "$status$(cat "$work/err")"
ask umount "$mnt"
expect_equal "umount takes it off" "0" "$status$(cat "$work/err")"
expect "it is gone" not_mounted "$mnt"
status=0
wait "$one" || status=$?
expect_equal "and its process has ended well" 0 "$status"
ask umount "$two"
expect_equal "umount by the process takes off the other" "0" "$status$(cat "$work/err")"
expect "it is gone too" not_mounted "$mnt-two"
ask list
expect_equal "list is empty" '' "$(cat "$work/out")"

# ---- where it is not seen -------------------------------------------------------------------------------------------------

unshare -m --propagation private sleep 1000 &
guest=$!
remember_process "$work/servers.pids" "$guest"
has_namespace() { [ "$(readlink /proc/self/ns/mnt)" != "$(readlink "/proc/$1/ns/mnt")" ]; }
wait_until 10 has_namespace "$guest" || die "the guest does not begin"
pid_file=far
pass "$mnt-far" pail nsenter --target "$guest" --mount
far=$pid
expect "one in another mount namespace is served" wait_until 20 serves "$far"
ask list
expect_equal "list says that its directory is not seen" "pail on a directory that is not seen from here" "$(sed 's/ (.*//' "$work/out")"
ask list --json
expect_equal "as JSON it is empty" '' "$(field 'j[0]["mountpoint"]')"
ask status "$mnt-far"
expect_equal "a directory of the same name is no mount" 1 "$status"
nsenter --target "$guest" --mount sh -c "echo far >'$mnt-far/far'"
ask sync "$far"
expect_equal "sync by the process" "0 far" "$status $(by_curl far)"
ask umount "$far"
expect_equal "umount cannot take it off" 2 "$status"
expect "and says where it can be" grep -q "process $far is mounted on a directory that is not seen from here; unmount it where it is" "$work/err"
ask umount --force "$far"
expect_equal "--force ends its process" "0" "$status"
status=0
wait "$far" || status=$?
expect_equal "which has stored everything" 0 "$status"
expect_equal "the guest has an error, and does not wait" 1 "$(nsenter --target "$guest" --mount ls "$mnt-far" 2>&1 | grep -c 'not connected\|aborted')"
ask list
expect_equal "list is empty" '' "$(cat "$work/out")"
