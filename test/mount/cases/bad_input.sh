#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What cannot be mounted is refused within five seconds, by one line that says what and where, and leaves nothing behind.
# The mistakes that everybody makes have a case of their own, mistakes.sh.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/refusal.sh
. "$(dirname "$0")/../refusal.sh"

need python3 setpriv curl

start_s3d
mnt=$work/mnt
mkdir "$mnt"
strange_servers
if [ "$namespace" = own ]; then
  own_etc
  forbid_allow_other
  own_fuse_device 666
fi
mkdir -m 755 "$work/user"
mkdir "$work/user/mnt"
keyfile user/passwd "$access:$secret" >/dev/null
chown -R 65534:65534 "$work/user"

all_refused() {
  local url=url=$endpoint,use_path_request_style keys=passwd_file=$work/passwd file
  local good=$url,$keys
  refused 'bad bucket name' 'bucket /Bad' '/Bad' "$mnt" -o "$good" "$@"
  refused 'endpoint that never answers' "127.0.0.1:$silent" pail "$mnt" -o "url=http://127.0.0.1:$silent,$keys" "$@"
  refused 'https on a port of http' "${endpoint#http://}" pail "$mnt" -o "url=https${endpoint#http},$keys" "$@"
  refused 'endpoint is a file server' "127.0.0.1:$python" pail "$mnt" -o "url=http://127.0.0.1:$python,$keys" "$@"
  refused 'url of another kind' 'ftp' pail "$mnt" -o "url=ftp://127.0.0.1,$keys" "$@"
  refused 'no mountpoint given' 'mount.*point\|directory' pail -o "$good" "$@"
  refused 'nothing given' 'bucket' "$@"
  refused 'password file readable by group' "$work/loose 600" pail "$mnt" \
    -o "$url,passwd_file=$(keyfile loose "$access:$secret" 640)" "$@"
  refused 'password file is a directory' "$work/html" pail "$mnt" -o "$url,passwd_file=$work/html" "$@"
  refused 'password file without a colon' "$work/odd" pail "$mnt" -o "$url,passwd_file=$(keyfile odd just-one-word)" "$@"
  refused 'password file is empty' "$work/odd" pail "$mnt" -o "$url,passwd_file=$(keyfile odd '')" "$@"
  refused 'password file with four fields' "$work/odd" pail "$mnt" -o "$url,passwd_file=$(keyfile odd a:b:c:d)" "$@"
  refused 'password file of another bucket' 'pail' pail "$mnt" -o "$url,passwd_file=$(keyfile odd "other:$access:$secret")" "$@"
  refused 'unknown option' 'alow_other allow_other' pail "$mnt" -o "$good,alow_other" "$@"
  refused 'unknown switch' 'frobnicate' pail "$mnt" --frobnicate -o "$good" "$@"
  refused 'a number that is none' 'retries many' pail "$mnt" -o "$good,retries=many" "$@"
  refused 'a number that is too large' 'multipart_size' pail "$mnt" -o "$good,multipart_size=99999999999999999999" "$@"
  refused 'a negative number' 'connect_timeout' pail "$mnt" -o "$good,connect_timeout=-1" "$@"
  refused 'umask that is not octal' 'umask.*99' pail "$mnt" -o "$good,umask=099" "$@"
  refused 'unknown user' 'nobody-of-this-name' pail "$mnt" -o "$good,uid=nobody-of-this-name" "$@"
  refused 'one argument too many' 'surplus' pail "$mnt" surplus -o "$good" "$@"
  refused 'temporary directory missing' "$work/absent" pail "$mnt" -o "$good,tmpdir=$work/absent" "$@"
  refused 'log file cannot be written' "$work/absent/log" pail "$mnt" -o "$good,logfile=$work/absent/log" "$@"
  refused 'secret on the command line' 'AccessKey' pail "$mnt" -o "$url,accessKeyId=$access,secretAccessKey=x" "$@"

  if [ "$namespace" = own ]; then
    runner=(setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$work/user")
    file=$work/user/passwd
    refused 'mountpoint of another user' "$work/mnt" pail "$mnt" -o "$url,passwd_file=$file" "$@"
    refused "password file of another user" "$work/passwd" pail "$work/user/mnt" -o "$good" "$@"
    runner=()
  fi
}

# What real servers say to the same mistakes.
by_real_server() {
  local url=url=$endpoint,use_path_request_style,endpoint=$region
  mode=$server' '
  runner=(env AWS_ACCESS_KEY_ID=AKIAWRONG "AWS_SECRET_ACCESS_KEY=$secret")
  refused 'wrong access key' 'key AKIA' "$bucket" "$mnt" -o "$url"
  runner=(env "AWS_ACCESS_KEY_ID=$access" AWS_SECRET_ACCESS_KEY=wrong)
  refused 'wrong secret key' secret "$bucket" "$mnt" -o "$url"
  runner=(env "AWS_ACCESS_KEY_ID=$access" "AWS_SECRET_ACCESS_KEY=$secret")
  refused 'missing bucket' "no-such-pail ${endpoint#http://}" no-such-pail "$mnt" -o "$url"
  runner=()
}

mode=''
all_refused
mode='-f '
all_refused -f
expect "after all this the right command line mounts" timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options)"
unmount "$mnt"
servers=$(real_servers)
[ -n "$servers" ] || say "note: PAILFS_TEST_S3_SERVERS is unset, only pailfs-s3d is used"
for name in $servers; do
  choose_server "$name"
  by_real_server
done
[ "$namespace" = own ] || say "note: allow_other as a user was left out: this kernel gives a test no mount namespace"
show_table
