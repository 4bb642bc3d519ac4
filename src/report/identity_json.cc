// SPDX-License-Identifier: Apache-2.0
#include "pailfs/report/identity_json.h"

namespace pailfs::report {

void put_identity(const mount::Identity& what, const std::string& region, JsonWriter& json) {
  json.member("source", what.source).member("bucket", what.bucket).member("prefix", what.prefix);
  json.member("url", what.url).member("region", region).member("read_only", what.read_only);
  json.member("durability", what.durability).member("instance_name", what.instance_name);
  json.key("options").begin_array();
  for (const std::string& option : what.options) json.value(option);
  json.end_array();
}

}  // namespace pailfs::report
