// SPDX-License-Identifier: Apache-2.0
/// Writes S3's XML replies byte for byte as AWS does: declaration, one line, `&quot;` around ETags,
/// control characters as references (which XML 1.0 does not allow and AWS sends all the same).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errors.h"

namespace s3d {

class XmlWriter {
 public:
  /// Opens the root; with S3's namespace unless `plain`.
  /// `root` is a literal: it is kept.
  explicit XmlWriter(std::string_view root, bool plain = false);
  void open(std::string_view name);  ///< `name` is a literal: it is kept
  void close();
  void element(std::string_view name, std::string_view text);
  void element(std::string_view name, std::uint64_t value);
  void flag(std::string_view name, bool value) { element(name, value ? "true" : "false"); }
  void etag(std::string_view bare);
  /// Closes all and hands the document over.
  std::string finish();

 private:
  std::string out_;
  std::vector<std::string_view> open_;
};

std::string xml_escape(std::string_view text);
void append_escaped(std::string& out, std::string_view text);
/// The <Error> document.
std::string error_document(const S3Error& error, std::string_view request_id);

}  // namespace s3d
