#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Command lines as they stand in the documentation of sandboxes and in the programs of others, with nothing replaced but the
# name of the command: hosts of AWS and others, https and its port are those of pailfs-s3d here, by an /etc of our own, and
# pailfs-s3d has the quirks of the service that the line is written for.
# Each runs under the name pailfs and through a link named s3fs.
# shellcheck source=test/mount/lib.sh
# shellcheck disable=SC2016 # the lines are expanded by the shell that runs them
. "$(dirname "$0")/../lib.sh"

need setpriv openssl curl fusermount mountpoint
[ "$namespace" = own ] || skip "this kernel gives a test no mount namespace, and it would change /etc, /mnt and /root"

# ---- a machine as in the documents --------------------------------------------------------------------------------------

cp "$PAILFS_S3D" "$work/bin/pailfs-s3d" # /root may be covered below
PAILFS_S3D=$work/bin/pailfs-s3d
ln -s pailfs "$work/bin/s3fs"
ln -s pailfs "$work/bin/ossfs"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
own_etc
forbid_allow_other
grep -q '^#user_allow_other' /etc/fuse.conf || echo '#user_allow_other' >>/etc/fuse.conf
own_fuse_device 600
for dir in /mnt /home /root; do mount -t tmpfs -o mode=755 tmpfs "$dir"; done
mount --bind "$work/bin" /usr/local/bin # where mount(8) looks
sed -i '/^user:/d' /etc/passwd /etc/group
echo 'user:x:1000:1000::/home/user:/bin/bash' >>/etc/passwd
echo 'user:x:1000:' >>/etc/group
mkdir /home/user && chown user:user /home/user

address=127.83.51.70
hosts=(s3.cn-east-1.sufycs.com)
domains=(s3.us-east-1.amazonaws.com s3.us-west-2.amazonaws.com s3.eu-west-1.amazonaws.com s3.amazonaws.com
  oss-cn-hangzhou.aliyuncs.com storage.googleapis.com)
names='' serve=()
for name in "${hosts[@]}"; do names+=",DNS:$name"; done
for name in "${domains[@]}"; do
  names+=",DNS:$name,DNS:*.$name"
  hosts+=("$name" "pail.$name" "project-assets.$name")
  serve+=(--domain "$name")
done
printf '%s %s\n' "$address" "${hosts[*]} r2.internal" >>/etc/hosts
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=throw-away' -addext "subjectAltName=${names#,}" \
  -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
cat "$work/tls.crt" >>/etc/ssl/certs/ca-certificates.crt

# start SERVICE REGION [ARGUMENT...]: the service that all those hosts are, of the kind that pailfs-s3d --imitate knows.
start() {
  local service=$1 where=$2
  shift 2
  start_s3d --listen "$address" --tls-port 443 --tls-cert "$work/tls.crt" --tls-key "$work/tls.key" --region "$where" \
    --imitate "$service" "${serve[@]}" "$@"
  region=$where
}

# as WHO LINE: a line in the shell of root or of user. sudo is not everywhere.
as() {
  local shell=(bash -o pipefail -c 'sudo() { HOME=/root "$@"; }; eval "$1"' bash "$2")
  if [ "$1" = root ]; then
    env -i HOME=/root USER=root "PATH=$PATH" timeout 60 "${shell[@]}"
  else
    env -i HOME=/home/user USER=user "PATH=$PATH" setpriv --reuid user --regid user --clear-groups timeout 60 "${shell[@]}"
  fi
}

# works ID WHO LINE, fails ID WHO LINE, says ID WHO TEXT LINE
works() { expect "$1 as $2: $3" as "$2" "$3"; }
says() { expect_equal "$1 as $2: $4" "$3" "$(as "$2" "$4" 2>&1)"; }
mount_line() { works "$1" "$2" "${3/#s3fs/$command}"; }

table_says() { expect_equal "the mount table says s3fs and fuse.s3fs" "s3fs fuse.s3fs" "$(awk -v m="$1" '$2 == m { print $1, $3 }' /proc/self/mounts)"; }
by_store() { curl -sS -f "$control/object/$bucket/$1" 2>/dev/null || say "not in the store"; }
into_store() { curl -sS -f -T "$2" "$control/object/$1" -o /dev/null || bad "cannot store $1"; }

# ended DIR: after an unmounting line.
ended() {
  expect "nothing is mounted at $1" not_mounted "$1"
  expect "no process is left" wait_until 10 no_daemon "$1"
  is_mounted "$1" && umount -l "$1"
  return 0
}

hello_kodo() {
  local who=$1
  says A8 "$who" '' 'ls /mnt/bucket'
  works A8 "$who" 'echo "hello kodo" > /mnt/bucket/test.txt'
  says A8 "$who" 'hello kodo' 'cat /mnt/bucket/test.txt'
  expect_equal "it is in the store" 'hello kodo' "$(by_store test.txt)"
}

# ---- E2B-style sandboxes ------------------------------------------------------------------------------------------------

sufy() {
  start kodo cn-east-1
  # A5, as root of a file of the user
  as "$1" "printf '%s' '$access:$secret' >/home/user/.passwd-s3fs" && as "$1" 'chmod 600 /home/user/.passwd-s3fs'
  mount_line A6 "$1" "s3fs 'pail' /mnt/bucket -o url='https://s3.cn-east-1.sufycs.com' -o allow_other -o use_path_request_style -o passwd_file=/home/user/.passwd-s3fs"
  table_says /mnt/bucket
  says A7 "$1" 1 'for i in $(seq 1 10); do mountpoint -q /mnt/bucket && touch /mnt/bucket/.ready 2>/dev/null && rm -f /mnt/bucket/.ready && break; sleep 1; done; echo $i'
  expect_equal "A7 left nothing" '' "$(keys_in_bucket)"
  hello_kodo "$1"
  expect_equal "allow_other lets others in" 'hello kodo' "$(setpriv --reuid 65534 --regid 65534 --clear-groups cat /mnt/bucket/test.txt 2>&1)"
  expect_equal "and root" 'hello kodo' "$(cat /mnt/bucket/test.txt 2>&1)"
  expect_equal "the file belongs to its writer" "$(as "$1" 'id -u')" "$(stat -c %u /mnt/bucket/test.txt 2>&1)"
  works A9 "$1" 'fusermount -u /mnt/bucket'
  # the machine is killed at once
  daemons | xargs -r kill -KILL 2>/dev/null || true
  expect_equal "closed before the kill is in the store" 'hello kodo' "$(by_store test.txt)"
  ended /mnt/bucket
  stop_s3d
}

aws() {
  start aws-us-east-1 us-east-1
  mount_line A10 "$1" "s3fs 'pail' /mnt/bucket -o allow_other -o endpoint='us-east-1' -o url='https://s3.us-east-1.amazonaws.com' -o passwd_file=/home/user/.passwd-s3fs"
  table_says /mnt/bucket
  hello_kodo "$1"
  works A9 "$1" 'fusermount -u /mnt/bucket'
  ended /mnt/bucket
  stop_s3d
}

# ---- Novita, Superserve -------------------------------------------------------------------------------------------------

# The lines of the documents with a bucket that is elsewhere: found out and told, or both named.
elsewhere() {
  local status=0
  start aws-eu-west-1 eu-west-1
  says A10 "$1" "$command: bucket \"pail\" is in region eu-west-1, not us-east-1; requests are signed for it and go to https://pail.s3.eu-west-1.amazonaws.com from now on (region=eu-west-1 saves the detour)" \
    "$command 'pail' /mnt/bucket -o allow_other -o url='https://s3.us-east-1.amazonaws.com' -o passwd_file=/home/user/.passwd-s3fs"
  hello_kodo "$1"
  works A9 "$1" 'fusermount -u /mnt/bucket'
  ended /mnt/bucket
  as "$1" "$command pail /mnt/bucket -o endpoint=us-east-1 -o url=https://s3.us-east-1.amazonaws.com -o passwd_file=/home/user/.passwd-s3fs" 2>"$work/err" || status=$?
  expect_equal "a region that was given is not replaced" 5 "$status"
  expect "both are named" grep -q 'eu-west-1.*us-east-1' "$work/err"
  ended /mnt/bucket
  stop_s3d
}

novita() {
  start aws-us-west-2 us-west-2
  as root "echo '$access:$secret' >/root/.passwd-s3fs"
  works A11 root 'sudo chmod 600 /root/.passwd-s3fs'
  works A11 root "sudo $command pail /mnt/s3-bucket -o allow_other,endpoint=us-west-2"
  table_says /mnt/s3-bucket
  works A11 root 'echo "Hello from root" > /mnt/s3-bucket/root.txt'
  works A11 user 'echo "Hello from the agent" > /mnt/s3-bucket/agent.txt'
  says A11 user 'Hello from root' 'cat /mnt/s3-bucket/root.txt'
  expect_equal "the root of the mount is open to all" drwxrwxrwx "$(stat -c %A /mnt/s3-bucket 2>&1)"
  expect_equal "the agent owns its file" 1000:1000 "$(stat -c %u:%g /mnt/s3-bucket/agent.txt 2>&1)"
  # the sandbox is killed without unmounting
  daemons | xargs -r kill -KILL 2>/dev/null || true
  expect_equal "closed before the kill is in the store" 'Hello from the agent' "$(by_store agent.txt)"
  umount -l /mnt/s3-bucket 2>/dev/null || true
  ended /mnt/s3-bucket

  # the same without HOME: the password database knows root's
  works A11 root "unset HOME; $command pail /mnt/s3-bucket -o allow_other,endpoint=us-west-2"
  says A11 root 'Hello from root' 'cat /mnt/s3-bucket/root.txt'
  works A13 root 'fusermount3 -u /mnt/s3-bucket'
  ended /mnt/s3-bucket
  stop_s3d
}

superserve() {
  start aws-us-east-1 us-east-1
  as root "umask 077; echo '$access:$secret' >/root/.passwd-s3fs"
  works B4 root "unset HOME; $command pail /mnt/bucket -o allow_other -o passwd_file=/root/.passwd-s3fs -o endpoint=us-east-1 -o url=https://s3.us-east-1.amazonaws.com"
  table_says /mnt/bucket
  hello_kodo root
  works A9 root 'fusermount -u /mnt/bucket'
  ended /mnt/bucket
  stop_s3d
}

# ---- docker-s3fs-client: options first, two -d ---------------------------------------------------------------------------

efrecon() {
  local shell status=0 line
  start minio us-east-1
  line="$command -d -d -o allow_other -o use_path_request_style -o passwd_file=$work/passwd -o url=$endpoint -o uid=1000 -o gid=1000 pail /mnt/bucket"
  say "      B6 $line"
  # shellcheck disable=SC2086 # the words of the line
  env -i HOME=/root "PATH=$PATH" $line >"$work/out" 2>"$work/err" </dev/null &
  shell=$!
  expect "B6 mounts" wait_until 10 is_mounted /mnt/bucket
  works B6 root 'stat /mnt/bucket'
  expect "B6 stays in the foreground" process_start "$shell"
  works B6 user 'echo mine > /mnt/bucket/mine'
  expect_equal "uid and gid are shown" 1000:1000 "$(stat -c %u:%g /mnt/bucket/mine 2>&1)"
  expect_equal "it is in the store" mine "$(by_store mine)"
  expect "requests of the kernel are traced" grep -q -i 'unique:.*opcode: *\(LOOKUP\|GETATTR\|CREATE\)' "$work/out" "$work/err"
  if grep -q -F -e "$secret" "$work/out" "$work/err"; then bad "the trace shows the secret key"; fi
  umount /mnt/bucket
  wait "$shell" || status=$?
  expect_equal "B6 exits with 0 after umount" 0 "$status"
  ended /mnt/bucket
  stop_s3d
}

# ---- Alibaba's CSI driver: ossfs in the foreground, ended by SIGTERM ------------------------------------------------------

csi() {
  local shell status=0 line
  start oss us-east-1
  mkdir -p /mnt/target
  echo content >"$work/content"
  into_store pail/data-subPath/file "$work/content"
  (umask 077 && echo "pail:$access:$secret" >"$work/oss-passwd")
  line="ossfs pail:/data-subPath /mnt/target -o url=oss-cn-hangzhou.aliyuncs.com,allow_other,umask=022,use_metrics,sigv1,direct_read,readdir_optimize,passwd_file=$work/oss-passwd -f"
  say "      A12 $line"
  # shellcheck disable=SC2086 # the words of the line
  env -i HOME=/root "PATH=$PATH" $line >"$work/out" 2>"$work/err" </dev/null &
  shell=$!
  expect "A12 mounts" wait_until 10 is_mounted /mnt/target
  says A12 user content 'cat /mnt/target/file'
  expect_equal "umask=022 shows all as 0755" '755 755' "$(stat -c %a /mnt/target /mnt/target/file 2>&1 | paste -sd ' ')"
  works A12 root 'echo written > /mnt/target/new && dd if=/dev/zero of=/mnt/target/large bs=1M count=24 status=none && cp /mnt/target/large /mnt/target/copy && mv /mnt/target/copy /mnt/target/moved'
  expect_equal "it is in the store" written "$(by_store data-subPath/new)"
  expect_equal "and whole" $((24 << 20)) "$(by_store data-subPath/moved | wc -c)"
  kill -TERM "$shell"
  wait "$shell" || status=$?
  expect_equal "A12 exits with 0 after SIGTERM" 0 "$status"
  ended /mnt/target
  status=0
  as root "ossfs pail /mnt/target -o url=oss-cn-hangzhou.aliyuncs.com,ram_role=http://100.100.100.200/role -f" 2>"$work/err" || status=$?
  expect_equal "a role of Alibaba's is refused by name" '1 1' "$status $(grep -c 'option ram_role is not supported' "$work/err")"
  stop_s3d
}

# ---- Leap0: a prefix of a public bucket, read-only ------------------------------------------------------------------------

leap0() {
  start gcs us-east-1 --bucket project-assets
  curl -sS -f -X POST "$control/bucket?name=project-assets&public=1" -o /dev/null
  echo docs >"$work/content"
  into_store project-assets/docs/readme "$work/content"
  mkdir -p /data/assets
  mount_line A14 root "s3fs project-assets:/docs /data/assets -o url=https://storage.googleapis.com -o ro -o public_bucket=1"
  table_says /data/assets
  says A14 root docs 'cat /data/assets/readme'
  expect_failure "A14 is read-only" as root 'touch /data/assets/new'
  works A14 root 'umount /data/assets'
  ended /data/assets
  stop_s3d
}

# ---- Cloudflare, Mastra, Yandex, fstab ----------------------------------------------------------------------------------

cloudflare() {
  local line
  start r2 us-east-1 --port 80
  as root "umask 077; echo '$access:$secret' >/tmp/.passwd-s3fs-UUID"
  printf ' Expect:\n' >"$work/ahbe"
  echo content >"$work/content"
  into_store pail/prefix/file "$work/content"
  line="s3fs pail:/prefix /mnt/bucket -o passwd_file=/tmp/.passwd-s3fs-UUID,stat_cache_expire=60,enable_noobj_cache,multipart_size=5,nomixupload,use_path_request_style,url=http://r2.internal,ahbe_conf=$work/ahbe"
  mount_line B1 root "$line,ro"
  says B1 root content 'cat /mnt/bucket/file'
  expect_failure "B1 is read-only" as root 'touch /mnt/bucket/new'
  works B1 root 'fusermount -u /mnt/bucket'
  ended /mnt/bucket
  # without ro: all parts but the last must be of one size there
  mount_line B1 root "$line"
  works B1 root 'dd if=/dev/zero of=/mnt/bucket/large bs=1M count=23 status=none'
  expect_equal "a large file is whole" $((23 << 20)) "$(by_store prefix/large | wc -c)"
  works B1 root 'fusermount -u /mnt/bucket'
  ended /mnt/bucket
  stop_s3d
}

others() {
  local answer
  start minio us-east-1
  as root "umask 077; echo '$access:$secret' >/root/.passwd-s3fs; cp /root/.passwd-s3fs /etc/passwd-s3fs"
  echo content >"$work/content"
  into_store pail/prefix/file "$work/content"

  # B2: the caller's pipe must not stay open in the daemon
  answer=$(as root "timeout 20 $command pail /mnt/bucket -o use_path_request_style,url=$endpoint 2>&1") || bad "B2: status $?"
  expect_equal "B2: \$($command ...) returns and is empty" '' "$answer"
  expect "B2 is mounted" is_mounted /mnt/bucket
  works B2 root 'umount /mnt/bucket'
  ended /mnt/bucket

  mount_line B3 root "s3fs pail /mnt/bucket -o passwd_file=/root/.passwd-s3fs -o allow_other -o uid=1000 -o gid=1000 -o url=$endpoint -o use_path_request_style -o sigv4 -o nomultipart -o ro"
  says B3 user content 'cat /mnt/bucket/prefix/file'
  expect_equal "B3 shows uid and gid" 1000:1000 "$(stat -c %u:%g /mnt/bucket/prefix/file 2>&1)"
  works B3 root 'umount /mnt/bucket'
  ended /mnt/bucket

  mount_line B5 root "s3fs pail:/ /mnt/bucket -o use_path_request_style -o url=$endpoint -o allow_other -o mp_umask=000 -o endpoint=us-east-1"
  works B5 user 'echo written > /mnt/bucket/written'
  works B5 root 'umount /mnt/bucket'
  ended /mnt/bucket

  # B7: mount(8) finds the command by the type
  if [ -e /sbin/mount.fuse3 ] || [ -e /sbin/mount.fuse ]; then
    say "pail /mnt/bucket fuse.$command _netdev,allow_other,use_path_request_style,url=$endpoint,passwd_file=/etc/passwd-s3fs 0 0" >>/etc/fstab
    works B7 root 'mount /mnt/bucket'
    table_says /mnt/bucket
    says B7 user written 'cat /mnt/bucket/written'
    works B7 root 'umount /mnt/bucket'
    ended /mnt/bucket
    sed -i '/ \/mnt\/bucket /d' /etc/fstab
    say "$command#pail /mnt/bucket fuse _netdev,allow_other,use_path_request_style,url=$endpoint 0 0" >>/etc/fstab
    works B7 root 'mount /mnt/bucket'
    says B7 user written 'cat /mnt/bucket/written'
    works B7 root 'umount /mnt/bucket'
    ended /mnt/bucket
    sed -i '/ \/mnt\/bucket /d' /etc/fstab
  else
    say "note: B7 left out: mount.fuse3 is not installed"
  fi
  stop_s3d
}

works A2 root "sed -i 's/#user_allow_other/user_allow_other/' /etc/fuse.conf"
works A3 root 'mkdir -p /mnt/bucket && chown user:user /mnt/bucket'
mkdir /mnt/s3-bucket
remove_what_lines_name() { rm -f /tmp/.passwd-s3fs-UUID && rmdir /data/assets /data 2>/dev/null; }
cleanup_steps+=(remove_what_lines_name)
works A4 root 'sudo chmod 666 /dev/fuse'
for command in pailfs s3fs; do
  context="$command: "
  for who in user root; do
    rm -f /home/user/.passwd-s3fs
    sufy "$who"
    aws "$who"
    elsewhere "$who"
  done
  novita
  superserve
  efrecon
  leap0
  cloudflare
  others
done
context='ossfs: '
csi
