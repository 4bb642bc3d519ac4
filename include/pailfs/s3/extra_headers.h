// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/http/transport.h"
#include "pailfs/util/result.h"

namespace pailfs::s3 {

/// The lines of an ahbe_conf= file: headers that requests carry which create an object or rewrite
/// its attributes. As in s3fs:
///
///     # a remark
///     .gz Content-Encoding gzip                    paths that end so and are longer
///     reg:^/logs/.* x-amz-storage-class GLACIER    a POSIX extended regular expression
///      Cache-Control max-age=60                    a blank first: every object
///
/// Every line that fits applies; of one header the last line wins, also over a header of the
/// request itself. A value. Any thread may call apply().
class ExtraHeaders final {
 public:
  struct Parsed;
  /// EINVAL for a line without a header, a name or value that cannot be sent, and for headers that
  /// belong to signing, framing or the meaning of the request: the error names line and header. A
  /// malformed pattern is skipped with a warning. `prefix` is that of the mount: patterns and
  /// endings see the rest of a key, with a slash before it.
  static Result<Parsed> parse(std::string_view text, std::string prefix);

  void apply(const std::string& key, http::Headers& headers) const;
  [[nodiscard]] bool empty() const { return rules_.empty(); }

 private:
  struct Pattern;
  struct Rule {
    std::string ending;                      ///< empty: any
    std::shared_ptr<const Pattern> pattern;  ///< or this
    std::string name;
    std::string value;
  };
  Status add_line(std::string_view line, std::vector<std::string>& warnings);

  std::string prefix_;
  std::vector<Rule> rules_;
};

struct ExtraHeaders::Parsed {
  ExtraHeaders headers;
  std::vector<std::string> warnings;
};

}  // namespace pailfs::s3
