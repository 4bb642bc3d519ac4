#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exclusive=store: lock files, lock directories and git's locks hold between several mounts, as between several machines.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3 git

mounts=4 turns=10 commits=6
if [ -n "${PAILFS_THOROUGH:-}" ]; then mounts=10 turns=50 commits=20; fi
export GIT_CONFIG_NOSYSTEM=1 HOME=$work GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b

# begin_mounts OPTIONS: $work/m1 to $work/mN, each with a cache directory of its own; every second one with a journal.
begin_mounts() {
  local n options
  for ((n = 1; n <= mounts; n++)); do
    mkdir -p "$work/cache$n"
    options=exclusive=store
    if [ $((n % 2)) = 0 ]; then options+=,durability=local,use_cache=$work/cache$n; fi
    mount_here "$work/m$n" -o "$options"
  done
}
end_mounts() {
  local n
  for ((n = 1; n <= mounts; n++)); do unmount "$work/m$n"; done
}

# on_each_mount COMMAND...: with the directory of each mount as one more argument, at the same time.
on_each_mount() {
  local n
  local -a pids=()
  for ((n = 1; n <= mounts; n++)); do
    "$@" "$work/m$n" >"$work/by$n" 2>&1 &
    pids+=($!)
  done
  for n in "${pids[@]}"; do wait "$n" || bad "$1 fails: $(tail -n 3 "$work"/by* | tr '\n' '|')"; done
}

# count_up FORM DIR: adds 1 to a number, a turn each, under a lock.
count_up() {
  timeout 120 python3 - "$1" "$2" "$turns" <<'EOF'
import os, random, sys, time
form, top, turns = sys.argv[1], sys.argv[2], int(sys.argv[3])
lock, counter = top + "/counter.lock", top + "/counter"

def take():
    while True:
        try:
            if form == "file":
                os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            elif form == "directory":
                os.mkdir(lock)
            else:
                os.symlink("host:1", lock)
            return
        except FileExistsError:
            time.sleep(random.random() * 0.1)

for _ in range(turns):
    take()
    number = int(open(counter).read())
    if form == "file":
        with open(counter, "w") as out:
            out.write(str(number + 1))
    else:
        with open(counter + ".new." + form, "w") as out:
            out.write(str(number + 1))
        os.rename(counter + ".new." + form, counter)
    os.rmdir(lock) if form == "directory" else os.unlink(lock)
EOF
}

counting() {
  local form
  begin_mounts
  for form in file directory link; do
    by_curl counter -X PUT --data-binary 0
    on_each_mount count_up "$form"
    "$pailfs" sync "$work/m2" >/dev/null || bad "sync fails"
    expect_equal "$mounts mounts count up under a lock $form" $((mounts * turns)) "$(by_curl counter)"
  done
  end_mounts
}

# commit DIR: a few commits on the one branch, each on top of what is there; git compares and swaps under its own locks.
commit() {
  local made=0 tries=0 tip new
  cd "$1/repository.git"
  while [ "$made" -lt "$commits" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 1000 ] || return 1
    tip=$(git rev-parse refs/heads/main) || return 1
    new=$(git commit-tree -p "$tip" -m "$1 $made" "$tip^{tree}") || return 1
    if git update-ref refs/heads/main "$new" "$tip" 2>/dev/null; then made=$((made + 1)); else sleep "0.$((RANDOM % 10))"; fi
  done
}

committing() {
  local first
  begin_mounts
  git init -q --bare "$work/m1/repository.git"
  first=$(cd "$work/m1/repository.git" && git commit-tree -m first "$(git hash-object -t tree -w --stdin </dev/null)")
  git -C "$work/m1/repository.git" update-ref refs/heads/main "$first"
  on_each_mount commit
  for ((n = 2; n <= mounts; n += 2)); do "$pailfs" sync "$work/m$n" >/dev/null || bad "sync fails"; done
  end_mounts
  mount_here "$work/m1"
  expect_equal "no commit of $mounts mounts is lost" $((mounts * commits + 1)) \
    "$(git -C "$work/m1/repository.git" rev-list --count main)"
  expect "the repository is whole" git -C "$work/m1/repository.git" fsck --strict
  expect_equal "no lock is left" '' "$(find "$work/m1" -name '*.lock')"
  unmount "$work/m1"
}

refused() {
  local status=0
  stop_s3d
  start_s3d --rule no_conditional
  timeout 60 "$pailfs" pail "$work/m1" -o "$(mount_options),exclusive=store" 2>"$work/err" || status=$?
  expect "a service without conditions is refused" test "$status" != 0
  expect "in a sentence" grep -q "exclusive=store: .* replaces objects whatever the conditions" "$work/err"
  if is_mounted "$work/m1"; then unmount "$work/m1"; fi
}

# shellcheck disable=SC2119
start_s3d
counting
committing
refused
