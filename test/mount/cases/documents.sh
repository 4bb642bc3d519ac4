#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every command that the documents show works as it stands there: the hosts of the services are a pailfs-s3d here, with the
# peculiarities of the service where it knows them, and ACCESS_KEY and SECRET_KEY are its keys. What is not run says why, in the
# document, and is counted. document_blocks.py takes the commands out of the text.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need python3 openssl curl getfattr setfattr findmnt
[ "$namespace" = own ] || skip "this kernel gives a test no mount namespace, and it would change /etc, /mnt and /root"
mapfile -t documents < <(cd "$root" && ls README.md SECURITY.md docs/*.md man/pailfs.1.in examples/*.md examples/*/*.yaml examples/*/*.service)

# ---- a machine as the documents suppose it ------------------------------------------------------------------------------

cp "$PAILFS_S3D" "$work/bin/pailfs-s3d" # /root may be covered below
PAILFS_S3D=$work/bin/pailfs-s3d
cp "$root/test/mount/document_blocks.py" "$work/"
mkdir "$work/blocks" "$work/text"
cp -r "$root"/{README.md,SECURITY.md,docs,man,examples} "$work/text"
(cd "$work/text" && python3 "$work/document_blocks.py" "$work/blocks" "${documents[@]}") >"$work/index" || die "$(cat "$work/index")"

printf '#!/bin/sh\nHOME=/root exec "$@"\n' >"$work/bin/sudo" # not everywhere
chmod 755 "$work/bin/sudo"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
own_etc
own_fuse_device 666
for dir in /mnt /home /root /srv /opt; do mount -t tmpfs -o mode=755 tmpfs "$dir"; done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 700 /run/pailfs
mkdir "$work/cache"
mount --bind "$work/cache" /var/cache # a journal wants a disk
mount --bind "$work/bin" /usr/local/bin
unset XDG_RUNTIME_DIR
export HOME=/root

# All hosts that the documents name, and those of Amazon that a region leads to.
address=127.83.51.71
mapfile -t domains < <({ grep -ohE 'https?://[A-Za-z0-9.-]+' "$work"/blocks/* | sed 's|.*://||' | grep -v '^127\.\|^localhost\|github\.com' || true
  printf '%s\n' s3.amazonaws.com s3.us-east-1.amazonaws.com s3.eu-west-1.amazonaws.com; } | sort -u)
names='' serve=()
for name in "${domains[@]}"; do
  printf '%s %s\n' "$address" "$name my-bucket.$name my-bucket-1250000000.$name open-data.$name photos.$name data.$name" >>/etc/hosts
  names+=",DNS:$name,DNS:*.$name"
  serve+=(--domain "$name")
done
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=throw-away' -addext "subjectAltName=${names#,}" \
  -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
cat "$work/tls.crt" >>/etc/ssl/certs/ca-certificates.crt
cp "$work/tls.crt" /etc/ssl/private-ca.pem

# service_of TEXT: arguments that make pailfs-s3d the service behind these command lines: its peculiarities where they are known,
# else the region that the option or the host names.
service_of() {
  case $1 in
    *.sufycs.com* | *.qiniucs.com*) say --imitate kodo ;;
    *.r2.cloudflarestorage.com*) say --imitate r2 ;;
    *storage.googleapis.com*) say --imitate gcs ;;
    *.aliyuncs.com*) say --imitate oss ;;
    *.myqcloud.com*) say --imitate cos ;;
    *minio.*) say --imitate minio ;;
    *rgw.*) say --imitate ceph-18 ;;
    *gateway.*) say --rule no_signature_check --region eu-west-1 --port 8080 ;;
    *,region=*) say --region "$(sed -nE 's/.*,region=([a-z0-9-]+).*/\1/p' <<<"$1" | head -n 1)" ;;
    *.backblazeb2.com* | *.wasabisys.com* | *.scw.cloud*)
      say --region "$(sed -nE 's|.*://s3\.([a-z0-9-]+)\..*|\1|p' <<<"$1" | head -n 1)"
      ;;
    *region=eu-west-1* | *amazonaws*) say --imitate aws-eu-west-1 ;;
  esac
}

# serve_as [ARGUMENT...]: a fresh server with the buckets of the documents.
serve_as() {
  [ ! -s "$work/servers.pids" ] || stop_s3d
  rm -f "$work/s3d.ready"
  [[ " $* " == *" --port "* ]] || set -- --port 9000 "$@"
  "$PAILFS_S3D" --listen "$address" --control-port 0 --tls-port 443 --tls-cert "$work/tls.crt" --tls-key "$work/tls.key" \
    --access-key ACCESS_KEY --secret-key SECRET_KEY --bucket my-bucket --bucket my-bucket-1250000000 --bucket photos --bucket data "${serve[@]}" \
    --ready-file "$work/s3d.ready" "$@" >"$work/s3d.log" 2>&1 </dev/null &
  remember_process "$work/servers.pids" $! || die "pailfs-s3d ended at once: $(tail -n 1 "$work/s3d.log")"
  wait_until 20 test -s "$work/s3d.ready" || die "pailfs-s3d is not ready: $(tail -n 1 "$work/s3d.log")"
  control=$(sed -n 's/.* control=\([^ ]*\).*/\1/p' "$work/s3d.ready")
  curl -sS -f -X POST "$control/bucket?name=open-data&public=1" -o /dev/null
  for object in my-bucket/dir/file my-bucket/data/2026/file open-data/2026/file data/dir/file; do
    curl -sS -f -X PUT --data-binary content "$control/object/$object" -o /dev/null
  done
}

# reset: nothing is mounted, the server is a new one, the keys are where they usually are.
reset() {
  local path
  for path in $(awk '$3 ~ /^fuse[.](s3fs|pailfs)$/ && $2 ~ "^/(mnt|srv|root|opt)/" { print $2 }' /proc/self/mounts | tac); do
    umount "$path" 2>/dev/null || umount -l "$path"
  done
  wait_until 30 no_daemon /mnt/ || bad "a process of a mount does not end"
  serve_as "$@"
  mkdir -p /mnt/bucket /root/bucket
  mkdir -p /run/secrets /etc/pailfs
  for path in /root/.passwd-s3fs /etc/passwd-s3fs /etc/keys /run/secrets/keys /etc/pailfs/passwd; do
    rm -f "$path"
    (umask 077; echo ACCESS_KEY:SECRET_KEY >"$path")
  done
}

# works WHERE FILE: the block succeeds, in a directory of its own.
works() {
  local status=0
  rm -rf "$work/here"
  cp -r "$work/text/examples" "$work/here"
  (cd "$work/here" && timeout 60 env -i HOME=/root "PATH=$PATH" LC_ALL=C no_proxy='*' bash -euo pipefail "$2") >"$work/out" 2>&1 </dev/null || status=$?
  if [ "$status" = 0 ]; then
    ok "$1"
  else
    bad "$1: status $status"
    sed 's/^/    /' "$2"
    head -c 1500 "$work/out" | sed 's/^/    | /'
  fi
  ran=$((ran + 1))
}

ran=0 left=0 last=''
while read -r kind where file reason; do
  read -ra service <<<"$(service_of "$(cat "$file")")"
  case $kind in
    skipped)
      say "not run: $where: $reason"
      left=$((left + 1))
      continue
      ;;
    run) # blocks of one section go on from each other
      [ "${where%:*}" = "$last" ] || reset "${service[@]}" ;;
    *) reset "${service[@]}" ;;
  esac
  last=${where%:*}
  [ "$kind" = run ] || last=''
  case $kind in
    mounted) pailfs my-bucket /mnt/bucket -o url=https://s3.example.com,use_path_request_style,use_xattr ;;
    fstab)
      cp "$file" /etc/fstab
      {
        # shellcheck disable=SC2016 # for the shell that runs it
        say 'while read -r _ where _; do [ "${where#/}" != "$where" ] || continue; mkdir -p "$where"; mount "$where"; ls "$where" >/dev/null; umount "$where"; done </etc/fstab'
      } >"$file"
      ;;
    manual)
      # Each stands for itself in the page: what it mounts on, or changes, is there before.
      grep -o '/mnt/[a-z]*' "$file" | xargs mkdir -p
      if grep -q remount "$file"; then pailfs data /mnt/data -o url=https://s3.example.com,use_path_request_style; fi
      ;;
    alone | line) say 'ls /mnt/bucket >/dev/null' >>"$file" ;;
  esac
  works "$where ($kind)" "$file"
done <"$work/index"
# The metrics that the alerts and the dashboard show are those of the program.
reset
pailfs my-bucket /mnt/bucket -o url=https://s3.example.com,use_path_request_style,metrics_listen=9100
ls /mnt/bucket/dir >/dev/null
{ curl -sS http://127.0.0.1:9100/metrics; pailfs --generate=man; } | grep -o 'pailfs_[a-z0-9_]*' | sort -u >"$work/metrics"
grep -oh 'pailfs_[a-z0-9_]*' "$work"/text/examples/monitoring/* | sort -u >"$work/shown"
expect_equal "every metric of the alerts and the dashboard is one of the program" '' "$(comm -13 "$work/metrics" "$work/shown" | paste -sd ' ')"
[ "$(wc -l <"$work/shown")" -ge 8 ] || bad "the alerts and the dashboard show few metrics"
reset

say "$ran commands of ${#documents[@]} documents ran, $left are marked as not run"
[ "$ran" -ge 20 ] || bad "only $ran commands were found"
