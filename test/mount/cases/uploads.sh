#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Utility mode: unfinished uploads are listed and removed, more of them than one page holds, and mistakes have their status.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl
start_s3d
count=1003
options=url=$endpoint,use_path_request_style,passwd_file=$work/passwd

# status_of ARGUMENT...: what the command exits with; its output is in out and err.
status_of() {
  local status=0
  timeout 300 "$pailfs" "$@" -o "$options" >"$work/out" 2>"$work/err" </dev/null || status=$?
  say "$status"
}
uploads() { grep -c '^ UploadId : ' "$work/out" || true; }

expect_equal "an empty list is no error" 0 "$(status_of -u pail)"
expect "it says so" grep -q 'There is no list' "$work/out"

# One connection for all of them.
for ((i = 0; i < count; i++)); do
  printf 'next\nrequest = POST\nurl = "%s/pail/dir/key%04d?uploads="\naws-sigv4 = "aws:amz:%s:s3"\nuser = "%s:%s"\nheader = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\noutput = /dev/null\nsilent\nfail\n' \
    "$endpoint" "$i" "$region" "$access" "$secret"
done | sed 1d >"$work/curl.conf"
curl --config "$work/curl.conf" || bad "curl could not begin the uploads"

expect_equal "-u lists" 0 "$(status_of -u pail)"
expect_equal "every page of it" "$count" "$(uploads)"
expect "with the path" grep -q '^ Path     : /dir/key0000$' "$work/out"
expect "and a date" grep -q '^ Date     : 20[0-9-]*T[0-9:.]*Z$' "$work/out"
expect_equal "--incomplete-mpu-list does too" 0 "$(status_of --incomplete-mpu-list pail:/elsewhere)"
expect_equal "below a path only" 0 "$(uploads)"
expect_equal "a day is spared" 0 "$(status_of --incomplete-mpu-abort pail)"
expect_equal "all are left" "$count" "$(curl -s "$control/uploads" | wc -l)"
expect_equal "all are removed" 0 "$(status_of --incomplete-mpu-abort=all pail)"
expect_equal "each is named" "$count" "$(grep -c '^Succeed to remove /dir/key[0-9]* multipart uploading object.$' "$work/out" || true)"
expect_equal "none is left" 0 "$(curl -s "$control/uploads" | wc -l)"

expect_equal "a missing bucket is one of status 5" 5 "$(status_of -u no-such-pail)"
expect_equal "with one line" 1 "$(wc -l <"$work/err")"
expect_equal "a mountpoint is a mistake" 1 "$(status_of -u pail "$work")"
expect_equal "an age that is none is a mistake" 1 "$(status_of --incomplete-mpu-abort=tomorrow pail)"
expect_equal "both at once are a mistake" 1 "$(status_of -u --incomplete-mpu-abort pail)"
curl -s -X POST "$control/rule?name=deny=ListMultipartUploads&on=1" >/dev/null
expect_equal "a refused list is no empty list" 5 "$(status_of -u pail)"
expect "and says what failed" grep -q 'Could not get list multipart upload' "$work/err"
