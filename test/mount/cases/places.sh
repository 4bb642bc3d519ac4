#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With the real command: every place where keys may be, alone, with the source that status then names; every way to name the
# service and its region; every way to write options; and what is said where no way leads on.
# shellcheck source=test/mount/lib.sh
# shellcheck disable=SC2016 # expanded by the shells that are started
. "$(dirname "$0")/../lib.sh"
# shellcheck source=test/mount/refusal.sh
. "$(dirname "$0")/../refusal.sh"
need python3 curl setpriv
[ "$namespace" = own ] || skip "this kernel gives a test no mount namespace, and it would change /etc"

own_etc
rm -f /etc/passwd-s3fs
mnt=$work/mnt home=$work/home
mkdir "$mnt" "$home"
sed -i "s|^\(root:[^:]*:[^:]*:[^:]*:[^:]*:\)[^:]*:|\1$home:|" /etc/passwd # ~/.aws is looked for there, as s3fs does
token=role-token
start_s3d --domain s3.test
echo '127.0.0.1 s3.test pail.s3.test pa.il.s3.test' >>/etc/hosts
echo content >"$work/content"
by_curl file -T "$work/content" -o /dev/null
by_curl prefix/below/file -T "$work/content" -o /dev/null
port=${endpoint##*:} where=url=$endpoint,use_path_request_style
printf '%s:%s\n' "$access" "$secret" >"$work/keys"

# The services that hand out keys: STS, a container's, and an instance's metadata of version 2, or of version 1 only.
key_services() {
  listener "$1" "import http.server, json
first = '$1' == 'first'
keys = ('$access', '$secret', '$token')
class Services(http.server.BaseHTTPRequestHandler):
    def reply(self, status, text, kind='application/json'):
        self.send_response(status); self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(text))); self.end_headers(); self.wfile.write(text.encode())
    def document(self):
        return json.dumps(dict(Code='Success', AccessKeyId=keys[0], SecretAccessKey=keys[1], Token=keys[2], Expiration='2099-01-01T00:00:00Z'))
    def do_PUT(self):
        v2 = not first and self.path == '/latest/api/token' and self.headers['X-aws-ec2-metadata-token-ttl-seconds']
        self.reply(200 if v2 else 404, 'imds-token', 'text/plain')
    def do_GET(self):
        roles = '/latest/meta-data/iam/security-credentials/'
        if self.path == '/container': ok = self.headers.get('Authorization') in (None, 'Bearer pod')
        elif self.path.startswith(roles): ok = self.headers['X-aws-ec2-metadata-token'] == (None if first else 'imds-token')
        else: return self.reply(404, 'none')
        if not ok: return self.reply(401, 'no')
        self.reply(200, 'the-role' if self.path.endswith(roles) else self.document())
    def do_POST(self):
        form = self.rfile.read(int(self.headers['Content-Length'])).decode()
        action = 'AssumeRoleWithWebIdentity' if 'WebIdentityToken=web-token' in form else 'AssumeRole'
        self.reply(200, '<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult><Credentials><AccessKeyId>%s</AccessKeyId>'
          '<SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>'
          '</%sResult></%sResponse>' % (action, action, *keys, action, action), 'text/xml')
    def log_message(self, *words): pass
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Services); print(s.server_port); s.serve_forever()"
}
key_services first
first=http://127.0.0.1:$port
key_services second
services=http://127.0.0.1:$port
port=${endpoint##*:}
store_takes() { curl -sS -f -X POST "$control/credentials?access=$access&secret=${secret//+/%2B}&token=$1" -o /dev/null; }

alone=(env -i "HOME=$home" "PATH=$PATH" AWS_EC2_METADATA_DISABLED=true)
# from SOURCE [VAR=VALUE...] [-- OPTIONS]: mounts with these variables and options, and status names the SOURCE (a pattern).
from() {
  local source=$1 variables=() status=0 said context="keys: "
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    variables+=("$1")
    shift
  done
  timeout 30 "${alone[@]}" "${variables[@]}" "$pailfs" pail "$mnt" -o "$where${2:+,$2}" 2>"$work/err" || status=$?
  if [ "$status" != 0 ]; then
    bad "$source: status $status: $(cat "$work/err")"
  elif [ -s "$work/err" ]; then
    bad "$source: says $(cat "$work/err")"
  else
    said=$("$pailfs" status "$mnt" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["credentials"])')
    if [[ $said =~ $source ]] && [ "$(cat "$mnt/file")" = content ]; then ok "$said"; else bad "$source: they are $said"; fi
  fi
  if is_mounted "$mnt"; then unmount "$mnt"; fi
}
# into FILE MODE CONTENT: a file at home.
into() {
  mkdir -p "$(dirname "$home/$1")"
  printf %b "$3" >"$home/$1"
  chmod "$2" "$home/$1"
}
nothing_at_home() { rm -rf "$home" && mkdir "$home"; }

# ---- keys that stay -----------------------------------------------------------------------------------------------------

from "$work/passwd" -- "passwd_file=$work/passwd"
from environment "AWS_ACCESS_KEY_ID=$access" "AWS_SECRET_ACCESS_KEY=$secret"
from environment "AWSACCESSKEYID=$access" "AWSSECRETACCESSKEY=$secret"
into kv 600 "AWSAccessKeyId=$access\nAWSSecretKey=$secret\n"
from "$home/kv" "AWS_CREDENTIAL_FILE=$home/kv"
into .aws/credentials 600 "[default]\naws_access_key_id=AKIAOTHER\naws_secret_access_key=x\n[work]\naws_access_key_id = $access\naws_secret_access_key = $secret\n"
from '.aws/credentials \[work\]' -- profile=work
from '.aws/credentials \[work\]' AWS_PROFILE=work
from '.aws/credentials \[work\]' AWS_PROFILE=work "AWS_SHARED_CREDENTIALS_FILE=$home/.aws/credentials"
nothing_at_home
into .aws/config 600 "[default]\naws_access_key_id=$access\naws_secret_access_key=$secret\n"
from '.aws/config \[default\]'
mv "$home/.aws/config" "$home/elsewhere"
from '.*/elsewhere \[default\]' "AWS_CONFIG_FILE=$home/elsewhere"
nothing_at_home
into .passwd-s3fs 600 "$access:$secret"
from "$home/.passwd-s3fs"
nothing_at_home
cp "$work/passwd" /etc/passwd-s3fs
from /etc/passwd-s3fs
chmod 640 /etc/passwd-s3fs
from /etc/passwd-s3fs
rm /etc/passwd-s3fs
mkdir "$home/keys"
into keys/AccessKeyId 600 "$access"
into keys/AccessKeySecret 600 "$secret"
from "$home/keys" -- "passwd_file=$home/keys"
cp "$work/passwd" "$home/soon-gone"
"${alone[@]}" "$pailfs" pail "$mnt" -o "$where,passwd_file=$home/soon-gone"
rm "$home/soon-gone"
expect "a file deleted after the start has served" cmp "$mnt/file" "$work/content"
unmount "$mnt"

# ---- keys that expire ---------------------------------------------------------------------------------------------------

into process 700 "#!/bin/sh\necho '{\"Version\": 1, \"AccessKeyId\": \"$access\", \"SecretAccessKey\": \"$secret\"}'\n"
into .aws/config 600 "[profile p]\ncredential_process = $home/process\n"
from credential_process AWS_PROFILE=p
store_takes "$token"
into .aws/config 600 "[profile base]\naws_access_key_id=AKIABASE\naws_secret_access_key=base\n[profile r]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=base\n"
from 'role arn:aws:iam::1:role/x' AWS_PROFILE=r "AWS_ENDPOINT_URL_STS=$services"
nothing_at_home
into web 600 web-token
from 'role arn:aws:iam::1:role/web' "AWS_WEB_IDENTITY_TOKEN_FILE=$home/web" AWS_ROLE_ARN=arn:aws:iam::1:role/web "AWS_ENDPOINT_URL_STS=$services"
from container "AWS_CONTAINER_CREDENTIALS_FULL_URI=$services/container"
from container "AWS_CONTAINER_CREDENTIALS_FULL_URI=$services/container" 'AWS_CONTAINER_AUTHORIZATION_TOKEN=Bearer pod' -- ecs
into pod 600 'Bearer pod'
from container "AWS_CONTAINER_CREDENTIALS_FULL_URI=$services/container" "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$home/pod"
from 'instance role the-role' AWS_EC2_METADATA_DISABLED=false "AWS_EC2_METADATA_SERVICE_ENDPOINT=$services"
from 'instance role the-role' "AWS_EC2_METADATA_SERVICE_ENDPOINT=$services" -- iam_role
from 'instance role the-role' "AWS_EC2_METADATA_SERVICE_ENDPOINT=$services" -- iam_role=auto
from 'instance role named' "AWS_EC2_METADATA_SERVICE_ENDPOINT=$services" -- iam_role=named
from 'instance role the-role' "AWS_EC2_METADATA_SERVICE_ENDPOINT=$first" -- iam_role,imdsv1only
store_takes ''

# ---- no keys ------------------------------------------------------------------------------------------------------------

mode='keys: '
runner=("${alone[@]}" "AWS_EC2_METADATA_SERVICE_ENDPOINT=$first")
expected=4 refused 'instance without version 2' 'version.1 imdsv1only' pail "$mnt" -o "$where,iam_role"
into .aws/config 600 '[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n[sso-session corp]\nsso_start_url = https://x.test\n'
runner=("${alone[@]}" AWS_PROFILE=sso)
expected=4 refused 'single sign-on' 'sso .aws/config' pail "$mnt" -o "$where"
nothing_at_home
runner=("${alone[@]}")
expected=4 refused 'none anywhere' "passwd_file AWS_ACCESS_KEY_ID.*not.set AWS_CREDENTIAL_FILE $home/.aws/credentials $home/.passwd-s3fs /etc/passwd-s3fs \
  WEB_IDENTITY CONTAINER EC2" pail "$mnt" -o "$where"
runner=()
unset expected

# ---- the service and its region -----------------------------------------------------------------------------------------

mode=''
# reaches NOTICE ARGUMENT... [VAR=VALUE...]: mounts; says nothing when NOTICE is empty, else one line with it (a pattern).
reaches() {
  local notice=$1 variables=() words=() word context="service: "
  shift
  for word; do if [[ $word =~ ^(AWS_[A-Z0-9_]+|no_proxy|http_proxy)= ]]; then variables+=("$word"); else words+=("$word"); fi; done
  if ! timeout 30 "${alone[@]}" "${variables[@]}" "$pailfs" "${words[@]}" 2>"$work/err" </dev/null; then
    bad "$*: $(cat "$work/err")"
  elif [ -z "$notice" ] && [ -s "$work/err" ]; then
    bad "$*: says $(cat "$work/err")"
  elif [ -n "$notice" ] && ! { [ "$(wc -l <"$work/err")" = 1 ] && grep -q -e "$notice" "$work/err"; }; then
    bad "$*: does not say $notice: $(cat "$work/err")"
  elif [ "$(cat "$mnt/file")" != content ]; then
    bad "$*: the file is not there"
  else
    ok "$*"
  fi
  if is_mounted "$mnt"; then unmount "$mnt"; fi
}
keys=passwd_file=$work/passwd
reaches '' pail "$mnt" -o "$keys,url=$endpoint"                                  # localhost: path style by itself
reaches '' pail "$mnt" -o "$keys,url=$endpoint/"                                 # slashes at the end
reaches '' pail "$mnt" -o "$keys,url=http://s3.test:$port"                       # the bucket in the host
reaches "http://127.0.0.1:$port" pail "$mnt" -o "$keys,url=127.0.0.1:$port"      # no scheme
reaches "http://127.0.0.1:$port" pail "$mnt" -o "$keys,host=127.0.0.1:$port"
reaches 'endpoint' pail "$mnt" -o "$keys,endpoint=$endpoint"                     # a URL there
reaches 'bucket' pail "$mnt" -o "$keys,url=http://pail.s3.test:$port"            # the bucket in it twice
reaches 'bucket' pail "$mnt" -o "$keys,url=$endpoint/pail"
reaches 'from AWS_ENDPOINT_URL$' pail "$mnt" -o "$keys" "AWS_ENDPOINT_URL=$endpoint"
reaches 'from AWS_ENDPOINT_URL_S3' pail "$mnt" -o "$keys" "AWS_ENDPOINT_URL_S3=$endpoint" AWS_ENDPOINT_URL=http://127.0.0.1:1
reaches '' pail "$mnt" -o "$keys,url=$endpoint" "no_proxy=127.0.0.1" http_proxy=http://127.0.0.1:1
curl -sS -f -X POST "$control/bucket?name=pa.il" -o /dev/null
store_curl pa.il/file -T "$work/content" -o /dev/null
reaches '' pa.il "$mnt" -o "$keys,url=http://s3.test:$port"                      # a dot in the name: path style
curl -sS -f -X POST "$control/rule?name=region=eu-north-1&on=1" -o /dev/null
reaches 'in region eu-north-1' pail "$mnt" -o "$keys,url=$endpoint"
reaches '' pail "$mnt" -o "$keys,url=$endpoint,region=eu-north-1"
reaches '' pail "$mnt" -o "$keys,url=$endpoint,endpoint=eu-north-1"
expected=5 refused 'a region that is wrong' 'eu-north-1 us-west-2' pail "$mnt" -o "$keys,url=$endpoint,region=us-west-2"
curl -sS -f -X POST "$control/rule?name=region=us-east-1&on=1" -o /dev/null

# a proxy that is named is used, and one line says that it cannot be reached
runner=("${alone[@]}" http_proxy=http://127.0.0.1:1)
expected=6 refused 'a proxy that nobody serves' "connect.to.the.proxy.127.0.0.1:1.*pail.s3.test:$port" pail "$mnt" -o "$keys,url=http://s3.test:$port"
runner=("${alone[@]}")
expected=6 refused 'a proxy of the command line' "connect.to.the.proxy.127.0.0.1:1.*pail.s3.test:$port" pail "$mnt" \
  -o "$keys,url=http://s3.test:$port,proxy=127.0.0.1:1"
runner=()
unset expected

# ---- how a command line may be written ----------------------------------------------------------------------------------

for bucket_word in pail pail:/ s3://pail s3://pail/ s3:pail; do reaches '' "$bucket_word" "$mnt" -o "$keys,$where"; done
for bucket_word in pail:/prefix/below pail:/prefix/below/ s3://pail/prefix/below s3:pail/prefix/below; do
  reaches '' "$bucket_word" "$mnt" -o "$keys,$where"
done
# A path that nothing is below yet: for writing it begins with the first file, read-only it may be a mistake.
expect "an empty path is mounted" "$pailfs" pail:/new/path "$mnt" -o "$keys,$where"
echo first >"$mnt/file"
expect_equal "and begins with the first file" first "$(by_curl new/path/file)"
unmount "$mnt"
timeout 30 "$pailfs" pail:/nothing "$mnt" -o "$keys,$where,ro" 2>"$work/err" || bad "status $? of an empty path, read-only"
expect_equal "read-only it is said" 'pailfs: nothing is stored below s3://pail/nothing/, and the mount is read-only; is the path right?' \
  "$(cat "$work/err")"
unmount "$mnt"
by_curl a-file --data-binary content -X PUT -o /dev/null
status=0
timeout 30 "$pailfs" pail:/a-file "$mnt" -o "$keys,$where" 2>"$work/err" || status=$?
expect_equal "a path that is a file is refused" '5 pailfs: s3://pail/a-file is a file, not a directory (Bucket or directory not found); mount what it lies in' \
  "$status $(cat "$work/err")"
by_curl old-directory --data-binary '' -X PUT -H 'Content-Type: application/x-directory' -o /dev/null
expect "one that is a directory in an old form is not" timeout 30 "$pailfs" pail:/old-directory "$mnt" -o "$keys,$where"
unmount "$mnt"
reaches '' "$mnt" -o "bucket=pail,$keys,$where"
reaches '' -o "bucket=pail:/prefix/below" -o "$keys,$where" "$mnt"
reaches '' -o "$keys" pail -o "$where" "$mnt"
reaches '' "-o$keys,$where" pail "$mnt"
reaches '' pail "$mnt" s3fs -o "$keys,$where"
reaches '' pail "$mnt" -o "$keys -o $where -o umask=022"
reaches '' pail "$mnt" "--passwd-file=$work/passwd" "--url=$endpoint" --use-path-request-style
reaches '' pail "$mnt" "--passwd_file=$work/passwd" --url "$endpoint" --use_path_request_style
cp "$work/passwd" "$work/pass,wd"
reaches '' pail "$mnt" -o "passwd_file=$work/pass\\,wd,$where"

# ---- signals ------------------------------------------------------------------------------------------------------------

context='signals: '
mount_here "$mnt" -o "logfile=$work/log"
pid=$(daemons "$mnt")
for change in 'CRT\] to \[ERR' 'ERR\] to \[WAN' 'WAN\] to \[INF' 'INF\] to \[DBG' 'DBG\] to \[CRT'; do
  kill -USR2 "$pid"
  expect "SIGUSR2: change debug level from [${change//\\/}]" wait_until 5 grep -q "change debug level from \[$change" "$work/log"
done
kill -USR1 "$pid"
kill -PIPE "$pid"
mv "$work/log" "$work/log.1"
kill -HUP "$pid"
expect "SIGHUP opens the log anew" wait_until 5 test -e "$work/log"
expect "SIGUSR1 and SIGPIPE do no harm" cmp "$mnt/file" "$work/content"
unmount "$mnt"
S3FS_LOGFILE=$work/log.2 S3FS_MSGTIMESTAMP=no timeout 30 "$pailfs" pail "$mnt" -o "$(mount_options)"
expect "S3FS_LOGFILE and S3FS_MSGTIMESTAMP are obeyed" grep -q '^\[INF\] pailfs version' "$work/log.2"
unmount "$mnt"
