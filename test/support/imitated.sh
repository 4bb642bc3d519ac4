#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: imitated.sh TABLE PROGRAM SERVICE [remote|local]
# Runs PROGRAM's cases over pailfs-s3d as SERVICE but for what TABLE excepts. A row of TABLE is
#   SERVICES|WHAT|CASE|REASON
# where SERVICES is a pattern and WHAT is * for the whole case, a durability for the whole case there, or
# "part RULE" for what Bench::exempt(RULE) leaves out. Rows that apply are said; then each of them is tried
# without its exception, and must fail: an exception that is not needed any more is an error. A row for both
# durabilities is tried without a journal only: with one a failure often shows after a minute of tries.
set -eu
table=$1 program=$2 service=$3 durability=${4-}
export PAILFS_TEST_IMITATE="$service" PAILFS_TEST_DURABILITY="$durability"
newline='
'

pattern_of() {
  printf '%s' "$1" | sed 's/[\\,[]/\\&/g'
}

applies() { # SERVICES WHAT
  case $1 in '' | \#*) return 1 ;; esac
  # shellcheck disable=SC2254 # a pattern
  case $service in $1) ;; *) return 1 ;; esac
  case $2 in "$durability" | '*' | 'part '*) ;; *) return 1 ;; esac
}

set --
rules=
while IFS='|' read -r who what name reason; do
  applies "$who" "$what" || continue
  case $what in
    part\ *)
      echo "skipped: $name, ${what#part }: $reason"
      rules="$rules${what#part }$newline"
      ;;
    *)
      echo "skipped: $name: $reason"
      set -- "$@" "~$(pattern_of "$name")"
      ;;
  esac
done <"$table"

failed=0
PAILFS_TEST_EXEMPT="$rules" "$program" "$@" || failed=1
while IFS='|' read -r who what name reason; do
  applies "$who" "$what" || continue
  [ "$what,$durability" = '*,local' ] && continue
  others=$(printf '%s' "$rules" | grep -vxF "${what#part }" || :)
  PAILFS_TEST_EXEMPT="$others" "$program" --abort "$(pattern_of "$name")" 2>&1 </dev/null |
    grep -q '^test cases:.* failed' && continue
  echo "not needed any more, or no such case: $who|$what|$name|$reason"
  failed=1
done <"$table"
exit "$failed"
