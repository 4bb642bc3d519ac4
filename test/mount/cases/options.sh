#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every option that s3fs 1.9x and FUSE 2 and 3 have, on a real mount: it is obeyed or accepted without a word, ignored with
# one line that names it and says why, or refused by one. A number that is none is refused wherever there should be one.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
need curl openssl
[ "$namespace" = own ] || skip "this kernel gives a test no mount namespace, and it would change /etc"

own_etc
echo '127.0.0.1 s3.test pail.s3.test' >>/etc/hosts
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=client' -keyout "$work/client.key" -out "$work/client.crt" 2>/dev/null
start_s3d --domain s3.test
mnt=$work/mnt
mkdir "$mnt" "$work/dir"
good=url=$endpoint,use_path_request_style,passwd_file=$work/passwd
head -c 32 /dev/urandom | base64 >"$work/ssec"
echo 'user:pass' >"$work/proxy"
printf ' Expect:\n' >"$work/ahbe"
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$access" "$secret" >"$work/aws"
export AWS_SHARED_CREDENTIALS_FILE=$work/aws
chmod 600 "$work"/{ssec,proxy,ahbe,aws}

# tried OPTIONS: mounts with them; sets status, and what was said in $work/err.
tried() {
  status=0
  timeout 30 "$pailfs" pail "$mnt" -o "$1" >"$work/out" 2>"$work/err" </dev/null || status=$?
  lines=$(wc -l <"$work/err")
  if [ -s "$work/out" ]; then bad "$1 prints on standard output: $(head -n 1 "$work/out")"; fi
}
usable() {
  echo text >"$mnt/file" && [ "$(cat "$mnt/file")" = text ] && rm "$mnt/file"
}

# obeyed [BASE] OPTION..., ignored OPTION..., refused OPTION...
obeyed() {
  local option base=$good use=usable
  for option; do
    case $option in base=*) base=${option#base=} && continue ;; use=*) use=${option#use=} && continue ;; esac
    tried "$base,$option"
    if [ "$status" != 0 ]; then
      bad "$option gives status $status: $(head -n 2 "$work/err")"
    elif [ "$lines" != 0 ]; then
      bad "$option is not silent: $(head -n 2 "$work/err")"
    elif ! "$use"; then
      bad "$option makes a mount that cannot be used"
    else
      ok "$option"
    fi
    if is_mounted "$mnt"; then unmount "$mnt"; fi
  done
}
ignored() {
  local option
  for option; do
    tried "$good,$option"
    if [ "$status" != 0 ]; then
      bad "$option gives status $status: $(head -n 2 "$work/err")"
    elif [ "$lines" != 1 ] || ! grep -q "^pailfs: option ${option%%=*} is ignored: ....." "$work/err"; then
      bad "$option is not named in one line: $(head -n 2 "$work/err")"
    else
      ok "ignored: $(sed 's/^pailfs: option //' "$work/err")"
    fi
    if is_mounted "$mnt"; then unmount "$mnt"; fi
  done
}
refused() {
  local option
  for option; do
    tried "$good,$option"
    if [ "$status" = 0 ]; then
      bad "$option is not refused"
      unmount "$mnt"
    elif [ "$lines" != 1 ] || ! grep -q -e "${option%%=*}" "$work/err"; then
      bad "$option is not named in one line: $(head -n 3 "$work/err" | paste -sd '|')"
    else
      ok "refused ($status): $(sed 's/^pailfs: //' "$work/err")"
    fi
  done
}
looked_at() { ls "$mnt" >/dev/null; }

# 2.1 bucket, endpoint, transport
obeyed endpoint=us-east-1 region=us-east-1 sigv2 sigv4 no_check_certificate ssl_verify_hostname=0 ssl_verify_hostname=1 \
  cipher_suites=ECDHE-RSA-AES256-GCM-SHA384 ssl_client_cert="$work/client.crt::$work/client.key" proxy_cred_file="$work/proxy" \
  ipresolve=whatever ipresolve=ipv4 nodnscache nosscache connect_timeout=300 readwrite_timeout=120 retries=5 noua instance_name=one \
  requester_pays listobjectsv2 list_object_max_keys=1000 enable_content_md5 ahbe_conf="$work/ahbe" servicepath=/
obeyed base="host=$endpoint,use_path_request_style,passwd_file=$work/passwd" sigv4
ignored noxmlns enable_unsigned_payload # over http
refused retries=0 retries=x ssl_verify_hostname=3 ipresolve=ipv5 list_object_max_keys=10 connect_timeout=x readwrite_timeout=x \
  url=ftp://x ahbe_conf=/absent proxy_cred_file=/absent proxy=gopher://x

# 2.2 identity and permissions
obeyed uid=1000 gid=1000 uid=nobody gid=nogroup umask=022 mp_umask=022 allow_other nonempty complement_stat use_xattr use_xattr=1 \
  use_xattr=0 compat_dir update_parent_dir_stat use_wtf8 bucket_size=10TiB bucket_size=1000000000 hard_remove
ignored notsup_compat_dir
refused uid=no-such-user gid=x: umask=9 umask=abc mp_umask=8 use_xattr=2 bucket_size=big bucket_size=10XB

# 2.3 credentials
unkeyed=url=$endpoint,use_path_request_style
obeyed base="$unkeyed" profile=default
ignored ibm_iam_endpoint=https://iam.test
refused imdsv1only=x ibm_iam_endpoint=http://iam.test ibm_iam_endpoint=ftp://iam.test credlib=lib.so credlib_opts=x accessKeyId=A \
  secretAccessKey=B public_bucket=2 iam_role=a/b passwd_file=/absent
good=$unkeyed refused use_session_token ecs # neither has what it needs

# 2.4 cache, data path
obeyed check_cache_dir_exist del_cache tmpdir="$work/dir" ensure_diskfree=10 free_space_ratio=1 max_stat_cache_size=1000 \
  stat_cache_expire=60 stat_cache_expire=0 stat_cache_interval_expire=60 enable_noobj_cache enable_negative_cache disable_noobj_cache \
  disable_negative_cache multireq_max=20 parallel_count=5 parallel_upload=5 max_thread_count=10 multipart_size=10 multipart_copy_size=512 \
  multipart_threshold=25 putheader_mp_threshold=25 singlepart_copy_limit=512 nomultipart nomixupload nocopyapi norenameapi streamupload \
  fake_diskfree=100000 use_cache= use_cache="$work/cache" use_cache="$work/cache",del_cache use_cache="$work/cache",check_cache_dir_exist
ignored max_dirty_data=5120 max_dirty_data=-1 fd_page_size=1
refused tmpdir=/absent max_thread_count=0 multipart_size=4 multipart_copy_size=4 max_dirty_data=x use_cache=/dev/null/x use_cache="$work/absent",check_cache_dir_exist
for number in ensure_diskfree free_space_ratio max_stat_cache_size multireq_max parallel_count \
  max_thread_count multipart_size multipart_copy_size multipart_threshold putheader_mp_threshold singlepart_copy_limit fake_diskfree; do
  refused "$number=abc" "$number=" "$number=1x" "$number=-5" "$number=99999999999999999999999"
done
refused stat_cache_expire=abc stat_cache_expire= stat_cache_interval_expire=1x ensure_diskfree=1,free_space_ratio=1

# 2.5 object attributes
for acl in private public-read public-read-write aws-exec-read authenticated-read bucket-owner-read bucket-owner-full-control; do
  obeyed default_acl=$acl
done
obeyed storage_class=standard_ia storage_class=STANDARD use_rrs use_rrs=1 use_rrs=0 use_sse use_sse=1 load_sse_c="$work/ssec" \
  mime=/etc/mime.types mime=/absent
refused default_acl=everybody default_acl= use_sse=custom use_sse=kmsid use_sse=custom:/absent load_sse_c=/absent use_rrs=2 \
  use_sse=1,storage_class=REDUCED_REDUNDANCY

# 2.6 logging, misc
for level in crit critical silent err error warn wan warning info inf information dbg debug; do obeyed dbglevel=$level; done
obeyed curldbg curldbg=normal curldbg=body logfile="$work/log" no_time_stamp_msg auto noauto user nouser users _netdev s3fs f2
ignored insecure_logging set_check_cache_sigusr1 set_check_cache_sigusr1=/tmp/x createbucket
refused dbglevel=loud curldbg=all logfile=/absent/log

# 1.3 FUSE of both generations, and words of fstab that come by hand
obeyed allow_root auto_unmount default_permissions fsname=me subtype=me max_read=65536 kernel_cache auto_cache noforget remember=1 \
  entry_timeout=1 attr_timeout=1.5 negative_timeout=0 ac_attr_timeout=1 rw noatime atime noexec exec nosuid suid nodev dev sync async \
  dirsync big_writes atomic_o_trunc async_read sync_read use_ino readdir_ino direct_io intr intr_signal=10 large_read max_write=131072 \
  max_readahead=131072 max_background=64 congestion_threshold=48 splice_read splice_write splice_move no_splice_read no_splice_write \
  no_splice_move no_remote_lock max_threads=10 max_idle_threads=10 clone_fd defaults nofail relatime nodiratime strictatime lazytime \
  comment=x x-systemd.automount x-gvfs-show
obeyed use=looked_at ro
refused modules=subdir subdir=/x iconv max_threads=x max_background=x attr_timeout=x max_write=x nofial

# What goes over the wire. The log has every header, and pailfs-s3d judges the signature over them.
context='effect: '
sent() { grep -q -e "CURL DBG\\] > $1" "$work/wire"; }
printf '# everything\n X-Amz-Meta-All yes\n.txt Content-Disposition inline\nreg:^/dir/ X-Amz-Meta-Below dir\n' >"$work/ahbe"
printf 'text/special txt\n' >"$work/mime"
tried "$good,curldbg,logfile=$work/wire,default_acl=public-read,storage_class=standard_ia,requester_pays,use_sse,noua,enable_content_md5,\
listobjectsv2,list_object_max_keys=1500,ahbe_conf=$work/ahbe,mime=$work/mime,uid=1000,gid=nogroup,umask=027,bucket_size=10TiB"
expect_equal "it mounts" 0 "$status"
echo text >"$mnt/a.txt"
mkdir "$mnt/dir"
echo text >"$mnt/dir/b"
head -c 12000000 /dev/zero >"$mnt/large"
mv "$mnt/large" "$mnt/moved"
expect_equal "uid, gid and umask" "$(printf '1000 nogroup 750\n%.0s' 1 2 3)" "$(stat -c '%u %G %a' "$mnt" "$mnt/a.txt" "$mnt/dir")"
expect_equal "bucket_size" $((10 << 30)) "$(df -k --output=size "$mnt" | tail -n 1 | tr -d ' ')"
unmount "$mnt"
for header in 'x-amz-acl: public-read' 'x-amz-storage-class: STANDARD_IA' 'x-amz-request-payer: requester' 'x-amz-server-side-encryption: AES256' \
  'Content-MD5: ' 'GET .*list-type=2.*max-keys=1500' 'X-Amz-Meta-All: yes' 'Content-Disposition: inline' 'X-Amz-Meta-Below: dir' \
  'Content-Type: text/special' 'Content-Type: application/x-directory' 'x-amz-copy-source: ' 'POST .*large?uploads'; do
  expect "$header" sent "$header"
done
expect_failure "noua" sent 'User-Agent'
expect_failure "no Expect" sent 'Expect'
rm "$work/wire"
tried "$good,curldbg,logfile=$work/wire,instance_name=one,nocopyapi,nomultipart,servicepath=/"
mv "$mnt/a.txt" "$mnt/c.txt"
head -c 12000000 /dev/zero >"$mnt/large"
unmount "$mnt"
expect "instance_name" sent 'User-Agent: pailfs.*\[one\]'
expect_failure "nocopyapi" sent 'x-amz-copy-source'
expect_failure "nomultipart" sent 'POST .*uploads'
expect "without listobjectsv2 it is the old list" sent 'GET /pail/?delimiter=.*prefix='
expect_failure "and not the new one" sent 'GET .*list-type=2'
rm "$work/wire"
tried "$good,curldbg,logfile=$work/wire,norenameapi,use_rrs,sigv2,update_parent_dir_stat"
mv "$mnt/c.txt" "$mnt/d.txt"
chmod 600 "$mnt/d.txt"
touch "$mnt/dir/new"
unmount "$mnt"
expect "use_rrs" sent 'x-amz-storage-class: REDUCED_REDUNDANCY'
expect "norenameapi copies attributes on the server all the same" sent 'x-amz-copy-source: /pail/d.txt'
expect_failure "but renames by hand" sent 'x-amz-copy-source: /pail/c.txt'
expect "update_parent_dir_stat" sent 'PUT /pail/dir/ '
expect_failure "sigv2" sent 'x-amz-content-sha256'
curl -sS -f -X POST "$control/bucket?name=open&public=1" -o /dev/null
status=0
"$pailfs" open "$mnt" -o "$unkeyed,public_bucket=1,curldbg,logfile=$work/open" || status=$?
ls "$mnt"
unmount "$mnt"
expect_failure "public_bucket signs nothing" grep -q Authorization "$work/open"
