// SPDX-License-Identifier: Apache-2.0
#include "controls.h"

#include <array>
#include <map>
#include <memory>
#include <utility>

#include "clock.h"
#include "http_connection.h"
#include "server.h"
#include "text.h"

namespace s3d {
namespace {

Reply text_reply(int status, std::string text) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "text/plain; charset=utf-8");
  reply.body = Body(std::move(text));
  return reply;
}

Reply json_reply(std::string json) {
  Reply reply;
  reply.headers.add("Content-Type", "application/json");
  reply.body = Body(std::move(json));
  return reply;
}

Reply done() {
  return text_reply(200, "ok\n");
}
Reply bad(std::string why) {
  return text_reply(400, std::move(why) + "\n");
}

/// {"a":1,"b":2} in the making.
class Json {
 public:
  void text(std::string_view name, std::string_view value) { raw(name, json_quote(value)); }
  template <typename Number>
  void number(std::string_view name, Number value) {
    raw(name, std::to_string(value));
  }
  void map(std::string_view name, const std::map<std::string, std::uint64_t>& values) {
    Json inner;
    for (const auto& [key, value] : values) inner.number(key, value);
    raw(name, inner.finish());
  }
  void raw(std::string_view name, std::string_view value) {
    if (!out_.empty()) out_ += ",";
    out_.append(json_quote(name)).append(":").append(value);
  }
  std::string finish() const { return "{" + out_ + "}"; }

 private:
  std::string out_;
};

std::string mutation_json(const Mutation& m) {
  Json json;
  json.number("n", m.n);
  json.number("time_ms", m.time_ms);
  json.text("op", m.op);
  json.text("bucket", m.bucket);
  json.text("key", m.key);
  json.text("etag", m.etag);
  json.number("size", m.size);
  json.text("md5", m.md5);
  return json.finish();
}

std::string fault_json(const Fault& fault) {
  Json json;
  json.text("fault", fault.text);
  json.number("matches", fault.matches);
  json.number("hits", fault.hits);
  return json.finish();
}

std::string upload_json(const Upload& upload) {
  std::lock_guard lock(upload.mutex);
  std::uint64_t bytes = 0;
  for (const auto& [number, part] : upload.parts) bytes += part.body.size();
  Json json;
  json.text("bucket", upload.bucket);
  json.text("key", upload.key);
  json.text("id", upload.id);
  json.text("initiated", listing_date(upload.initiated));
  json.number("parts", upload.parts.size());
  json.number("bytes", bytes);
  return json.finish();
}

template <typename Items, typename Convert>
Reply json_lines(const Items& items, Convert convert) {
  std::string out;
  for (const auto& item : items) out.append(convert(item)).append("\n");
  return json_reply(std::move(out));
}

}  // namespace

void Controls::serve(Stream& stream) {
  HttpConnection connection(stream);
  RequestHead head;
  while (connection.read_head(head) == HttpConnection::HeadResult::kOk) {
    std::string body;
    auto source = connection.open_body(head, nullptr);
    std::array<char, 16384> block;
    ssize_t got = 0;
    while ((got = source->read(block.data(), block.size())) > 0)
      body.append(block.data(), static_cast<std::size_t>(got));
    if (got < 0) return;
    Reply reply = handle(head, Body(std::move(body)));
    reply.close = !head.keep_alive;
    std::string out = serialize_head(reply);
    std::vector<std::string_view> pieces{out};
    for (const Body::Piece& piece : reply.body.pieces()) pieces.push_back(piece.bytes);
    if (!stream.write(pieces) || reply.close) return;
    head = RequestHead();
  }
}

Reply Controls::handle(const RequestHead& head, const Body& body) {
  if (head.raw_path.starts_with("/object/")) return object(head, body);
  if (head.method == "GET") return get(head);
  if (head.method == "POST") return post(head, body);
  return text_reply(405, "GET or POST\n");
}

Reply Controls::get(const RequestHead& head) {
  if (head.raw_path == "/stats") return json_reply(stats_json() + "\n");
  if (head.raw_path == "/log")
    return json_lines(server_.log(), [](const LogEntry& entry) { return to_json(entry); });
  if (head.raw_path == "/history") return json_lines(server_.history(), mutation_json);
  if (head.raw_path == "/computeMetadata/v1/instance/service-accounts/default/token")
    return server_.tokens().give_machine(head, server_.now());
  if (head.raw_path == "/federation/credentials")
    return server_.tokens().give_role(head, server_.credentials(), server_.now());
  if (head.raw_path == "/tokens")
    return json_lines(server_.tokens().all(), [](const std::string& token) { return token; });
  if (head.raw_path == "/faults") return json_lines(server_.faults(), fault_json);
  if (head.raw_path == "/uploads")
    return json_lines(server_.uploads(),
                      [](const UploadPtr& upload) { return upload_json(*upload); });
  return text_reply(404, "no such control: GET " + head.raw_path + "\n");
}

Reply Controls::post(const RequestHead& head, const Body& body) {
  const std::string& path = head.raw_path;
  if (path == "/reset") {
    server_.reset_stats();
    return done();
  }
  if (path == "/latency") {
    auto ms = parse_u64(head.param_or_empty("ms"));
    if (!ms) return bad("ms=N is missing");
    server_.set_latency_ms(*ms);
    return done();
  }
  if (path == "/bandwidth") return set_bandwidth(head);
  if (path == "/rule") {
    bool on = head.param_or_empty("on") != "0";
    std::string_view name = head.param_or_empty("name");
    return server_.set_rule(name, on) ? done() : bad("no such rule: " + std::string(name));
  }
  if (path == "/fault") {
    std::string reason;
    return server_.add_faults(body.to_string(), reason) ? done() : bad(reason);
  }
  if (path == "/faults/clear") {
    server_.clear_faults();
    return done();
  }
  if (path == "/clock") {
    auto offset = parse_i64(head.param_or_empty("offset_s"));
    if (!offset) return bad("offset_s=N is missing");
    server_.set_clock_offset(*offset);
    return done();
  }
  if (path == "/credentials") return set_credentials(head);
  if (path == "/tokens") return set_tokens(head);
  if (path == "/google") {
    server_.tokens().set_google_account(
        {std::string(head.param_or_empty("email")), body.to_string()});
    return done();
  }
  if (path == "/token")
    return server_.tokens().give_google(head, body, server_.control_endpoint() + "/token",
                                        server_.now());
  if (path == "/identity/token") return server_.tokens().give_ibm(head, body, server_.now());
  if (path == "/bucket") return make_bucket(head);
  if (path == "/bucket/discard")
    return server_.discard_bucket(std::string(head.param_or_empty("name")))
               ? done()
               : text_reply(404, "no such bucket\n");
  if (path == "/synthetic") return make_synthetic(head);
  if (path == "/idle/close")
    return text_reply(200, std::to_string(server_.close_idle_connections()) + "\n");
  return text_reply(404, "no such control: POST " + path + "\n");
}

Reply Controls::object(const RequestHead& head, const Body& body) {
  auto path = percent_decode(head.raw_path.substr(8), false);
  std::size_t slash = path ? path->find('/') : std::string::npos;
  if (slash == std::string::npos || slash + 1 == path->size()) return bad("/object/BUCKET/KEY");
  std::string bucket = path->substr(0, slash);
  std::string key = path->substr(slash + 1);
  if (head.method == "PUT")
    return server_.put_object(bucket, key, body, head.headers)
               ? done()
               : text_reply(404, "no such bucket\n");
  if (head.method == "DELETE")
    return server_.delete_object(bucket, key) ? done() : text_reply(404, "no such object\n");
  ObjectPtr object = server_.get_object(bucket, key);
  if (!object) return text_reply(404, "no such object\n");
  Reply reply;
  reply.headers.add("Last-Modified", http_date(object->mtime));
  reply.headers.add("ETag", "\"" + object->etag + "\"");
  for (const Header& h : object->system) reply.headers.add(h.name, h.value);
  for (const Header& h : object->meta) reply.headers.add(h.name, h.value);
  reply.headers.add("x-amz-storage-class", object->storage_class);
  reply.body = object->body;
  return reply;
}

Reply Controls::set_credentials(const RequestHead& head) {
  if (!head.param("access") || !head.param("secret")) return bad("access= and secret= are missing");
  Credentials credentials;
  credentials.access_key = head.param_or_empty("access");
  credentials.secret_key = head.param_or_empty("secret");
  credentials.session_token = head.param_or_empty("token");
  credentials.expired = head.param_or_empty("expired") == "1";
  server_.set_credentials(std::move(credentials));
  return done();
}

Reply Controls::set_tokens(const RequestHead& head) {
  Tokens& tokens = server_.tokens();
  if (const std::string* key = head.param("ibm_api_key")) tokens.set_api_key(*key);
  if (const std::string* text = head.param("lifetime_s")) {
    auto seconds = parse_i64(*text);
    if (!seconds) return bad("lifetime_s=N is no number");
    tokens.set_lifetime(*seconds);
  }
  if (head.param_or_empty("revoke") == "1") tokens.revoke();
  constexpr std::time_t kDay = 24 * 3600;
  if (const std::string* token = head.param("add")) tokens.add(*token, server_.now() + kDay);
  return done();
}

Reply Controls::set_bandwidth(const RequestHead& head) {
  auto number = [&](std::string_view name) -> std::optional<std::uint64_t> {
    const std::string* text = head.param(name);
    return text ? parse_u64(*text) : std::optional<std::uint64_t>(0);
  };
  auto connection = number("connection");
  auto total = number("total");
  if (!connection || !total) return bad("connection=N and total=N are bytes a second");
  server_.set_bandwidth(*connection, *total);
  return done();
}

Reply Controls::make_bucket(const RequestHead& head) {
  std::string name(head.param_or_empty("name"));
  if (name.empty()) return bad("name= is missing");
  server_.create_bucket(name);
  std::string_view access = head.param_or_empty("public");
  server_.set_public(name, access == "1" || access == "rw", access == "rw");
  return done();
}

Reply Controls::make_synthetic(const RequestHead& head) {
  const std::string bucket(head.param_or_empty("bucket"));
  const std::string key(head.param_or_empty("key"));
  auto size = parse_u64(head.param_or_empty("size"));
  const std::string* text = head.param("count");
  auto count = text ? parse_u64(*text) : std::optional<std::uint64_t>(1);
  if (key.empty() || !size || !count) return bad("bucket=, key=, size=N or count=N is missing");
  return server_.put_synthetic(bucket, key, *size, *count, head.headers)
             ? done()
             : text_reply(404, "no such bucket\n");
}

std::string Controls::stats_json() {
  StatsView view = server_.stats();
  Json json;
  json.map("requests", view.requests);
  json.number("requests_total", view.requests_total);
  json.map("errors", view.errors);
  json.number("bytes_in", view.bytes_in);
  json.number("bytes_out", view.bytes_out);
  json.number("connections_opened", view.connections_opened);
  json.number("connections_now", view.connections_now);
  json.number("requests_now", view.requests_now);
  json.number("peak_concurrent_requests", view.peak_concurrent_requests);
  json.number("open_uploads", server_.open_uploads());
  json.number("objects", server_.object_count());
  json.number("cpu_seconds", view.cpu_seconds);
  std::string rules;
  for (const std::string& rule : server_.active_rules())
    rules.append(rules.empty() ? "" : ",").append(json_quote(rule));
  json.raw("rules", "[" + rules + "]");
  return json.finish();
}

}  // namespace s3d
