# SPDX-License-Identifier: Apache-2.0
"""Plays random histories of several mounts of one bucket and a client without a mount, through the kernel.

usage: play.py SETTINGS.json   (the case histories.sh writes it)

A history has a directory of its own, in which each mount makes random calls, at the same time as all others; in some of
them a mount is killed with SIGKILL and made again. model.py says what may be lost and seen. A history is told by its seed;
which calls meet is the machine's doing, so a seed does not repeat a failure each time."""
import concurrent.futures
import errno
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time

import model

# Histories that are prepared together.
AT_A_TIME = 50
# What calls of a mount that was killed say.
ENDED = (errno.ENOTCONN, errno.ECONNABORTED, errno.EBADF, errno.ENODEV)


class Killed(Exception):
    pass


def run(words, body=None):
    """In a process of its own: a child of this one would close its descriptors, each of which flushes a file half written."""
    done = subprocess.run(words, input=body, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (words, done.stderr.decode()))
    return done.stdout


def run_elsewhere(words, body=None):
    return run_elsewhere.pool.submit(run, words, body).result()


class Mount:
    """One mount and the thread that works on it."""

    def __init__(self, number, settings):
        self.number, self.settings = number, settings
        self.top = settings["mounts"][number]
        self.lives = threading.Event()
        self.lives.set()
        self.is_idle = threading.Event()  # its thread makes no call until it lives

    def wait(self):
        if not self.lives.is_set():
            self.is_idle.set()
            if not self.lives.wait(120):
                raise RuntimeError("the mount does not come back")
            self.is_idle.clear()

    def daemon(self):
        wanted = self.top.encode()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/cmdline" % pid, "rb") as words, open("/proc/%s/comm" % pid) as name:
                    if name.read() == "pailfs\n" and wanted in words.read().split(b"\0"):
                        return int(pid)
            except OSError:
                pass
        raise RuntimeError("no daemon of " + self.top)

    def kill(self):
        self.lives.clear()
        os.kill(self.daemon(), signal.SIGKILL)

    def begin_again(self, worker):
        # A call in the bare directory would find nothing there.
        while worker.is_alive() and not self.is_idle.wait(0.01):
            pass
        run_elsewhere(["umount", "-l", self.top])
        run_elsewhere([self.settings["mount_again"], str(self.number)])
        self.lives.set()


class Client:
    """A client without a mount: curl."""

    def __init__(self, settings):
        self._curl = settings["curl"]

    def get(self, key):
        return run_elsewhere([self._curl, key])

    def put(self, key, body):
        run_elsewhere([self._curl, key, "-X", "PUT", "--data-binary", "@-"], body)


class History:
    def __init__(self, seed, settings, mounts, client, findings):
        self.draw = random.Random(seed)
        self.name = "h%d" % seed
        self.mounts, self.client, self.findings = mounts, client, findings
        conditional = settings["conditional"]
        self.log = model.Log(findings, conditional)
        self.slots = model.Slots(findings, conditional, len(mounts))
        self.whole = model.Whole(findings)
        self.exclusive = model.Exclusive(findings, conditional)
        self.moved = model.Moved(findings, settings["copies_obey"])
        self.steps = settings["steps"]
        self.kills = len(mounts) > 1 and self.draw.random() < settings["kills"]
        self.seeds = [self.draw.random() for _ in mounts]

    def prepare(self):
        """Longer before play() than an absence is believed: a mount may have asked for a name of the history before."""
        self.client.put(self.name + "/slots", self.slots.start(len(self.mounts)))
        self.replace_by_client(0)

    def play(self):
        workers = [Worker(self, mount) for mount in self.mounts]
        for worker in workers:
            worker.start()
        self.client_works(workers)
        for worker in workers:
            worker.join()
        self.compare()

    def client_works(self, workers):
        turn, killed = 0, not self.kills
        while any(worker.is_alive() for worker in workers):
            time.sleep(self.draw.random() * 0.1)
            turn += 1
            self.replace_by_client(turn)
            if not killed:
                killed = True
                mount = self.draw.choice(self.mounts)
                self.findings.count("kills")
                mount.kill()
                mount.begin_again(workers[mount.number])

    def replace_by_client(self, turn):
        token = "%s-client-%d" % (self.name, turn)
        self.whole.begin(token, -1)
        self.client.put(self.name + "/whole", model.Whole.body(token, self.draw.randrange(1, 20000)))
        self.whole.ended(token, True)

    def compare(self):
        """All is stored: what the bucket has, and what each mount shows of it when it has believed its last for long enough."""
        began = model.now()
        stored = {name: self.client.get("%s/%s" % (self.name, name)) for name in ("slots", "whole")}
        try:
            text = self.client.get(self.name + "/log").decode()
        except RuntimeError:
            text = ""  # no line was acknowledged, or they are lost
        self.log.at_the_end(self.name + "/log", text)
        self.slots.read(-1, began, stored["slots"], self.name + "/slots in the bucket")
        self.whole.read(-1, began, stored["whole"], self.name + "/whole in the bucket")
        self.exclusive.at_the_end()
        self.moved.at_the_end(self.name, self.moved_files())

    def moved_files(self):
        top, found = "%s/%s" % (self.mounts[0].top, self.name), {}
        os.setxattr(top, "user.pailfs.refresh", b"1")
        for above, _, names in os.walk(top):
            if "/tree" not in above[len(top):]:
                continue
            for name in names:
                path = os.path.join(above, name)
                with open(path, "rb") as file:
                    found[path[len(top):]] = file.read().decode("utf-8", "replace")
        return found


class Worker(threading.Thread):
    def __init__(self, history, mount):
        super().__init__(daemon=True)
        self.history, self.mount, self.findings = history, mount, history.findings
        self.draw = random.Random(history.seeds[mount.number])
        self.top = "%s/%s" % (mount.top, history.name)
        self.who = "%s mount %d" % (history.name, mount.number)
        self.own = model.Own(self.findings, self.who)
        self.directory = "%s/own%d" % (self.top, mount.number)
        self.names = 0
        self.tried = set()

    def run(self):
        try:
            self.retry(lambda: os.makedirs(self.directory, exist_ok=True))
            calls = [(6, self.append), (5, self.patch), (4, self.replace), (4, self.read_whole), (4, self.read_slots), (3, self.make),
                     (8, self.make_in_tree), (7, self.move_tree), (10, self.change_own), (6, self.look_at_own), (2, self.list_all)]
            for _ in range(self.history.steps):
                call = self.draw.choices([c for _, c in calls], [w for w, _ in calls])[0]
                self.findings.count("calls")
                self.retry(call)
            for name in list(self.own.files):
                self.retry(lambda name=name: self.look(name))
            self.retry(self.list_own)
        except Exception as error:  # pylint: disable=broad-except
            self.findings.add("%s: %s: %s" % (self.who, type(error).__name__, error))

    def retry(self, call):
        """Again when the mount was killed meanwhile; what a call has done by then it has told."""
        for _ in range(100):
            self.mount.wait()
            try:
                return call()
            except Killed:
                # The kill may have been seen before the controller has begun to make the mount again.
                time.sleep(0.05)
            except OSError as error:
                if error.errno not in ENDED:
                    raise
                time.sleep(0.05)
        raise RuntimeError("the mount does not come back")

    def store(self, path, flags, write, ended, may_lose=False):
        """Opens, writes and closes. `ended` is told of the end; False only where nothing was written."""
        try:
            handle = os.open(path, flags, 0o644)
        except OSError as error:
            if error.errno in ENDED:
                ended(None)
                raise Killed from None
            ended(False)
            return error.errno
        failed, step = 0, "write"
        try:
            write(handle)
            if self.draw.random() < 0.3:
                step = "fsync"
                os.fsync(handle)
        except OSError as error:
            failed = error.errno
        try:
            os.close(handle)
        except OSError as error:
            failed, step = failed or error.errno, step if failed else "close"
        if failed == 0:
            ended(True)
            return 0
        ended(None)
        # The kernel ends a write that was on its way to a killed process with EIO, too.
        if failed in ENDED or (failed == errno.EIO and not self.mount.lives.is_set()):
            raise Killed
        if not (may_lose and failed in (errno.ESTALE, errno.EEXIST)):
            self.findings.add("%s: %s of %s: %s" % (self.who, step, path, os.strerror(failed)))
        self.findings.count("lost races")
        return failed

    def load(self, path):
        """The bytes; None when the name is absent. ESTALE: replaced while it was read."""
        try:
            with open(path, "rb", buffering=0) as file:
                return file.read()
        except FileNotFoundError:
            return None

    # Files of all.

    def append(self):
        self.names += 1
        line = "m%d-%d-%s" % (self.mount.number, self.names, "x" * self.draw.randrange(60))
        refused = self.store(self.top + "/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, lambda h: os.write(h, line.encode() + b"\n"),
                             lambda end: self.history.log.ended(line, end))
        if refused:
            self.findings.add("%s: what is appended to the log is refused: %s" % (self.who, os.strerror(refused)))

    def patch(self):
        slots, mine = self.history.slots, self.mount.number
        number = slots.begin(mine)
        self.store(self.top + "/slots", os.O_RDWR, lambda h: os.pwrite(h, slots.text(mine, number), mine * slots.SIZE),
                   lambda end: slots.ended(mine, number, end), may_lose=True)

    def replace(self):
        self.names += 1
        token = "%s-m%d-%d" % (self.history.name, self.mount.number, self.names)
        body = model.Whole.body(token, self.draw.choice([100, 5000, 200000]))
        whole = self.history.whole
        whole.begin(token, self.mount.number)
        if self.draw.random() < 0.5:
            self.store(self.top + "/whole", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, lambda h: os.write(h, body),
                       lambda end: whole.ended(token, end))
            return
        temporary = "%s/.%s" % (self.top, token)
        if self.store(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, lambda h: os.write(h, body), lambda end: None) == 0:
            try:
                os.rename(temporary, self.top + "/whole")
                whole.ended(token, True)
            except OSError as error:
                if error.errno in ENDED:
                    raise Killed from None
                self.findings.add("%s: rename over whole: %s" % (self.who, error))

    def read_shared(self, name, check):
        began = model.now()
        try:
            data = self.load("%s/%s" % (self.top, name))
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
            self.findings.count("replaced while read")
            return
        if data is None:
            self.findings.add("%s: %s is absent" % (self.who, name))
        else:
            check(self.mount.number, began, data, "%s: %s" % (self.who, name))

    def read_whole(self):
        self.read_shared("whole", self.history.whole.read)

    def read_slots(self):
        self.read_shared("slots", self.history.slots.read)

    def make(self):
        kind = self.draw.choice(["dir", "file"])
        name = "%s/%s%d" % (self.top, kind, self.draw.randrange(8))
        ended = self.history.exclusive.ended
        if name in self.tried:
            return
        self.tried.add(name)
        if kind == "file":
            self.store(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, lambda h: os.write(h, self.who.encode()), lambda end: ended(name[len(self.top):], end),
                       may_lose=True)
            return
        try:
            os.mkdir(name)
            ended(name[len(self.top):], True)
        except FileExistsError:
            ended(name[len(self.top):], False)
        except OSError as error:
            ended(name[len(self.top):], None)
            if error.errno in ENDED:
                raise Killed from None
            self.findings.add("%s: mkdir: %s" % (self.who, error))

    def tree(self):
        return "%s/tree%d" % (self.top, self.draw.randrange(3))

    def make_in_tree(self):
        """In a directory that other mounts may move away at any moment."""
        directory = self.tree()
        self.on_tree(lambda: os.mkdir(directory))
        self.names += 1
        token = "%s %d" % (self.who, self.names)
        moved = self.history.moved
        moved.begin(token)
        refused = self.store("%s/f%d" % (directory, self.draw.randrange(3)), os.O_WRONLY | os.O_CREAT | os.O_EXCL,
                             lambda h: os.write(h, token.encode()), lambda end: moved.ended(token, end), may_lose=True)
        self.findings.count("files in trees" if refused == 0 else "files in trees refused")

    def move_tree(self):
        if self.draw.random() < 0.2:
            directory = self.tree()
            return self.on_tree(lambda: os.rmdir(directory))
        directory, other = self.draw.sample(["%s/tree%d" % (self.top, n) for n in range(3)], 2)
        if self.on_tree(lambda: os.rename(directory, other)) == 0:
            self.findings.count("trees moved")

    def on_tree(self, act):
        """What other mounts do to the same directories may be in the way."""
        try:
            act()
        except OSError as error:
            if error.errno in ENDED:
                raise Killed from None
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOENT, errno.ESTALE):
                self.findings.add("%s: %s" % (self.who, error))
            return error.errno
        return 0

    def list_all(self):
        names = os.listdir(self.top)
        for name in ("slots", "whole", "own%d" % self.mount.number):
            if name not in names:
                self.findings.add("%s: %s is not listed" % (self.who, name))

    # Files that this mount alone changes.

    def change_own(self):
        certain = self.own.certain()
        self.draw.choice([self.write_own, self.write_own, self.append_own, self.patch_own, self.cut_own, self.rename_own, self.unlink_own])(certain)

    def bytes_of_some(self):
        self.names += 1
        return (b"%s %d;" % (self.who.encode(), self.names)) * self.draw.choice([1, 30, 3000])

    def change_bytes(self, name, flags, write, after):
        self.store("%s/%s" % (self.directory, name), flags, write, lambda end: self.own.ended(name, after, None if end is False else end))

    def write_own(self, _certain):
        name, body = "f%d" % self.draw.randrange(6), self.bytes_of_some()
        self.change_bytes(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, lambda h: os.write(h, body), body)

    def append_own(self, certain):
        if certain:
            name, body = self.draw.choice(sorted(certain)), self.bytes_of_some()
            self.change_bytes(name, os.O_WRONLY | os.O_APPEND, lambda h: os.write(h, body), certain[name] + body)

    def patch_own(self, certain):
        if certain:
            name, body = self.draw.choice(sorted(certain)), self.bytes_of_some()[:500]
            at = self.draw.randrange(len(certain[name]) + 100)
            before = certain[name].ljust(at, b"\0")
            self.change_bytes(name, os.O_RDWR, lambda h: os.pwrite(h, body, at), before[:at] + body + before[at + len(body):])

    def on_names(self, act, changes):
        try:
            act()
            end = True
        except OSError as error:
            if error.errno not in ENDED:
                raise
            end = None
        for name, after in changes:
            self.own.ended(name, after, end)
        if end is None:
            raise Killed

    def cut_own(self, certain):
        if certain:
            name = self.draw.choice(sorted(certain))
            size = self.draw.randrange(len(certain[name]) + 50)
            self.on_names(lambda: os.truncate("%s/%s" % (self.directory, name), size), [(name, certain[name][:size].ljust(size, b"\0"))])

    def rename_own(self, certain):
        if certain:
            name, other = self.draw.choice(sorted(certain)), "f%d" % self.draw.randrange(6)
            changes = [(name, None), (other, certain[name])] if name != other else []
            self.on_names(lambda: os.rename("%s/%s" % (self.directory, name), "%s/%s" % (self.directory, other)), changes)

    def unlink_own(self, certain):
        if certain:
            name = self.draw.choice(sorted(certain))
            self.on_names(lambda: os.unlink("%s/%s" % (self.directory, name)), [(name, None)])

    def look(self, name):
        self.own.seen(name, self.load("%s/%s" % (self.directory, name)))

    def look_at_own(self):
        self.look("f%d" % self.draw.randrange(6))

    def list_own(self):
        self.own.listed(os.listdir(self.directory))


def main():
    with open(sys.argv[1]) as file:
        settings = json.load(file)
    run_elsewhere.pool = concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    run_elsewhere(["true"])
    mounts = [Mount(number, settings) for number in range(len(settings["mounts"]))]
    client = Client(settings)
    findings = model.Findings()
    began, played = model.now(), 0
    end = settings["seed"] + settings["count"]
    for first in range(settings["seed"], end, AT_A_TIME):
        histories = [History(seed, settings, mounts, client, findings) for seed in range(first, min(first + AT_A_TIME, end))]
        for history in histories:
            history.prepare()
        time.sleep(model.BELIEVED + model.SLACK)
        for history in histories:
            history.play()
            played += 1
            if findings.wrong:
                break
        if findings.wrong:
            print("history %s is the first in which something is wrong" % history.name)
            break
    counts = ", ".join("%d %s" % (n, what) for what, n in sorted(findings.counts.items()))
    print("%d histories of %d mounts in %.0f s: %s" % (played, len(mounts), model.now() - began, counts))
    print("\n".join(findings.wrong[:20]))
    sys.exit(1 if findings.wrong else 0)


if __name__ == "__main__":
    main()
