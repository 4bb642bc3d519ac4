// SPDX-License-Identifier: Apache-2.0
/// One HTTP/1.1 request head and one reply as values, and the pure functions between them and bytes
/// (RFC 9112). Used by the S3 port and by the control port.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "body.h"

namespace s3d {

struct Header {
  std::string name;  ///< lower case in requests, as sent in replies
  std::string value;
};

/// Ordered, duplicates kept. Lookups are exact: requests hold lower-case names.
class Headers {
 public:
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;  ///< "" when absent
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::size_t count(std::string_view name) const;
  void add(std::string name, std::string value);
  /// Replaces the first of that name in any letter case, or adds.
  void set(std::string_view name, std::string value);
  void erase(std::string_view name);  ///< any letter case
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }
  void reserve(std::size_t count) { items_.reserve(count); }

 private:
  std::vector<Header> items_;
};

struct QueryItem {
  std::string name;  ///< decoded; '+' is a blank
  std::string value;
};

struct RequestHead {
  std::string method;
  std::string target;    ///< as sent
  std::string raw_path;  ///< still percent-encoded, begins with '/'
  std::string raw_query;
  std::vector<QueryItem> query;
  Headers headers;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool expects_continue = false;

  const std::string* param(std::string_view name) const;  ///< nullptr when absent
  std::string_view param_or_empty(std::string_view name) const;
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// Parses everything up to and including the empty line. nullopt: not HTTP, or ambiguous framing
/// (two lengths, length with chunked), which a strict server refuses with 400.
std::optional<RequestHead> parse_head(std::string_view block);

struct Reply {
  int status = 200;
  Headers headers;
  Body body;
  /// HEAD: the length that is announced although no body follows.
  std::optional<std::uint64_t> announced_length;
  bool close = false;
  std::string code;   ///< S3 error code, for the log
  std::string range;  ///< Content-Range, for the log
};

/// Status line and headers. Content-Length is the body's unless announced_length says otherwise;
/// 204 and 304 have none.
std::string serialize_head(const Reply& reply);

}  // namespace s3d
