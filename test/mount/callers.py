# SPDX-License-Identifier: Apache-2.0
"""Processes that wait in a mount while the server is silent, and are killed or signalled: for cases/killed_callers.sh.

  callers.py killed CONTROL MOUNT WITHIN         one process for each system call
  callers.py crowd CONTROL MOUNT WITHIN COUNT    many at once
  callers.py asked CONTROL MOUNT                 signals with handlers
  callers.py storm MOUNT ROUNDS                  signals with handlers while the server answers

CONTROL is the control port of pailfs-s3d. What is wrong is printed as "FAILED: ..."; the exit status says whether anything was.
"""
import ctypes
import errno
import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

LIBC = ctypes.CDLL(None, use_errno=True)
failures = 0


def ok(text):
    print("ok:", text, flush=True)


def bad(text):
    global failures
    failures += 1
    print("FAILED:", text, flush=True)


def control(port, path, body=""):
    urllib.request.urlopen(urllib.request.Request(port + "/" + path, data=body.encode(), method="POST")).read()


def silence(port):
    control(port, "fault", "op=* action=stall_before")


class Caller:
    """A process that prepares something, says so, and acts when it is told to."""

    def __init__(self, name, prepare, act):
        self.name = name
        words, said = os.pipe()
        told, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(words)
            os.close(tell)
            code = 1
            try:
                held = prepare()
                os.write(said, b"r")
                os.read(told, 1)
                act(held)
                code = 0
            except OSError as error:
                code = error.errno if error.errno else 1
            finally:
                os.write(said, b"d")
                os._exit(code)
        os.close(said)
        os.close(told)
        self.words, self.tell = words, tell
        if os.read(words, 1) != b"r":
            bad(f"{name}: could not be prepared")
        os.set_blocking(words, False)

    def go(self):
        os.write(self.tell, b"g")

    def is_over(self):
        try:
            return os.read(self.words, 1) in (b"d", b"")
        except BlockingIOError:
            return False

    def kill(self, number=signal.SIGKILL):
        self.killed = time.monotonic()
        os.kill(self.pid, number)


def gone(callers, within):
    """Waits for processes that were killed; how long each took, None for those that are still there."""
    took = {caller.name: None for caller in callers}
    left = list(callers)
    while left and time.monotonic() < max(caller.killed for caller in left) + within:
        for caller in list(left):
            if os.waitpid(caller.pid, os.WNOHANG)[0] == caller.pid:
                took[caller.name] = time.monotonic() - caller.killed
                left.remove(caller)
        time.sleep(0.005)
    return took


def nothing():
    return None


def open_and_write(path):
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o644)
    os.write(descriptor, b"written and not stored")
    return descriptor


def map_file(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)


def read_all(path):
    with open(path, "rb") as file:
        file.read()


def calls(top):
    """Of each system call: its name, what is done before the server falls silent, the call itself."""
    files = os.path.join(top, "files")
    return [
        ("cat", nothing, lambda _: read_all(f"{files}/cat")),
        ("ls", nothing, lambda _: os.listdir(f"{top}/listed")),
        ("stat", nothing, lambda _: os.stat(f"{top}/far/away")),
        ("stat beside one that lives", lambda: os.chdir(f"{top}/shared"), lambda _: os.stat("2")),
        ("rm", nothing, lambda _: os.unlink(f"{files}/rm")),
        ("mv", nothing, lambda _: os.rename(f"{files}/mv", f"{files}/moved")),
        ("mv of a directory", nothing, lambda _: os.rename(f"{top}/tree", f"{top}/trunk")),
        ("mkdir", nothing, lambda _: os.mkdir(f"{top}/made")),
        ("rmdir", nothing, lambda _: os.rmdir(f"{top}/empty")),
        ("cp", nothing, lambda _: shutil.copyfile("/etc/passwd", f"{top}/copied")),
        ("chmod", nothing, lambda _: os.chmod(f"{files}/chmod", 0o600)),
        ("truncate", nothing, lambda _: os.truncate(f"{files}/truncate", 10)),
        ("symlink", nothing, lambda _: os.symlink("cat", f"{files}/symlink")),
        ("read", lambda: os.open(f"{files}/read", os.O_RDONLY), lambda fd: os.pread(fd, 4096, 3 << 20)),
        ("page fault", lambda: map_file(f"{files}/map"), lambda pages: pages[3 << 20]),
        ("exec", nothing, lambda _: os.execv(f"{files}/program", ["program"])),
        ("close", lambda: open_and_write(f"{top}/closed"), os.close),
        ("fsync", lambda: open_and_write(f"{top}/synced"), os.fsync),
        ("exit with a file open", lambda: open_and_write(f"{top}/left"), lambda _: time.sleep(3600)),
    ]


def killed(port, top, within):
    callers = [Caller(*row) for row in calls(top)]
    # Lives and waits all the time: who looks for another name in the same directory can be killed all the same.
    first = Caller("first", lambda: os.chdir(f"{top}/shared"), lambda _: os.stat("1"))
    silence(port)
    first.go()
    time.sleep(0.3)
    for caller in callers:
        caller.go()
    time.sleep(1.5)
    waiting = []
    for caller in callers:
        if caller.is_over():
            os.waitpid(caller.pid, 0)
            print(f"note: {caller.name}: over before it was killed", flush=True)
        else:
            waiting.append(caller)
    status = json.loads(subprocess.run([os.environ["PAILFS_BIN"], "status", "--json", top], capture_output=True, text=True).stdout)
    oldest = status.get("oldest_request", {})
    if oldest.get("thread") in {caller.pid for caller in (first, *waiting)} and oldest.get("seconds", 0) >= 1 and oldest.get("waits_for"):
        ok(f"the status shows what waits longest: {oldest['verb']} for {oldest['waits_for']}")
    else:
        bad(f"the status does not show what waits longest: {oldest}")
    for caller in waiting:
        caller.kill()
    for name, took in gone(waiting, within).items():
        if took is None:
            bad(f"{name}: still there {within} s after SIGKILL")
        else:
            ok(f"{name}: gone {took * 1000:.0f} ms after SIGKILL")
    if first.is_over():
        bad("the one that was not killed did not wait")
    first.kill()
    gone([first], within)


def crowd(port, top, within, count):
    callers = [Caller(f"{i}", nothing, lambda _, i=i: os.stat(f"{top}/far{i}/away")) for i in range(count)]
    silence(port)
    for caller in callers:
        caller.go()
    time.sleep(2)
    early = sum(caller.is_over() for caller in callers)
    if early:
        bad(f"{early} of {count} did not wait")
    for caller in callers:
        caller.kill()
    took = gone(callers, within)
    late = [name for name, seconds in took.items() if seconds is None]
    if late:
        bad(f"{len(late)} of {count} were still there {within} s after SIGKILL")
    else:
        ok(f"{count} that wait are gone {max(took.values()) * 1000:.0f} ms after SIGKILL")
    control(port, "faults/clear")
    caller = Caller("stat", nothing, lambda _: os.listdir(f"{top}/listed"))
    caller.go()
    time.sleep(0.1)
    begin = time.monotonic()
    over = caller.is_over()
    while not over and time.monotonic() < begin + 30:
        time.sleep(0.01)
        over = caller.is_over()
    if over and os.waitpid(caller.pid, 0)[1] == 0:
        ok("the next one is served when the server answers again")
    else:
        bad("the next one is not served when the server answers again")
        caller.kill()


def stat_interrupted(path, handled, others):
    """errno of a stat that meets signals with handlers."""
    for number in (handled, *others):
        signal.signal(number, lambda *_: None)
    buffer = ctypes.create_string_buffer(512)
    if LIBC.stat(path.encode(), buffer) != 0:
        raise OSError(ctypes.get_errno(), path)


def asked(port, top):
    harmless = (signal.SIGALRM, signal.SIGURG, signal.SIGCHLD, signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2,
                signal.SIGIO, signal.SIGPROF, signal.SIGVTALRM)
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    for number in harmless + ending:
        os.makedirs(f"{top}/{number.name}", exist_ok=True)
    # Each in a directory of its own, where the kernel lets nobody wait for anybody.
    callers = [(number, Caller(number.name, lambda n=number: os.chdir(f"{top}/{n.name}"),
                               lambda _, n=number: stat_interrupted("away", n, harmless)))
               for number in harmless + ending]
    time.sleep(6)
    silence(port)
    for _, caller in callers:
        caller.go()
    time.sleep(1)
    for number, caller in callers:
        if number in ending:
            # The kernel tells of the first one only.
            caller.kill(signal.SIGURG)
    time.sleep(0.5)
    for number, caller in callers:
        caller.kill(number)
    time.sleep(4)
    for number, caller in callers:
        over = caller.is_over()
        if number in harmless:
            if over:
                bad(f"{number.name} with a handler ended a call")
            else:
                ok(f"{number.name} with a handler ends no call")
            caller.kill()
            gone([caller], 5)
        elif not over:
            bad(f"{number.name} with a handler did not end the call")
            caller.kill()
        else:
            status = os.waitpid(caller.pid, 0)[1]
            code = os.waitstatus_to_exitcode(status)
            if code == errno.EINTR:
                ok(f"{number.name} with a handler ends the call with EINTR")
            else:
                bad(f"{number.name} with a handler ended it with {code}")


def storm(top, rounds):
    """Ordinary work, call by call so that nothing tries again, while signals come all the time."""
    received = 0

    def count(*_):
        nonlocal received
        received += 1

    for number in (signal.SIGALRM, signal.SIGURG, signal.SIGWINCH, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, count)
    target = os.getpid()
    sender = os.fork()
    if sender == 0:
        for number in (signal.SIGALRM, signal.SIGURG, signal.SIGWINCH, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        numbers = (signal.SIGURG, signal.SIGWINCH, signal.SIGURG, signal.SIGTERM, signal.SIGURG, signal.SIGINT)
        at = 0
        while os.getppid() == target:
            os.kill(target, numbers[at % len(numbers)])
            at += 1
            time.sleep(0.004)
        os._exit(0)
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    interrupted, done = {}, 0

    def call(name, *arguments):
        nonlocal done
        value = getattr(LIBC, name)(*arguments)
        done += 1
        if value < 0:
            reason = errno.errorcode.get(ctypes.get_errno(), "?")
            interrupted[f"{name}: {reason}"] = interrupted.get(f"{name}: {reason}", 0) + 1
        return value

    buffer = ctypes.create_string_buffer(65536)
    for i in range(rounds):
        path, other = f"{top}/storm{i}".encode(), f"{top}/blown{i}".encode()
        call("mkdir", f"{top}/dir{i}".encode(), 0o755)
        descriptor = call("open", path, os.O_CREAT | os.O_RDWR, 0o644)
        call("write", descriptor, buffer, 60000)
        call("fsync", descriptor)
        call("write", descriptor, buffer, 60000)
        call("close", descriptor)
        call("rename", path, other)
        call("stat", f"{top}/files/cat".encode(), buffer)
        descriptor = call("open", f"{top}/files/storm{i}".encode(), os.O_RDONLY)
        call("read", descriptor, buffer, 65536)
        call("close", descriptor)
        call("chmod", other, 0o600)
        call("truncate", other, 100)
        call("unlink", other)
        call("rmdir", f"{top}/dir{i}".encode())
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.kill(sender, signal.SIGKILL)
    os.waitpid(sender, 0)
    if interrupted:
        bad(f"of {done} calls under {received} signals some failed: {interrupted}")
    elif received < done:
        bad(f"only {received} signals came during {done} calls")
    else:
        ok(f"none of {done} calls failed under {received} signals")


def main():
    command, *rest = sys.argv[1:]
    if command == "killed":
        killed(rest[0], rest[1], float(rest[2]))
    elif command == "crowd":
        crowd(rest[0], rest[1], float(rest[2]), int(rest[3]))
    elif command == "asked":
        asked(rest[0], rest[1])
    elif command == "storm":
        storm(rest[0], int(rest[1]))
    sys.exit(1 if failures else 0)


main()
