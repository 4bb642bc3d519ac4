#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: mount-for.sh PID DIRECTORY BUCKET[:/PATH] OPTIONS   (as root)
#
# Mounts a bucket in the mount namespace of process PID, a container's or sandbox's, while pailfs stays outside: no key, no program and
# no network is needed inside. The FUSE descriptor is opened here, mounted there, and passed on to pailfs as /dev/fd/9.
# Ends with the mount: when it is unmounted inside, or by SIGTERM, upon which what is left is stored.
set -euo pipefail
pid=$1 directory=$2 bucket=$3 options=$4
exec 9<>/dev/fuse
nsenter --target "$pid" --mount mount -i -t fuse.pailfs \
  -o fd=9,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,nosuid,nodev "${bucket%%:*}" "$directory"
exec pailfs "$bucket" /dev/fd/9 -f -o "allow_other,$options"
