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

# ask WORD...: pailfs; its output goes to $work/out and $work/err, its status to $status
ask() {
  status=0
  timeout 60 "$pailfs" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}
# field EXPRESSION: of the JSON in $work/out, which is `j` there
field() { python3 -c 'import json,sys; j=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$work/out" "$1"; }
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
ask status "$mnt"
expect_equal "status succeeds" 0 "$status"
expect "it begins with source and mountpoint" grep -qxF "pail on $mnt" "$work/out"
expect "it says that all is stored" grep -q '^  unstored      nothing$' "$work/out"
expect "it says where the log goes" grep -qF "file $work/log" "$work/out"
ask status "$mnt" --json
expect_equal "as JSON, region and file" "us-east-1 True" "$(field 'j["region"]+" "+str(j["s3_requests"]["PUT"]["requests"] > 0)')"
expect_equal "where the credentials come from" "$work/passwd" "$(field 'j["credentials"]["source"]')"
(cd "$mnt" && ask status . --json)
expect_equal "a relative path is as good" "$mnt" "$(field 'j["mountpoint"]')"
ask status --json
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
ask status "$mnt"
expect "in words too" grep -q ' of 8.0 MiB (' "$work/out"
command_control 'bandwidth?total=0'
wait "$copier"
ask sync "$mnt"
expect_equal "sync is content when it has come to its end" 0 "$status"

# ---- an upload that fails -----------------------------------------------------------------------------------------------

command_control fault -d 'op=PutObject key=lost* action=status:500:InternalError'
echo precious 2>/dev/null >"$mnt/lost" || true
ask status "$mnt" --json
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

# ---- a process that has died -------------------------------------------------------------------------------------------

mount_here "$mnt"
daemons "$mnt" | xargs -r kill -KILL
wait_until 10 no_daemon "$mnt"
ask status "$mnt"
expect_equal "status of a mount whose process has died" 2 "$status"
expect "says so" grep -q "has died; .*Run: umount" "$work/err"
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
ask check pail --write -o "$(mount_options)"
expect_equal "with --write" 0 "$status"
for step in put delete; do expect "with a line for $step" grep -q "^ok *$step " "$work/out"; done
expect_equal "nothing stays in the bucket" "$before" "$(keys_in_bucket)"
ask check nosuchbucket -o "$(mount_options)"
expect_equal "a missing bucket has the status of the mount" 5 "$status"
expect "at the step that failed" grep -q '^FAILED *auth .*nosuchbucket' "$work/out"
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
