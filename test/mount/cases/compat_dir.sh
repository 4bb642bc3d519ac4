#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Directories in every form that s3fs, Hadoop and consoles have left in buckets: compat_dir sees what the distribution's
# s3fs sees (before 1.92 it always sees them), and what becomes of them is seen by s3fs.
# shellcheck source=test/mount/lib.sh
. "$(dirname "$0")/../lib.sh"
need_s3fs
need curl

mnt=$work/mnt
old='' # s3fs before 1.92 sees them always and does not know the option
if grep -q '^ *compat_dir ' <<<"$("$s3fs" --help 2>&1)"; then old=compat_dir; fi

put() { # KEY [CURL-ARGUMENT...]
  local key=$1
  shift
  by_curl "${key//\$/%24}" -X PUT -H 'Content-Length: 0' -o /dev/null "$@"
}
owned=(-H 'x-amz-meta-mode: 448' -H 'x-amz-meta-uid: 4321' -H 'x-amz-meta-gid: 5432' -H 'x-amz-meta-mtime: 1300000000')
typed=(-H 'Content-Type: application/x-directory')

# Each form empty and with a file below, with attributes where the form has an object.
fill() {
  local form
  for form in '' -full; do
    put "today$form/" "${owned[@]}" "${typed[@]}"
    put "plain$form" "${owned[@]}" "${typed[@]}"
    put "folder${form}_\$folder\$" "${owned[@]}"
    put "both$form/" "${owned[@]}" "${typed[@]}"
    put "both${form}_\$folder\$" -H 'x-amz-meta-mode: 511'
  done
  put bare-full -H 'Content-Type: text/plain' # no attributes, no bytes: a directory because of what lies below
  for form in today plain folder both bare none; do
    put "$form-full/file" -H 'x-amz-meta-mode: 33152' -H 'x-amz-meta-mtime: 1300000000'
  done
  put "folder-full/below_\$folder\$" "${owned[@]}"
}

show() { listing "$1" '%p %y %m %U:%G %T@\n'; }
names() { listing "$1" '%p %y\n'; }

seen_alike() {
  fill
  s3fs_here "$mnt" "$old"
  show "$mnt" >"$work/s3fs"
  (cd "$mnt" && for name in *; do stat -c '%n %F' "$name"; done) >"$work/s3fs-names"
  unmount "$mnt"
  mount_here "$mnt" -o compat_dir
  show "$mnt" >"$work/pailfs"
  # s3fs 1.95 leaves the old form out of listings and shows a directory's attributes only where there is DIR/.
  if [ -z "$old" ]; then
    expect_same "every form is seen with the attributes that s3fs shows" \
      <(grep -v '^./\(bare\|none\)-full ' "$work/s3fs") <(grep -v '^./\(bare\|none\)-full ' "$work/pailfs")
  else
    say "note: this s3fs shows other attributes in listings; they are compared with s3fs 1.90 only"
  fi
  expect_equal "what has no object of its own is a directory for both" "$(grep -E '^./(bare|none)-full ' "$work/s3fs" | cut -d' ' -f1,2)" \
    "$(grep -E '^./(bare|none)-full ' "$work/pailfs" | cut -d' ' -f1,2)"
  expect_equal "none is missing" 10 "$(find "$mnt" -mindepth 1 -maxdepth 1 -type d | wc -l)"
  unmount "$mnt"
  mount_here "$mnt" -o compat_dir
  # By its name alone, before anything is listed.
  expect_same "so is each when it is asked for by name" "$work/s3fs-names" \
    <(cd "$mnt" && while read -r name _; do stat -c '%n %F' "$name"; done <"$work/s3fs-names")
  unmount "$mnt"
}

changed() {
  mount_here "$mnt" -o compat_dir
  chmod 750 "$mnt"/{today,plain,folder,both}
  touch -d @1400000000 "$mnt"/bare-full "$mnt"/none-full
  mv "$mnt/folder-full" "$mnt/moved"
  rmdir "$mnt/both"
  rm -r "$mnt/both-full" "$mnt/plain-full"
  echo text >"$mnt/folder/new"
  expect_failure "a name that would be a directory cannot be made" touch "$mnt/x_\$folder\$"
  names "$mnt" >"$work/pailfs"
  unmount "$mnt"
  # `bare-full` stays beside the new `bare-full/`, as with s3fs.
  expect_equal "each form that was changed is a directory of today, and none is left behind" \
    'bare-full bare-full/ bare-full/file folder/ folder/new moved/ moved/below/ moved/file none-full/ none-full/file plain/ today-full/ today-full/file today/' \
    "$(keys_in_bucket | paste -sd ' ')"
  s3fs_here "$mnt" "$old"
  names "$mnt" >"$work/s3fs"
  expect_same "s3fs sees the same tree" "$work/s3fs" "$work/pailfs"
  expect_equal "with its modes" '750 750 750' "$(stat -c %a "$mnt"/{today,plain,folder} | paste -sd ' ')"
  expect_equal "owners" '4321 4321' "$(stat -c %u "$mnt"/{folder,moved} | paste -sd ' ')"
  expect_equal "and times" 1300000000 "$(stat -c %Y "$mnt/moved/below")"
  unmount "$mnt"
  mount_here "$mnt" -o compat_dir
  expect "all can be removed" find "$mnt" -mindepth 1 -delete
  unmount "$mnt"
  # It says of itself that it is a file of somebody else's, and is one again, as with s3fs.
  expect_equal "nothing is left but the object that was no directory's" bare-full "$(keys_in_bucket)"
  by_curl bare-full -X DELETE -o /dev/null
}

# Without the option, as s3fs from 1.92 on: DIR/, DIR that says it is one, and what names lie below.
without() {
  put "folder_\$folder\$" "${owned[@]}"
  put plain "${owned[@]}" "${typed[@]}"
  put today/ "${owned[@]}" "${typed[@]}"
  put none/file
  mount_here "$mnt"
  # shellcheck disable=SC2016 # that is its name
  expect_equal "without compat_dir the old form is a file" './folder_$folder$ f|./none d|./none/file f|./plain d|./today d' \
    "$(names "$mnt" | paste -sd '|')"
  unmount "$mnt"
}

all() {
  seen_alike
  changed
  without
}
on_each_server all pailfs-s3d
