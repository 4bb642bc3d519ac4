#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# attributes=listing: the files of another program are shown at the price of their names, and become what their objects say
# when they are opened or changed.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"

need curl python3

# shellcheck source=test/mount/requests.sh
. "$(dirname "$0")/../requests.sh"
start_s3d
mnt=$work/mnt

# foreign KEY COUNT SIZE: objects of a program that sets no attributes
foreign() { control "synthetic?bucket=$bucket&key=$1&count=$2&size=$3" -H 'Content-Type: application/octet-stream'; }
mount_listing() { mount_here "$mnt" -o attributes=listing,uid=5,umask=022; }

foreign d/f 1000 2345
foreign many/f 20000 10
control reset
mount_listing
counted "ls -l of 1,000 files of another program" 3 ls -l d
expect_equal "their sizes are right" "1000 2345" "$(awk '$5 == 2345' "$work/command.out" | wc -l) $(stat -c %s "$mnt/d/f000999")"
expect_equal "owner and mode are those of the options" "5 755" "$(stat -c '%u %a' "$mnt/d/f000003")"
unmount "$mnt"
control reset
mount_listing
counted "find -size over 20,000 files of another program" 23 find many -type f -size -11c
expect_equal "it finds all" 20000 "$(wc -l <"$work/command.out")"
unmount "$mnt"
mount_listing
control reset
counted "cat of 100 of them, and of up to sixteen ahead" 119 bash -c 'cat d/f0001*'
expect_equal "it shows all bytes" 234500 "$(wc -c <"$work/command.out")"
unmount "$mnt"

by_curl own/script -X PUT --data-binary 'echo runs' -H 'x-amz-meta-mode: 33261' -H 'x-amz-meta-mtime: 1700000000'
by_curl own/link -X PUT --data-binary script -H 'x-amz-meta-mode: 41471'
by_curl own/kept -X PUT --data-binary text -H 'x-amz-meta-mode: 33216' -H 'x-amz-meta-other: stays'
mount_here "$mnt" -o attributes=listing
ls -l "$mnt/own" >"$work/listed"
expect_equal "a file is shown with the default mode" 640 "$(stat -c %a "$mnt/own/script")"
expect_equal "it is read" 'echo runs' "$(cat "$mnt/own/script")"
expect_equal "and has its own mode and time then" "755 1700000000" "$(stat -c '%a %Y' "$mnt/own/script")"
expect_equal "a link that was listed as a file is followed" 'echo runs' "$(cat "$mnt/own/link")"
expect_equal "and is a link then" script "$(readlink "$mnt/own/link")"
expect "chmod of a file that was only listed" chmod 600 "$mnt/own/kept"
expect_equal "keeps what other programs have noted" stays \
  "$(by_curl own/kept --head | tr -d '\r' | sed -n 's/^x-amz-meta-other: //p')"
unmount "$mnt"
