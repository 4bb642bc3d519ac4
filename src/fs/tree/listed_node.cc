// SPDX-License-Identifier: Apache-2.0
#include "listed_node.h"

namespace pailfs::fs {

Node listed_node(const ListedName& listed, const Config& config) {
  if (!listed.file) return implicit_directory(config);
  store::ObjectInfo info;
  info.etag = listed.etag;
  info.size = listed.size;
  info.last_modified = listed.last_modified;
  return decode(info, false, config);
}

}  // namespace pailfs::fs
