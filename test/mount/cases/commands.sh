#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# list, status, sync, umount and check; the log; the metrics; and that no secret gets into any of them.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 setpriv
# Records and sockets of this case alone.
if [ "$namespace" = own ]; then mount -t tmpfs -o mode=755 tmpfs /run; fi
start_s3d
mnt=$work/mnt

# shellcheck source=test/mount/commands.sh
. "$(dirname "$0")/../commands.sh"
# shape NAME [FILE]: the JSON in $work/out, or FILE, is what docs/json-schema.json says of it
shape() { python3 "$(dirname "$0")/../json_shape.py" "$(dirname "$0")/../../../docs/json-schema.json" "$1" "${2:-$work/out}"; }
status_attribute() { python3 -c 'import os,sys; sys.stdout.write(os.getxattr(sys.argv[1], "user.pailfs.status").decode())' "$1"; }
command_control() { signed_curl "$access" "$secret" "$region" --fail -X POST "$control/$1" "${@:2}" -o /dev/null; }

# ---- list and status ----------------------------------------------------------------------------------------------------

ask list
expect_equal "list of nothing is empty and no failure" "0" "$status$(grep -F "$work" "$work/out" || true)"
if [ "$namespace" = own ]; then
  expect_equal "and says so elsewhere" "pailfs: no mount of pailfs was found" "$(cat "$work/out" "$work/err")"
  ask status
  expect_equal "so does status" "0 pailfs: no mount of pailfs by uid 0 was found" "$status $(cat "$work/out" "$work/err")"
  ask status --json
  expect_equal "as JSON it is an array of nothing" "0 []" "$status $(cat "$work/out" "$work/err")"
fi
expect "--generate=man is the whole manual page" grep -q '^.SH EXIT STATUS' <("$pailfs" --generate=man </dev/null)
mount_here "$mnt" -o "logfile=$work/log,metrics_file=$work/metrics,retries=1,dbglevel=err,use_xattr"
echo hello >"$mnt/hello"
ask list
expect_equal "list succeeds" 0 "$status"
expect "it names the mount" grep -qF "on $mnt (" "$work/out"
ask list --json
expect_equal "as JSON too" "$mnt True" "$(field '" ".join([j[0]["mountpoint"], str(j[0]["alive"])])')"
expect "in the shape that the documents say" shape list
expect_equal "with what is mounted and how" "pail False remote serving" "$(field '" ".join([j[0]["bucket"], str(j[0]["read_only"]), j[0]["durability"], j[0]["state"]])')"
expect_equal "with the options as given, and no secret" "metrics_file=$work/metrics" "$(field '[o for o in j[0]["options"] if o.startswith("metrics")][0]')"
ask status "$mnt"
expect_equal "status succeeds" 0 "$status"
expect "it begins with source and mountpoint" grep -qxF "pail on $mnt" "$work/out"
expect "it says that all is stored" grep -q '^  unstored      nothing$' "$work/out"
expect "it says where the log goes" grep -qF "file $work/log" "$work/out"
ask status "$mnt" --json
expect "in the shape that the documents say" shape status
expect_equal "as JSON, region and file" "us-east-1 True" "$(field 'j["region"]+" "+str(j["s3_requests"]["PUT"]["requests"] > 0)')"
expect_equal "where the credentials come from" "$work/passwd" "$(field 'j["credentials"]["source"]')"
(cd "$mnt" && ask status . --json)
expect_equal "a relative path is as good" "$mnt" "$(field 'j["mountpoint"]')"
ask status --json
expect "an array of that shape" shape 'status[]'
expect_equal "without a mountpoint: all of them" "$mnt" "$(field 'j[0]["mountpoint"]')"
requests() { curl -sS "$control/stats" | sed -n 's/.*"requests_total":\([0-9]*\).*/\1/p'; }
before=$(requests)
status_attribute "$mnt" >"$work/out"
expect_equal "the attribute costs no request" "$before" "$(requests)"
expect_equal "the root has it as an attribute" "$mnt" "$(field 'j["mountpoint"]')"
expect_equal "which no listing shows" '[]' "$(python3 -c 'import os,sys
try: print(os.listxattr(sys.argv[1]))
except OSError: print([])' "$mnt")"
expect "cp -a of the mount does not stumble over it" cp -a "$mnt" "$work/copy"

status=0
setpriv --reuid=65534 --regid=65534 --clear-groups "$pailfs" status "$mnt" --json >"$work/out" 2>"$work/err" || status=$?
expect_failure "another user is told nothing" [ "$status" = 0 ]
expect_equal "not one byte" '' "$(cat "$work/out")"

mount_of_another_user() {
  mkdir -m 755 "$work/user"
  mkdir "$work/user/mnt"
  cp "$work/passwd" "$work/user/passwd"
  chown -R 65534:65534 "$work/user"
  own_fuse_device 666
  local as_nobody
  as_nobody=(env -u XDG_RUNTIME_DIR "HOME=$work/user" setpriv --reuid=65534 --regid=65534 --clear-groups)
  expect "another user mounts" "${as_nobody[@]}" timeout 20 "$pailfs" pail "$work/user/mnt" -o "url=$endpoint,use_path_request_style,passwd_file=$work/user/passwd"
  ask list
  expect_equal "root sees both, by mountpoint" "pail on $mnt (|pail on $work/user/mnt (" "$(grep -oF -e "pail on $mnt (" -e "pail on $work/user/mnt (" "$work/out" | paste -sd '|')"
  expect "and whose it is" grep -q "on $work/user/mnt (.*, uid 65534, since" "$work/out"
  ask list --json
  expect_equal "as JSON" '[0, 65534]' "$(field '[m["uid"] for m in j]')"
  ask status "$work/user/mnt"
  expect_equal "its status is its user's" 2 "$status"
  expect "which is said" grep -q "is a mount of uid 65534, which alone can ask it" "$work/err"
  "${as_nobody[@]}" "$pailfs" list >"$work/out"
  expect_equal "the user sees one" "pail on $work/user/mnt" "$(sed 's/ (.*//' "$work/out")"
  expect "and can ask it" "${as_nobody[@]}" "$pailfs" status "$work/user/mnt"
  expect "and unmount it" "${as_nobody[@]}" timeout 20 "$pailfs" umount "$work/user/mnt"
}
if [ "$namespace" = own ]; then mount_of_another_user; else say "note: mounts of other users were left out"; fi

# ---- a slow upload ------------------------------------------------------------------------------------------------------

head -c 8M /dev/urandom >"$work/big"
command_control 'bandwidth?total=1000000'
cp "$work/big" "$mnt/big" &
copier=$!
seen=''
for _ in $(seq 100); do
  ask status "$mnt" --json
  seen=$(field '[u["bytes_total"] for u in j["uploads"] if 0 < u["bytes_done"] < u["bytes_total"]] or ""')
  [ -z "$seen" ] || break
  sleep 0.1
done
expect_equal "an upload under way shows its bytes" '[8388608]' "$seen"
expect_equal "and what is not stored yet" 8388608 "$(field 'j["unstored"]["bytes"]')"
first=$(field 'j["bytes_sent"]')
sleep 1
ask status "$mnt" --json
expect "bytes count while they are sent" [ "$(field 'j["bytes_sent"]')" -gt "$first" ]
ask status "$mnt"
expect "in words too" grep -q ' of 8.0 MiB (' "$work/out"
ask umount --timeout 2 "$mnt"
expect_equal "when the time of umount is over its status says so" 7 "$status"
expect "its words too, with what is left" grep -q 'not stored within 2 s: 1 file, .*big .* of 8.0 MiB (' "$work/err"
expect "and the mount stays" is_mounted "$mnt"
command_control 'bandwidth?total=0'
wait "$copier"
ask sync "$mnt"
expect_equal "sync is content when it has come to its end" 0 "$status"

# ---- an upload that fails -----------------------------------------------------------------------------------------------

command_control fault -d 'op=PutObject key=lost* action=status:500:InternalError'
echo precious 2>/dev/null >"$mnt/lost" || true
ask status "$mnt" --json
expect "in the same shape, with a failure" shape status
expect_equal "what failed is told with its file" lost "$(field 'j["unstored"]["list"][0]["path"]')"
expect "and why" [ "$(field '"InternalError" in j["last_error"]["text"] and len(j["last_error"]["request_id"]) > 8')" = True ]
ask sync "$mnt"
expect_equal "sync fails" 1 "$status"
expect "with a list" grep -q '^pailfs: not stored: lost: .*InternalError' "$work/err"
ask umount "$mnt"
expect_equal "umount fails" 1 "$status"
expect "with a list" grep -q '^pailfs: not stored: lost: ' "$work/err"
expect "and leaves the mount" is_mounted "$mnt"
expect_equal "with the bytes" precious "$(cat "$mnt/lost")"
expect "the log has the request id" grep -qE 'InternalError.*\(request [0-9A-F]{8,}\)$' "$work/log"
command_control faults/clear
ask sync "$mnt"
expect_equal "once the store works again sync succeeds" 0 "$status"
expect_equal "and the bytes are there" precious "$(by_curl lost)"

# ---- umount -------------------------------------------------------------------------------------------------------------

exec 8>"$mnt/open"
echo one >&8
ask umount "$mnt"
expect_equal "a mount in use stays" 2 "$status"
expect "which is said" grep -q 'is in use; everything is stored' "$work/err"
expect_equal "and what was written is stored" one "$(by_curl open)"
exec 8>&-
command_control 'bandwidth?total=2000000'
cp "$work/big" "$mnt/big2"
ask umount --timeout 60 "$mnt"
expect_equal "umount succeeds" 0 "$status"
expect "nothing is mounted" not_mounted "$mnt"
expect "the process has ended" no_daemon "$mnt"
command_control 'bandwidth?total=0'
by_curl big2 -o "$work/got"
expect "what was written is in the bucket" cmp "$work/big" "$work/got"
expect "the metrics file was written at the end" grep -q '^pailfs_s3_bytes_total{dir="sent"} [1-9]' "$work/metrics"
ask umount --timeout 5 "$mnt"
expect_equal "what is not mounted cannot be unmounted" 1 "$status"
ask umount "$mnt"
expect_equal "nor is a bucket called umount mounted there" 1 "$status"
expect "it says so" grep -q "no mount of pailfs is at" "$work/err"

# ---- remount of limits, times and keys ------------------------------------------------------------------------------------

mkdir "$work/cache"
by_curl four -X PUT --data-binary "@$work/big" -o /dev/null
by_curl seen -X PUT --data-binary old -o /dev/null
mount_here "$mnt" -o "use_cache=$work/cache,ensure_diskfree=1,stat_cache_expire=900,attr_timeout=900,entry_timeout=900"
on_disk() { ask status "$mnt" --json && field 'j["cache"].get("disk_bytes", 0)'; }
few_on_disk() { [ "$(on_disk)" -le 1048576 ]; }
cat "$mnt/four" >/dev/null
if [ "$(on_disk)" -gt 4000000 ]; then
  ask remount -o cache_size=1 "$mnt"
  expect_equal "cache_size is lowered" "0" "$status$(cat "$work/err")"
  expect "and what is beyond it goes" few_on_disk
else
  say "note: the disk has no room for a cache; cache_size was not lowered"
fi
expect_equal "a name is looked at" old "$(cat "$mnt/seen")"
by_curl seen -X PUT --data-binary newer -o /dev/null
expect_equal "and believed for long" 3 "$(stat -c %s "$mnt/seen")"
ask remount -o stat_cache_expire=1,attr_timeout=1,entry_timeout=1,negative_timeout=0.5,memory_limit=8,max_stat_cache_size=100 "$mnt"
expect_equal "times and limits change" "0" "$status$(cat "$work/err")"
by_curl later -X PUT --data-binary one -o /dev/null
expect_equal "a new name" one "$(cat "$mnt/later")"
by_curl later -X PUT --data-binary three -o /dev/null
sleep 2.2
expect_equal "is believed for a second only" 5 "$(stat -c %s "$mnt/later")"
ask list --json
expect_equal "list knows the options as they are" "attr_timeout=1 memory_limit=8" "$(field '" ".join(o for o in j[0]["options"] if o.split("=")[0] in ("attr_timeout", "memory_limit"))')"
(umask 077 && echo AKIASECOND:second/secret >"$work/passwd-second" && echo AKIAUNKNOWN:nothing >"$work/passwd-unknown")
ask remount -o "passwd_file=$work/passwd-unknown" "$mnt"
expect_equal "keys that the service does not know are not taken" 2 "$status"
expect "and it is said why" grep -q 'AKIA' "$work/err"
expect "the old ones go on" sh -c "echo still >'$mnt/still'"
command_control 'credentials?access=AKIASECOND&secret=second%2Fsecret'
expect "keys are taken from another file" sh -c "cd '$work' && '$pailfs' remount -o passwd_file=passwd-second '$mnt'"
ask status "$mnt" --json
expect_equal "others are" "$work/passwd-second" "$(field 'j["credentials"]["source"]')"
expect "and used" sh -c "echo second >'$mnt/second'"
unmount "$mnt"
signed_curl AKIASECOND second/secret "$region" --fail -X POST "$control/credentials?access=$access&secret=acceptance%2Fsecret%2Bkey" -o /dev/null

# ---- remount ------------------------------------------------------------------------------------------------------------

kernel_says() { findmnt -n -o OPTIONS "$mnt" | tr , '\n' | grep -xE 'ro|rw' | head -n 1; }
mount_here "$mnt"
ask remount -o ro "$mnt"
expect_equal "a mount is made read-only" 0 "$status"
expect_failure "nothing is written then" touch "$mnt/no"
expect_equal "the kernel says so" ro "$(kernel_says)"
ask list --json
expect_equal "list too" True "$(field 'j[0]["read_only"]')"
ask remount "$mnt" -o rw,dbglevel=info
expect_equal "it is made writable again" 0 "$status"
expect "and takes changes" touch "$mnt/yes"
exec 8>"$mnt/busy"
ask remount -o ro "$mnt"
expect_equal "not while a file is open for writing" 2 "$status"
expect "which is said" grep -q 'has files that are open for writing' "$work/err"
echo more >&8
exec 8>&-
expect_equal "it stays writable" more "$(cat "$mnt/busy")"
ask remount -o multipart_size=64 "$mnt"
expect_equal "an option that cannot change is refused" 1 "$status"
expect "by name" grep -q 'option multipart_size cannot change while the mount lives.* What can: ro, rw, prefix, dbglevel, ' "$work/err"
ln -s "$pailfs" "$work/mount.fuse.pailfs"
expect "mount -o remount,ro comes here too" "$work/mount.fuse.pailfs" pail "$mnt" -o "rw,remount,ro,$(mount_options)"
expect_equal "the kernel says so" ro "$(kernel_says)"
unmount "$mnt"
mount_here "$mnt" -o ro
ask remount "$mnt" -o rw
expect "a mount that began read-only becomes writable" touch "$mnt/later"
unmount "$mnt"

# ---- umount --lazy and --force ------------------------------------------------------------------------------------------

mount_here "$mnt"
exec 8>"$mnt/busy"
echo one >&8
ask umount --lazy "$mnt"
expect_equal "umount --lazy takes off a mount in use" 0 "$status"
expect "and says so" grep -q 'is taken off; its process ([0-9]*) ends when the last open file is closed' "$work/err"
expect "the name is free" not_mounted "$mnt"
expect "what is open can be written on" bash -c 'echo two >&8'
expect_failure "the process serves it" no_daemon "$mnt"
ask list
expect "list shows it without a directory" grep -q '^pail on no directory any more, with open files (.*pid' "$work/out"
busy=$(sed -n 's/.*, pid \([0-9]*\),.*/\1/p' "$work/out")
ask sync "$busy"
expect_equal "sync finds it by its process" "0 onetwo" "$status $(by_curl busy | tr -d '\n')"
ask umount "$busy"
expect_equal "umount cannot do more" 2 "$status"
expect "and says so" grep -q "process $busy is mounted on no directory any more, with open files; it ends with the last of them" "$work/err"
exec 8>&-
expect "and ends with it" wait_until 20 no_daemon "$mnt"
expect_equal "all is stored" "one two" "$(by_curl busy | paste -sd ' ')"

mount_here "$mnt" -o retries=1
command_control fault -d 'op=PutObject key=lost* action=status:500:InternalError'
echo precious 2>/dev/null >"$mnt/lost2" || true
exec 9<"$mnt/hello"
ask umount --force "$mnt"
expect_equal "umount --force tells by its status that something is lost" 1 "$status"
expect "and what" grep -q '^pailfs: not stored: lost2: ' "$work/err"
expect "the mount is gone" not_mounted "$mnt"
expect "its process too" no_daemon "$mnt"
exec 9<&-
command_control faults/clear

mount_here "$mnt"
exec 9<"$mnt/hello"
ask umount --force "$mnt"
expect_equal "--force ends a mount in use; when all is stored its status is 0" 0 "$status"
expect "it says so" grep -q 'unmounted by force; everything is stored' "$work/err"
expect "nothing is left of it" not_mounted "$mnt"
exec 9<&-

mount_here "$mnt"
daemons "$mnt" | xargs -r kill -STOP
ask umount --timeout 2 "$mnt"
expect_equal "a process that does not answer keeps its mount" 7 "$status"
expect "there" is_mounted "$mnt"
ask umount --timeout 2 --force "$mnt"
expect_equal "--force does not wait for it" 1 "$status"
expect "it is killed" grep -q 'unmounted by force, and its process killed' "$work/err"
expect "nothing is left of the mount" not_mounted "$mnt"
expect "nor of its process" no_daemon "$mnt"

# ---- a process that has died -------------------------------------------------------------------------------------------

mount_here "$mnt"
daemons "$mnt" | xargs -r kill -KILL
wait_until 10 no_daemon "$mnt"
ask status "$mnt"
expect_equal "status of a mount whose process has died" 2 "$status"
expect "says so" grep -q "has died; .*Run: pailfs umount" "$work/err"
ask umount "$mnt"
expect_equal "it is unmounted without being asked" 0 "$status"
expect "and gone" not_mounted "$mnt"

# ---- a bucket with the name of a command --------------------------------------------------------------------------------

for word in list status sync refresh umount check; do
  command_control "bucket?name=$word"
  mkdir -p "$work/named"
  expect "a bucket called $word is mounted" timeout 60 "$pailfs" "$word" "$work/named" -o "$(mount_options)"
  expect "there" is_mounted "$work/named"
  ask status "$work/named" --json
  expect_equal "and it is that bucket" "$word" "$(field 'j["source"]')"
  unmount "$work/named"
done

# ---- check --------------------------------------------------------------------------------------------------------------

before=$(keys_in_bucket)
ask check pail -o "$(mount_options)"
expect_equal "check succeeds" 0 "$status"
for step in dns tcp clock credentials auth list get; do expect "with a line for $step" grep -q "^ok *$step " "$work/out"; done
expect_failure "it writes only when told to" grep -q put "$work/out"
ask check pail --json -o "$(mount_options)"
expect "as JSON, in the shape that the documents say" shape check
expect_equal "with the exit status and each step" "0 dns ok" "$(field '" ".join([str(j["exit"]), j["steps"][0]["name"], j["steps"][0]["result"]])')"
ask check pail --write -o "$(mount_options)"
expect_equal "with --write" 0 "$status"
for step in put delete; do expect "with a line for $step" grep -q "^ok *$step " "$work/out"; done
expect_equal "nothing stays in the bucket" "$before" "$(keys_in_bucket)"
ask check nosuchbucket -o "$(mount_options)"
expect_equal "a missing bucket has the status of the mount" 5 "$status"
expect "at the step that failed" grep -q '^FAILED *auth .*nosuchbucket' "$work/out"
ask nosuchbucket "$mnt" -o "$(mount_options),log_format=json"
expect_equal "a mount that fails says so as JSON where the log is JSON" 5 "$status"
expect "in the shape that the documents say" shape failure "$work/err"
ask nosuchbucket "$mnt" -o "$(mount_options),log_format=json,frob"
expect "a mistake of the command line too" shape failure "$work/err"
ask check pail -o "url=http://127.0.0.1:1,use_path_request_style$credentials"
expect_equal "so has an endpoint that nobody serves" 6 "$status"
expect "at its step" grep -q '^FAILED *tcp ' "$work/out"

# ---- metrics over HTTP --------------------------------------------------------------------------------------------------

port=$(python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
mount_here "$mnt" -o "metrics_listen=$port"
cat "$mnt/hello" >/dev/null
expect "metrics are served" curl -sSf -o "$work/metrics" "http://127.0.0.1:$port/metrics"
expect "with requests of the kernel" grep -q '^pailfs_fuse_requests_total{op="open",errno="0"} [1-9]' "$work/metrics"
expect "and to the store" grep -q '^pailfs_s3_request_duration_seconds_count{api="get"} [1-9]' "$work/metrics"
expect_equal "nothing else is" 404 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/")"
unmount "$mnt"

# ---- secrets ------------------------------------------------------------------------------------------------------------

stop_s3d
canary=CANARY$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
start_s3d --secret-key "$canary-secret" --session-token "$canary-token"
secret=$canary-secret
export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$canary-token
export http_proxy=http://user:$canary-proxy@127.0.0.1:1 no_proxy=127.0.0.1
head -c 100k /dev/urandom >"$work/payload"

# leaks WHAT FILE...
leaks() {
  local what=$1
  shift
  if grep -laF "$canary" "$@" >"$work/leaks" 2>/dev/null; then bad "$what: $(tr '\n' ' ' <"$work/leaks")"; else ok "$what"; fi
}

for format in text json; do
  for where in foreground logfile; do
    context="$format, $where: "
    options="url=$endpoint,use_path_request_style,log_format=$format,curldbg=body,dbglevel=dbg,metrics_file=$work/metrics,use_xattr"
    if [ "$where" = logfile ]; then options+=,logfile=$work/canary.log; fi
    : >"$work/canary.log"
    mkdir -p "$mnt"
    setsid "$pailfs" pail "$mnt" -f -d -o "$options" 2>"$work/canary.err" </dev/null &
    wait_until 20 is_mounted "$mnt" || die "not mounted: $(tail -n 3 "$work/canary.err")"
    pid=$(daemons "$mnt")
    cp "$work/payload" "$mnt/payload"
    cat "$mnt/payload" >/dev/null
    ls -l "$mnt" >/dev/null
    ask status "$mnt"
    status_attribute "$mnt" >"$work/attribute"
    log=$work/canary.err
    if [ "$where" = logfile ]; then log=$work/canary.log; fi
    expect "the log is not empty" grep -q 'PUT /pail/payload' "$log"
    expect "it begins with the command line" grep -q 'pailfs version ' "$log"
    if [ "$format" = json ]; then
      expect "each line is an object" python3 -c 'import json,sys
for line in open(sys.argv[1]):
    if line.startswith("{"): assert {"time","level","mount","message"} <= json.loads(line).keys()
    elif not line.startswith("pailfs: "): sys.exit(line)' "$log"
    fi
    leaks "no secret in log, stderr, status or metrics" "$work/canary.err" "$work/canary.log" "$work/out" "$work/attribute"
    leaks "none in what /proc shows of it" "/proc/$pid/cmdline" "/proc/$pid/environ"
    ask umount "$mnt"
    expect_equal "umount waits for a process in the foreground as well" 0 "$status"
    leaks "none in the metrics file" "$work/metrics"
  done
done
context=''

# Where neither syslog nor a log file is, a file in the runtime directory is used. Here with keys from a file.
stop_s3d
start_s3d --secret-key "$canary-filed"
secret=$canary-filed
write_passwd
unset AWS_SESSION_TOKEN
if [ "$namespace" = own ] && [ ! -e /dev/log ]; then
  mount_here "$mnt" -o curldbg=body,dbglevel=dbg
  cp "$work/payload" "$mnt/payload"
  ask status "$mnt" --json
  spare=$(field 'j["log"]')
  expect "in the background without syslog the log is a file" test -s "${spare#file }"
  expect_equal "of mode 600" 600 "$(stat -c %a "${spare#file }")"
  leaks "without a secret" "${spare#file }"
  pid=$(daemons "$mnt")
  mv "${spare#file }" "$work/rotated"
  kill -HUP "$pid"
  logged_anew() { ls -l "$mnt" >/dev/null && test -s "${spare#file }"; } # the signal may be late
  expect "SIGHUP opens it anew" wait_until 10 logged_anew
  unmount "$mnt"
  expect_failure "it is gone when the mount has ended well" test -e "${spare#file }"
fi

# A process that does not answer is said to, and is not waited for: neither by its mount nor at its socket.
context='hung: '
mount_here "$mnt"
hung=$(daemons "$mnt")
kill -STOP "$hung"
sleep 1.5 # the kernel believes attributes for a second
for word in status umount sync; do
  status=0
  timeout 60 "$pailfs" $word "$mnt" >"$work/out" 2>"$work/err" || status=$?
  expect_equal "$word ends and says so" '1' "$(grep -c 'does not answer' "$work/err")"
  expect "with a status of its own" [ "$status" != 0 ]
  expect "before its patience ends" [ "$status" != 124 ]
done
status=0
timeout 60 "$pailfs" pail "$mnt" -o "$(mount_options)" >"$work/out" 2>"$work/err" || status=$?
expect_equal "a second mount is refused all the same" '2 1' "$status $(grep -c 'already mounted.*does not answer.*umount -l' "$work/err")"
kill -CONT "$hung"
expect "it is there again" timeout 20 "$pailfs" status "$mnt"
unmount "$mnt"
context=''

# Where there is a syslog, the background uses it, under the name that the command was called by.
if [ "$namespace" = own ]; then
  context='syslog: '
  mount -t tmpfs -o dev,mode=755 tmpfs /dev
  # shellcheck disable=SC2086 # two numbers
  for node in "null 1 3" "zero 1 5" "random 1 8" "urandom 1 9" "fuse 10 229"; do mknod -m 666 "/dev/${node%% *}" c ${node#* }; done
  ln -s /proc/self/fd /dev/fd
  python3 -u -c 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("/dev/log"); print("ready")
while True: print(s.recv(65536).decode(errors="replace").replace("\n", " "))' >"$work/syslog" 2>/dev/null </dev/null &
  remember_process "$work/servers.pids" $!
  wait_until 10 grep -q ready "$work/syslog"
  ln -s pailfs "$work/bin/s3fs"
  expect "it mounts" "$work/bin/s3fs" pail "$mnt" -o "$(mount_options),instance_name=one,dbglevel=warn,retries=1"
  ask status "$mnt" --json
  expect_equal "status says where the log goes" syslog "$(field 'j["log"]')"
  curl -sS -f -X POST "$control/fault" --data-binary 'op=PutObject times=1 action=status:403:AccessDenied' -o /dev/null
  cp "$work/payload" "$mnt/refused" 2>/dev/null || true
  expect "a failure is there, with facility user, level, name, pid, instance and request id" \
    wait_until 5 grep -q '^<1[0-4]>.* s3fs\[[0-9]*\]: \[one\].*refused.*AccessDenied.*request' "$work/syslog"
  expect "the launch line too" grep -q 's3fs\[[0-9]*\]: .*pailfs version' "$work/syslog"
  leaks "no secret is" "$work/syslog"
  rm -f "$mnt/refused"
  unmount "$mnt"
  umount -l /dev
  context=''
fi
