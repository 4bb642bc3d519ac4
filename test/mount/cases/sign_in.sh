#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tokens in the place of keys: they are asked for, renewed, told in status and check, and shown nowhere.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl
canary=CANARY$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
start_s3d --ibm-api-key "$canary-api-key" --rule token_401
mnt=$work/mnt
mkdir "$mnt"
tell() { curl --silent --fail --max-time 10 -X POST "$control/$1" >/dev/null; }

# shows_no_secret WHAT FILE...: neither the API key nor a token that was ever given.
shows_no_secret() {
  local what=$1
  shift
  curl --silent --fail "$control/tokens" >"$work/tokens"
  printf '%s\n' "$canary" >>"$work/tokens"
  expect "$what: there were tokens" [ "$(wc -l <"$work/tokens")" -ge 2 ]
  if grep -laF -f "$work/tokens" "$@" >"$work/leaks"; then bad "$what: $(tr '\n' ' ' <"$work/leaks")"; else ok "$what"; fi
}

# ---- IBM ----------------------------------------------------------------------------------------------------------------

context='IBM: '
(umask 077 && printf 'service-instance:%s\n' "$canary-api-key" >"$work/ibm")
options=url=$endpoint,use_path_request_style,ibm_iam_auth,ibm_iam_endpoint=$control,passwd_file=$work/ibm,stat_cache_expire=1
tell 'tokens?lifetime_s=3'
expect "a bucket is mounted with an API key" timeout 20 "$pailfs" pail "$mnt" \
  -o "$options,dbglevel=dbg,curldbg=body,logfile=$work/log,metrics_file=$work/metrics"
end=$(($(milliseconds) + 8000))
while [ "$(milliseconds)" -lt "$end" ]; do
  head -c 30000 /dev/urandom >"$work/bytes"
  { cp "$work/bytes" "$mnt/file" && cmp "$work/bytes" "$mnt/file" && mv "$mnt/file" "$mnt/moved" && rm "$mnt/moved"; } 2>>"$work/failed" ||
    say failed >>"$work/failed"
  sleep 0.2
done
expect_equal "no program notices that tokens end every three seconds" '' "$(cat "$work/failed" 2>/dev/null)"
expect "there were some of them" [ "$(curl --silent "$control/tokens" | wc -l)" -ge 3 ]

"$pailfs" status "$mnt" >"$work/status"
expect "status tells where the token is from, and when it ends" \
  grep -q "IBM IAM, API key in $work/ibm, expire" "$work/status"
pid=$(daemons "$mnt")
shows_no_secret "no secret in log, status and metrics" "$work/log" "$work/status" "$work/metrics"
shows_no_secret "none in what /proc shows" "/proc/$pid/cmdline" "/proc/$pid/environ"

tell "tokens?ibm_api_key=other"
sleep 3.5
expect_failure "without a token nothing is stored" cp /etc/hostname "$mnt/late"
expect "the log says why, in the service's words" \
  grep -q "gives no token for the API key in $work/ibm: BXNIM0415E: Provided API key could not be found" "$work/log"
tell "tokens?ibm_api_key=$canary-api-key"
sleep 1.1 # it was asked a moment ago
expect "it goes on when the service takes the key again" cp /etc/hostname "$mnt/again"
unmount "$mnt"

tell 'tokens?lifetime_s=3600'
expect "check goes the way of a mount" "$pailfs" check pail -o "$options"
"$pailfs" check pail -o "$options" >"$work/check"
expect "and tells where the token is from" grep -q "^ok *credentials *IBM IAM, API key in $work/ibm" "$work/check"
shows_no_secret "check shows no secret" "$work/check"

printf ':%s\n' "$canary-api-key" >"$work/ibm"
expect "the service instance may be left out" timeout 20 "$pailfs" pail "$mnt" -o "$options"
unmount "$mnt"
printf 'service-instance:%s\n' "$canary-wrong" >"$work/ibm"
status=0
timeout 20 "$pailfs" pail "$mnt" -o "$options" 2>"$work/err" || status=$?
expect_equal "a wrong API key gives status 4" 4 "$status"
expect_equal "and one line" 1 "$(wc -l <"$work/err")"
shows_no_secret "without the key" "$work/err"

# ---- IAM Identity Center ------------------------------------------------------------------------------------------------

context='SSO: '
stop_s3d
start_s3d --secret-key "$canary-secret" --session-token "$canary-token"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
mkdir -p "$HOME/.aws/sso/cache"
cat >"$HOME/.aws/config" <<'EOF'
[profile work]
sso_start_url = https://sso.test/start
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = reader
EOF
# signed_in TOKEN SECONDS: as aws sso login leaves it behind.
signed_in() {
  local file
  file=$HOME/.aws/sso/cache/$(printf %s https://sso.test/start | sha1sum | cut -d ' ' -f 1).json
  (umask 077 && printf '{"startUrl": "https://sso.test/start", "region": "eu-west-1", "accessToken": "%s", "expiresAt": "%s"}' \
    "$1" "$(date -u -d "+$2 seconds" +%Y-%m-%dT%H:%M:%SZ)" >"$file.new")
  mv "$file.new" "$file"
}
export AWS_ENDPOINT_URL_SSO=$control
options=url=$endpoint,use_path_request_style,profile=work,stat_cache_expire=1
status=0
timeout 20 "$pailfs" pail "$mnt" -o "$options" 2>"$work/err" || status=$?
expect_equal "without a sign-in the status is 4" 4 "$status"
expect_equal "and one line gives the command" \
  'pailfs: profile work is not signed in: run aws sso login --profile work' "$(cat "$work/err")"
tell "tokens?add=$canary-sign-in&lifetime_s=2"
signed_in "$canary-sign-in" 6
expect "a bucket is mounted with a sign-in" timeout 20 "$pailfs" pail "$mnt" \
  -o "$options,dbglevel=dbg,curldbg=body,logfile=$work/sso.log"
expect "and used" cp /etc/hostname "$mnt/file"
"$pailfs" status "$mnt" >"$work/status"
expect "status tells the role" grep -q 'IAM Identity Center, role reader in account 111122223333, expire' "$work/status"
sleep 7
expect_failure "when it is over nothing is stored" cp /etc/hostname "$mnt/late"
"$pailfs" status "$mnt" >>"$work/status"
expect "status gives the command" grep -q 'has a sign-in that is over: run aws sso login --profile work' "$work/status"
signed_in "$canary-sign-in" 3600
sleep 1.1 # it was looked at a moment ago
expect "after it the mount goes on" cp /etc/hostname "$mnt/again"
unmount "$mnt"
shows_no_secret "no secret in log and status" "$work/sso.log" "$work/status" "$work/err"
unset AWS_ENDPOINT_URL_SSO

# ---- Google -------------------------------------------------------------------------------------------------------------

context='Google: '
need openssl python3
stop_s3d
start_s3d --imitate gcs
openssl genrsa -out "$work/account.pem" 2048 2>/dev/null
openssl rsa -in "$work/account.pem" -pubout -out "$work/account.pub" 2>/dev/null
curl --silent --fail -X POST --data-binary @"$work/account.pub" "$control/google?email=$canary@test" >/dev/null
(umask 077 && python3 - "$work/account.pem" "$canary@test" "$control/token" >"$work/account.json" <<'EOF'
import json, sys
print(json.dumps({"type": "service_account", "private_key_id": "1", "private_key": open(sys.argv[1]).read(),
                  "client_email": sys.argv[2], "token_uri": sys.argv[3]}, indent=2))
EOF
)
tell 'tokens?lifetime_s=3'
options=url=$endpoint,use_path_request_style,passwd_file=$work/account.json,stat_cache_expire=1
expect "a bucket is mounted with a service account" timeout 20 "$pailfs" pail "$mnt" \
  -o "$options,dbglevel=dbg,curldbg=body,logfile=$work/google.log,metrics_file=$work/metrics"
: >"$work/failed"
end=$(($(milliseconds) + 8000))
while [ "$(milliseconds)" -lt "$end" ]; do
  head -c 30000 /dev/urandom >"$work/bytes"
  { cp "$work/bytes" "$mnt/file" && chmod 640 "$mnt/file" && cmp "$work/bytes" "$mnt/file" && mv "$mnt/file" "$mnt/moved" &&
    [ "$(stat -c %a "$mnt/moved")" = 640 ] && rm "$mnt/moved"; } 2>>"$work/failed" || say failed >>"$work/failed"
  sleep 0.2
done
expect_equal "no program notices that tokens end every three seconds" '' "$(cat "$work/failed")"
echo kept >"$mnt/kept"
chmod 600 "$mnt/kept"
unmount "$mnt"
expect "attributes were stored by Google's headers" timeout 20 "$pailfs" pail "$mnt" -o "$options"
expect_equal "and are there in the next mount" 600 "$(stat -c %a "$mnt/kept")"
"$pailfs" status "$mnt" >"$work/status"
expect "status tells whose token it is" grep -q "Google service account .*@test ($work/account.json), expire" "$work/status"
unmount "$mnt"
curl --silent --fail "$control/tokens" >"$work/tokens"
sed -n '3,5p' "$work/account.pem" >>"$work/tokens"
expect_failure "no token and nothing of the key in log, status and metrics" \
  grep -laF -f "$work/tokens" "$work/google.log" "$work/status" "$work/metrics"
context=''
