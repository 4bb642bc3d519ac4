# SPDX-License-Identifier: Apache-2.0
# Commands of pailfs and what they say; sourced after lib.sh by cases that begin mounts.
# shellcheck shell=bash disable=SC2154,SC2034

# ask WORD...: pailfs; its output goes to $work/out and $work/err, its status to $status
ask() {
  status=0
  timeout 60 "$pailfs" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}
# field EXPRESSION: of the JSON in $work/out, which is `j` there
field() { python3 -c 'import json,sys; j=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$work/out" "$1"; }
