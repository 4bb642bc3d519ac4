// SPDX-License-Identifier: Apache-2.0
#include "http_message.h"

#include <algorithm>
#include <utility>

#include "text.h"

namespace s3d {
namespace {

struct Reason {
  int status;
  std::string_view text;
};

constexpr Reason kReasons[] = {{200, "OK"},
                               {204, "No Content"},
                               {206, "Partial Content"},
                               {301, "Moved Permanently"},
                               {302, "Found"},
                               {304, "Not Modified"},
                               {307, "Temporary Redirect"},
                               {308, "Permanent Redirect"},
                               {400, "Bad Request"},
                               {403, "Forbidden"},
                               {404, "Not Found"},
                               {405, "Method Not Allowed"},
                               {408, "Request Timeout"},
                               {409, "Conflict"},
                               {411, "Length Required"},
                               {412, "Precondition Failed"},
                               {416, "Requested Range Not Satisfiable"},
                               {429, "Too Many Requests"},
                               {431, "Request Header Fields Too Large"},
                               {500, "Internal Server Error"},
                               {501, "Not Implemented"},
                               {502, "Bad Gateway"},
                               {503, "Service Unavailable"},
                               {504, "Gateway Timeout"},
                               {507, "Insufficient Storage"}};

std::string_view reason_of(int status) {
  for (const Reason& row : kReasons)
    if (row.status == status) return row.text;
  return "Status";
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

bool parse_query(std::string_view raw, std::vector<QueryItem>& out) {
  if (raw.empty()) return true;
  for (std::string_view item : split(raw, '&')) {
    if (item.empty()) continue;
    std::size_t eq = item.find('=');
    auto name = percent_decode(item.substr(0, eq), true);
    auto value = percent_decode(
        eq == std::string_view::npos ? std::string_view() : item.substr(eq + 1), true);
    if (!name || !value) return false;
    out.push_back({*std::move(name), *std::move(value)});
  }
  return true;
}

bool parse_request_line(std::string_view line, RequestHead& head) {
  auto parts = split(line, ' ');
  if (parts.size() != 3 || !is_token(parts[0])) return false;
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") return false;
  head.method = parts[0];
  head.keep_alive = parts[2] == "HTTP/1.1";
  std::string_view target = parts[1];
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    std::size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target.empty() || target.front() != '/') return false;
  head.target = target;
  std::size_t mark = target.find('?');
  head.raw_path = target.substr(0, mark);
  if (mark != std::string_view::npos) head.raw_query = target.substr(mark + 1);
  return parse_query(head.raw_query, head.query);
}

bool interpret(RequestHead& head) {
  bool length_seen = false;
  for (const Header& h : head.headers) {
    if (h.name == "content-length") {
      auto length = parse_u64(h.value);
      if (!length || (length_seen && head.content_length != length)) return false;
      head.content_length = length;
      length_seen = true;
    } else if (h.name == "transfer-encoding") {
      if (!equals_ignore_case(h.value, "chunked")) return false;
      head.chunked = true;
    } else if (h.name == "connection") {
      if (equals_ignore_case(h.value, "close")) head.keep_alive = false;
      if (equals_ignore_case(h.value, "keep-alive")) head.keep_alive = true;
    } else if (h.name == "expect") {
      head.expects_continue = equals_ignore_case(h.value, "100-continue");
    }
  }
  return !(head.chunked && length_seen);
}

}  // namespace

const std::string* Headers::find(std::string_view name) const {
  for (const Header& h : items_)
    if (h.name == name) return &h.value;
  return nullptr;
}

std::string_view Headers::get(std::string_view name) const {
  const std::string* value = find(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(items_.begin(), items_.end(), [&](const Header& h) { return h.name == name; }));
}

void Headers::add(std::string name, std::string value) {
  items_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string_view name, std::string value) {
  for (Header& h : items_) {
    if (!equals_ignore_case(h.name, name)) continue;
    h.value = std::move(value);
    return;
  }
  add(std::string(name), std::move(value));
}

void Headers::erase(std::string_view name) {
  std::erase_if(items_, [&](const Header& h) { return equals_ignore_case(h.name, name); });
}

const std::string* RequestHead::param(std::string_view name) const {
  for (const QueryItem& item : query)
    if (item.name == name) return &item.value;
  return nullptr;
}

std::string_view RequestHead::param_or_empty(std::string_view name) const {
  const std::string* value = param(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::optional<RequestHead> parse_head(std::string_view block) {
  RequestHead head;
  head.headers.reserve(16);
  bool first = true;
  while (!block.empty()) {
    std::size_t end = block.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = block.substr(0, end);
    block.remove_prefix(end + 2);
    if (first) {
      if (!parse_request_line(line, head)) return std::nullopt;
      first = false;
      continue;
    }
    if (line.empty()) break;
    std::size_t colon = line.find(':');
    // A blank before the colon and folded lines are request-smuggling tools: RFC 9112 5.1 says 400.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
    head.headers.add(to_lower(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
  if (first || !interpret(head)) return std::nullopt;
  return head;
}

std::string serialize_head(const Reply& reply) {
  std::string out;
  out.reserve(512);
  out += "HTTP/1.1 ";
  out += std::to_string(reply.status);
  out += ' ';
  out += reason_of(reply.status);
  out += "\r\n";
  for (const Header& h : reply.headers) {
    out += h.name;
    out += ": ";
    out += h.value;
    out += "\r\n";
  }
  if (reply.status != 204 && reply.status != 304) {
    out += "Content-Length: ";
    out += std::to_string(reply.announced_length.value_or(reply.body.size()));
    out += "\r\n";
  }
  if (reply.close) out += "Connection: close\r\n";
  out += "\r\n";
  return out;
}

}  // namespace s3d
