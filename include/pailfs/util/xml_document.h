// SPDX-License-Identifier: Apache-2.0
// The only door to libxml2: a whole, well-formed, small document or nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pailfs/util/result.h"

struct _xmlDoc;
struct _xmlNode;

namespace pailfs {

/// An element: a value, valid as long as its document, of which any thread may read. Names are
/// compared without their namespace, which services spell differently.
class XmlElement {
 public:
  XmlElement(const _xmlNode* node, std::string_view marker) : node_(node), marker_(marker) {}

  [[nodiscard]] std::string_view name() const;
  /// Character data directly inside.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::vector<XmlElement> children() const;
  /// Text of the first child of that name; empty if there is none.
  [[nodiscard]] std::string child_text(std::string_view child) const;
  [[nodiscard]] bool has_child(std::string_view child) const;

 private:
  const _xmlNode* node_;
  std::string_view marker_;  ///< owned by the document
};

/// Parses replies of object stores. No network, no DOCTYPE, at most `limit` bytes and 32 levels.
/// Blanks before the document are skipped (S3 sends them to keep a connection alive). Control
/// characters, which Ceph writes and XML 1.0 forbids, are accepted; any other fault, a missing end
/// among them, is an error.
class XmlDocument {
 public:
  static Result<XmlDocument> parse(std::string_view bytes, std::size_t limit);
  [[nodiscard]] XmlElement root() const;

 private:
  struct Free {
    void operator()(_xmlDoc* document) const;
  };
  std::unique_ptr<_xmlDoc, Free> document_;
  std::unique_ptr<std::string> marker_;  ///< on the heap: elements point at it
};

}  // namespace pailfs
