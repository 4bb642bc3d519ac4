# SPDX-License-Identifier: Apache-2.0
"""usage: document_blocks.py OUTPUT DOCUMENT...

Takes the commands out of Markdown documents, the manual page, YAML and units of systemd for cases/documents.sh, and prints a line for each:
    KIND DOCUMENT:LINE FILE [REASON]
KIND is
    run      a block that begins with ```sh, run as a whole
    mounted  the same, with my-bucket mounted at /mnt/bucket before
    alone    one paragraph of such a block, run with nothing mounted before
    line     a command line of pailfs in backticks in a table, run likewise
    fstab    lines of /etc/fstab
    process  the command of a container or a unit, which is started, used and ended
    manual   an example of the manual page, run with its mountpoints made
    skipped  a block that is not run, for REASON
A comment in the line before the block says which: <!-- each alone -->, <!-- mounted -->, <!-- not run: REASON -->.
A block of shell text without the word sh (bash, console, ...) is an error, because nobody would run it.
"""
import os
import re
import shlex
import sys

try:
    import yaml
except ImportError:
    yaml = None

MARK = re.compile(r"<!-- (each alone|mounted|not run: (.+)) -->$")
TABLE_COMMAND = re.compile(r"`(pailfs [\w.-]+(?::/\S+)? /\S+ -o [^`]+)`")


def blocks(lines):
    """(line number, language, mark, text) of each fenced block; lines of tables have the language 'table'."""
    mark, number = "", 0
    while number < len(lines):
        line = lines[number]
        if line.lstrip().startswith("```"):
            indent = len(line) - len(line.lstrip())
            start, language, body = number + 1, line.strip()[3:], []
            number += 1
            while lines[number].strip() != "```":
                body.append(lines[number][indent:])
                number += 1
            yield start, language, mark, body
        elif line.startswith("|"):
            yield number + 1, "table", "", [line]
        mark = line.strip()
        number += 1


def paragraphs(body, start):
    """(line number, lines) of each group of lines between blank ones that has a command."""
    group = []
    for offset, line in enumerate(body + [""]):
        if line.strip():
            group.append(line)
            continue
        if any(not words.lstrip().startswith("#") for words in group):
            yield start + offset - len(group) + 1, group
        group = []


class Output:
    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    def __call__(self, kind, document, line, body, reason=""):
        self.count += 1
        name = os.path.join(self.directory, f"{self.count:03}")
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join(body) + "\n")
        print(kind, f"{document}:{line}", name, reason)


def take(document, shown, output):
    with open(document, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line, language, comment, body in blocks(lines):
        mark = MARK.match(comment)
        if language == "table":
            for command in TABLE_COMMAND.findall(body[0]):
                output("line", shown, line, [command.replace("\\|", "|")])
        elif language == "fstab":
            output("fstab", shown, line, body)
        elif language in ("bash", "shell", "console", "shell-session"):
            sys.exit(f"{shown}:{line}: write ```sh, so that the block is run, with <!-- not run: REASON --> where it cannot be")
        elif language == "sh" and mark and mark.group(2):
            output("skipped", shown, line, body, mark.group(2))
        elif language == "sh" and mark and mark.group(1) == "each alone":
            for number, group in paragraphs(body, line):
                output("alone", shown, number, group)
        elif language == "sh":
            output("mounted" if mark else "run", shown, line, body)


def containers(node):
    """Each mapping with an image of pailfs."""
    if isinstance(node, dict):
        if "pailfs" in str(node.get("image", "")):
            yield node
        for value in node.values():
            yield from containers(value)
    elif isinstance(node, list):
        for value in node:
            yield from containers(value)


def process(words, environment, stop='kill -TERM "$pid"'):
    """A script that starts a mount in the foreground, uses it and ends it."""
    settings = [f"{name}={shlex.quote(str(value))}" for name, value in environment.items()]
    return [" ".join(["env", *settings, *map(shlex.quote, words)]) + " & pid=$!",
            f"for _ in $(seq 100); do ! mountpoint -q {words[2]} || break; sleep 0.1; done",
            f"ls {words[2]}/dir >/dev/null", f"echo new > {words[2]}/new", stop, 'wait "$pid"']


def take_yaml(path, shown, output):
    if yaml is None:
        output("skipped", shown, 1, [], "python3-yaml is not installed")
        return
    with open(path, encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            for container in containers(document):
                words = container.get("args") or container.get("command")
                output("process", shown, 1, process(["pailfs", *words], container.get("environment", {})))


def take_unit(path, shown, output):
    """For the instance my-bucket, as systemd replaces %i and the variables of the environment file beside the unit."""
    settings, text = {}, {}
    with open(os.path.join(os.path.dirname(path), "my-bucket.conf"), encoding="utf-8") as file:
        settings = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line and not line.startswith("#"))
    with open(path, encoding="utf-8") as file:
        text = dict(line.rstrip("\n").split("=", 1) for line in file if line.startswith("Exec"))

    def command(name):
        line = text[name].replace("%i", "my-bucket").replace("/usr/bin/pailfs", "pailfs")
        for variable, value in settings.items():
            line = line.replace("${" + variable + "}", value)
        return line
    output("process", shown, 1, process(shlex.split(command("ExecStart")), {}, command("ExecStop")))


def take_manual(path, shown, output):
    """The examples of a page written for man(7)."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    section, body, start = "", None, 0
    for number, line in enumerate(lines, 1):
        if line.startswith(".SH "):
            section = line[4:]
        elif line == ".nf" and section == "EXAMPLES":
            body, start = [], number + 1
        elif line == ".fi" and body is not None:
            words = "\n".join(body).split()
            if "fuse.pailfs" in words:
                output("fstab", shown, start, body)
            elif "-f" in words:
                output("process", shown, start, process(words, {}))
            else:
                output("manual", shown, start, body)
            body = None
        elif body is not None:
            body.append(line.replace("\\-", "-").replace("\\(ti", "~"))


def main():
    output = Output(sys.argv[1])
    top = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in sys.argv[2:]])
    for path in sys.argv[2:]:
        shown = os.path.relpath(os.path.abspath(path), top)
        if path.endswith(".yaml"):
            take_yaml(path, shown, output)
        elif path.endswith(".service"):
            take_unit(path, shown, output)
        elif path.endswith(".1.in"):
            take_manual(path, shown, output)
        else:
            take(path, shown, output)


main()
