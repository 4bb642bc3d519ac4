#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: mount-bucket BUCKET[:/PATH] DIRECTORY OPTIONS   with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
#
# Mounts in a sandbox, without keys in a file: they go through a pipe, and the mount's environment is wiped. Ends with 0 when the
# mount can be used; otherwise the line on standard error says what is wrong.
set -eu
bucket=$1 directory=$2 options=$3
[ -w /dev/fuse ] || sudo chmod 666 /dev/fuse
exec 3<<END
$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY
END
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
exec pailfs "$bucket" "$directory" -o "allow_other,passwd_file=/dev/fd/3,$options"
