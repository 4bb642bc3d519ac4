// SPDX-License-Identifier: Apache-2.0
// Where requests go: one bucket of one service, in one addressing style and region. A value.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pailfs/s3/client.h"
#include "pailfs/s3/service_host.h"
#include "pailfs/util/url.h"

namespace pailfs::s3 {

/// Path style is used when asked for, and where no host name can be made: addresses, "localhost",
/// and names with dots under TLS (no certificate covers a.b.s3.example.com).
bool uses_path_style(const Config& config);

/// True for https://s3.amazonaws.com, which stands for no region in particular.
bool is_aws_default(const std::string& url);

/// One query parameter; without a value only the name is sent ("?uploads").
struct QueryField {
  std::string name;
  std::optional<std::string> value;
};

struct Site {
  std::string origin;  ///< scheme://[bucket.]host[:port]
  std::string root;    ///< path of the bucket, ends with '/': "/" or "/bucket/"
  std::string bucket;
  std::string virtual_bucket;  ///< the bucket when it is part of the host, else empty
  std::string region;
  std::string acl;            ///< empty: the service's default
  std::string storage_class;  ///< empty: the service's default
  Encryption encryption;
  std::shared_ptr<const ExtraHeaders> extra_headers;  ///< may be null
  bool requester_pays = false;
  AbsenceHeader absence;
  bool is_amazon = false;
  std::chrono::milliseconds stall_limit{30'000};
  std::chrono::milliseconds work_limit{120'000};  ///< of requests that it answers after its work,
                                                  ///< such as COPY

  /// Fields are sorted by name, as the signature wants them.
  [[nodiscard]] std::string bucket_url(const std::vector<QueryField>& query) const;
  [[nodiscard]] std::string object_url(const Key& key,
                                       const std::vector<QueryField>& query = {}) const;
  /// Value of x-amz-copy-source for a key of this bucket.
  [[nodiscard]] std::string copy_source(const Key& key) const;
};

/// `region` is the configured one or one that the service named. Requests to Amazon then go to the
/// host of that region in the same domain; every other service keeps its host.
Site make_site(const Config& config, const std::string& region);

}  // namespace pailfs::s3
