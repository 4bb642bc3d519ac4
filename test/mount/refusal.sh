# SPDX-License-Identifier: Apache-2.0
# For the cases about command lines that must be refused; sourced after lib.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of lib.sh and of the cases

longest=5000 # ms; a busy machine has half as much more
table=()
runner=() # put before the command, to run it as somebody else

# refused NAME WORDS ARGUMENT...: the command line ARGUMENT... of pailfs fails as it should. WORDS are patterns of grep -i,
# separated by blanks, that its line must match: what, and where. With expected=N set the exit status must be N.
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
  [ "${expected:-$status}" = "$status" ] || bad "exit status is $status instead of $expected"
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

# strange_servers: endpoints that are no S3 service, at the ports silent, html, forbidding, python and closed.
strange_servers() {
  mkdir "$work/html"
  echo '<html><head><title>Welcome</title></head><body>This is no store.</body></html>' >"$work/html/index.html"
  listener black-hole 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64); print(s.getsockname()[1]); time.sleep(100000)'
  silent=$port
  local page="import functools, http.server
class Site(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        body = open('$work/html/index.html', 'rb').read()
        self.send_response(STATUS); self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)
    do_HEAD = do_GET
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Site); print(s.server_port); s.serve_forever()"
  listener html "${page/STATUS/200}"
  html=$port
  listener forbidding "${page/STATUS/403}"
  forbidding=$port
  listener plain-python "import functools, http.server
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(http.server.SimpleHTTPRequestHandler, directory='$work/html'))
print(s.server_port); s.serve_forever()"
  python=$port
  closed=$(free_ports 1)
}

# show_table: what each command line came to.
show_table() {
  local row
  say
  for row in "${table[@]}"; do say "      $row"; done
}
