// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pailfs/util/result.h"

namespace pailfs::test {

/// An S3 service and how to speak to it.
struct Service {
  std::string name;
  std::string url;       ///< for path style
  std::string host_url;  ///< for virtual-hosted style; empty: not offered
  std::string region = "us-east-1";
  std::string access_key;
  std::string secret_key;
  std::string bucket;
  std::string ca_bundle;      ///< for https with a CA of its own
  std::string session_token;  ///< of session_access/session_secret; empty: none known
  std::string session_access;
  std::string session_secret;
  std::string bearer;  ///< token that requests carry instead of a signature; empty: they are signed
  bool google = false;  ///< the token is Google's
};

/// One line of the file that PAILFS_TEST_S3_SERVERS names:
///   name=ceph-rgw endpoint=http://127.0.0.1:8000 region=us-east-1 access=.. secret=.. bucket=..
///   domain=s3.localhost:8000
/// `domain`, `ca`, `token`, `token_access` and `token_secret` may be missing. EINVAL names the word
/// that is wrong.
Result<Service> parse_service(const std::string& line);

/// All lines of that file but empty ones and comments. Nothing when the variable is not set; an
/// error when it is set and the file is not right.
Result<std::vector<Service>> services_from_environment();

}  // namespace pailfs::test
