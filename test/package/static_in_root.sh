#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: static_in_root.sh ROOT PORT NAMESERVER CA ACCESS SECRET [EMULATOR]
#
# Mounts with ROOT/pailfs, a program that has its libraries inside, in the root directory ROOT, where there may be nothing else;
# writes and reads, unmounts. s3.test:PORT speaks https and has the bucket "pail"; NAMESERVER knows the name, the file CA who vouches
# for it. EMULATOR is a program, in ROOT too, that runs pailfs of another processor. Run as root in mount and process namespaces
# of its own. Says "ok: ..." or "FAILED: ..." for each step.
set -euo pipefail
root=$1 port=$2 nameserver=$3 ca=$4 access=$5 secret=$6 emulator=${7:-}
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY AWS_CA_BUNDLE CURL_CA_BUNDLE SSL_CERT_FILE

failures=0
expect() { # WHAT COMMAND...
  local what=$1 said
  shift
  if said=$("$@" 2>&1); then echo "ok: $what"; else
    echo "FAILED: $what: $* gave status $?: $(tail -n 3 <<<"$said")"
    failures=$((failures + 1))
  fi
}
inside() { timeout 60 chroot "$root" "$@"; }
pailfs() { inside ${emulator:+"$emulator"} /pailfs "$@"; }
fails() { ! "$@"; }
holds() { [ "$(cat "$1")" = "$2" ]; }
mounted() { grep -q " $root/mnt fuse.s3fs " /proc/self/mounts; }
ended() { for _ in $(seq 100); do pidof pailfs >/dev/null || return 0; sleep 0.1; done; return 1; }
trust() { # PLACE: the authority's certificate is there and nowhere else
  rm -rf "$root/etc/ssl" "$root/etc/pki"
  [ -z "$1" ] || { mkdir -p "$root/${1%/*}" && cp "$ca" "$root/$1"; }
}

mkdir -p "$root/mnt" "$root/etc" "$root/dev" "$root/tmp" "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mknod -m 666 "$root/dev/fuse" c 10 229
mknod -m 666 "$root/dev/null" c 1 3
rm -f "$root/etc/resolv.conf" "$root/etc/hosts" "$root/etc/nsswitch.conf"
echo "nameserver $nameserver" >"$root/etc/resolv.conf"
(umask 077 && echo "$access:$secret" >"$root/passwd")
options=passwd_file=/passwd,url=https://s3.test:$port,use_path_request_style

# A plug-in of a name service, and a module of OpenSSL's, that would be those of another build.
printf 'hosts: mdns4 ldap\npasswd: ldap\n' >"$root/etc/nsswitch.conf"
trust etc/ssl/certs/ca-certificates.crt
printf 'openssl_conf = a\n[a]\nproviders = b\n[b]\nstrange = c\n[c]\nmodule = /strange.so\nactivate = 1\n' >"$root/etc/ssl/openssl.cnf"
[ -e "$root/usr/lib/ssl" ] || { mkdir -p "$root/usr/lib/ssl" && cp "$root/etc/ssl/openssl.cnf" "$root/usr/lib/ssl/"; }

expect "it begins" pailfs --version
expect "it mounts with neither /proc nor a library" pailfs pail /mnt -o "$options"
expect "the bucket is mounted" mounted
expect "a file is written" sh -c "echo 'from a root' >'$root/mnt/file' && mkdir -p '$root/mnt/dir'"
expect "4 MiB are written" sh -c "head -c 4194304 /dev/urandom >'$root/tmp/data' && cp '$root/tmp/data' '$root/mnt/dir/data'"
expect "it unmounts" umount "$root/mnt"
expect "the process ends" ended

mount -t proc proc "$root/proc"
for place in etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem etc/pki/tls/certs/ca-bundle.crt etc/ssl/ca-bundle.pem etc/ssl/cert.pem; do
  trust "$place"
  expect "certificates are found in /$place" pailfs pail /mnt -o "$options"
  expect "the small file is there" holds "$root/mnt/file" "from a root"
  expect "pailfs umount" pailfs umount /mnt
done
trust ''
expect "without certificates the mount is refused" fails pailfs pail /mnt -o "$options,connect_timeout=2,retries=1"
trust etc/ssl/certs/ca-certificates.crt
expect "a name from /etc/hosts" sh -c "echo '127.0.0.1 s3.test' >'$root/etc/hosts' && : >'$root/etc/resolv.conf'"
expect "is enough" pailfs pail /mnt -o "$options"
expect "4 MiB are as they were written" cmp "$root/tmp/data" "$root/mnt/dir/data"
expect "it lists" test "$(ls "$root/mnt")" = "dir
file"
expect "status" pailfs status /mnt
expect "pailfs umount" pailfs umount /mnt
expect "the process ends" ended

if [ -x "$root/bin/sh" ] && [ -z "$emulator" ]; then
  expect "a shell inside mounts" inside /bin/sh -c "/pailfs pail /mnt -o $options"
  expect "and writes, reads, lists" inside /bin/sh -c 'echo shell >/mnt/shell && cat /mnt/shell && ls -l /mnt && rm /mnt/shell'
  expect "and unmounts" inside /bin/sh -c 'umount /mnt'
  expect "the process ends" ended
fi
if [ -x "$root/usr/bin/fusermount3" ]; then
  mkdir -p "$root/tmp/user/mnt"
  rm "$root/etc/nsswitch.conf" # fusermount3 obeys it, and has no ldap either
  (umask 077 && cp "$root/passwd" "$root/tmp/user/passwd")
  grep -q '^tester:' "$root/etc/passwd" || echo 'tester:x:4321:4321::/tmp/user:/bin/sh' >>"$root/etc/passwd"
  chown -R 4321:4321 "$root/tmp/user"
  as_user() { timeout 60 chroot --userspec 4321:4321 "$root" /usr/bin/env HOME=/tmp/user XDG_RUNTIME_DIR=/tmp/user PATH=/usr/bin:/bin "$@"; }
  expect "a user mounts by fusermount3" as_user /pailfs pail /tmp/user/mnt -o "${options/\/passwd/\/tmp\/user\/passwd}"
  expect "and reads" as_user cat /tmp/user/mnt/file
  expect "and unmounts" as_user fusermount3 -u /tmp/user/mnt
  expect "the process ends" ended
fi
[ "$failures" = 0 ]
