// SPDX-License-Identifier: Apache-2.0
#include "falsify.h"

#include <string>
#include <utility>

#include "text.h"
#include "xml_out.h"

namespace s3d {
namespace {

constexpr std::string_view kFalseEtag = "00000000000000000000000000000bad";

Reply status_reply(const Call& call, const FaultAction& action) {
  int status = static_cast<int>(action.number(0, 500));
  std::string code = action.arg(1).empty() ? "InternalError" : action.arg(1);
  Reply reply = error_reply(call, {code, "", {}, status});
  if (!action.arg(2).empty()) reply.headers.add("Retry-After", action.arg(2));
  return reply;
}

Reply error200_reply(const Call& call, const FaultAction& action) {
  std::string code = action.arg(0).empty() ? "InternalError" : action.arg(0);
  Reply reply = error_reply(call, {code, "", {}, 200});
  if (action.arg(1) == "ws") reply.body = Body("  \r\n \r\n" + reply.body.to_string());
  return reply;
}

Reply foreign_reply(const FaultAction& action) {
  Reply reply;
  std::string kind = action.arg(0);
  if (kind == "html") {
    reply.headers.add("Content-Type", "text/html; charset=utf-8");
    reply.body = Body(
        "<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Welcome to "
        "the network. <a href=\"/login\">Log in</a><br></body></html>\n");
  } else if (kind == "xml") {
    reply.headers.add("Content-Type", "application/xml");
    reply.body = Body("<?xml version=\"1.0\"?><status><ok>true</ok></status>");
  } else if (kind == "json") {
    reply.headers.add("Content-Type", "application/json");
    reply.body = Body("{\"status\":\"ok\"}\n");
  }
  return reply;
}

Reply redirect_reply(const Call& call, const FaultAction& action) {
  std::string url =
      action.argument.substr(std::min(action.argument.size(), action.arg(0).size() + 1));
  int status = static_cast<int>(action.number(0, 307));
  std::size_t scheme = url.find("://");
  std::string host = scheme == std::string::npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  bool permanent = status == 301 || status == 308;
  Reply reply = error_reply(call, {permanent ? "PermanentRedirect" : "TemporaryRedirect",
                                   "",
                                   {{"Endpoint", host}, {"Bucket", call.address.bucket}},
                                   status});
  reply.headers.add("Location", url);
  return reply;
}

Reply region_reply(const Call& call, const FaultAction& action) {
  return error_reply(call, {"PermanentRedirect",
                            "",
                            {{"Endpoint", "s3." + action.arg(0) + ".amazonaws.com"},
                             {"Bucket", call.address.bucket},
                             {"Region", action.arg(0)}},
                            301});
}

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};

std::optional<ContentRange> read_range(const Reply& reply) {
  std::string_view text = reply.range;
  if (reply.status != 206 || !text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  std::size_t dash = text.find('-');
  std::size_t slash = text.find('/');
  auto first = parse_u64(text.substr(0, dash));
  auto last = parse_u64(text.substr(dash + 1, slash - dash - 1));
  auto total = parse_u64(text.substr(slash + 1));
  if (!first || !last || !total) return std::nullopt;
  return ContentRange{*first, *last, *total};
}

void set_range(Reply& reply, const ContentRange& range) {
  reply.range = "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
                std::to_string(range.total);
  reply.headers.set("Content-Range", reply.range);
}

void falsify_range(const Call& call, Reply& reply) {
  auto range = read_range(reply);
  if (!range) return;
  if (const FaultAction* action = call.plan.find("short206")) {
    std::uint64_t cut = std::min(action->number(0, 1), reply.body.size() - 1);
    range->last -= cut;
    reply.body = reply.body.slice(0, reply.body.size() - cut);
  }
  if (const FaultAction* action = call.plan.find("wrong_range")) {
    std::uint64_t length = reply.body.size();
    ObjectPtr object = call.service.store.get(*call.bucket, call.address.key);
    std::uint64_t shift = action->number(0, 1);
    // Forwards where the object is long enough, else backwards, else the start alone is a lie.
    if (object && range->last + shift < range->total) {
      range->first += shift;
      reply.body = object->body.slice(range->first, length);
    } else {
      range->first -= std::min(range->first, shift);
      if (object) reply.body = object->body.slice(range->first, length);
    }
    range->last = range->first + length - 1;
  }
  if (const FaultAction* action = call.plan.find("wrong_total"))
    range->total += action->number(0, 1);
  set_range(reply, *range);
}

void falsify_etag(Reply& reply) {
  bool has_header = false;
  for (const Header& h : reply.headers) has_header |= h.name == "ETag";
  if (has_header) reply.headers.set("ETag", quoted(kFalseEtag));
  std::string text = reply.body.size() < 65536 ? reply.body.to_string() : std::string();
  std::size_t begin = text.starts_with("<?xml") ? text.find("<ETag>") : std::string::npos;
  if (begin == std::string::npos) return;
  std::size_t end = text.find("</ETag>", begin);
  text.replace(begin + 6, end - begin - 6, xml_escape(quoted(kFalseEtag)));
  reply.body = Body(std::move(text));
}

void corrupt(Reply& reply, std::uint64_t offset) {
  if (offset >= reply.body.size()) return;
  char wrong = reply.body.slice(offset, 1).to_string()[0];
  wrong = static_cast<char>(wrong ^ 0x20);
  Body body = reply.body.slice(0, offset);
  body.append(Body(std::string(1, wrong)));
  body.append(reply.body.slice(offset + 1, reply.body.size()));
  reply.body = std::move(body);
}

}  // namespace

std::optional<Reply> replaced_reply(const Call& call) {
  if (const FaultAction* action = call.plan.find("status")) return status_reply(call, *action);
  if (const FaultAction* action = call.plan.find("error200")) return error200_reply(call, *action);
  if (const FaultAction* action = call.plan.find("foreign")) return foreign_reply(*action);
  if (const FaultAction* action = call.plan.find("redirect")) return redirect_reply(call, *action);
  if (const FaultAction* action = call.plan.find("region_redirect"))
    return region_reply(call, *action);
  return std::nullopt;
}

void falsify(const Call& call, Reply& reply) {
  falsify_range(call, reply);
  if (call.plan.has("wrong_etag")) falsify_etag(reply);
  if (call.plan.has("no_etag")) reply.headers.erase("ETag");
  if (const FaultAction* action = call.plan.find("corrupt")) corrupt(reply, action->number(0, 0));
  for (const FaultAction& action : call.plan) {
    auto argument = percent_decode(action.argument, false).value_or(action.argument);
    if (action.name == "no_header") reply.headers.erase(argument);
    if (action.name != "header") continue;
    std::size_t eq = argument.find('=');
    if (eq != std::string::npos) reply.headers.set(argument.substr(0, eq), argument.substr(eq + 1));
  }
}

}  // namespace s3d
