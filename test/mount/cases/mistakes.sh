#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The mistakes that everybody makes, each with its exit status and its words, in the background and with -f alike. Those
# that can be put right are: the mount works and one line says what was done.
# shellcheck source=test/mount/lib.sh
# shellcheck disable=SC2016 # the little programs are expanded by the shells that run them
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/refusal.sh
. "$(dirname "$0")/../refusal.sh"

need python3 setpriv unshare curl
[ "$namespace" = own ] || skip "this kernel gives a test no mount namespace, and it would change /etc and /dev"

# mistake STATUS NAME WORDS ARGUMENT...: as refused() of refusal.sh, with the exit status.
mistake() {
  local expected=$1
  shift
  refused "$@"
}

# mended NAME WORDS ARGUMENT...: works all the same, and one line has WORDS; mounts at $mnt.
mended() {
  local name=$1 words=$2 status=0 begin took word context="$mode$1: " before=$failures lines=1 pid=''
  shift 2
  begin=$(milliseconds)
  if [ -z "$mode" ]; then
    timeout -k 1 20 "$pailfs" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  else
    : >"$work/err" # the shell below may be late to do so, and what the last one said would be read
    "$pailfs" "$@" >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    lines=3 # what was put right, the launch line of the log, and that it is mounted
    wait_until 10 grep -q '^pailfs: mounted' "$work/err" || status=1
  fi
  took=$(($(milliseconds) - begin))
  table+=("$(printf '%-9s %-34s %3d %6d ms  %s' "$mode" "$name" "$status" "$took" "$(head -n 3 "$work/err" | paste -sd '|')")")
  expect_equal "exit status" 0 "$status"
  [ "$took" -le $((longest * 3 / 2)) ] || bad "took $took ms"
  expect_equal "lines on standard error" "$lines" "$(wc -l <"$work/err")"
  for word in $words; do grep -i -q -e "$word" "$work/err" || bad "does not say '$word': $(head -n 1 "$work/err")"; done
  expect "ls works" ls "$mnt"
  if is_mounted "$mnt"; then unmount "$mnt"; fi
  [ -z "$pid" ] || wait "$pid" || bad "status $? after umount"
  [ "$failures" != "$before" ] || ok "put right"
}

clock() { curl -sS -f -X POST "$control/clock?offset_s=$1" -o /dev/null; }
fault() { curl -sS -f -X POST "$control/fault" --data-binary "$1" -o /dev/null; }
rule() { curl -sS -f -X POST "$control/rule?name=$1&on=$2" -o /dev/null; }

own_etc
forbid_allow_other
own_fuse_device 666
echo '127.0.0.1 s3.test pail.s3.test no-such-pail.s3.test' >>/etc/hosts
start_s3d --domain s3.test --tls-port 0 --tls-self-signed "$work/tls"
tls=$(sed -n 's/.* tls=https:\/\/\([^ ]*\).*/\1/p' "$work/s3d.ready")
mnt=$work/mnt
mkdir "$mnt"
strange_servers
mkdir -m 755 "$work/user"
mkdir "$work/user/mnt"
keyfile user/passwd "$access:$secret" >/dev/null
chown -R 65534:65534 "$work/user"
port=${endpoint##*:}

# Programs that start the command in a machine that lacks something; each has a mount namespace of its own.
without_device='mkdir "$1/nodev" 2>/dev/null; mount -t tmpfs -o dev,mode=755 tmpfs "$1/nodev" && cd "$1/nodev" &&
  mknod -m 666 null c 1 3 && mknod -m 666 zero c 1 5 && mknod -m 666 urandom c 1 9 && mknod -m 666 random c 1 8 &&
  ln -s /proc/self/fd fd && mkdir shm && cd / && mount --bind "$1/nodev" /dev && shift && exec "$@"'
private_device='mkdir "$1/dev600" 2>/dev/null; mount -t tmpfs -o dev,mode=755 tmpfs "$1/dev600" &&
  mknod -m 600 "$1/dev600/fuse" c 10 229 && mount --bind "$1/dev600/fuse" /dev/fuse && umount -l "$1/dev600" &&
  shift && exec "$@"'
without_fusermount='for p in fusermount3 fusermount; do
  p=$(command -v "$p") && mount --bind /dev/null "$(readlink -f "$p")"; done; shift; exec "$@"'
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$work/user")

# second WORDS ARGUMENT...: a second mount at $mnt is refused.
second() {
  local words=$1 status=0
  shift
  timeout -k 1 20 "$pailfs" "$@" 2>"$work/err" </dev/null || status=$?
  expect_equal "exit status" 2 "$status"
  expect_equal "lines on standard error" 1 "$(wc -l <"$work/err")"
  expect "it says what is there" grep -q -i "already mounted.*$words" "$work/err"
  expect "and how to unmount it" grep -q -F "pailfs umount $mnt" "$work/err"
}

mistakes() {
  local url=url=$endpoint,use_path_request_style keys=passwd_file=$work/passwd shown=${endpoint#http://}
  local good=$url,$keys user=$url,passwd_file=$work/user/passwd
  mistake 4 '1 wrong key' "access.key AKIA.*.from.$work/wrong-key is.not.known.to.*$shown InvalidAccessKeyId" pail "$mnt" \
    -o "$url,passwd_file=$(keyfile wrong-key "AKIAWRONGKEY:$secret")" "$@"
  mistake 4 '1b wrong secret' "secret.key does.not.match.*SignatureDoesNotMatch stray.space.or.newline.in.$work/wrong-secret region.used:.us-east-1" \
    pail "$mnt" -o "$url,passwd_file=$(keyfile wrong-secret "$access:wrong")" "$@"
  mistake 5 '2 wrong bucket' "bucket.\"no-such-pail\".does.not.exist.at.$endpoint create.it check.its.name" no-such-pail "$mnt" -o "$good" "$@"
  mistake 5 '2 wrong bucket in the host' "\"no-such-pail\".does.not.exist did.you.mean.*s3.test:$port/no-such-pail..path.style" \
    no-such-pail "$mnt" -o "url=http://s3.test:$port,$keys" "$@"
  mistake 5 '3 wrong region, given' 'in.region.us-east-1 eu-west-1.was.given give.-o.region=us-east-1' pail "$mnt" -o "$good,region=eu-west-1" "$@"
  rule region=eu-central-1 1
  mended '3 wrong region, not given' 'in.region.eu-central-1,.not.us-east-1' pail "$mnt" -o "$good" "$@"
  rule region=us-east-1 1
  mistake 6 '4 refused' "cannot.connect.to.127.0.0.1:$closed:.Connection.refused" pail "$mnt" -o "url=http://127.0.0.1:$closed,$keys" "$@"
  mistake 6 '4 no such host' 'cannot.resolve.*"no-such-host.invalid"' pail "$mnt" \
    -o "url=http://no-such-host.invalid,use_path_request_style,$keys" "$@"
  mistake 6 '4b console' "http://127.0.0.1:$html.did.not.answer.like.an.S3.service got.text/html console.URL" pail "$mnt" \
    -o "url=http://127.0.0.1:$html,$keys" "$@"
  mistake 6 '4b a page of status 403' "127.0.0.1:$forbidding.did.not.answer.like.an.S3.service" pail "$mnt" \
    -o "url=http://127.0.0.1:$forbidding,$keys" "$@"
  mistake 6 '4b the same without keys' "127.0.0.1:$forbidding.did.not.answer.like.an.S3.service" pail "$mnt" \
    -o "url=http://127.0.0.1:$forbidding" "$@"
  mistake 6 '4b a page of status 404' "127.0.0.1:$python.did.not.answer.like.an.S3.service" pail "$mnt" \
    -o "url=http://127.0.0.1:$python,$keys" "$@"
  mistake 6 '4d https to a port for http' "Is.it.http://127.0.0.1:$python?" pail "$mnt" -o "url=https://127.0.0.1:$python,$keys" "$@"
  # That TLS was under way libcurl 7 tells and 8 does not.
  mistake 7 '4d the same, not answered' "no.answer.from.https://$shown.in.4.seconds Is.the.address.right" pail "$mnt" -o "url=https://$shown,$keys" "$@"
  mistake 6 '4d http to a port for https' "Is.it.https://$tls?" pail "$mnt" -o "url=http://$tls,$keys" "$@"
  mended '4c url without scheme' "http://$shown" pail "$mnt" -o "url=$shown,$keys" "$@"

  runner=(unshare -m bash -c "$without_device" bash "$work")
  mistake 3 '5 no /dev/fuse' '/dev/fuse.is.missing' pail "$mnt" -o "$good" "$@"
  runner=(unshare -m bash -c "$private_device" bash "$work" "${as_nobody[@]}")
  mistake 3 '5b /dev/fuse of root' '/dev/fuse chmod.666./dev/fuse' pail "$work/user/mnt" -o "$user" "$@"
  runner=(setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin)
  mistake 3 '5c no CAP_SYS_ADMIN' 'cap-add.SYS_ADMIN' pail "$mnt" -o "$good" "$@"
  runner=(unshare -m bash -c "$without_fusermount" bash "$work" "${as_nobody[@]}")
  mistake 3 '5d no fusermount3' 'install.*fuse3' pail "$work/user/mnt" -o "$user" "$@"
  runner=()
  mistake 2 '6 no mountpoint' "$work/absent.*No.such.file.or.directory mkdir" pail "$work/absent" -o "$good" "$@"
  mistake 2 '6 mountpoint is a file' "$work/passwd.is.not.a.directory" pail "$work/passwd" -o "$good" "$@"
  runner=("${as_nobody[@]}")
  mistake 3 '8 allow_other' 'allow_other user_allow_other sed' pail "$work/user/mnt" -o "$user,allow_other" "$@"
  runner=()
  mistake 2 '9 password file for all' "$work/loose.*644 chmod.600" pail "$mnt" -o "$url,passwd_file=$(keyfile loose "$access:$secret" 644)" "$@"
  mistake 2 '9b no password file' "$work/no-passwd.does.not.exist running.as.uid" pail "$mnt" -o "$url,passwd_file=$work/no-passwd" "$@"
  mistake 4 '9c no credentials' "^pailfs:.write.ACCESS_KEY:SECRET_KEY.into.$HOME/.passwd-s3fs AWS_ACCESS_KEY_ID $HOME/.passwd-s3fs /etc/passwd-s3fs" pail "$mnt" -o "$url" "$@"
  mistake 2 'tmpdir is missing' "tmpdir=$work/absent.cannot.be.used make.it" pail "$mnt" -o "$good,tmpdir=$work/absent" "$@"
  mistake 1 'misspelt option' 'unknown.option."use_path_request_stile" did.you.mean."use_path_request_style"' \
    pail "$mnt" -o "$good,use_path_request_stile" "$@"
  clock 3600
  mended '10 clock behind' "this.machine's.clock.is.60.min.behind.$endpoint signed.with.the.server's.time" pail "$mnt" -o "$good" "$@"
  clock -1800
  mended '10 clock ahead' "clock.is.30.min.ahead.of.$endpoint" pail "$mnt" -o "$good" "$@"
  clock 0
  fault 'op=ListObjectsV1 action=status:403:RequestTimeTooSkewed'
  mistake 4 '10 clock past help' 'clock RequestTimeTooSkewed' pail "$mnt" -o "$good" "$@"
  curl -sS -X POST "$control/faults/clear" -o /dev/null

  # Last, because it needs a mount that works.
  context="${mode}7 already mounted: "
  expect "the first is mounted" timeout 20 "$pailfs" pail "$mnt" -o "$good"
  second 'bucket pail)' pail:/other "$mnt" -o "$good" "$@"
  second 'the same bucket with other options)' pail "$mnt" -o "$good,umask=022" "$@"
  expect_equal "one mount is there" 1 "$(mounts_below "$mnt" | wc -l)"
  unmount "$mnt"
  context=''
}

mode=''
mistakes
mode='-f '
mistakes -f
show_table
