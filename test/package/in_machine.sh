#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: in_machine.sh DIR ENDPOINT ACCESS SECRET
#
# Installs, uses, upgrades and purges the packages in DIR/1, then those in DIR/2, as root in a throw-away machine
# (scripts/machine.sh) where neither they nor what they need is installed. ENDPOINT is an S3 service with the bucket "pail".
# Says "ok: ..." or "FAILED: ..." for each step; the exit status is 0 when none failed.
set -euo pipefail
dir=$1 endpoint=$2 access=$3 secret=$4
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
work=$(mktemp -d)
chmod 755 "$work"

failures=0
ok() { printf 'ok: %s\n' "$*"; }
bad() {
  printf 'FAILED: %s\n' "$*"
  failures=$((failures + 1))
}
# expect WHAT COMMAND...: the command succeeds; what it says is shown when it fails.
expect() {
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then ok "$what"; else bad "$what: $* gave status $?: $(tail -n 5 "$work/out")"; fi
}
milliseconds() { awk '{ print int($1 * 1000) }' /proc/uptime; }
apt() { apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@"; }
install() { apt install -y --no-install-recommends "$@"; }
holds() { [ "$(cat "$1")" = "$2" ]; }
absent() { ! "$@" >/dev/null 2>&1; }
mounted() { grep -q " $1 " /proc/self/mounts; }
ended() { for _ in $(seq 100); do pidof pailfs s3fs >/dev/null || return 0; sleep 0.1; done; return 1; }
as_user() { setpriv --reuid 4321 --regid 4321 --clear-groups env HOME="$work/user" XDG_RUNTIME_DIR="$work/user" "$@"; }
# Everything that a package could leave; what dpkg, apt and ldconfig themselves keep is not of this package.
tree() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \
    -o -path /var/log -o -path /run -o -path "$dir" -o -path "$work" \) -prune -o -print | sort
}

apt update >/dev/null 2>&1 || { bad "apt-get update"; exit 1; }
install adduser >/dev/null 2>&1 # fuse3 wants it, and its package keeps what it has made in /etc
useradd --uid 4321 --home-dir "$work/user" tester
mkdir -p "$work/user/mnt" /mnt/a
chown -R 4321:4321 "$work/user"
(umask 077 && echo "$access:$secret" >"$work/passwd" && cp "$work/passwd" "$work/user/passwd")
chown 4321:4321 "$work/user/passwd"
where=url=$endpoint,use_path_request_style

# Installed before, so that what is left behind by them is not taken for ours.
tree >"$work/before"
begin=$(milliseconds)
expect "apt-get install ./pailfs*.deb" install "$dir"/1/*.deb
ok "apt-get took $(($(milliseconds) - begin)) ms with $(grep -c '^Setting up' "$work/out" || true) packages"
for file in $(dpkg -L pailfs pailfs-s3fs | sort -u); do
  [ -e "$file" ] || [[ $file == /usr/share/man/* || $file == /usr/share/doc/* ]] || bad "$file is not there" # minimal systems leave documents out
done

# ---- as in the documents, as root and as a user ---------------------------------------------------------------------------

begin=$(milliseconds)
expect "s3fs mounts as root" s3fs pail /mnt/a -o "passwd_file=$work/passwd,$where"
expect "a file is written" sh -c 'echo by root >/mnt/a/root.txt'
expect "and read" holds /mnt/a/root.txt "by root"
ok "from the command to the read file $(($(milliseconds) - begin)) ms"
expect "umount" umount /mnt/a
expect "the process ends" ended

expect "pailfs mounts as a user" as_user pailfs pail "$work/user/mnt" -o "passwd_file=$work/user/passwd,$where"
expect "the user reads root's file" as_user sh -c "grep -q 'by root' $work/user/mnt/root.txt"
expect "the user writes" as_user sh -c "echo by user >$work/user/mnt/user.txt"
expect "fusermount3 -u" as_user fusermount3 -u "$work/user/mnt"
expect "the process ends" ended

for type in fuse.s3fs fuse.pailfs s3fs pailfs; do
  expect "mount -t $type" mount -t "$type" pail /mnt/a -o "passwd_file=$work/passwd,$where"
  expect "the user's file is there" holds /mnt/a/user.txt "by user"
  expect "pailfs umount" pailfs umount /mnt/a
done
expect "the process ends" ended

# ---- upgraded under a mount -----------------------------------------------------------------------------------------------

expect "a mount before the upgrade" pailfs pail /mnt/a -o "passwd_file=$work/passwd,$where"
expect "upgrade" install "$dir"/2/*.deb
expect "the new version is there" test "$(dpkg-query -W -f '${Version}' pailfs)" = "$(dpkg-deb -f "$dir"/2/pailfs_*.deb Version)"
expect "the old mount reads" holds /mnt/a/user.txt "by user"
expect "the old mount writes" sh -c 'echo later >/mnt/a/later.txt'
expect "the new program unmounts the old mount" pailfs umount /mnt/a
expect "the new program mounts" s3fs pail /mnt/a -o "passwd_file=$work/passwd,$where"
expect "and reads what the old one wrote" holds /mnt/a/later.txt later
expect "umount" umount /mnt/a
expect "the process ends" ended

# ---- purged ---------------------------------------------------------------------------------------------------------------

expect "purge" apt purge -y pailfs pailfs-s3fs
expect "autoremove of what they needed" apt autoremove --purge -y
expect "pailfs is gone" absent test -e /usr/bin/pailfs
expect "s3fs is gone" absent test -e /usr/bin/s3fs -o -L /usr/bin/s3fs
tree >"$work/after"
# Packages that ours needed stay where the distribution marks them as important; their files are theirs.
left=$(comm -13 "$work/before" "$work/after" | while read -r file; do dpkg -S "$file" >/dev/null 2>&1 || printf '%s ' "$file"; done)
if [ -z "$left" ]; then ok "nothing is left in the file system"; else bad "left: $left"; fi
expect "dpkg knows nothing of them" absent dpkg -s pailfs pailfs-s3fs
runs=$(find /run /var -xdev \( -name '*pailfs*' -o -name '*s3fs*' \) ! -path '/var/cache/*' ! -path "$dir*" | tr '\n' ' ')
if [ -z "$runs" ]; then ok "nothing is left below /run and /var"; else bad "left: $runs"; fi

# ---- in the place of s3fs -------------------------------------------------------------------------------------------------

expect "the distribution's s3fs is installed" install s3fs
expect "the packages replace it" install "$dir"/1/*.deb
expect "s3fs is pailfs" sh -c 's3fs --version | grep -q pailfs'
expect "the package s3fs is gone" absent sh -c 'dpkg -s s3fs | grep "^Status: install ok installed"'
expect "s3fs mounts" s3fs pail /mnt/a -o "passwd_file=$work/passwd,$where"
expect "and reads" holds /mnt/a/later.txt later
expect "umount" umount /mnt/a

echo "$failures failures"
[ "$failures" = 0 ]
