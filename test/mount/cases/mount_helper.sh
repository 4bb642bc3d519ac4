#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The ways to a mount: by mount(8) and fstab, by root, by a user with either fusermount, in a user namespace, on a descriptor
# that somebody else mounted; twice; before the bucket can be reached; and what is said when there is no way.
# shellcheck source=test/mount/lib.sh
# shellcheck disable=SC2016 # expanded by the shells that are started
. "$(dirname "$0")/../lib.sh"

need setpriv curl fusermount3 python3 findmnt
[ "$namespace" = own ] || skip "this kernel gives a test no mount namespace, and it would change /etc, /usr/sbin and /dev/fuse"

# ---- a machine with pailfs and s3fs installed ----------------------------------------------------------------------------

own_etc
forbid_allow_other
own_fuse_device 666
mount --bind "$work/bin" /usr/local/bin
ln -s pailfs "$work/bin/s3fs"
cp -a /usr/sbin "$work/sbin"
mount --bind "$work/sbin" /usr/sbin
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
for name in mount.pailfs mount.fuse.pailfs mount.s3fs; do ln -sf /usr/local/bin/pailfs "/usr/sbin/$name"; done
rm -f /etc/passwd-s3fs

start_s3d
mnt=$work/mnt
user=$work/user
mkdir "$mnt" "$user" "$user/mnt"
say "$access:$secret" >/etc/passwd-s3fs
cp /etc/passwd-s3fs "$user/passwd"
chmod 600 /etc/passwd-s3fs "$user/passwd"
chown -R 65534:65534 "$user"
echo content >"$work/content"
by_curl file -T "$work/content" -o /dev/null
where=url=$endpoint,use_path_request_style
as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$user" "XDG_RUNTIME_DIR=$user")

# fresh COMMAND...: without variables; root's HOME and the PATH are what a machine that starts has: none.
fresh() { env -i /bin/bash -c '"$@"' bash "$@"; }
shows() { expect_equal "$1: the file is there" content "$(cat "${2:-$mnt}/file" 2>&1)"; }
in_table() { expect_equal "$1: source and type are s3fs's" 's3fs fuse.s3fs' "$(findmnt -n -o SOURCE,FSTYPE "${2:-$mnt}" | tr -s ' ')"; }
off() {
  umount "${1:-$mnt}" || umount -l "${1:-$mnt}" || true
  expect "the daemon ends" wait_until 10 no_daemon "${1:-$mnt}"
}
# status_of COMMAND...: its exit status; what it says is in $work/err.
status_of() {
  local status=0
  timeout 30 "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  say "$status"
}
# gives STATUS WORDS COMMAND...: exits with STATUS and says each of the WORDS (patterns) in one line; nothing is mounted.
gives() {
  local status=$1 words=$2 word
  shift 2
  expect_equal "status of: $*" "$status" "$(status_of "$@")"
  [ -z "$words" ] || expect_equal "one line" 1 "$(wc -l <"$work/err")"
  for word in $words; do expect "it says '$word': $(head -n 1 "$work/err")" grep -q -e "$word" "$work/err"; done
}

# ---- mount(8) -----------------------------------------------------------------------------------------------------------

context='mount(8): '
words=_netdev,nofail,x-systemd.requires=network.target,x-systemd.automount,defaults,user,comment=text
for line in "mount -t fuse.s3fs pail $mnt -o $where" "mount -t fuse.pailfs pail $mnt -o $where,$words" \
  "mount -t pailfs pail $mnt -o $where,$words,ro" "/sbin/mount.pailfs pail $mnt -o rw,$where" \
  "/sbin/mount.fuse.pailfs pail:/ $mnt -n -v -t fuse.pailfs -o $where" "mount.s3fs pail $mnt -o $where,$words" \
  "pailfs pail $mnt -o $where,$words" "/usr/local/bin/s3fs s3fs#pail $mnt -o $where,auto,noauto,nouser,group,owner"; do
  # shellcheck disable=SC2086 # the words of the line
  expect "$line" fresh $line
  shows "$line"
  in_table "$line"
  off
done

# fstab, the new form and the old
fstab=$work/fstab
for line in "pail $mnt fuse.s3fs $words,$where" "pail:/ $mnt fuse.pailfs $words,$where" "s3fs#pail $mnt fuse $words,$where" \
  "pailfs#pail $mnt fuse $words,$where" "pail $mnt pailfs $words,$where"; do
  say "$line 0 0" >"$fstab"
  expect "fstab: $line" fresh mount -T "$fstab" "$mnt"
  shows "$line"
  in_table "$line"
  # again, as mount -a does at every opportunity
  expect "again" fresh mount -T "$fstab" -a
  expect_equal "mounted once" 1 "$(mounts_below "$mnt" | wc -l)"
  expect_equal "by one daemon" 1 "$(daemons "$mnt" | wc -l)"
  off
done

gives 1 'missing BUCKET' mount.pailfs
gives 1 'alow_other allow_other' mount.pailfs pail "$mnt" -o "$where,alow_other"
gives 32 'no-such-pail' mount.pailfs no-such-pail "$mnt" -o "$where"
gives 32 "$work/absent" mount -t fuse.pailfs pail "$work/absent" -o "$where"
gives 0 '' mount.pailfs pail "$mnt" -f -o "$where"
expect "-f is only pretended" not_mounted "$mnt"
expect_equal "-s forgives" 0 "$(status_of mount.pailfs pail "$mnt" -s -o "$where,alow_other")"
expect "with a warning" grep -q 'alow_other.*ignored' "$work/err"
shows "-s"
off

# another mount namespace
unshare -m sleep 1000 &
sleeper=$!
elsewhere() { [ "$(readlink /proc/self/ns/mnt)" != "$(readlink "/proc/$1/ns/mnt")" ]; }
wait_until 10 elsewhere "$sleeper"
expect "mount -N" mount -N "$sleeper" -t fuse.pailfs pail "$mnt" -o "$where"
expect "nothing is mounted here" not_mounted "$mnt"
expect "but there" grep -q " $mnt fuse.s3fs " "/proc/$sleeper/mounts"
nsenter -m -t "$sleeper" umount "$mnt" || true
kill "$sleeper"
wait "$sleeper" 2>/dev/null || true
expect "its daemon ends" wait_until 10 no_daemon "$mnt"

# ---- the same once more, and something else ------------------------------------------------------------------------------

context='twice: '
mount_here "$mnt" -o ro,dbglevel=info
pid=$(daemons "$mnt")
expect_equal "in another order: nothing to do" 0 "$(status_of "$pailfs" pail "$mnt" -o dbglevel=info -o "ro,$(mount_options)")"
expect_equal "it says nothing" '' "$(cat "$work/err" "$work/out")"
gives 2 "already.mounted.(pailfs,.pid.$pid,.the.same.bucket.with.other.options)" "$pailfs" pail "$mnt" -o "$(mount_options)"
gives 2 "already.mounted.(pailfs,.pid.$pid,.bucket.pail)" "$pailfs" pail:/other "$mnt" -o "ro,dbglevel=info,$(mount_options)"
gives 32 "already.mounted" mount.pailfs pail "$mnt" -o "$(mount_options)"
expect_equal "one mount, one daemon" "1 $pid" "$(mounts_below "$mnt" | wc -l) $(daemons "$mnt")"
off
# two at the same moment
commands=()
for i in 1 2 3 4; do
  timeout 30 "$pailfs" pail "$mnt" -o "$(mount_options)" 2>"$work/err.$i" &
  commands+=($!)
done
for command in "${commands[@]}"; do wait "$command" || true; done
expect_equal "four at once make one mount" 1 "$(mounts_below "$mnt" | wc -l)"
shows "four at once"
off
gives 2 'No.such.file mkdir' "$pailfs" pail "$work/made/below" -o "$(mount_options)"
expect "-o mkdir makes the mountpoint" "$pailfs" pail "$work/made/below" -o "$(mount_options),mkdir"
shows mkdir "$work/made/below"
off "$work/made/below"

# ---- users --------------------------------------------------------------------------------------------------------------

context='user: '
options=$where,passwd_file=$user/passwd
by_user() {
  expect "$1" "${as_user[@]}" "${@:2}" "$pailfs" pail "$user/mnt" -o "$options"
  in_table "$1" "$user/mnt"
  expect_equal "$1: the file is there" content "$("${as_user[@]}" cat "$user/mnt/file" 2>&1)"
}
by_user 'fusermount3'
expect_equal "the same once more" 0 "$(status_of "${as_user[@]}" "$pailfs" pail "$user/mnt" -o "$options")"
gives 2 'already.mounted.(pailfs the.same.bucket.with.other.options' "${as_user[@]}" "$pailfs" pail "$user/mnt" -o "$options,ro"
kill -KILL "$(daemons "$user/mnt")"
expect "the daemon is gone" wait_until 10 no_daemon "$user/mnt"
by_user 'after kill -9'
expect_equal "mounted once" 1 "$(mounts_below "$user/mnt" | wc -l)"
kill -TERM "$(daemons "$user/mnt")"
expect "SIGTERM ends the daemon" wait_until 10 no_daemon "$user/mnt"
expect "and unmounts" not_mounted "$user/mnt"

# root becomes the user, by either name and through mount(8)
nobody=$(id -un 65534)
for line in "$pailfs pail $user/mnt -o $options,run_as=$nobody" "/sbin/mount.pailfs pail $user/mnt -o $options,setuid=65534" \
  "mount -t pailfs pail $user/mnt -o $options,run_as=$nobody"; do
  # shellcheck disable=SC2086 # the words of the line
  expect "$line" fresh $line
  in_table "run_as" "$user/mnt"
  expect_equal "the daemon is the user's" "$nobody" "$(ps -o user= -p "$(daemons "$user/mnt")")"
  expect "the mount too" grep -q " $user/mnt fuse.s3fs .*user_id=65534" /proc/self/mounts
  expect_failure "root sees nothing of it" ls "$user/mnt"
  expect_equal "the user does" content "$("${as_user[@]}" cat "$user/mnt/file" 2>&1)"
  "${as_user[@]}" fusermount3 -u "$user/mnt"
  expect "the daemon ends" wait_until 10 no_daemon "$user/mnt"
done
gives 2 'no-such-user no.such.user' "$pailfs" pail "$user/mnt" -o "$options,run_as=no-such-user"
gives 2 'only.root uid.65534' "${as_user[@]}" "$pailfs" pail "$user/mnt" -o "$options,run_as=root"
gives 2 "$work/passwd 65534" "$pailfs" pail "$user/mnt" -o "$(mount_options),run_as=$nobody"

# auto_unmount; its guard is forked under the daemon's name
one_daemon() { [ "$(daemons "$1" | wc -l)" = 1 ]; }
for who in user root; do
  if [ "$who" = user ]; then
    dir=$user/mnt
    expect "$who: auto_unmount" "${as_user[@]}" "$pailfs" pail "$dir" -o "$options,auto_unmount"
  else
    dir=$mnt
    mount_here "$mnt" -o auto_unmount
  fi
  expect "$who: one daemon" wait_until 5 one_daemon "$dir"
  kill -KILL "$(daemons "$dir")"
  expect "$who: kill -9 unmounts" wait_until 10 not_mounted "$dir"
done
expect_equal "with auto_unmount, too, the command ends" '' "$(timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options),auto_unmount" 2>&1)"
off
no_guard() { ! pgrep -x pailfs-unmount >/dev/null; }
expect "the guard of a mount ends with it" wait_until 5 no_guard

# Only the program of FUSE 2 is there; it is the same protocol.
mkdir "$work/fuse2"
cp "$(command -v fusermount3)" "$work/fuse2/fusermount"
chmod 4755 "$work/fuse2/fusermount"
: >"$work/nothing"
for program in fusermount3 fusermount; do
  for dir in /usr/bin /bin; do
    if [ -e "$dir/$program" ] && [ -x "$(readlink -f "$dir/$program")" ]; then
      mount --bind "$work/nothing" "$(readlink -f "$dir/$program")"
    fi
  done
done
by_user 'fusermount alone' env "PATH=$work/fuse2:$PATH"
kill -KILL "$(daemons "$user/mnt")"
wait_until 10 no_daemon "$user/mnt"
by_user 'fusermount alone, after kill -9' env "PATH=$work/fuse2:$PATH"
kill -TERM "$(daemons "$user/mnt")"
expect "SIGTERM ends the daemon" wait_until 10 no_daemon "$user/mnt"
expect "and unmounts" not_mounted "$user/mnt"

# from here on there is none
gives 3 'fuse3 root' "${as_user[@]}" "$pailfs" pail "$user/mnt" -o "$options"
expect "root needs none" "$pailfs" pail "$mnt" -o "$(mount_options)"
shows root
off

if "${as_user[@]}" unshare -Urm true 2>/dev/null; then
  expect_equal "a user namespace needs none" content "$("${as_user[@]}" unshare -Urm --kill-child -pf --mount-proc \
    bash -c '"$1" pail "$2" -o "$3" && cat "$2/file" && umount "$2"' bash "$pailfs" "$user/mnt" "$options" 2>&1)"
  expect "its daemon ends" wait_until 10 no_daemon "$user/mnt"
else
  say "note: this kernel gives users no namespaces"
fi

# ---- no way -------------------------------------------------------------------------------------------------------------

context='no way: '
chmod 600 /dev/fuse
gives 3 '/dev/fuse chmod.666' "${as_user[@]}" "$pailfs" pail "$user/mnt" -o "$options"
chmod 666 /dev/fuse
# root without the capability, as in a container
gives 3 'CAP_SYS_ADMIN --cap-add.SYS_ADMIN apparmor=unconfined /dev/fd/N' \
  setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$pailfs" pail "$mnt" -o "$(mount_options)"
expect "nothing is mounted" not_mounted "$mnt"
umount /dev/fuse
if [ ! -e /dev/fuse ]; then bad "the device of the machine is gone"; fi
mkdir "$work/dev"  2>/dev/null || true
mount -t tmpfs tmpfs /dev
mknod -m 666 /dev/null c 1 3
gives 3 '/dev/fuse.is.missing modprobe.fuse\|--device' "$pailfs" pail "$mnt" -o "$(mount_options)"
gives 3 '/dev/fuse.is.missing --device./dev/fuse --cap-add.SYS_ADMIN' env container=podman "$pailfs" pail "$mnt" -o "$(mount_options)"
umount /dev

# ---- a descriptor -------------------------------------------------------------------------------------------------------

context='descriptor: '
exec 9<>/dev/fuse
mount -i -t fuse.s3fs -o fd=9,rootmode=40000,user_id=0,group_id=0,default_permissions s3fs "$mnt"
"$pailfs" pail /dev/fd/9 -f -o "$(mount_options)" 2>"$work/err" </dev/null &
shell=$!
exec 9>&-
shows '/dev/fd/9'
umount "$mnt"
status=0
wait "$shell" || status=$?
expect_equal "it ends with the mount" 0 "$status"

# ---- before the bucket can be reached ------------------------------------------------------------------------------------

context='bg: '
port=$(free_ports 1)
for option in bg nocheck; do
  expect "$option mounts at once" timeout 5 "$pailfs" pail "$mnt" \
    -o "url=http://127.0.0.1:$port,use_path_request_style,passwd_file=/etc/passwd-s3fs,$option,logfile=$work/log,retries=1"
  expect "it is mounted" is_mounted "$mnt"
  expect_failure "files give errors" timeout 20 cat "$mnt/file"
  expect "the log says why" grep -q "not reached yet.*127.0.0.1:$port" "$work/log"
  expect "so does the status" grep -q "^  bucket  *not reached yet: .*127.0.0.1:$port" <("$pailfs" status "$mnt")
  if [ "$option" = bg ]; then
    stop_s3d
    start_s3d --port "$port"
    by_curl file -T "$work/content" -o /dev/null
    expect "it works as soon as the bucket answers" wait_until 10 cat "$mnt/file"
    expect "the log tells" wait_until 70 grep -q 'is reached' "$work/log"
    expect_equal "the status no longer" '' "$("$pailfs" status "$mnt" | grep 'not reached' || true)"
    off
    stop_s3d
    start_s3d
    by_curl file -T "$work/content" -o /dev/null
  fi
done
off

context='bg without keys: '
expect "it mounts at once" timeout 5 "$pailfs" pail "$mnt" -o "url=$endpoint,use_path_request_style,passwd_file=$work/later,bg,logfile=$work/log"
expect_failure "files give errors" timeout 20 cat "$mnt/file"
expect "the log says why" grep -q "not reached yet.*$work/later does not exist" "$work/log"
cp -p "$work/passwd" "$work/later"
expect "it works as soon as there are keys" wait_until 20 cat "$mnt/file"
off
chmod 644 "$work/later"
gives 2 "$work/later 644" "$pailfs" pail "$mnt" -o "url=$endpoint,use_path_request_style,passwd_file=$work/later,bg"
rm "$work/later"

# ---- limits, services, process 1 -----------------------------------------------------------------------------------------

context=''
rm -f "$work/silent.port"
python3 -u -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64); print(s.getsockname()[1]); time.sleep(100000)' \
  >"$work/silent.port" 2>/dev/null </dev/null &
remember_process "$work/servers.pids" $!
wait_until 20 test -s "$work/silent.port"
for mode in '' -f; do
  # shellcheck disable=SC2086 # no word when empty
  gives 7 mount_timeout "$pailfs" pail "$mnt" $mode -o "url=http://127.0.0.1:$(cat "$work/silent.port"),passwd_file=/etc/passwd-s3fs,mount_timeout=1"
  expect "nothing is mounted" not_mounted "$mnt"
  expect "no process is left" wait_until 5 no_daemon
done

python3 -u -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); s.settimeout(60)
while True: print(s.recv(4096).decode().replace("\n", " "))' "$work/notify" >"$work/notices" 2>/dev/null </dev/null &
remember_process "$work/servers.pids" $!
wait_until 20 test -S "$work/notify"
NOTIFY_SOCKET=$work/notify "$pailfs" pail "$mnt" -f -o "$(mount_options)" 2>"$work/err" </dev/null &
shell=$!
expect "a service manager hears of the mount" wait_until 10 grep -q "^READY=1 STATUS=mounted s3://pail/ on $mnt" "$work/notices"
kill -TERM "$(daemons "$mnt" | head -n 1)"
expect "and of its end" wait_until 10 grep -q '^STOPPING=1 STATUS=' "$work/notices"
wait "$shell" || bad "status $? after SIGTERM"

# process 1, as in a container without an init
unshare -p -f --mount-proc --propagation private "$pailfs" pail "$mnt" -f -o "$(mount_options)" 2>"$work/err" </dev/null &
shell=$!
wait_until 10 grep -q 'mounted.*(pid 1)' "$work/err" || bad "process 1 does not mount: $(cat "$work/err")"
kill -TERM "$(pgrep -P "$shell")"
status=0
wait "$shell" || status=$?
expect_equal "process 1 ends with 0 after SIGTERM" 0 "$status"

# mount -o remount, with all the words that mount(8) finds in the mount table and hands on
flags() { findmnt -n -o OPTIONS "$mnt" | tr , '\n' | grep -xE 'ro|rw|nosuid' | sort | xargs; }
expect "mount(8) mounts" mount -t fuse.pailfs pail "$mnt" -o "url=$endpoint,use_path_request_style,allow_other,nosuid"
expect "and makes it read-only" mount -o remount,ro "$mnt"
expect_failure "nothing is written then" touch "$mnt/no"
expect_equal "the other flags stay" "nosuid ro" "$(flags)"
expect "and writable again" mount -o remount,rw "$mnt"
expect "for all" touch "$mnt/yes"
unmount "$mnt"

# a directory held by the automounter is free
mkfifo "$work/automount"
exec 7<>"$work/automount"
if mount -t autofs -o "fd=7,minproto=5,maxproto=5,direct" test "$mnt" 2>/dev/null; then
  expect "an automount trigger is mounted over" timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options)"
  shows autofs
  umount "$mnt"
  umount "$mnt"
else
  say "note: this kernel has no autofs"
fi
exec 7>&-
expect "no daemon is left" wait_until 10 no_daemon
expect_equal "no record of a mount is left" '' "$(ls /run/pailfs 2>/dev/null)"
