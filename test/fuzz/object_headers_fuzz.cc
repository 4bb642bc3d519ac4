// SPDX-License-Identifier: Apache-2.0
#include "fs/format/object_headers.h"
#include "fs/format/xattr_header.h"
#include "fuzz_input.h"

namespace {

using namespace pailfs::fs;

/// Any client of the bucket writes metadata: whatever it says, it decodes to a file or a directory
/// with sane fields, and writing it back reads the same.
void check(std::string_view text) {
  const std::string value(text);
  pailfs::store::ObjectInfo info;
  for (const char* name : {"mode", "uid", "gid", "mtime", "ctime", "atime", "rdev"}) {
    info.attributes.metadata.emplace_back(name, value);
  }
  info.attributes.content_type = value;
  for (const bool slash : {false, true}) {
    const Node node = decode(info, slash, Config());
    hold((node.stat.mode & S_IFMT) != 0);
    hold(!slash || S_ISDIR(node.stat.mode));
    pailfs::store::ObjectInfo written = info;
    written.attributes = encode(node.stat, info.attributes);
    const Node again = decode(written, slash, Config());
    hold(again.stat.mode == node.stat.mode && again.stat.uid == node.stat.uid &&
         again.stat.mtime == node.stat.mtime);
  }
  const auto xattrs = decode_xattrs(text);
  if (xattrs) hold(decode_xattrs(encode_xattrs(*xattrs)).value() == *xattrs);
}

}  // namespace

PAILFS_FUZZ_TARGET(check)
