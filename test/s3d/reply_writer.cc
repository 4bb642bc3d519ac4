// SPDX-License-Identifier: Apache-2.0
#include "reply_writer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace s3d {
namespace {

/// Where the body ends early, and how.
struct Cut {
  enum class Kind { kReset, kClose, kStall };
  std::uint64_t at = 0;
  Kind kind = Kind::kClose;
};

std::optional<Cut> find_cut(const FaultPlan& plan, std::uint64_t size) {
  if (const FaultAction* action = plan.find("reset_after"))
    return Cut{std::min(size, action->number(0, 0)), Cut::Kind::kReset};
  if (const FaultAction* action = plan.find("stall"))
    return Cut{std::min(size, action->number(0, 0)), Cut::Kind::kStall};
  if (const FaultAction* action = plan.find("truncate"))
    return Cut{size - std::min(size, action->number(0, 1)), Cut::Kind::kClose};
  return std::nullopt;
}

std::vector<std::string_view> views(const std::string& head, const Body& body) {
  std::vector<std::string_view> out;
  out.reserve(body.pieces().size() + 1);
  if (!head.empty()) out.push_back(head);
  for (const Body::Piece& piece : body.pieces()) out.push_back(piece.bytes);
  return out;
}

/// In slices, each after its wait; the head travels with the first one.
bool write_slowly(Stream& stream, std::string head, const Body& body, Pacer* drip, Pace& pace) {
  std::uint64_t sent = 0;
  do {
    std::uint64_t slice = std::min<std::uint64_t>(pace.slice(), 1 << 20);
    if (drip != nullptr) slice = std::min(slice, std::max<std::uint64_t>(drip->rate() / 20, 1));
    Body part = body.slice(sent, slice);
    if (!stream.write(views(head, part))) return false;
    head.clear();
    sent += part.size();
    pace.wait(part.size());
    if (drip != nullptr) drip->wait(part.size());
  } while (sent < body.size());
  return true;
}

}  // namespace

WriteResult write_reply(Stream& stream, const Reply& reply, bool head_only, const FaultPlan& plan,
                        Pace& pace) {
  std::string head = serialize_head(reply);
  if (plan.has("dup_content_length"))
    head.insert(head.size() - 2,
                "Content-Length: " + std::to_string(reply.body.size() + 1) + "\r\n");
  Body body = head_only ? Body() : reply.body;
  std::optional<Cut> cut = find_cut(plan, body.size());
  if (cut) body = body.slice(0, cut->at);
  if (const FaultAction* longer = plan.find("longer_body"); longer && !cut)
    body.append(Body(std::string(longer->number(0, 1), 'x')));

  WriteResult result;
  result.body_bytes = body.size();
  const FaultAction* slow = plan.find("drip");
  if (slow == nullptr && pace.connection.rate() == 0 && pace.total.rate() == 0) {
    result.keep = stream.write(views(head, body));
  } else {
    Pacer::Rate rate{slow ? std::max<std::uint64_t>(slow->number(0, 1), 1) : 0};
    Pacer drip(rate);
    result.keep = write_slowly(stream, head, body, slow ? &drip : nullptr, pace);
  }
  if (!result.keep) result.body_bytes = 0;
  if (cut && result.keep) {
    if (cut->kind == Cut::Kind::kStall) stream.wait_for_end();
    if (cut->kind == Cut::Kind::kReset) stream.reset_on_close();
    result.keep = false;
  }
  if (reply.close || plan.has("close_idle")) result.keep = false;
  return result;
}

}  // namespace s3d
