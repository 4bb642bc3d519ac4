#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: contents.sh BUILD
#
# Makes the .deb packages of the program in the directory BUILD as `scripts/package deb` does and looks at them: fields, files,
# modes, checksums, lintian. As root it installs them over this machine, in a copy that is thrown away (an overlay in a mount
# namespace of its own), and purges them. Exit status: 0, 1 when a check failed, 77 when this machine makes no .deb packages.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

tree=$1
if ! have dpkg-shlibdeps cpack; then
  say "skipped: dpkg-shlibdeps or cpack is missing; install the package dpkg-dev"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
export LC_ALL=C

failures=0
same() { # WHAT EXPECTED GOT
  local difference
  if difference=$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3")); then
    say "ok: $1"
  else
    say "FAILED: $1:" && say "$difference"
    failures=$((failures + 1))
  fi
}
expect() { # WHAT COMMAND...
  local what=$1
  shift
  if "$@" >"$work/out" 2>&1; then say "ok: $what"; else
    say "FAILED: $what: $* gave status $?: $(tail -n 8 "$work/out")"
    failures=$((failures + 1))
  fi
}

"$root/scripts/package" deb --build "$tree" --into "$work/debs" >/dev/null
read -r program links < <(cd "$work/debs" && echo pailfs_*.deb pailfs-s3fs_*.deb)
program=$work/debs/$program links=$work/debs/$links
field() { dpkg-deb -f "$1" "$2"; }
files() { dpkg-deb -c "$1" | awk '$1 !~ /^d/ { print $1, substr($0, index($0, "./") + 1) }' | sort -k2; }

same "files of pailfs" "-rwxr-xr-x /usr/bin/pailfs
lrwxrwxrwx /usr/sbin/mount.fuse.pailfs -> ../bin/pailfs
lrwxrwxrwx /usr/sbin/mount.pailfs -> ../bin/pailfs
-rw-r--r-- /usr/share/bash-completion/completions/pailfs
-rw-r--r-- /usr/share/doc/pailfs/changelog.Debian.gz
-rw-r--r-- /usr/share/doc/pailfs/changelog.gz
-rw-r--r-- /usr/share/doc/pailfs/copyright
-rw-r--r-- /usr/share/fish/vendor_completions.d/pailfs.fish
-rw-r--r-- /usr/share/man/man1/pailfs.1.gz
lrwxrwxrwx /usr/share/man/man8/mount.fuse.pailfs.8.gz -> ../man1/pailfs.1.gz
lrwxrwxrwx /usr/share/man/man8/mount.pailfs.8.gz -> ../man1/pailfs.1.gz
-rw-r--r-- /usr/share/zsh/vendor-completions/_pailfs" "$(files "$program")"
same "files of pailfs-s3fs" "lrwxrwxrwx /usr/bin/s3fs -> pailfs
lrwxrwxrwx /usr/sbin/mount.fuse.s3fs -> ../bin/pailfs
lrwxrwxrwx /usr/sbin/mount.s3fs -> ../bin/pailfs
lrwxrwxrwx /usr/share/doc/pailfs-s3fs -> pailfs
lrwxrwxrwx /usr/share/man/man1/s3fs.1.gz -> pailfs.1.gz
lrwxrwxrwx /usr/share/man/man8/mount.fuse.s3fs.8.gz -> ../man1/pailfs.1.gz
lrwxrwxrwx /usr/share/man/man8/mount.s3fs.8.gz -> ../man1/pailfs.1.gz" "$(files "$links")"
same "directories and owners" "drwxr-xr-x root/root" \
  "$(for deb in "$program" "$links"; do dpkg-deb -c "$deb" | awk '$1 ~ /^d/ || $2 != "root/root" { print $1, $2 }'; done | sort -u)"
needed=$(field "$program" Depends)
for library in fuse3 media-types libc6 libcurl libfuse3 libssl3 libstdc++6 libxml2; do
  expect "pailfs depends on $library" grep -q "\b$library" <<<"$needed"
done
version=$(field "$program" Version)
same "pailfs-s3fs goes with its pailfs" "pailfs (= $version)" "$(field "$links" Depends)"
same "and takes the place of s3fs" "s3fs s3fs s3fs" "$(field "$links" Conflicts) $(field "$links" Replaces) $(field "$links" Provides)"
dpkg-deb -x "$program" "$work/files"
dpkg-deb -e "$program" "$work/control"
expect "the checksums are right" sh -c "cd $work/files && md5sum --quiet -c ../control/md5sums"
same "each file has one" "$(cd "$work/files" && find . -type f | wc -l)" "$(wc -l <"$work/control/md5sums")"
same "the program is stripped" "" "$(objdump -h "$work/files/usr/bin/pailfs" | grep -o '\.debug_info\|\.symtab' || true)"
expect "the newest change is of this version" sh -c "zcat $work/files/usr/share/doc/pailfs/changelog.Debian.gz | head -n 1 | grep -F '($version)'"
if have lintian; then
  expect "lintian has nothing to say" lintian --allow-root --fail-on error,warning "$program" "$links"
else
  say "note: lintian is not installed: it is not asked"
fi

if have rpmbuild rpm; then
  "$root/scripts/package" rpm --build "$tree" --into "$work/rpms" >/dev/null
  read -r program_rpm links_rpm < <(cd "$work/rpms" && echo pailfs-[0-9]*.rpm pailfs-s3fs-*.rpm)
  same "files of the rpm pailfs" "/usr/bin/pailfs
/usr/sbin/mount.fuse.pailfs
/usr/sbin/mount.pailfs
/usr/share/bash-completion/completions/pailfs
/usr/share/doc/pailfs
/usr/share/doc/pailfs/LICENSE
/usr/share/fish/vendor_completions.d/pailfs.fish
/usr/share/man/man1/pailfs.1.gz
/usr/share/man/man8/mount.fuse.pailfs.8.gz
/usr/share/man/man8/mount.pailfs.8.gz
/usr/share/zsh/site-functions/_pailfs" "$(rpm -qlp "$work/rpms/$program_rpm" | sort)"
  same "files of the rpm pailfs-s3fs" "/usr/bin/s3fs
/usr/sbin/mount.fuse.s3fs
/usr/sbin/mount.s3fs
/usr/share/man/man1/s3fs.1.gz
/usr/share/man/man8/mount.fuse.s3fs.8.gz
/usr/share/man/man8/mount.s3fs.8.gz" "$(rpm -qlp "$work/rpms/$links_rpm" | sort)"
  expect "rpm finds the checksums right" rpm -K "$work/rpms/$program_rpm" "$work/rpms/$links_rpm"
  expect "the rpm pailfs wants fuse3" sh -c "rpm -qp --requires $work/rpms/$program_rpm | grep -x fuse3"
  expect "the rpm pailfs-s3fs takes the place of s3fs-fuse" sh -c "rpm -qp --obsoletes $work/rpms/$links_rpm | grep -x s3fs-fuse"
  if [ "$(id -u)" = 0 ]; then
    rpm_root() { rpm --root "$work/rpm-root" --dbpath /rpmdb "$@"; }
    mkdir -p "$work/rpm-root"
    expect "rpm installs them" rpm_root -i --nodeps "$work/rpms/$program_rpm" "$work/rpms/$links_rpm"
    expect "rpm finds every file as it was made" rpm_root -V --nodeps pailfs pailfs-s3fs
    expect "rpm erases them" rpm_root -e pailfs pailfs-s3fs
    same "rpm leaves no file" "" "$(find "$work/rpm-root" -path "$work/rpm-root/rpmdb" -prune -o ! -type d -print)"
  fi
else
  say "note: rpm is not installed: no rpm is made"
fi

if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
  mkdir "$work/over"
  cat >"$work/install" <<'END'
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/all"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/all"
mount --rbind /dev "$1/all/dev"
mount -t proc proc "$1/all/proc"
mkdir "$1/all/packages"
cp "$2" "$3" "$1/all/packages"
cat >"$1/all/steps" <<'STEPS'
set -e
dpkg --no-triggers -i /packages/*.deb
s3fs --version | grep pailfs
for link in /usr/sbin/mount.pailfs /usr/sbin/mount.fuse.s3fs; do test "$(readlink -f $link)" = /usr/bin/pailfs; done
dpkg --no-triggers -i /packages/*.deb # again, which is what an upgrade does
dpkg --no-triggers -P pailfs pailfs-s3fs
STEPS
chroot "$1/all" sh /steps
cd "$1/upper"
# A name in a directory that is gone leaves a device 0, 0 behind in an overlay.
left=$(find . -path ./packages -prune -o ! -type d ! -type c \( -name '*pailfs*' -o -path '*s3fs*' \) -print)
test -z "$left" || { echo "left: $left"; exit 1; }
END
  expect "they are installed, begun, installed again and purged; nothing is left" unshare --mount sh "$work/install" "$work/over" "$program" "$links"
else
  say "note: without root and mount namespaces nothing is installed"
fi
[ "$failures" = 0 ]
