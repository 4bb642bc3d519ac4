#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Over https with a session token: who cannot be trusted is refused, who can is mounted.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl
mnt=$work/mnt
mkdir "$mnt"

# secured ENDPOINT CA: with access, secret, token, region and bucket set.
secured() {
  local options=url=$1,use_path_request_style,endpoint=$region name=acceptance-$RANDOM$RANDOM status=0
  export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$token
  unset CURL_CA_BUNDLE AWS_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
  timeout 20 "$pailfs" "$bucket" "$mnt" -o "$options" 2>"$work/err" || status=$?
  expect_failure "an unknown authority is refused" [ "$status" = 0 ]
  expect_equal "by one line" 1 "$(wc -l <"$work/err")"
  expect "that speaks of the certificate" grep -i -q certificate "$work/err"
  expect "and of the place" grep -q -F "${1#https://}" "$work/err"
  expect "nothing is mounted" not_mounted "$mnt"
  say "note: $context$(cat "$work/err")"

  export CURL_CA_BUNDLE=$2
  AWS_SESSION_TOKEN=wrong timeout 20 "$pailfs" "$bucket" "$mnt" -o "$options" 2>"$work/err" && status=0 || status=$?
  expect_failure "a wrong token is refused" [ "$status" = 0 ]
  expect_equal "by one line" 1 "$(wc -l <"$work/err")"
  expect "nothing is mounted" not_mounted "$mnt"
  say "note: $context$(cat "$work/err")"
  if is_mounted "$mnt"; then unmount "$mnt"; fi

  expect "the right token and authority are mounted" timeout 20 "$pailfs" "$bucket:/$name" "$mnt" -o "$options,enable_unsigned_payload"
  echo secret >"$mnt/file"
  expect_equal "it is in the store" secret "$(signed_curl "$access" "$secret" "$region" --cacert "$2" \
    -H "x-amz-security-token: $token" --fail "$1/$bucket/$name/file" 2>&1)"
  unmount "$mnt"
  expect "the next mount" timeout 20 "$pailfs" "$bucket:/$name" "$mnt" -o "$options,use_session_token"
  expect_equal "reads it" secret "$(cat "$mnt/file")"
  rm "$mnt/file"
  unmount "$mnt"
  unset CURL_CA_BUNDLE
  expect "AWS_CA_BUNDLE names the authority as well" env "AWS_CA_BUNDLE=$2" timeout 20 "$pailfs" "$bucket:/$name" "$mnt" -o "$options"
  unmount "$mnt"
  status=0
  timeout 20 "$pailfs" "$bucket:/$name" "$mnt" -o "$options,no_check_certificate" 2>"$work/err" || status=$?
  expect_equal "no_check_certificate trusts anybody" 0 "$status"
  if is_mounted "$mnt"; then unmount "$mnt"; fi
}

token=throw-away-token+with/odd=characters
start_s3d --session-token "$token" --tls-port 0 --tls-self-signed "$work/tls"
context="$server: "
secured "$(sed -n 's/.* tls=\([^ ]*\).*/\1/p' "$work/s3d.ready")" "$work/tls/ca.crt"
stop_s3d

line=''
if [ -n "${PAILFS_TEST_S3_SERVERS:-}" ]; then line=$(grep ' token=' "$PAILFS_TEST_S3_SERVERS" | head -n 1 || true); fi
if [ -n "$line" ]; then
  # word NAME: a field of the line
  word() {
    local rest=${line##*" $1="}
    say "${rest%% *}"
  }
  line=" $line"
  context="$(word name): " region=$(word region) bucket=$(word bucket) token=$(word token)
  access=$(word token_access) secret=$(word token_secret)
  secured "$(word endpoint)" "$(word ca)"
else
  say "note: PAILFS_TEST_S3_SERVERS names no server with session tokens, only pailfs-s3d is used"
fi
