// SPDX-License-Identifier: Apache-2.0
#include "s3_session.h"

#include <array>
#include <chrono>
#include <utility>

#include "dress.h"
#include "falsify.h"
#include "google.h"
#include "intake.h"
#include "reply_writer.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::uint64_t kDrainLimit = 1 << 20;
constexpr int kLingerMs = 3000;

std::int64_t steady_us() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

void pause_as_told(const Stream& stream, const FaultPlan& plan, std::string_view action) {
  if (const FaultAction* delay = plan.find(action)) stream.pause(delay->number(0, 0));
}

class InFlight {
 public:
  explicit InFlight(Stats& stats) : stats_(stats) { stats_.request_begins(); }
  ~InFlight() { stats_.request_ends(); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  Stats& stats_;
};

}  // namespace

S3Session::S3Session(Service& service, Stream& stream, std::uint64_t id, std::atomic<bool>& idle)
    : service_(service),
      stream_(stream),
      connection_(stream),
      id_(id),
      idle_(idle),
      pacer_(service.connection_rate),
      pace_{pacer_, service.total_pacer} {}

void S3Session::run() {
  for (;;) {
    idle_ = !connection_.has_buffered_input();
    RequestHead head;
    HttpConnection::HeadResult result = connection_.read_head(head);
    idle_ = false;
    if (result == HttpConnection::HeadResult::kMalformed) refuse_malformed();
    if (result != HttpConnection::HeadResult::kOk) return;
    if (speaks_google(head)) take_google_headers(head.headers);
    InFlight in_flight(service_.stats);
    if (!serve(head)) return;
  }
}

bool S3Session::speaks_google(const RequestHead& head) const {
  return service_.rules.on(Rule::kGoogHeaders) &&
         head.headers.get("authorization").starts_with("Bearer ");
}

void S3Session::refuse_malformed() {
  service_.stats.count_request(Op::kMethodNotAllowed);
  service_.stats.count_error("BadRequest");
  Reply reply;
  reply.status = 400;
  reply.close = true;
  stream_.write(serialize_head(reply));
  stream_.linger(kLingerMs);
}

bool S3Session::serve(const RequestHead& head) {
  std::int64_t started = steady_us();
  std::string virtual_bucket;
  auto address = find_address(head, service_, virtual_bucket);
  Call call{
      service_, head,   address.value_or(Address{}), Op::kMethodNotAllowed, {}, {}, {}, nullptr, {},
      {},       nullptr};
  if (address) call.op = classify(head, *address);
  service_.stats.count_request(call.op);
  std::string n = hex(std::to_string(service_.next_request.fetch_add(1)));
  call.request_id = to_upper(n.size() < 16 ? std::string(16 - n.size(), '0') + n : n);
  call.plan = service_.faults.plan(call.op, call.address.bucket, call.address.key);

  std::optional<Reply> reply;
  bool body_unread = true;
  if (call.plan.has("stall_before")) {
    record(call, nullptr, started);
    stream_.wait_for_end();
    return false;
  }
  if (address) {
    reply = answer(call, virtual_bucket, body_unread);
  } else {
    reply = error_reply(call, {"InvalidURI", "", {}});
  }
  if (!reply || call.plan.has("apply_then_drop") || call.plan.has("drop")) {
    record(call, nullptr, started);
    return false;
  }
  if (body_unread) dispose_of_body(head, *reply);
  return send(call, *std::move(reply), started);
}

std::optional<Reply> S3Session::answer(Call& call, const std::string& virtual_bucket,
                                       bool& body_unread) {
  pause_as_told(stream_, call.plan, "delay");
  if (call.plan.has("drop")) return std::nullopt;
  if (auto error = check_head(call, virtual_bucket)) {
    if (error->code == kNoReply) return std::nullopt;
    return error_reply(call, *std::move(error));
  }
  if (!call.plan.empty())
    if (auto reply = replaced_reply(call)) return reply;
  S3Error error;
  body_unread = false;
  switch (read_body(call, connection_, pace_, error)) {
    case IntakeResult::kConnectionLost:
      return std::nullopt;
    case IntakeResult::kRefused:
      return error_reply(call, std::move(error));
    case IntakeResult::kRefusedInside: {
      Reply reply = error_reply(call, std::move(error));
      reply.close = true;
      return reply;
    }
    case IntakeResult::kDone:
      break;
  }
  Reply reply = run_operation(call);
  dress(call, reply);
  if (!call.plan.empty()) falsify(call, reply);
  return reply;
}

void S3Session::dispose_of_body(const RequestHead& head, Reply& reply) {
  if (!head.has_body()) return;
  // Whether the client will send the body after a final answer instead of 100 is its choice.
  if (head.expects_continue || head.chunked || *head.content_length > kDrainLimit) {
    reply.close = true;
    return;
  }
  auto source = connection_.open_body(head, nullptr);
  std::array<char, 16384> sink;
  while (source->read(sink.data(), sink.size()) > 0) {
  }
}

bool S3Session::send(Call& call, Reply reply, std::int64_t started_us) {
  bool head_only = call.head.method == "HEAD";
  if (head_only && reply.status >= 300) {
    reply.headers.erase("Content-Type");
    reply.body = Body();
  }
  if (!call.head.keep_alive) reply.close = true;
  add_common_headers(call, reply);
  if (speaks_google(call.head)) give_google_headers(reply.headers);
  std::int64_t latency = service_.latency_ms.load(std::memory_order_relaxed);
  if (latency > 0) stream_.pause(static_cast<std::uint64_t>(latency));
  pause_as_told(stream_, call.plan, "delay_reply");
  // Counted first, so that a client that has the reply finds the request in the counters.
  std::uint64_t n = record(call, &reply, started_us);
  std::uint64_t planned = head_only ? 0 : reply.body.size();
  service_.stats.add_out(planned);
  WriteResult result = write_reply(stream_, reply, head_only, call.plan, pace_);
  if (result.body_bytes != planned) {
    service_.stats.take_out(planned);
    service_.stats.add_out(result.body_bytes);
  }
  service_.log.amend(n, result.body_bytes, steady_us());
  if (call.late) {
    pause_as_told(stream_, call.plan, "late_apply");
    call.late();
  }
  if (reply.close && result.body_bytes == planned)
    stream_.linger(call.head.has_body() ? kLingerMs : 0);
  return result.keep;
}

std::uint64_t S3Session::record(const Call& call, const Reply* reply, std::int64_t started_us) {
  if (reply != nullptr && reply->status >= 400)
    service_.stats.count_error(reply->code.empty() ? std::to_string(reply->status) : reply->code);
  if (reply != nullptr && reply->status < 300 && !reply->code.empty())
    service_.stats.count_error(reply->code);
  LogEntry entry;
  entry.time_ms = service_.clock.now_ms();
  entry.op = call.op;
  entry.method = call.head.method;
  entry.bucket = call.address.bucket;
  entry.key = call.address.key;
  entry.query = call.head.raw_query;
  if (reply != nullptr) {
    entry.status = reply->status;
    entry.code = reply->code;
    entry.content_range = reply->range;
    entry.bytes_out = call.head.method == "HEAD" ? 0 : reply->body.size();
  }
  entry.range = call.header("range");
  entry.bytes_in = call.body.size();
  entry.connection = id_;
  entry.latency_us = static_cast<std::uint64_t>(steady_us() - started_us);
  entry.began_us = started_us;
  entry.user_agent = call.header("user-agent");
  for (const Header& h : call.head.headers) {
    if (!entry.headers.empty()) entry.headers += ',';
    entry.headers += h.name;
  }
  for (const FaultAction& action : call.plan) {
    if (!entry.faults.empty()) entry.faults += ',';
    entry.faults += action.name;
  }
  return service_.log.append(std::move(entry));
}

void S3Session::add_common_headers(const Call& call, Reply& reply) {
  std::time_t now = service_.clock.now();
  if (now != date_at_) {
    date_ = http_date(now);
    date_at_ = now;
  }
  reply.headers.add("x-amz-request-id", call.request_id);
  reply.headers.add("x-amz-id-2", "cGFpbGZzLXMzZCBob3N0IGlkIG9mIHRoZSB0ZXN0IHNlcnZlcg==");
  reply.headers.add("Date", date_);
  reply.headers.add("Server", "pailfs-s3d");
}

}  // namespace s3d
