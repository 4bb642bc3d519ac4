# SPDX-License-Identifier: Apache-2.0
"""What may be lost and what may be seen of files that several mounts of one bucket change at once.

Each class stands for one kind of file and is told, by the threads of all mounts, when a change was begun and how it ended:
True (acknowledged), False (refused: nothing of it may be in the store), None (not known: the mount was killed, or a reply lost).
`wrong` collects what must not be, as sentences."""
import collections
import threading
import time
import zlib

# SEMANTICS.md, "What others see": an open file's version and an absence are believed for a second.
BELIEVED = 1.0
SLACK = 0.5

now = time.monotonic


class Findings:
    def __init__(self):
        self._mutex = threading.Lock()
        self.wrong = []
        self.counts = collections.Counter()

    def add(self, text):
        with self._mutex:
            self.wrong.append(text)

    def count(self, what):
        with self._mutex:
            self.counts[what] += 1


class Log:
    """Lines that all append. An acknowledged one is there once, one of which it is not known at most once."""

    def __init__(self, findings, conditional):
        self._findings, self._conditional = findings, conditional
        self._mutex = threading.Lock()
        self._ends = {}

    def ended(self, line, end):
        with self._mutex:
            self._ends[line] = end

    def at_the_end(self, name, text):
        if text and not text.endswith("\n"):
            self._findings.add("%s: its last line is torn" % name)
        found = collections.Counter(text.split("\n")[:-1])
        for line in found:
            if line not in self._ends:
                self._findings.add("%s: a line that no program wrote: %r" % (name, line[:60]))
        for line, end in self._ends.items():
            times = found[line]
            if times > 1 and self._conditional:
                self._findings.add("%s: a line is there %d times: %s" % (name, times, line[:40]))
            if end is True and times == 0 and self._conditional:
                self._findings.add("%s: an acknowledged line is lost: %s" % (name, line[:40]))


class Slots:
    """A file in which each mount changes 16 bytes of its own in place. Numbers of a slot only grow."""
    SIZE = 16

    def __init__(self, findings, conditional, mounts):
        self._findings, self._conditional = findings, conditional
        self._mutex = threading.Lock()
        self._tried = [0] * mounts
        self._acknowledged = [[(0, 0)] for _ in range(mounts)]  # (when, number)

    @staticmethod
    def text(mount, number):
        return b"%02d-%012d\n" % (mount, number)

    def start(self, mounts):
        return b"".join(self.text(mount, 0) for mount in range(mounts))

    def begin(self, mount):
        with self._mutex:
            self._tried[mount] += 1
            return self._tried[mount]

    def ended(self, mount, number, end):
        if end is True:
            with self._mutex:
                self._acknowledged[mount].append((now(), number))

    def read(self, by, began, data, what):
        """`by`: the mount, -1 for a client that sees everything at once."""
        if len(data) != self.SIZE * len(self._tried):
            self._findings.add("%s has %d bytes" % (what, len(data)))
            return
        for mount, tried in enumerate(self._tried):
            piece = data[mount * self.SIZE:(mount + 1) * self.SIZE]
            try:
                number = int(piece[3:15])
            except ValueError:
                number = -1
            if number < 0 or self.text(mount, number) != piece or number > tried:
                self._findings.add("%s: no program wrote %r" % (what, piece))
                continue
            if not self._conditional:
                continue
            past = 0 if by in (-1, mount) else BELIEVED + SLACK
            with self._mutex:
                least = max(n for when, n in self._acknowledged[mount] if when <= began - past)
            if number < least:
                self._findings.add("%s: slot %d shows %d, %d was acknowledged" % (what, mount, number, least))


class Whole:
    """A file that is replaced whole. What is read is one version, and none that was replaced long ago."""

    def __init__(self, findings):
        self._findings = findings
        self._mutex = threading.Lock()
        self._versions = {}

    @staticmethod
    def body(token, size):
        head = b"%s %d\n" % (token.encode(), size)
        seed = zlib.crc32(head)
        return head + b"".join(b"%08x" % ((seed + i * 2654435761) & 0xFFFFFFFF) for i in range(size // 8))

    def begin(self, token, by):
        with self._mutex:
            self._versions[token] = [by, now(), None]

    def ended(self, token, end):
        with self._mutex:
            if end is True:
                self._versions[token][2] = now()

    def read(self, by, began, data, what):
        head = data.split(b"\n", 1)[0].split(b" ")
        token = head[0].decode("utf-8", "replace")
        if len(head) != 2 or not head[1].isdigit() or self.body(token, int(head[1])) != data:
            self._findings.add("%s: %d bytes that are not of one version: %r" % (what, len(data), data[:40]))
            return
        with self._mutex:
            if token not in self._versions:
                self._findings.add("%s: no program wrote %s" % (what, token))
                return
            end = self._versions[token][2]
            if end is None:
                return
            for later, (writer, start, acknowledged) in self._versions.items():
                if acknowledged is None or start <= end:
                    continue
                past = 0 if by in (-1, writer) else BELIEVED + SLACK
                if acknowledged < began - past:
                    self._findings.add("%s shows %s %.2f s after %s took its place" % (what, token, began - acknowledged, later))
                    return


class Exclusive:
    """Names of which each may have one maker: mkdir, O_EXCL."""

    def __init__(self, findings, conditional):
        self._findings, self._conditional = findings, conditional
        self._mutex = threading.Lock()
        self._ends = collections.defaultdict(list)

    def ended(self, name, end):
        with self._mutex:
            self._ends[name].append(end)

    def at_the_end(self):
        for name, ends in self._ends.items():
            winners = ends.count(True)
            if winners > 1 and self._conditional:
                self._findings.add("%s: made by %d" % (name, winners))
            if winners == 0 and ends.count(None) == 0:
                self._findings.add("%s: made by none of %d" % (name, len(ends)))


class Moved:
    """Files that are made with O_EXCL in directories that all mounts rename, and that no program replaces or removes: what was
    acknowledged is there, whatever its path."""

    def __init__(self, findings, whole):
        self._findings, self._whole = findings, whole  # whole: no COPY takes another object's place
        self._mutex = threading.Lock()
        self._ends = {}

    def begin(self, token):
        with self._mutex:
            self._ends[token] = None

    def ended(self, token, end):
        with self._mutex:
            self._ends[token] = end

    def at_the_end(self, name, found):
        """`found`: path to bytes."""
        tokens = set(found.values())
        for path, token in found.items():
            if token not in self._ends:
                self._findings.add("%s: no program wrote what is in %s: %r" % (name, path, token[:60]))
        for token, end in self._ends.items():
            if end is True and token not in tokens and self._whole:
                self._findings.add("%s: an acknowledged file is lost: %s" % (name, token))


class Own:
    """Files that one mount alone changes: exactly what it wrote is there. After a change of which the end is not known
    each name has several possible states, until it is looked at."""

    def __init__(self, findings, who):
        self._findings, self._who = findings, who
        self.files = {}  # name to the possible states; None: absent

    def states(self, name):
        return self.files.get(name, [None])

    def certain(self):
        return {name: states[0] for name, states in self.files.items() if len(states) == 1 and states[0] is not None}

    def ended(self, name, after, end):
        if end is True:
            self.files[name] = [after]
        elif end is None:
            self.files[name] = self.states(name) + [after]

    def seen(self, name, state):
        if state not in self.states(name):
            expected = " or ".join("absent" if s is None else "%d bytes %r" % (len(s), s[:24]) for s in self.states(name))
            shown = "absent" if state is None else "%d bytes %r" % (len(state), state[:24])
            self._findings.add("%s's own %s is %s instead of %s" % (self._who, name, shown, expected))
        self.files[name] = [state]

    def listed(self, names):
        for name, states in self.files.items():
            if None not in states and name not in names:
                self._findings.add("%s's own %s is not listed" % (self._who, name))
            if states == [None] and name in names:
                self._findings.add("%s's own %s is listed, and was removed" % (self._who, name))
