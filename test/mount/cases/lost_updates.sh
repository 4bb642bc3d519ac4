#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Several mounts count up one number by reading and writing it in place, with no lock, append to one log and replace files of
# their own: what close or fsync has acknowledged is there, once, also when replies are lost and a mount is killed.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

mounts=3 turns=60
if [ -n "${PAILFS_THOROUGH:-}" ]; then mounts=8 turns=1000; fi
control() { curl -sS --fail -X POST "$control/$1" "${@:2}" >/dev/null; }

# begin_mount N: every second one with a journal, whose fsync waits for the store's verdict.
begin_mount() {
  local options="tmpdir=$work/tmp$1"
  mkdir -p "$work/cache$1" "$work/tmp$1"
  if [ $(($1 % 2)) = 0 ]; then options+=,durability=local,fsync=remote,use_cache=$work/cache$1; fi
  mount_here "$work/m$1" -o "$options"
}

# work_on DIR NAME: says "N" for each number that it has brought there, "+LINE" for each line, "?" for each change whose end
# is not known, "wrong ..." for what must not be.
work_on() {
  timeout 240 python3 - "$1" "$2" "$turns" "$lossy" <<'EOF'
import errno, os, random, sys, zlib
top, name, turns, lossy = sys.argv[1], sys.argv[2], int(sys.argv[3]), bool(sys.argv[4])
draw = random.Random(name)
seen = 0

def say(text):
    print(text, flush=True)

def ended(error):
    # ESTALE is a lost race: nothing of it is in the store, or, when a reply was lost, no more. Of other errors that is not known.
    if error.errno != errno.ESTALE or lossy:
        say("?")
    if error.errno in (errno.ENOTCONN, errno.ECONNABORTED, errno.EBADF):
        sys.exit(0)  # the mount was killed

def change(path, flags, act):
    try:
        handle = os.open(path, flags, 0o644)
    except OSError as error:
        return ended(error)
    told = None
    try:
        told = act(handle)
        os.fsync(handle)
    except OSError as error:
        ended(error)
        told = None
    try:
        os.close(handle)
    except OSError as error:
        if told is not None:
            ended(error)
        told = None
    if told is not None:
        say(told)

def count(handle):
    global seen
    text = os.pread(handle, 100, 0)
    number = int(text)
    if len(text) != 20 or number < seen:
        say("wrong: read %r after %d" % (text, seen))
    seen = number
    os.pwrite(handle, b"%019d\n" % (number + 1), 0)
    return str(number + 1)

for turn in range(turns):
    what = draw.random()
    if what < 0.5:
        change(top + "/number", os.O_RDWR, count)
    elif what < 0.8:
        line = "%s-%d" % (name, turn)
        def append(handle):
            os.write(handle, (line + "\n").encode())
            return "+" + line
        change(top + "/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, append)
    else:
        body = os.urandom(draw.randrange(1, 30000))
        def write(handle):
            os.write(handle, body + zlib.crc32(body).to_bytes(4, "big"))
            return ""
        change(top + "/" + name + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, write)
        try:
            os.rename(top + "/" + name + ".new", top + "/" + name)
            whole = open(top + "/" + name, "rb").read()
            if zlib.crc32(whole[:-4]).to_bytes(4, "big") != whole[-4:]:
                say("wrong: %s has bytes of two versions" % name)
        except OSError as error:
            ended(error)
EOF
}

# counted: what the bucket has at the end, against what was acknowledged.
counted() {
  local status=0
  expect "the number is there" by_curl number -o "$work/number"
  expect "the log is there" by_curl log -o "$work/log"
  cat "$work"/said.* >"$work/said"
  timeout 60 python3 - "$work/said" "$work/number" "$work/log" >"$work/verdict" 2>&1 <<'EOF' || status=$?
import collections, sys
said = [line.rstrip("\n") for line in open(sys.argv[1])]
final = int(open(sys.argv[2]).read())
log = collections.Counter(open(sys.argv[3]).read().split("\n"))
numbers = [int(line) for line in said if line.isdigit()]
unknown = said.count("?")
lines = [line[1:] for line in said if line.startswith("+")]
wrong = [line for line in said if line.startswith("wrong")]
if len(set(numbers)) != len(numbers):
    wrong.append("two were told to have brought the same number: an update was lost")
if numbers and max(numbers) > final:
    wrong.append("%d was acknowledged, the end is %d" % (max(numbers), final))
if final - len(numbers) > unknown or final < len(numbers):
    wrong.append("%d acknowledged, %d not known, the end is %d" % (len(numbers), unknown, final))
wrong += ["line %s is there %d times" % (line, log[line]) for line in lines if log[line] != 1]
wrong += ["line %s is there %d times" % (line, n) for line, n in log.items() if n > 1]
if not numbers or not lines:
    wrong.append("nothing was acknowledged at all")
print("%d numbers and %d lines acknowledged, %d ends not known" % (len(numbers), len(lines), unknown))
print("\n".join(wrong))
sys.exit(len(wrong) > 0)
EOF
  say "note: $context$(head -n 1 "$work/verdict")"
  if [ "$status" = 0 ]; then ok "what was acknowledged is there, once"; else bad "$(cat "$work/verdict")"; fi
}

# story WHAT [FAULT]
story() {
  local n daemon
  local -a pids=()
  context="$server, $1: "
  rm -f "$work"/said.*
  by_curl log -X DELETE
  by_curl number -X PUT --data-binary "$(printf '%019d' 0)"$'\n'
  for ((n = 1; n <= mounts; n++)); do begin_mount "$n"; done
  lossy=${2:-}
  [ -z "$lossy" ] || control fault --data-binary "$lossy"
  for ((n = 1; n <= mounts; n++)); do
    work_on "$work/m$n" "w$n" >"$work/said.$n" 2>"$work/errors.$n" &
    pids+=($!)
  done
  if [ "$1" = killed ]; then
    for n in 1 2; do
      wait_until 30 grep -q . "$work/said.$n" || bad "the worker of mount $n does nothing"
      daemon=$(daemons "$work/m$n")
      kill -KILL "$daemon"
    done
  fi
  for n in "${pids[@]}"; do wait "$n" || bad "a worker fails: $(cat "$work"/errors.* | tail -n 3 | tr '\n' '|')"; done
  if [ "$1" = killed ]; then
    for n in 1 2; do
      fusermount3 -u -z "$work/m$n" 2>/dev/null || umount -l "$work/m$n"
      begin_mount "$n"
      work_on "$work/m$n" "again$n" >"$work/said.again$n" 2>"$work/errors.$n" || bad "a worker fails after the kill: $(tail -n 3 "$work/errors.$n")"
    done
  fi
  [ -z "$lossy" ] || control faults/clear
  for ((n = 1; n <= mounts; n++)); do
    if [ $((n % 2)) = 0 ]; then "$pailfs" sync "$work/m$n" >/dev/null || bad "sync fails"; fi
    unmount "$work/m$n"
  done
  counted
}

stories() {
  story 'no trouble'
  story killed
  [ "$server" != pailfs-s3d ] || story 'replies are lost' 'op=PutObject prob=0.05 seed=7 action=apply_then_drop'
}
on_each_server stories ceph-rgw pailfs-s3d
