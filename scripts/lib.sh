# SPDX-License-Identifier: Apache-2.0
# Functions shared by the scripts of this directory; sourced, never run.
# shellcheck shell=bash

# Servers started here are on this machine: no proxy leads to them.
export no_proxy="127.0.0.1,localhost,.localhost${no_proxy:+,$no_proxy}"
export NO_PROXY=$no_proxy

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
warn() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

# usage: the comment at the head of the calling script is its manual.
usage() { sed -n '3,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

# have PROGRAM...: all of them are there.
have() {
  local program
  for program; do command -v "$program" >/dev/null 2>&1 || return 1; done
}

# as_root COMMAND...: runs it with root's rights, or says what is missing.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "needs root to run '$1'; become root or install sudo"
  fi
}

# process_start PID: the kernel's start time of a living process. Fails for one that is gone and for a
# zombie: in a container nobody may be there to reap it.
process_start() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra stat <<<"${stat##*) }"
  [ "${stat[0]}" != Z ] && printf '%s\n' "${stat[19]}"
}

# remember_process FILE PID: adds a line to FILE for stop_processes. The start time tells a
# reused process id from ours.
remember_process() {
  local start
  start=$(process_start "$2") || return 1
  printf '%s %s\n' "$2" "$start" >>"$1"
}

# running_processes FILE: the ids noted in FILE that still run.
running_processes() {
  local pid start
  [ -e "$1" ] || return 0
  while read -r pid start; do
    [ "$(process_start "$pid" || true)" = "$start" ] && printf '%s\n' "$pid"
  done <"$1"
  return 0
}

# stop_processes FILE: ends the processes noted in FILE one after the other, the last started first;
# each has 8 seconds before it is killed. Removes FILE.
stop_processes() {
  local pid
  for pid in $(running_processes "$1" | tac); do
    kill "$pid" 2>/dev/null || continue
    wait_until 8 process_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
  done
  rm -f "$1"
}
process_ended() { ! process_start "$1" >/dev/null; }

# wait_until SECONDS COMMAND...: repeats a command until it succeeds or the time is over.
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}

# free_ports COUNT: the first of COUNT neighbouring TCP ports that nobody listens on, below the range from
# which the kernel takes the ports of outgoing connections.
free_ports() {
  local base port used
  used=$(awk '$4 == "0A" { split($2, a, ":"); print a[2] }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true)
  for _ in $(seq 100); do
    base=$((20000 + RANDOM % 12000))
    for ((port = base; port < base + $1; port++)); do
      [[ $used != *$(printf '%04X' "$port")* ]] || continue 2
    done
    printf '%s\n' "$base"
    return
  done
  die "found no $1 free ports"
}

# signed_curl ACCESS SECRET REGION CURL-ARGUMENT...: one request signed by curl itself, a client that shares nothing
# with ours. The keys go through a pipe, so that they never stand in the process list.
signed_curl() {
  local access=$1 secret=$2 region=$3
  shift 3
  curl --silent --show-error --max-time 60 --config /dev/fd/3 "$@" 3<<END
aws-sigv4 = "aws:amz:$region:s3"
user = "$access:$secret"
header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"
END
}

# fuse_problem: one line that says why this machine cannot mount and what to do; nothing when it can.
fuse_problem() {
  if [ ! -e /dev/fuse ]; then
    say "/dev/fuse is missing: run 'modprobe fuse' on the host; in a container add '--device /dev/fuse --cap-add SYS_ADMIN'"
  elif ! { : <>/dev/fuse; } 2>/dev/null; then
    say "/dev/fuse cannot be opened by $(id -un): run 'sudo chmod 666 /dev/fuse'; in a container add '--device /dev/fuse --cap-add SYS_ADMIN'"
  elif [ "$(id -u)" != 0 ] && ! have fusermount3; then
    say "fusermount3 is missing: install the package fuse3"
  fi
}

# preset_problem PRESET: fails, with what is missing and what to do, when this machine cannot build it.
preset_problem() {
  case $1 in
    asan | tsan | clang | tidy)
      have clang++ || {
        say "clang++ is not installed; run 'scripts/install-dependencies clang'"
        return 1
      }
      ;;
  esac
}

# for_preset PRESET COMMAND...: the address space randomisation of recent kernels is more than the sanitizers of older
# compilers can bear (also in the build, which runs test programs to list their tests).
for_preset() {
  local preset=$1
  shift
  if [[ $preset =~ ^[at]san$ ]] && setarch "$(uname -m)" -R true 2>/dev/null; then set -- setarch "$(uname -m)" -R "$@"; fi
  "$@"
}

# choose_compiler: Ubuntu 22.04's default g++ is 11, too old for the C++20 used here.
choose_compiler() {
  if [ -z "${CXX:-}" ] && have g++-12 && [ "$(g++ -dumpversion 2>/dev/null || echo 0)" -lt 12 ]; then export CXX=g++-12; fi
}

# commit_time: sets SOURCE_DATE_EPOCH, the time that built files are given, to that of the last commit, or where the sources
# are no clone to that of the list of changes.
commit_time() {
  [ -n "${SOURCE_DATE_EPOCH:-}" ] || SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct 2>/dev/null) ||
    SOURCE_DATE_EPOCH=$(stat -c %Y "$root/CHANGELOG.md")
  export SOURCE_DATE_EPOCH
}

# build PRESET [TARGET...]: configures when the presets have changed and builds; without targets it builds everything.
build() {
  local preset=$1
  shift
  choose_compiler
  (
    cd "$root" || exit
    [ "build/$preset/build.ninja" -nt CMakePresets.json ] || cmake --preset "$preset" >/dev/null
    for_preset "$preset" cmake --build "build/$preset" ${1:+--target "$@"}
  )
}
