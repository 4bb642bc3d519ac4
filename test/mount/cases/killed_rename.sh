#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A mount is killed while it renames a directory: everything stays readable, and the same rename once more finishes it.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

start_s3d
mnt=$work/mnt
files=300

# requests_of KIND: how many of them the server has had since its counters were reset.
requests_of() {
  curl -sS "$control/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["requests"].get(sys.argv[1], 0))' "$1"
}
has_had() { [ "$(requests_of "$1")" -ge "$2" ]; }
rename_in_mount() { python3 -c 'import os, sys; os.rename(*sys.argv[1:])' "$mnt/old" "$mnt/new"; }
# What can be read below both names: each file once, though it may be there twice.
readable() {
  python3 - "$mnt" <<'PYTHON'
import os, sys
texts = {}
for top in ("old", "new"):
    for directory, _, names in os.walk(os.path.join(sys.argv[1], top)):
        for name in names:
            path = os.path.join(directory, name)
            texts.setdefault(os.path.relpath(path, os.path.join(sys.argv[1], top)), set()).add(open(path).read())
print(sum(1 for name, text in texts.items() if len(text) == 1 and text.pop() == name), len(texts))
PYTHON
}

# killed_at KIND COUNT: kills the mount when the server has had so many of these requests during the rename; it does not
# answer more.
killed_at() {
  local renaming what="killed after $2 $1"
  curl -sS --fail -X POST "$control/bucket/discard?name=$bucket" >/dev/null
  curl -sS --fail -X POST "$control/bucket?name=$bucket" >/dev/null
  mount_here "$mnt" -o max_thread_count=3
  python3 - "$mnt/old" "$files" <<'PYTHON'
import os, sys
for n in range(int(sys.argv[2])):
    name = f"d{n % 5}/f{n}"
    os.makedirs(os.path.dirname(os.path.join(sys.argv[1], name)), exist_ok=True)
    with open(os.path.join(sys.argv[1], name), "w") as file:
        file.write(name)
PYTHON
  curl -sS --fail -X POST "$control/reset" >/dev/null
  curl -sS --fail "$control/fault" --data-binary "op=$1 nth=$(($2 + 1)) times=1000 action=stall_before" >/dev/null
  rename_in_mount >/dev/null 2>&1 &
  renaming=$!
  wait_until 30 has_had "$1" "$2" || bad "$what: it never came so far"
  daemons | xargs -r kill -KILL
  if wait "$renaming"; then bad "$what: the rename succeeded"; else ok "$what: the rename fails"; fi
  umount -l "$mnt"
  curl -sS --fail -X POST "$control/faults/clear" >/dev/null
  mount_here "$mnt"
  expect_equal "$what: every file is readable" "$files $files" "$(readable)"
  expect "$what: the rename is finished by the next one" rename_in_mount
  expect_equal "$what: all of it is there" "$files" "$(find "$mnt/new" -type f | wc -l)"
  expect_failure "$what: the old name is gone" ls "$mnt/old"
  unmount "$mnt"
}

killed_at CopyObject 10
killed_at CopyObject 200
# One by one, so that some of the old names are left.
curl -sS --fail -X POST "$control/rule?name=no_delete_objects&on=1" >/dev/null
killed_at DeleteObject 100
