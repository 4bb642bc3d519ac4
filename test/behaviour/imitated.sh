#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: imitated.sh PROGRAM SERVICE remote|local
# Runs the behaviour suite over pailfs-s3d as SERVICE. Rows of imitated_exceptions.txt that apply are said and left out.
set -eu
program=$1 service=$2 durability=$3
table=$(dirname "$0")/imitated_exceptions.txt
export PAILFS_TEST_IMITATE="$service" PAILFS_TEST_DURABILITY="$durability"
set --
while IFS='|' read -r who mode name reason; do
  case $who in '' | \#*) continue ;; esac
  # shellcheck disable=SC2254 # a pattern
  case $service in $who) ;; *) continue ;; esac
  case $mode in "$durability" | '*') ;; *) continue ;; esac
  echo "skipped: $name: $reason"
  set -- "$@" "~$(printf '%s' "$name" | sed 's/,/\\,/g')"
done <"$table"
exec "$program" "$@"
