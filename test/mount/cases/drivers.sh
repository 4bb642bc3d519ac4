#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Drivers and kits that start s3fs or ossfs: their command lines, password files and signals in the order in which they use
# them, one case a driver, with nothing replaced but hosts and keys.
# shellcheck source=test/mount/lib.sh
# shellcheck disable=SC2016 # the lines are expanded by the shell that runs them
. "$(dirname "$0")/../lib.sh"

need curl setpriv python3
ln -s pailfs "$work/bin/s3fs"
ln -s pailfs "$work/bin/ossfs"
export PATH=$work/bin:$PATH

# A second account and service, whose keys are of no use at the first.
start_s3d
second_endpoint=$endpoint second_access=AKIASECONDVOL second_secret=second/volume+secret
curl -sS -f -X POST "$control/credentials?access=$second_access&secret=second%2Fvolume%2Bsecret" -o /dev/null
start_s3d

into_store() { printf %s "$2" | curl -sS -f -T - "$control/object/$1" -o /dev/null; }
refusals() { curl -sS "$control/stats" | grep -o '"InvalidAccessKeyId":[0-9]*' || say none; }
as_pod() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
shown() { awk -v m="$1" '$2 == m { print $1, $3 }' /proc/self/mounts; }
open_root() {
  expect_equal "the root is open to every pod" 777 "$(stat -c %a "$1")"
  expect "a pod that is not root writes" as_pod sh -c "echo pod >'$1/by-pod' && [ \"\$(cat '$1/by-pod')\" = pod ]"
}
# still_works DIR: with requests, after the password file has come to hold the keys of another volume.
still_works() {
  local name=new-$RANDOM
  sleep 2
  expect "a name nobody asked for is looked up" ls -la "$1"
  expect "a file is written" sh -c "echo new >'$1/$name'"
  expect "and read from the store" sh -c "[ \"\$(curl -sS -f '$control/object/$2$name')\" = new ]"
  expect_equal "the store has seen no other keys" none "$(refusals)"
}

# ---- k8s-csi-s3, ctrox/csi-s3, datashim: one $HOME/.passwd-s3fs for all volumes, rewritten in place -------------------------

# write_over TEXT: as Go's os.OpenFile(O_RDWR|O_CREATE) and WriteString do it; truncate_and_write: with O_TRUNC.
write_over() { (umask 077 && printf %s "$1" | dd of="$HOME/.passwd-s3fs" conv=notrunc status=none); }
truncate_and_write() { (umask 077 && printf %s "$1" >"$HOME/.passwd-s3fs"); }

# csi NAME WRITE SOURCE-SUFFIX PREFIX OPTION...: two volumes of two accounts, one after the other.
csi() {
  local context="$1: " write=$2 suffix=$3 under=$4 one=$work/$1-one two=$work/$1-two region
  shift 4
  mkdir "$one" "$two"
  rm -f "$HOME/.passwd-s3fs"
  for region in us-east-1 ''; do
    "$write" "$access:$secret"
    expect "a volume is mounted, region '$region'" timeout 30 s3fs "pail$suffix" "$one" -o use_path_request_style -o "url=$endpoint" -o "endpoint=$region" -o allow_other "$@"
    open_root "$one"
    rm -f "$HOME/.passwd-s3fs" # only where O_TRUNC is missing would its length matter
    "$write" "$second_access:$second_secret"
    expect "the next volume too, of another account" timeout 30 s3fs pail "$two" -o use_path_request_style -o "url=$second_endpoint" -o "endpoint=$region" -o allow_other "$@"
    still_works "$one" "pail/$under"
    expect "the volumes differ" sh -c "! [ -e '$two/by-pod' ]"
    expect "its process is found by its command line" sh -c "pgrep -f '$one'"
    expect "unmounted" umount "$two"
    expect "unmounted" umount "$one"
    wait_until 60 no_daemon "$one" || bad "the daemon goes on"
  done
}
into_store pail/vol1/ ''
csi k8s-csi-s3 write_over :/vol1 vol1/ -o mp_umask=000
into_store pail/vol2/csi-fs/ ''
csi ctrox-csi-s3 truncate_and_write :/vol2/csi-fs vol2/csi-fs/ -o mp_umask=000
csi datashim write_over '' '' -o umask=0000
# A volume without a prefix of its own is BUCKET:/ there.
csi k8s-csi-s3-whole write_over :/ '' -o mp_umask=000

# ---- mastra: one file in /tmp, removed and written anew; the user's ids --------------------------------------------------------

context='mastra: '
file=$work/passwd-mastra mnt=$work/mastra
mkdir "$mnt" "$mnt-two"
(umask 077 && printf %s "$access:$secret" >"$file")
expect "mounted" timeout 30 s3fs pail "$mnt" -o "passwd_file=$file" -o allow_other -o uid=1000 -o gid=1000 -o "url=$endpoint" -o use_path_request_style -o sigv4 -o nomultipart
rm -f "$file"
(umask 077 && printf %s "$second_access:$second_secret" >"$file")
expect "and a second one" timeout 30 s3fs pail "$mnt-two" -o "passwd_file=$file" -o allow_other -o uid=1000 -o gid=1000 -o "url=$second_endpoint" -o use_path_request_style -o sigv4 -o nomultipart -o ro
still_works "$mnt" pail/
expect_equal "all belongs to the user" 1000:1000 "$(stat -c %u:%g "$mnt")"
unmount "$mnt-two"
# The store stops to take the old keys: the new ones of the file are used, and no program notices.
curl -sS -f -X POST "$control/credentials?access=AKIAROTATED00&secret=rotated" -o /dev/null
(umask 077 && printf %s AKIAROTATED00:rotated >"$file")
expect "rotated keys are followed" sh -c "echo rotated >'$mnt/rotated' && ls -l '$mnt'"
unmount "$mnt"
curl -sS -f -X POST "$control/credentials?access=$access&secret=acceptance%2Fsecret%2Bkey" -o /dev/null

# ---- openai-agents, mastra with temporary keys: ACCESS:SECRET:TOKEN ------------------------------------------------------------

context='temporary keys: '
curl -sS -f -X POST "$control/credentials?access=ASIATEMPORARY&secret=temporary&token=short-token" -o /dev/null
(umask 077 && printf %s ASIATEMPORARY:temporary:short-token >"$file")
expect "mounted" timeout 30 s3fs pail "$mnt" -o "passwd_file=$file" -o "url=$endpoint" -o use_path_request_style
expect "a file is written" sh -c "echo token >'$mnt/token'"
unmount "$mnt"
curl -sS -f -X POST "$control/credentials?access=$access&secret=acceptance%2Fsecret%2Bkey" -o /dev/null

# ---- Cloudflare's sandbox kit: a proxy that signs, the mount's id in the path of url=, the log beside the output --------------

context='cloudflare: '
cat >"$work/proxy.py" <<'PYTHON'
# Passes on what comes below /MOUNT-ID/, as the kit's proxy does; what comes elsewhere is 404.
import http.client, http.server, socketserver, sys
target = sys.argv[1]
class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *unused): pass
    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith("/mount-7f3a/"):
            self.send_response(404); self.send_header("Content-Length", "0"); self.end_headers()
            return
        there = http.client.HTTPConnection(target)
        there.request(self.command, self.path[len("/mount-7f3a"):], body, dict(self.headers))
        reply = there.getresponse()
        data = reply.read()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "server", "date"): self.send_header(name, value)
        if reply.getheader("Content-Length") is None: self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = forward
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads = True
server = Server(("127.0.0.1", 0), Proxy)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
signed_curl "$access" "$secret" "$region" --fail -X POST "$control/rule?name=no_signature_check&on=1" -o /dev/null
python3 "$work/proxy.py" "${endpoint#*://}" >"$work/proxy.port" 2>"$work/proxy.err" &
remember_process "$work/servers.pids" $! || die "the proxy ended at once: $(cat "$work/proxy.err")"
wait_until 20 test -s "$work/proxy.port" || die "the proxy does not begin"
gate=http://127.0.0.1:$(cat "$work/proxy.port")/mount-7f3a
(umask 077 && printf 'x:x' >"$work/passwd-cloudflare")
printf ' Expect:\n' >"$work/ahbe"
log=$work/cloudflare.log
line="s3fs pail:/vol1 $mnt -o passwd_file=$work/passwd-cloudflare,stat_cache_expire=60,enable_noobj_cache,multipart_size=5,nomixupload,use_path_request_style,url=$gate,ahbe_conf=$work/ahbe,logfile=$log,dbglevel=info"
expect "mounted through the path" bash -c "timeout 30 $line >'$log' 2>&1"
expect "a file is written" sh -c "echo kit >'$mnt/kit'"
expect_equal "and is in the store" kit "$(curl -sS -f "$control/object/pail/vol1/kit")"
unmount "$mnt"
expect_equal "the log begins with its first line" 1 "$(head -n 1 "$log" | grep -c 'pailfs .*s3fs pail:/vol1')"
status=0
timeout 30 bash -c "${line/:\/vol1/} -f >'$log' 2>&1" & shell=$!
wait_until 20 is_mounted "$mnt" || bad "not mounted in the foreground"
umount "$mnt"
wait "$shell" || status=$?
expect_equal "in the foreground too" 0 "$status"
line=${line/url=$gate/url=http:\/\/127.0.0.1:1\/x}
status=0
bash -c "timeout 30 $line >'$log' 2>&1" || status=$?
expect_equal "what fails is said behind the log's lines" "1 1" "$(head -n 1 "$log" | grep -c 'pailfs .*s3fs pail') $(tail -n 1 "$log" | grep -c '^s3fs: ')"
expect "with a status" [ "$status" != 0 ]
signed_curl "$access" "$secret" "$region" --fail -X POST "$control/rule?name=no_signature_check&on=0" -o /dev/null

# ---- Alibaba's CSI driver: ossfs in the foreground; keys of the bucket, or a directory of temporary keys -----------------------

context='alibaba: '
(umask 077 && printf %s "pail:$access:$secret" >"$work/passwd-ossfs")
# ossfs_mount OPTION...: starts it as the driver does and waits for the mount.
ossfs_mount() {
  local list
  list=$(IFS=, && say "$*")
  ossfs pail:/vol1 "$mnt" -o "$list" -f >"$work/out" 2>"$work/err" </dev/null &
  shell=$!
  wait_until 20 is_mounted "$mnt" || bad "not mounted: $(cat "$work/err")"
}
ossfs_end() {
  status=0
  kill -TERM "$shell"
  wait "$shell" || status=$?
  expect_equal "SIGTERM ends it with 0" 0 "$status"
}
ossfs_mount "url=$endpoint" use_path_request_style use_sse=kmsid:some-key-id use_metrics metrics_top=10 "passwd_file=$work/passwd-ossfs" dbglevel=warn allow_other listobjectsv2
expect_equal "the mount table says ossfs" 'ossfs fuse.ossfs' "$(shown "$mnt")"
open_root "$mnt"
expect_equal "the key's name goes with an object" 1 "$(by_curl vol1/by-pod -I | grep -ci 'aws-kms-key-id: some-key-id')"
expect_equal "a second one is refused" 1 "$(ossfs pail:/vol2 "$mnt" -o "url=$endpoint,passwd_file=$work/passwd-ossfs" 2>&1 | grep -c 'already')"
ossfs_end

# otherOpts of a volume, "-o umask=022 -o allow_other", come as one word of the list.
ossfs_mount "url=$endpoint" use_path_request_style "passwd_file=$work/passwd-ossfs" "umask=022 -o allow_other" dbglevel=warn
expect_equal "umask= is what everything shows" 755 "$(stat -c %a "$mnt")"
expect "and every pod may look" as_pod ls "$mnt"
ossfs_end

# Without passwd_file the driver's own place of keys is taken, and not that of s3fs.
if [ "$namespace" = own ]; then
  own_etc
  rm -f "$HOME/.passwd-s3fs"
  (umask 077 && printf %s "pail:$access:$secret" >/etc/passwd-ossfs && printf %s "pail:AKIAWRONG:wrong" >/etc/passwd-s3fs)
  ossfs_mount "url=$endpoint" use_path_request_style allow_other
  expect "/etc/passwd-ossfs is read" as_pod ls "$mnt"
  ossfs_end
  rm -f /etc/passwd-s3fs /etc/passwd-ossfs
fi

# generation N: the driver's directory of temporary keys, to which it flips a link.
generation() {
  curl -sS -f -X POST "$control/credentials?access=STS.generation$1&secret=secret$1&token=token$1" -o /dev/null
  (
    umask 077
    mkdir -p "$work/ossfs-keys/..$1"
    cd "$work/ossfs-keys/..$1"
    printf %s "STS.generation$1" >AccessKeyId
    printf %s "secret$1" >AccessKeySecret
    printf %s "token$1" >SecurityToken
    date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ >Expiration
  )
  ln -sfn "..$1" "$work/ossfs-keys/..data.tmp"
  mv -T "$work/ossfs-keys/..data.tmp" "$work/ossfs-keys/..data"
}
mkdir "$work/ossfs-keys"
for key in AccessKeyId AccessKeySecret SecurityToken Expiration; do ln -s "..data/$key" "$work/ossfs-keys/$key"; done
generation 1
ossfs_mount "url=$endpoint" use_path_request_style "passwd_file=$work/ossfs-keys" use_session_token dbglevel=warn allow_other listobjectsv2
for number in 2 3; do
  generation "$number"
  expect "generation $number of the keys is followed" sh -c "echo $number >'$mnt/generation$number'"
done
ossfs_end
for option in ram_role=worker rrsa_endpoint=https://sts-vpc.cn-hangzhou.aliyuncs.com agent_identity_ca_file=/ca.crt agent_identity_anything=1; do
  expect_equal "${option%%=*} is refused with the way that works" 1 "$(ossfs pail "$mnt" -o "url=$endpoint,$option" 2>&1 | grep -c "^ossfs: option ${option%%=*} is not supported.*passwd_file with use_session_token")"
done
expect_equal "secret_store_dir too" 1 "$(ossfs pail "$mnt" -o "url=$endpoint,secret_store_dir=/etc/ossfs/secrets-store" 2>&1 | grep -c 'as passwd_file')"

# ---- the root of a mount, in every combination ----------------------------------------------------------------------------------

context='root: '
curl -sS -f -X POST "$control/credentials?access=$access&secret=acceptance%2Fsecret%2Bkey" -o /dev/null
into_store pail/bare/ ''
by_curl own/ --data-binary '' -X PUT -H 'x-amz-meta-mode: 448' -o /dev/null
while read -r where options mode; do
  mount_row() { timeout 30 "$pailfs" "pail:/$where" "$mnt" -o "$(mount_options)${options:+,$options}"; }
  options=${options#none}
  expect "pail:/$where with '$options'" mount_row
  expect_equal "shows $mode" "$mode" "$(stat -c %a "$mnt")"
  unmount "$mnt"
done <<'TABLE'
bare none 750
bare allow_other 777
bare allow_other,mp_umask=000 777
bare allow_other,mp_umask=027 750
bare allow_other,umask=077 700
own none 700
own allow_other 700
own allow_other,mp_umask=000 777
vol1/none none 700
vol1/none allow_other 777
TABLE
