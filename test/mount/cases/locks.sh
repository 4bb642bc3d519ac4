#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Advisory locks hold between mounts with locks=bucket: nothing that is done under them is lost, a holder that dies is
# passed over, and one that is cut off hears errors before another takes over.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/refusal.sh
. "$(dirname "$0")/../refusal.sh"

need curl python3 flock
rounds=30
if [ -n "${PAILFS_THOROUGH:-}" ]; then rounds=300; fi
start_s3d
m1=$work/m1 m2=$work/m2 m3=$work/m3

# locking_mount N [OPTIONS]
locking_mount() {
  mkdir -p "$work/cache$1"
  mount_here "$work/m$1" -o "locks=bucket,logfile=$work/log$1${2:+,$2}"
}
journal() { say "durability=local,use_cache=$work/cache$1"; }

# A counter that is read, increased by one and written, each time under a lock; unlocked, or closed with the lock.
cat >"$work/count.py" <<'PYTHON'
import fcntl, os, random, sys, time
path, rounds, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
lock = fcntl.flock if how == "flock" else fcntl.lockf
for i in range(rounds):
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if i % 3 == 0:
        while True:
            try: lock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB); break
            except BlockingIOError: time.sleep(random.random() * 0.1)
    else: lock(fd, fcntl.LOCK_EX)
    n = int(os.read(fd, 100) or b"0")
    if i % 7 == 0: time.sleep(0.02)
    os.lseek(fd, 0, 0)
    if i % 5 == 0: os.ftruncate(fd, 0)
    os.write(fd, b"%d\n" % (n + 1))
    if i % 2 == 0: lock(fd, fcntl.LOCK_UN)
    os.close(fd)
    time.sleep(random.random() * 0.05)
PYTHON

# The shell's way: a lock file beside the counter.
count_by_flock() {
  local i
  for ((i = 0; i < rounds; i++)); do
    # shellcheck disable=SC2016 # $(cat ...) is for the inner shell
    flock "$1/lock" sh -c 'echo $(($(cat "$0") + 1)) >"$0"' "$1/beside" || return
  done
}

# all_of COMMAND...: at once, on the three mounts, with the mount's directory in place of DIR.
all_of() {
  local n pid
  local -a pids=()
  for n in 1 2 3; do
    "${@//DIR/$work/m$n}" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || bad "one of $* failed"; done
}

locking_mount 1
locking_mount 2 "$(journal 2)"
locking_mount 3 "$(journal 3)"
for how in flock lockf; do
  all_of python3 "$work/count.py" "DIR/$how" "$rounds" "$how"
  expect_equal "a counter under $how on three mounts" $((3 * rounds)) "$(by_curl $how)"
done

# ---- what programs see -----------------------------------------------------------------------------------------------------

cat >"$work/rules.py" <<'PYTHON'
import fcntl, os, signal, struct, sys, threading, time
one, other = (os.open(path, os.O_RDWR | os.O_CREAT) for path in sys.argv[1:3])
EX, SH, NB, UN = fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_NB, fcntl.LOCK_UN
def free(fd, kind, first=0, length=0, call=fcntl.lockf):
    try:
        call(fd, kind | NB, *((length, first) if call is fcntl.lockf else ()))
        return True
    except BlockingIOError:
        return False
def check(what, is_so):
    print(("ok: " if is_so else "FAILED: ") + what)
fcntl.lockf(one, EX, 10, 0)
check("a locked range is taken on the other mount", not free(other, SH, 5, 10))
check("the range behind it is free", free(other, EX, 10, 10))
got = struct.unpack("hhqqi4x", fcntl.fcntl(other, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)))
check("F_GETLK shows it without a process: %r" % (got,), got[0] == fcntl.F_WRLCK and got[2:] == (0, 10, 0))
check("flock does not see it", free(other, EX, call=fcntl.flock) and not free(one, SH, call=fcntl.flock))
fcntl.flock(other, UN)
fcntl.lockf(one, SH, 10, 0)
check("a downgrade lets readers in", free(other, SH, 0, 10) and not free(other, EX, 0, 10))
check("and an upgrade waits for them", not free(one, EX, 0, 10))
fcntl.lockf(other, UN); fcntl.lockf(one, UN)
check("what is unlocked is free", free(one, EX) and not free(other, SH))
os.close(os.open(sys.argv[1], os.O_RDONLY))
check("any close of the file ends the process's record locks", free(other, EX))
fcntl.lockf(other, UN)
fcntl.flock(one, EX)
child = os.fork()
if child == 0:
    os.close(one)
    os._exit(0)
os.waitpid(child, 0)
check("a child's close ends no flock", not free(other, EX, call=fcntl.flock))
class Interrupted(Exception): pass
def raises(*_): raise Interrupted
signal.signal(signal.SIGALRM, raises)
signal.alarm(1)
began = time.monotonic()
try: fcntl.flock(other, EX); check("a signal ends the wait", False)
except Interrupted: check("a signal ends the wait", time.monotonic() - began < 3)
# More waits than requests may work at a time.
waiting = [os.open(sys.argv[2], os.O_RDWR) for _ in range(100)]
done = []
def wait(fd):
    fcntl.flock(fd, SH)
    done.append(fd)
threads = [threading.Thread(target=wait, args=(fd,)) for fd in waiting]
for thread in threads: thread.start()
time.sleep(1)
check("a hundred processes wait", not done)
check("and the mount serves others", os.stat(sys.argv[2]).st_size == 0)
fcntl.flock(one, UN)
for thread in threads: thread.join(20)
check("and all get a shared lock when it is free", len(done) == 100)
PYTHON
while read -r line; do
  case $line in 'ok: '*) ok "${line#ok: }" ;; *) bad "$line" ;; esac
done < <(python3 "$work/rules.py" "$m1/rules" "$m2/rules" 2>&1)

say 0 >"$m1/beside"
all_of count_by_flock DIR
expect_equal "a counter beside a lock file" $((3 * rounds)) "$(by_curl beside)"

# ---- the objects -----------------------------------------------------------------------------------------------------------

flock -F "$m1/held" sleep 60 &
holder=$!
has_lease() { by_curl ".pailfs-locks/$(printf %s "$1" | sha256sum | cut -d ' ' -f 1)" -o "$work/lease"; }
expect "the holder is told in the bucket" wait_until 10 has_lease held
expect "in words" grep -qx 'whole exclusive 0 9223372036854775807' "$work/lease"
expect_failure "the objects are not listed" grep -q pailfs-locks <(ls -a "$m1" "$m2")
expect_failure "nor found by name" test -e "$m2/.pailfs-locks"
expect_failure "and the name cannot be made" mkdir "$m2/.pailfs-locks"
expect "status tells of them" grep -q '1 file' <("$pailfs" status "$m1" | grep '^  locks')
kill "$holder"
wait "$holder" 2>/dev/null || true
expect "a killed process has no lock" flock -w 10 "$m2/held" true
unmount "$m1"
unmount "$m2"
unmount "$m3"
expect_equal "no lease is left" '' "$(keys_in_bucket | grep pailfs-locks || true)"

# ---- holders that die, and that are cut off -----------------------------------------------------------------------------------

locking_mount 1 lock_time=4
locking_mount 2 lock_time=4
say first >"$m2/file"
flock -F "$m1/file" sleep 60 &
sleeper=$!
wait_until 10 has_lease file || bad "no lease of the file"
sleep 6
expect_failure "a lock that is renewed lasts" flock -n "$m2/file" true
kill -KILL "$(daemons "$m1")"
began=$(milliseconds)
expect "what a killed mount held is free after its time" flock -w 20 "$m2/file" true
took=$(($(milliseconds) - began))
if [ $took -ge 3000 ] && [ $took -lt 12000 ]; then ok "and not before"; else bad "it took $took ms"; fi
kill "$sleeper" 2>/dev/null || true
wait "$sleeper" 2>/dev/null || true
umount -l "$m1"

# A way to the store that can be closed.
cat >"$work/way.py" <<'PYTHON'
import asyncio, sys
async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data); await writer.drain()
    except OSError: pass
    writer.close()
async def serve(reader, writer):
    to = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(carry(reader, to[1]), carry(to[0], writer))
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
PYTHON
python3 "$work/way.py" "${endpoint##*:}" >"$work/way.port" 2>/dev/null &
way=$!
remember_process "$work/servers.pids" $way
wait_until 10 test -s "$work/way.port"

# Writes under a lock as long as it can, with the time of each step on a clock that all processes share.
cat >"$work/holder.py" <<'PYTHON'
import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(fd, fcntl.LOCK_EX)
print("locked", flush=True)
while True:
    try: os.pwrite(fd, b"holder", 0); os.pread(fd, 10, 0)
    except OSError as error: print("error", error.errno, time.monotonic(), flush=True); break
    time.sleep(0.05)
try: os.close(fd)
except OSError as error: print("close", error.errno, flush=True)
PYTHON
real=$endpoint
endpoint=http://127.0.0.1:$(cat "$work/way.port")
locking_mount 3 "lock_time=4,retries=1,tmpdir=$work"
endpoint=$real
python3 "$work/holder.py" "$m3/file" >"$work/holder.out" &
holder=$!
wait_until 10 grep -q locked "$work/holder.out"
kill -STOP "$way"
expect "another mount takes over what a mount that is cut off held" flock -w 30 "$m2/file" \
  python3 -c 'import time; print(time.monotonic())'
cp "$work/expect.out" "$work/taken"
wait_until 20 grep -q error "$work/holder.out" || true
# shellcheck disable=SC2016 # awk's own
expect "and that mount's program has heard EIO before" awk -v taken="$(tail -n 1 "$work/taken")" \
  '$1 == "error" { if ($2 == 5 && $3 < taken) heard = 1 } END { exit !heard }' "$work/holder.out"
expect "its log says so" grep -q 'locks of file are lost' "$work/log3"
expect_equal "nothing that it wrote is stored" first "$(by_curl file)"
say second >"$m2/file"
kill -CONT "$way"
not_running() { ! kill -0 "$1" 2>/dev/null; }
wait_until 90 not_running "$holder" || bad "the program that lost its lock still runs"
expect "its close is EIO" grep -qx 'close 5' "$work/holder.out"
expect "what it wrote is kept" wait_until 20 grep -q file <("$pailfs" conflicts "$m3")
expect "and the file is usable again" flock -w 30 "$m3/file" grep -qx second "$m3/file"
unmount "$m2"
unmount "$m3"
expect_equal "what it wrote is never stored" second "$(by_curl file)"

# ---- sqlite -----------------------------------------------------------------------------------------------------------------

cat >"$work/insert.py" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=120, isolation_level=None)
for i in range(int(sys.argv[2])):
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (?, ?)", (sys.argv[3], i))
    db.execute("COMMIT")
db.close()
PYTHON
locking_mount 1
locking_mount 2
if python3 -c 'import sqlite3' 2>/dev/null; then
  python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("CREATE TABLE t (who, n)")' "$m1/db"
  python3 "$work/insert.py" "$m1/db" 20 one &
  first=$!
  expect "sqlite writes on one mount" python3 "$work/insert.py" "$m2/db" 20 two
  expect "and on another" wait $first
  expect_equal "all rows are there" '40 ok' "$(python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("SELECT count(*) FROM t").fetchone()[0], db.execute("PRAGMA integrity_check").fetchone()[0])' "$m2/db")"
fi
unmount "$m1"
unmount "$m2"

# ---- refused --------------------------------------------------------------------------------------------------------------

options=$(mount_options)
mode=''
refused 'conditional=off' 'locks=bucket conditional=off' pail "$m1" -o "$options,locks=bucket,conditional=off"
refused 'ro' 'locks=bucket ro' pail "$m1" -o "$options,locks=bucket,ro"
refused 'bg' 'locks=bucket bg' pail "$m1" -o "$options,locks=bucket,bg"
refused 'nonsense' 'locks local bucket' pail "$m1" -o "$options,locks=remote"
stop_s3d
start_s3d --rule no_conditional
refused 'a service that ignores conditions' "locks=bucket If-Match" pail "$m1" -o "$(mount_options),locks=bucket"
