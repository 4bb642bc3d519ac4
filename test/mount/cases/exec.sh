#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A program that starts another one while it has a new, empty file open hangs neither itself nor the machine, and a shell's
# redirection still stores its file once. Law L12: the daemon never waits for the process it serves.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/requests.sh
. "$(dirname "$0")/../requests.sh"

need python3 perl git

start_s3d
mnt=$work/mnt
hung=''

# in_time WHAT COMMAND...: in the mount; a process that hangs here is in state D and frees itself when the mount dies, so
# that nothing more is tried with it.
in_time() {
  local what=$1 pid status=0
  shift
  if [ -n "$hung" ]; then
    bad "$what: not tried, the mount hangs"
    return
  fi
  (cd "$mnt" && exec "$@") >"$work/command.out" 2>&1 </dev/null &
  pid=$!
  if wait_until 30 process_ended "$pid"; then
    wait "$pid" || status=$?
    if [ "$status" = 0 ]; then ok "$what"; else bad "$what: status $status, $(head -c 300 "$work/command.out")"; fi
  else
    bad "$what: still runs after 30 s, $(head -n 3 "/proc/$pid/status" | tail -n 1)"
    hung=yes
  fi
}

# Each of them has an object of its own open close-on-exec, with nothing in it, while a program is started.
cat >"$work/calls.py" <<'END'
import os, subprocess, sys, threading
how, name = sys.argv[1:]
mode = "r+" if how == "emptied" else "w"
if how == "emptied":
    open(name, "w").write("old")
    os.truncate(name, 0)
f = open(name, mode)
def check(status):
    if status != 0: sys.exit(f"{how}: status {status}")
def fork_exec(path):
    pid = os.fork()
    if pid == 0: os.execv(path, [path])
    return os.waitpid(pid, 0)[1]
if how in ("system", "emptied"): check(os.system("true"))
elif how == "subprocess": check(subprocess.run(["true"]).returncode)
elif how == "posix_spawn": check(os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1])
elif how == "fork_exec": check(fork_exec("/bin/true"))
elif how == "exec": os.execv("/bin/true", ["true"])
elif how == "rdwr":
    fd = os.open(name, os.O_RDWR | os.O_TRUNC | os.O_CLOEXEC)
    check(os.system("true"))
elif how == "dup":
    os.dup(f.fileno())
    check(os.system("true"))
elif how == "threads":
    results = []
    def work(i):
        with open(f"{name}.{i}", "w"):
            for _ in range(5): results.append(subprocess.run(["true"]).returncode)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    check(any(results) or len(results) != 40)
else: sys.exit("what?")
f.write("end")
f.close()
END

cat >"$work/call.js" <<'END'
const fs = require('fs'), {spawnSync} = require('child_process');
const fd = fs.openSync(process.argv[2], 'w');
const ended = spawnSync('true');
fs.writeSync(fd, 'end');
fs.closeSync(fd);
process.exit(ended.status === 0 ? 0 : 1);
END

try_programs() {
  local how name
  for how in system subprocess posix_spawn fork_exec rdwr dup emptied threads; do
    in_time "python: $how" python3 "$work/calls.py" "$how" "py-$how"
    [ -n "$hung" ] || expect_equal "what python then wrote is there ($how)" end "$(cat "$mnt/py-$how")"
  done
  in_time "python: exec of the process itself" python3 "$work/calls.py" exec py-exec
  # shellcheck disable=SC2016 # perl's variables
  in_time "perl: system" perl -e 'open(F, ">", "perl") or die; system("true") == 0 or die; print F "end"; close(F) or die'
  if have node; then
    in_time "node: spawnSync" node "$work/call.js" node
  else
    say "skipped: node is not installed, its spawnSync was not tried"
  fi
  if have git-lfs; then
    in_time "git-lfs: a clone with a file of its own" env HOME="$work/root" git clone -q "file://$work/source" clone
    [ -n "$hung" ] || expect "git-lfs fetched the file" cmp "$work/source/large.bin" "$mnt/clone/large.bin"
  else
    say "skipped: git-lfs is not installed, a clone with it was not tried"
  fi
  in_time "ps and the like still work" ps -ef
}

if have git-lfs; then
  (
    export HOME=$work/root
    git config --global user.name test && git config --global user.email test@localhost
    git lfs install --skip-repo >/dev/null
    git init -q "$work/source" && cd "$work/source"
    git lfs track '*.bin' >/dev/null
    head -c 300000 /dev/urandom >large.bin
    echo text >small
    git add . && git commit -qm first
  )
fi

mount_here "$mnt"
try_programs
if [ -z "$hung" ]; then
  control reset
  # shellcheck disable=SC2016 # the inner shell's variables
  in_time "a shell's redirection" sh -c 'i=0; while [ $i -lt 20 ]; do echo line > redirected$i; : > empty$i; i=$((i + 1)); done'
  expect_equal "a shell's redirection costs one PUT each" 40 "$(curl -sS "$control/stats" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"]["PutObject"])')"
  unmount "$mnt"
fi

if [ -z "$hung" ]; then
  mount_here "$mnt" -o durability=local,use_cache="$work/journal"
  context="durability=local: "
  rm -rf "${mnt:?}"/*
  try_programs
  [ -n "$hung" ] || unmount "$mnt"
fi
