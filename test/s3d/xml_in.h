// SPDX-License-Identifier: Apache-2.0
/// Reads the XML bodies that clients send. nullopt means MalformedXML: not well-formed, a DTD,
/// another root element, a missing or unknown element.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "multipart.h"

namespace s3d {

/// libxml2 wants to be set up before several threads use it. Any number of calls.
void init_xml();

struct DeleteRequest {
  bool quiet = false;
  struct Object {
    std::string key;
    std::optional<std::string> etag;  ///< as sent: quoted or bare
  };
  std::vector<Object> objects;
};

std::optional<DeleteRequest> parse_delete(std::string_view xml);
std::optional<std::vector<PartClaim>> parse_complete(std::string_view xml);
/// The LocationConstraint, "" when the configuration has none.
std::optional<std::string> parse_bucket_configuration(std::string_view xml);

}  // namespace s3d
