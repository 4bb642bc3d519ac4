// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pailfs::mount {

/// What a mount is of and how, in words. A second command for the same mount is recognised by it,
/// and `pailfs list` and `status` show it. It goes into the mount's record (runtime.h), hence no
/// secret.
struct Identity {
  std::string source;          ///< "bucket" or "bucket:/prefix"
  std::string url;             ///< of the service
  std::string options_digest;  ///< equal for equal options; says nothing about them otherwise
  std::string bucket;
  std::string prefix;  ///< "" or "a/b/"
  std::string region;  ///< as it was when the mount began
  bool read_only = false;
  std::string durability;            ///< "remote" or "local"
  std::string instance_name;         ///< the option of that name
  std::vector<std::string> options;  ///< "NAME" or "NAME=VALUE" as given, secrets as stars
  std::string directory = {};        ///< where relative file names among the options begin
  bool foreground = false;           ///< the process belongs to the one that started it

  bool operator==(const Identity&) const = default;
};

}  // namespace pailfs::mount
