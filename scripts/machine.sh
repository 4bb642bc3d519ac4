# SPDX-License-Identifier: Apache-2.0
# Throw-away machines: root directories of Debian and Ubuntu releases in which nothing is installed but what is asked for;
# for scripts of this directory, sourced after lib.sh. All of it needs root.
# shellcheck shell=bash

machine_problem() {
  if [ "$(id -u)" != 0 ]; then
    say "needs root"
  elif ! have mmdebstrap unshare git; then
    say "mmdebstrap, unshare or git is missing; install the packages mmdebstrap, util-linux, git"
  fi
}

# debian_archive: where this machine's own packages come from.
debian_archive() {
  local sites
  # shellcheck disable=SC2016  # apt's own words
  sites=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null || true)
  sites=$(sed -n '/security/!p' <<<"$sites" | sed -n 1p)
  [ -n "$sites" ] || die "apt knows no archive on this machine"
  say "$sites"
}

is_ubuntu() { [[ $1 =~ ^(jammy|noble)$ ]]; }

# ubuntu_keyring: the file with the keys of Ubuntu's archive. Debian has it as a package from trixie on; where this machine's
# Debian is older, a trixie machine in the directory $1 is asked for it.
ubuntu_keyring() {
  local name=ubuntu-archive-keyring
  local file=/usr/share/keyrings/$name.gpg
  if [ ! -e "$file" ] && [ -e "$1/etc/debian_version" ]; then
    file=$1/usr/share/keyrings/$name.gpg
    [ -e "$file" ] || in_machine "$1" apt-get -qq install -y "$name" >/dev/null 2>&1 || return 1
  fi
  [ -e "$file" ] && say "$file"
}

# make_machine RELEASE DIR PACKAGES [KEYRING]: a minimal system with these packages (a list with commas) in DIR. Packages come
# from the archive of this machine's own, Ubuntu's from UBUNTU_ARCHIVE.
make_machine() {
  local release=$1 machine=$2 keyring=${4:-} archive what=()
  if is_ubuntu "$release"; then
    [ -n "$keyring" ] || die "the keys of Ubuntu's archive are missing; install the package ubuntu-archive-keyring"
    archive=${UBUNTU_ARCHIVE:-http://archive.ubuntu.com/ubuntu}
    what=(--keyring="$keyring" "--components=main,universe")
  else
    archive=$(debian_archive)
  fi
  mmdebstrap --quiet --variant=minbase --include="apt,$3" "${what[@]}" "$release" "$machine" "$archive" || return
  # The way to the archive is the only thing the two machines share.
  cp -r /etc/apt/apt.conf.d/. "$machine/etc/apt/apt.conf.d/"
  cp /etc/resolv.conf "$machine/etc/resolv.conf"
  echo "127.0.0.1 localhost $(uname -n)" >"$machine/etc/hosts" # sudo looks its own name up
}

# in_machine DIR COMMAND...: runs COMMAND as root in it, in mount and process namespaces that end with it. Servers on this
# machine's loopback interface are reached. A /dev of its own: a plain user's right to /dev/fuse ends with the namespace.
in_machine() {
  # shellcheck disable=SC2016  # expanded inside
  unshare --mount --pid --fork --kill-child bash -euc '
machine=$1
shift
mount --bind "$machine" "$machine"
mount -t tmpfs -o mode=755 tmpfs "$machine/dev"
for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0" "fuse 10 229"; do
  mknod -m 666 "$machine/dev/${node%% *}" c ${node#* }
done
ln -s /proc/self/fd "$machine/dev/fd"
ln -s fd/0 "$machine/dev/stdin"
ln -s fd/1 "$machine/dev/stdout"
ln -s fd/2 "$machine/dev/stderr"
mkdir -m 1777 "$machine/dev/shm"
mount -t proc proc "$machine/proc"
ln -sfn /proc/self/mounts "$machine/etc/mtab" # as every init system and container engine does; fusermount3 reads it
mount -t sysfs -o ro sysfs "$machine/sys"
# Not chroot: the kernel forbids user namespaces in one, and its root is no mount whose propagation could be changed.
cd "$machine"
pivot_root . .
umount -l .
cd /
exec "$@"' machine "$@" </dev/null
}
