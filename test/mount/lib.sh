# SPDX-License-Identifier: Apache-2.0
# Shared by the acceptance tests in cases/; sourced first by each of them, never run. A case mounts with the real command
# and looks at the result with the programs of everybody's machine.
#
# In:  PAILFS_BIN, PAILFS_S3D           the executables under test
#      PAILFS_BUILD, PAILFS_SANITIZE    build type and sanitizers of the build, for tests of size and time
#      PAILFS_TEST_S3_SERVERS           file with a line "name=... endpoint=... ..." for each real server; may be unset
#      PAILFS_TEST_S3FS                 the distribution's s3fs; found by scripts/s3fs-reference when unset
# Out: exit 0 passed, 1 a check failed (each says "FAILED: ..."), 77 skipped (says "skipped: why").
#
# A case runs in mount and process namespaces of its own where the kernel allows it: whatever happens to it, no mount and
# no process outlives it, and files such as /etc/fuse.conf can be replaced for it alone.
# shellcheck shell=bash
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

skip() {
  say "skipped: $*"
  exit 77
}

# need PROGRAM...: skips when one is missing.
need() {
  local program
  for program; do have "$program" || skip "$program is not installed; run scripts/install-dependencies test"; done
}

[ "$(id -u)" = 0 ] || skip "needs root: it mounts, changes owners and becomes other users"
problem=$(fuse_problem)
[ -z "$problem" ] || skip "$problem"
: "${PAILFS_BIN:?names the pailfs to test}" "${PAILFS_S3D:?names the pailfs-s3d to test with}"

if [ -z "${PAILFS_CASE_NAMESPACE:-}" ] && unshare -m -p -f --kill-child --mount-proc true 2>/dev/null; then
  PAILFS_CASE_NAMESPACE=own exec unshare -m -p -f --kill-child --mount-proc --propagation private bash "$0" "$@"
fi
# shellcheck disable=SC2034 # for cases that replace files of the machine
namespace=${PAILFS_CASE_NAMESPACE:-none}
unset PAILFS_CASE_NAMESPACE

# Nor do the records of its mounts, which tell of processes that only this namespace knows.
if [ "$namespace" = own ]; then
  mkdir -p /run/pailfs
  mount -t tmpfs -o mode=700 tmpfs /run/pailfs
fi

# Nothing of the caller's may change what a command line means.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE \
  AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_CREDENTIAL_FILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE \
  AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
export LC_ALL=C

work=$(mktemp -d)
chmod 755 "$work" # for the tests that run as other users
mkdir -m 755 "$work/root"
export HOME=$work/root
# In a place that everybody can read.
pailfs=$work/bin/pailfs
mkdir "$work/bin"
cp "$PAILFS_BIN" "$pailfs"
chmod 755 "$pailfs"
: >"$work/servers.pids"

# ---- checks -------------------------------------------------------------------------------------------------------------

failures=0
context='' # put before what a check says, such as the name of the server
ok() { say "ok: $context$*"; }
bad() {
  say "FAILED: $context$*"
  failures=$((failures + 1))
}

# expect WHAT COMMAND...: the command succeeds. Its words are shown when it fails.
expect() {
  local what=$1 status=0
  shift
  "$@" >"$work/expect.out" 2>&1 || status=$?
  if [ "$status" = 0 ]; then
    ok "$what"
  else
    bad "$what ($* gave status $status: $(head -c 600 "$work/expect.out" | tr '\n' '|'))"
  fi
}

# expect_equal WHAT EXPECTED GOT
expect_equal() {
  if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: expected '$(head -c 400 <<<"$2")', got '$(head -c 400 <<<"$3")'"; fi
}

# expect_same WHAT FILE FILE: two listings or contents are equal; shows the first differences.
expect_same() {
  local difference
  if difference=$(diff "$2" "$3"); then ok "$1"; else bad "$1:"$'\n'"$(head -n 12 <<<"$difference")"; fi
}

# expect_failure WHAT COMMAND...
expect_failure() {
  local what=$1
  shift
  if "$@" >"$work/expect.out" 2>&1; then bad "$what ($* succeeded)"; else ok "$what"; fi
}

# milliseconds: of a clock that only runs forward.
milliseconds() {
  local seconds
  read -r seconds _ </proc/uptime
  say "$((10#${seconds/./} * 10))"
}

# ---- mounts and processes -----------------------------------------------------------------------------------------------

# mounts_below DIR: mountpoints at or below DIR, the last mounted first.
mounts_below() {
  local path
  while read -r _ path _; do
    path=$(printf '%b' "$path")
    [[ $path/ != "$1"/* ]] || say "$path"
  done </proc/self/mounts | tac
}
is_mounted() { [[ $'\n'$(mounts_below "$1")$'\n' == *$'\n'"$1"$'\n'* ]]; }
not_mounted() { ! is_mounted "$1"; }

# daemons [PATH]: the ids of living pailfs and s3fs processes with PATH, or one below it, in an argument; by default those of this
# case.
daemons() {
  local pid name path=${1:-$work}
  for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    { read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
    case $name in pailfs | s3fs | fuse_mnt) ;; *) continue ;; esac
    process_start "$pid" >/dev/null || continue
    # m1 is not m10.
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | sed 's:$:/:' | grep -F -e "${path%/}/" >/dev/null; then say "$pid"; fi
  done
}
no_daemon() { [ -z "$(daemons "$@")" ]; }

# unmount DIR: and waits for its daemon.
unmount() {
  wait_until 10 umount "$1" 2>"$work/umount.err" || die "cannot unmount $1: $(cat "$work/umount.err")"
  wait_until 60 no_daemon "$1" || die "the daemon of $1 still runs 60 s after umount"
}

cleanup_steps=() # functions of a case that put back what it changed
clean_up() {
  local status=$? path pid step
  trap - EXIT
  trap '' INT TERM
  set +e
  cd /
  for step in "${cleanup_steps[@]}"; do "$step"; done
  for path in $(mounts_below "$work"); do umount -l "$path" 2>/dev/null; done
  for pid in $(daemons); do kill -KILL "$pid" 2>/dev/null; done
  stop_processes "$work/servers.pids" 2>/dev/null
  rm -rf --one-file-system "$work"
  rmdir /tmp/pailfs-1000 /tmp/pailfs-65534 2>/dev/null # of users without a runtime directory
  if [ "$status" = 0 ] && [ "$failures" != 0 ]; then status=1; fi
  [ "$failures" = 0 ] || say "$failures checks failed"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
trap 'say "FAILED: $context${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND"' ERR

# ---- the machine, as this case alone sees it ----------------------------------------------------------------------------

# own_etc: from here on /etc is a copy for this case alone, as in a machine that is thrown away afterwards.
own_etc() {
  [ "$namespace" = own ] || die "own_etc would change the machine"
  cp -a /etc "$work/etc"
  mount --bind "$work/etc" /etc
}
forbid_allow_other() { sed -i 's/^ *user_allow_other/#&/' /etc/fuse.conf; }

# own_fuse_device MODE: the same for /dev/fuse.
own_fuse_device() {
  [ "$namespace" = own ] || die "own_fuse_device would change the machine"
  mkdir "$work/dev"
  mount -t tmpfs -o dev,mode=755 tmpfs "$work/dev"
  mknod -m "$1" "$work/dev/fuse" c 10 229
  mount --bind "$work/dev/fuse" /dev/fuse
  umount -l "$work/dev"
}

# ---- servers ------------------------------------------------------------------------------------------------------------

# start_s3d [ARGUMENT...]: a fresh pailfs-s3d on free ports with the empty bucket "pail"; chooses it, as choose_server does.
# shellcheck disable=SC2034,SC2120
start_s3d() {
  server=pailfs-s3d bucket=pail access=AKIACCEPTANCE secret=acceptance/secret+key region=us-east-1 prefix=''
  rm -f "$work/s3d.ready"
  "$PAILFS_S3D" --port 0 --control-port 0 --bucket "$bucket" --access-key "$access" --secret-key "$secret" \
    --ready-file "$work/s3d.ready" "$@" >"$work/s3d.log" 2>&1 </dev/null &
  remember_process "$work/servers.pids" $! || die "pailfs-s3d ended at once: $(tail -n 1 "$work/s3d.log")"
  wait_until 20 test -s "$work/s3d.ready" || die "pailfs-s3d is not ready: $(tail -n 1 "$work/s3d.log")"
  endpoint=$(sed -n 's/.* endpoint=\([^ ]*\).*/\1/p' "$work/s3d.ready")
  control=$(sed -n 's/.* control=\([^ ]*\).*/\1/p' "$work/s3d.ready")
  write_passwd
}
stop_s3d() {
  stop_processes "$work/servers.pids"
  : >"$work/servers.pids"
}

# A key with a colon cannot stand in a password file.
write_passwd() {
  rm -f "$work/passwd"
  (umask 077 && printf '%s:%s\n' "$access" "$secret" >"$work/passwd")
  if [[ $access == *:* ]]; then
    export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret
    credentials=''
  else
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    credentials=,passwd_file=$work/passwd
  fi
}

# real_servers: names of the servers in PAILFS_TEST_S3_SERVERS that the cases use. Lines with a token are a second door to
# a server that is already there.
real_servers() {
  [ -n "${PAILFS_TEST_S3_SERVERS:-}" ] || return 0
  grep -v ' token=' "$PAILFS_TEST_S3_SERVERS" | sed -n 's/^name=\([^ ]*\).*/\1/p'
}

# choose_server NAME: sets server, endpoint, region, access, secret, bucket and an own prefix in the bucket.
choose_server() {
  local word line
  if [ "$1" = pailfs-s3d ]; then
    # shellcheck disable=SC2119
    start_s3d
  else
    line=$(grep "^name=$1 " "$PAILFS_TEST_S3_SERVERS")
    server=$1 region=us-east-1
    for word in $line; do
      case $word in
        endpoint=*) endpoint=${word#*=} ;;
        region=*) region=${word#*=} ;;
        access=*) access=${word#*=} ;;
        secret=*) secret=${word#*=} ;;
        bucket=*) bucket=${word#*=} ;;
      esac
    done
    prefix=acceptance-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
    write_passwd
  fi
  context="$server: "
}

# on_each_server FUNCTION [NAME...]: calls it once for pailfs-s3d and once for each real server (of those named only, if any
# are), with the variables of choose_server set.
on_each_server() {
  local function=$1 name names
  shift
  names=$(real_servers)
  [ -n "${PAILFS_TEST_S3_SERVERS:-}" ] || say "note: PAILFS_TEST_S3_SERVERS is unset, only pailfs-s3d is used"
  for name in pailfs-s3d $names; do
    [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
    choose_server "$name"
    "$function"
    if [ "$name" = pailfs-s3d ]; then stop_s3d; fi
  done
  context=''
}

# source_argument: the bucket as given to the mount command.
source_argument() { say "$bucket${prefix:+:/$prefix}"; }

# mount_options: what names the chosen server.
mount_options() { say "url=$endpoint,use_path_request_style,endpoint=$region$credentials"; }

# mount_here DIR [ARGUMENT...]: pailfs on the chosen server.
mount_here() {
  local dir=$1
  shift
  mkdir -p "$dir"
  timeout 60 "$pailfs" "$(source_argument)" "$dir" -o "$(mount_options)" "$@" 2>"$work/mount.err" ||
    die "${context}mounting failed: $(cat "$work/mount.err")"
  is_mounted "$dir" || die "${context}the command returned 0, but nothing is mounted at $dir"
}

# need_s3fs: sets s3fs, the path of the distribution's program, or skips.
need_s3fs() {
  s3fs=${PAILFS_TEST_S3FS:-$("$root/scripts/s3fs-reference" 2>/dev/null || true)}
  [ -n "$s3fs" ] || skip "the distribution's s3fs is not installed; run scripts/install-dependencies test"
}

# s3fs_here DIR [OPTIONS]: that one, at the same place of the store; it returns before it serves.
s3fs_here() {
  mkdir -p "$1"
  timeout 60 "$s3fs" "$(source_argument)" "$1" -o "$(mount_options)${2:+,$2}" 2>"$work/s3fs.err" || die "${context}s3fs does not mount: $(cat "$work/s3fs.err")"
  wait_until 10 is_mounted "$1" || die "${context}s3fs does not mount"
  # Not by listing: s3fs 1.95 cannot list what is encrypted with keys of its user.
  wait_until 10 stat "$1" >/dev/null 2>&1 || die "${context}s3fs does not serve"
}

# store_curl PATH-AND-QUERY [CURL-ARGUMENT...]: a signed request to the chosen server, by a client that shares nothing
# with ours; fails on a status that is no success. Queries must be encoded and sorted as for signing.
store_curl() {
  local what=$1
  shift
  if [[ $access == *:* ]]; then
    # curl takes "user" apart at the first colon, but not in a URL.
    curl --silent --show-error --fail --max-time 600 --aws-sigv4 "aws:amz:$region:s3" \
      -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" \
      "${endpoint%%://*}://${access//:/%3A}:$secret@${endpoint#*://}/$what"
  else
    signed_curl "$access" "$secret" "$region" --fail --max-time 600 "$@" "$endpoint/$what"
  fi
}

# by_curl KEY [CURL-ARGUMENT...]: a request on an object below the prefix.
by_curl() {
  local key=$1
  shift
  store_curl "$bucket/${prefix:+$prefix/}$key" "$@"
}

# keys_in_bucket: the keys below the prefix that a listing shows, at most a thousand, one a line.
keys_in_bucket() {
  local reply
  reply=$(store_curl "$bucket?prefix=${prefix:+$prefix%2F}") || {
    say "(the bucket could not be listed)"
    return
  }
  [[ $reply == *ListBucketResult* ]] || say "(the listing is none)"
  grep -o '<Key>[^<]*' <<<"$reply" | sed "s/<Key>//; s|^${prefix:+$prefix/}||" || true
}

# listing DIR FORMAT: 'find -printf' of everything below DIR, sorted. Directory sizes are nobody's business.
listing() { (cd "$1" && find . -mindepth 1 -printf "$2" | sort); }
