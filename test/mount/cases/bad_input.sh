#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What cannot be mounted is refused within five seconds, by one line that says what and where, and leaves nothing behind.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need python3 setpriv curl

longest=5000 # ms; a busy machine has half as much more
table=()
runner=() # put before the command, to run it as somebody else

# refused NAME WORDS ARGUMENT...: the command line ARGUMENT... of pailfs fails as it should. WORDS are patterns of grep -i,
# separated by blanks, that its line must match: what, and where.
refused() {
  local name=$1 words=$2 status=0 begin took lines word context="$mode$1: " before
  shift 2
  before=$failures
  begin=$(milliseconds)
  "${runner[@]}" timeout -k 1 20 "$pailfs" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
  took=$(($(milliseconds) - begin))
  lines=$(wc -l <"$work/err")
  table+=("$(printf '%-9s %-34s %3d %6d ms  %s' "$mode" "$name" "$status" "$took" "$(head -n 3 "$work/err" | paste -sd '|')")")
  if [ "$status" = 0 ] || [ "$status" = 124 ]; then bad "exit status is $status"; fi
  [ "$status" -lt 128 ] || bad "ended by signal $((status - 128))"
  if [ "$took" -gt $((longest * 3 / 2)) ]; then
    bad "took $took ms, more than the $longest promised"
  elif [ "$took" -gt "$longest" ]; then
    say "note: ${context}took $took ms, more than the $longest promised"
  fi
  [ "$lines" = 1 ] || bad "says $lines lines instead of one on standard error: $(head -n 5 "$work/err" | paste -sd '|')"
  [ ! -s "$work/out" ] || bad "says something on standard output: $(head -n 3 "$work/out")"
  for word in $words; do grep -i -q -e "$word" "$work/err" || bad "does not say '$word': $(head -n 1 "$work/err")"; done
  if grep -q -F -e "$secret" "$work/err"; then bad "shows the secret key"; fi
  if [ -n "$(mounts_below "$work")" ]; then
    bad "something is mounted: $(mounts_below "$work" | paste -sd ' ')"
    mounts_below "$work" | xargs -r -n 1 umount -l
  fi
  if ! wait_until 2 no_daemon; then
    bad "a process is left"
    daemons | xargs -r kill -KILL
  fi
  [ "$failures" != "$before" ] || ok "refused"
}

# keyfile NAME CONTENT [MODE]: a password file; prints its path.
keyfile() {
  printf '%s' "$2" >"$work/$1"
  chmod "${3:-600}" "$work/$1"
  say "$work/$1"
}

# listener NAME PROGRAM: a Python program that prints its port, in the background; sets port.
listener() {
  rm -f "$work/$1.port"
  python3 -u -c "$2" >"$work/$1.port" 2>"$work/$1.log" </dev/null &
  remember_process "$work/servers.pids" $! || die "$1 ended at once: $(cat "$work/$1.log")"
  wait_until 20 test -s "$work/$1.port" || die "$1 does not listen: $(cat "$work/$1.log")"
  port=$(head -n 1 "$work/$1.port")
}

start_s3d
mnt=$work/mnt
mkdir "$mnt" "$work/html"
echo '<html><head><title>Welcome</title></head><body>This is no store.</body></html>' >"$work/html/index.html"

listener black-hole 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64); print(s.getsockname()[1]); time.sleep(100000)'
silent=$port
listener html "import functools, http.server
class Site(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        body = open('$work/html/index.html', 'rb').read()
        self.send_response(200); self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    do_HEAD = do_GET
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site); print(s.server_port); s.serve_forever()"
html=$port
listener plain-python "import functools, http.server
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory='$work/html'))
print(s.server_port); s.serve_forever()"
python=$port
closed=$(free_ports 1)

if [ "$namespace" = own ]; then
  own_etc
  forbid_allow_other
  own_fuse_device 666
fi
mkdir -m 755 "$work/user"
mkdir "$work/user/mnt"
keyfile user/passwd "$access:$secret" >/dev/null
chown -R 65534:65534 "$work/user"

all_refused() {
  local url=url=$endpoint,use_path_request_style keys=passwd_file=$work/passwd file
  local good=$url,$keys
  refused 'wrong access key' "AKIA wrong-key ${endpoint#http://}" pail "$mnt" \
    -o "$url,passwd_file=$(keyfile wrong-key "AKIAWRONG:$secret")" "$@"
  refused 'wrong secret key' "secret wrong-secret" pail "$mnt" \
    -o "$url,passwd_file=$(keyfile wrong-secret "$access:wrong")" "$@"
  refused 'missing bucket' "no-such-pail ${endpoint#http://}" no-such-pail "$mnt" -o "$good" "$@"
  refused 'bad bucket name' 'bucket /Bad' '/Bad' "$mnt" -o "$good" "$@"
  refused 'closed port' "127.0.0.1:$closed" pail "$mnt" -o "url=http://127.0.0.1:$closed,$keys" "$@"
  refused 'endpoint that never answers' "127.0.0.1:$silent" pail "$mnt" -o "url=http://127.0.0.1:$silent,$keys" "$@"
  refused 'https on a port of http' "${endpoint#http://}" pail "$mnt" -o "url=https${endpoint#http},$keys" "$@"
  refused 'endpoint answers with HTML' "127.0.0.1:$html" pail "$mnt" -o "url=http://127.0.0.1:$html,$keys" "$@"
  refused 'endpoint is a file server' "127.0.0.1:$python" pail "$mnt" -o "url=http://127.0.0.1:$python,$keys" "$@"
  refused 'host that does not resolve' 'no-such-host.invalid' pail "$mnt" \
    -o "url=http://no-such-host.invalid,use_path_request_style,$keys" "$@"
  refused 'url of another kind' 'ftp' pail "$mnt" -o "url=ftp://127.0.0.1,$keys" "$@"
  refused 'missing mountpoint' "$work/absent" pail "$work/absent" -o "$good" "$@"
  refused 'mountpoint is a file' "$work/passwd directory" pail "$work/passwd" -o "$good" "$@"
  refused 'no mountpoint given' 'mount.*point\|directory' pail -o "$good" "$@"
  refused 'nothing given' 'bucket' "$@"
  refused 'password file readable by others' "$work/loose 600" pail "$mnt" \
    -o "$url,passwd_file=$(keyfile loose "$access:$secret" 644)" "$@"
  refused 'password file readable by group' "$work/loose 600" pail "$mnt" \
    -o "$url,passwd_file=$(keyfile loose "$access:$secret" 640)" "$@"
  refused 'password file missing' "$work/no-passwd" pail "$mnt" -o "$url,passwd_file=$work/no-passwd" "$@"
  refused 'password file is a directory' "$work/html" pail "$mnt" -o "$url,passwd_file=$work/html" "$@"
  refused 'password file without a colon' "$work/odd" pail "$mnt" -o "$url,passwd_file=$(keyfile odd just-one-word)" "$@"
  refused 'password file is empty' "$work/odd" pail "$mnt" -o "$url,passwd_file=$(keyfile odd '')" "$@"
  refused 'password file with four fields' "$work/odd" pail "$mnt" -o "$url,passwd_file=$(keyfile odd a:b:c:d)" "$@"
  refused 'password file of another bucket' 'pail' pail "$mnt" -o "$url,passwd_file=$(keyfile odd "other:$access:$secret")" "$@"
  refused 'no credentials at all' 'passwd\|credential' pail "$mnt" -o "$url" "$@"
  refused 'unknown option' 'alow_other allow_other' pail "$mnt" -o "$good,alow_other" "$@"
  refused 'unknown switch' 'frobnicate' pail "$mnt" --frobnicate -o "$good" "$@"
  refused 'a number that is none' 'retries many' pail "$mnt" -o "$good,retries=many" "$@"
  refused 'a number that is too large' 'multipart_size' pail "$mnt" -o "$good,multipart_size=99999999999999999999" "$@"
  refused 'a negative number' 'connect_timeout' pail "$mnt" -o "$good,connect_timeout=-1" "$@"
  refused 'umask that is not octal' 'umask.*99' pail "$mnt" -o "$good,umask=099" "$@"
  refused 'unknown user' 'nobody-of-this-name' pail "$mnt" -o "$good,uid=nobody-of-this-name" "$@"
  refused 'one argument too many' 'surplus' pail "$mnt" surplus -o "$good" "$@"
  refused 'temporary directory missing' "$work/absent" pail "$mnt" -o "$good,tmpdir=$work/absent" "$@"
  refused 'log file cannot be written' "$work/absent/log" pail "$mnt" -o "$good,logfile=$work/absent/log" "$@"
  refused 'secret on the command line' 'AccessKey' pail "$mnt" -o "$url,accessKeyId=$access,secretAccessKey=x" "$@"

  if [ "$namespace" = own ]; then
    runner=(setpriv --reuid 65534 --regid 65534 --clear-groups env "HOME=$work/user")
    file=$work/user/passwd
    refused 'allow_other refused to a user' 'allow_other user_allow_other' pail "$work/user/mnt" \
      -o "$url,passwd_file=$file,allow_other" "$@"
    refused 'mountpoint of another user' "$work/mnt" pail "$mnt" -o "$url,passwd_file=$file" "$@"
    refused "password file of another user" "$work/passwd" pail "$work/user/mnt" -o "$good" "$@"
    runner=()
  fi
}

# What real servers say to the same mistakes.
by_real_server() {
  local url=url=$endpoint,use_path_request_style,endpoint=$region
  mode=$server' '
  runner=(env AWS_ACCESS_KEY_ID=AKIAWRONG "AWS_SECRET_ACCESS_KEY=$secret")
  refused 'wrong access key' 'key AKIA' "$bucket" "$mnt" -o "$url"
  runner=(env "AWS_ACCESS_KEY_ID=$access" AWS_SECRET_ACCESS_KEY=wrong)
  refused 'wrong secret key' secret "$bucket" "$mnt" -o "$url"
  runner=(env "AWS_ACCESS_KEY_ID=$access" "AWS_SECRET_ACCESS_KEY=$secret")
  refused 'missing bucket' "no-such-pail ${endpoint#http://}" no-such-pail "$mnt" -o "$url"
  runner=()
}

mode=''
all_refused
mode='-f '
all_refused -f
expect "after all this the right command line mounts" timeout 20 "$pailfs" pail "$mnt" -o "$(mount_options)"
unmount "$mnt"
servers=$(real_servers)
[ -n "$servers" ] || say "note: PAILFS_TEST_S3_SERVERS is unset, only pailfs-s3d is used"
for name in $servers; do
  choose_server "$name"
  by_real_server
done
[ "$namespace" = own ] || say "note: allow_other as a user was left out: this kernel gives a test no mount namespace"
say
for row in "${table[@]}"; do say "      $row"; done
