#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pailfs-s3d judged by a client that is not ours: curl --aws-sigv4. Usage: curl_check.sh PROGRAM
set -eu
program=$1
curl --help all 2>/dev/null | grep -q -- --aws-sigv4 || { echo "skipped: no curl with --aws-sigv4"; exit 77; }
dir=$(mktemp -d)
pid=
trap 'test -z "$pid" || kill "$pid" 2>/dev/null || :; rm -rf "$dir"' EXIT

fail() { echo "FAILED: $*"; exit 1; }

"$program" --bucket data --access-key AK --secret-key SK/+ --tls-self-signed "$dir/tls" \
  --ready-file "$dir/ready" > "$dir/out" &
pid=$!
for _ in $(seq 100); do test -e "$dir/ready" && break; sleep 0.1; done
cmp -s "$dir/ready" "$dir/out" || fail "ready file and standard output differ"
endpoint=$(sed 's/.*endpoint=\([^ ]*\).*/\1/' "$dir/ready")
control=$(sed 's/.*control=\([^ ]*\).*/\1/' "$dir/ready")
tls=$(sed 's/.*tls=\([^ ]*\).*/\1/' "$dir/ready")

s3() {
  curl -sS --aws-sigv4 aws:amz:us-east-1:s3 -u AK:SK/+ \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --cacert "$dir/tls/ca.crt" "$@"
}
status() { s3 -o /dev/null -w '%{http_code}' "$@"; }

head -c 3000000 /dev/urandom > "$dir/file"
for base in "$endpoint" "$tls"; do
  test "$(status -T "$dir/file" "$base/data/dir/file")" = 200 || fail "put $base"
  s3 "$base/data/dir/file" | cmp - "$dir/file" || fail "get $base"
  s3 -r 10-19 "$base/data/dir/file" > "$dir/part"
  tail -c +11 "$dir/file" | head -c 10 | cmp - "$dir/part" || fail "range $base"
  s3 "$base/data?list-type=2" | grep -q '<Key>dir/file</Key>' || fail "list $base"
  test "$(status -X DELETE "$base/data/dir/file")" = 204 || fail "delete $base"
  test "$(status "$base/data/dir/file")" = 404 || fail "get after delete $base"
done
port=${tls##*:}
test "$(status --resolve "data.s3.localhost:$port:127.0.0.1" -T "$dir/file" \
  "https://data.s3.localhost:$port/virtual")" = 200 || fail "virtual-hosted put"
s3 "$endpoint/data/virtual" | cmp - "$dir/file" || fail "path-style get of it"
test "$(curl -sS -o /dev/null -w '%{http_code}' --aws-sigv4 aws:amz:us-east-1:s3 -u AK:wrong \
  -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$endpoint/data/virtual")" = 403 || fail "wrong secret"

curl -sS "$control/stats" | grep -q '"PutObject":3' || fail "counters"
curl -sS "$control/log" | grep -q '"op":"ListObjectsV2"' || fail "log"
curl -sS -T "$dir/file" "$control/object/data/foreign" | grep -q ok || fail "foreign put"
s3 "$endpoint/data/foreign" | cmp - "$dir/file" || fail "get of a foreign object"
curl -sS -d 'op=GetObject action=status:503:SlowDown' "$control/fault" | grep -q ok || fail "fault"
test "$(status "$endpoint/data/foreign")" = 503 || fail "fault did not fire"
curl -sS "$control/faults" | grep -q '"hits":1' || fail "hits"
curl -sS "$control/history" | grep -q 'foreign:PUT' || fail "history"

kill "$pid"
wait "$pid" || fail "exit status on SIGTERM"
pid=
"$program" --listen 0.0.0.0 2> "$dir/err" && fail "listens beyond loopback"
grep -q loopback "$dir/err" || fail "no reason given"
echo passed
