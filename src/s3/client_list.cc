// SPDX-License-Identifier: Apache-2.0
// Listing a page at a time, always forward.
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "service_client.h"

namespace pailfs::s3 {
namespace {

Error loop_error(const std::string& what) {
  return {EIO, what + ": the service leads back to a page that was read before"};
}

/// First byte of a continuation that is a token of version 2 in a version 1 listing: no key begins
/// so.
constexpr char kTokenMark = '\0';

}  // namespace

std::optional<ServiceClient::ListPlace> ServiceClient::list_place(const std::string& text) const {
  const bool marked = !text.empty() && text.front() == kTokenMark;
  if (!requester_.config().list_v2 && !marked) return ListPlace{false, Cursor{0, "", text}};
  const std::optional<Cursor> cursor = Cursor::parse(marked ? text.substr(1) : text);
  if (!cursor) return std::nullopt;
  return ListPlace{true, *cursor};
}

std::optional<std::string> ServiceClient::place_after(const ListPlace& place,
                                                      const JudgedList& list) const {
  if (list.next.empty() || !list.next_is_token) return list.next;
  const std::optional<Cursor> next = (place.v2 ? place.cursor : Cursor{}).step(list.next);
  if (!next) return std::nullopt;
  return requester_.config().list_v2 ? next->text() : kTokenMark + next->text();
}

Outcome ServiceClient::run_list(Call call, const ListRequest& request, const ListPlace& place) {
  call.asked.delimited = request.delimited;
  call.asked.list_v2 = place.v2;
  call.asked.start = place.cursor.token;
  call.asked.bucket = bucket_name();
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& /*sums*/) {
    return Result<Built>(build_list(site, request, place.cursor.token, place.v2));
  };
  Outcome outcome = requester_.run(std::move(call));
  if (outcome.verdict.ok) learn_bucket_name(std::get<JudgedList>(outcome.verdict.reply).bucket);
  return outcome;
}

std::string ServiceClient::bucket_name() {
  MutexLock lock(mutex_);
  return bucket_name_;
}

void ServiceClient::learn_bucket_name(const std::string& told) {
  MutexLock lock(mutex_);
  if (bucket_name_.empty()) bucket_name_ = told;
}

Result<ListPage> ServiceClient::list(const ListRequest& request) {
  const std::optional<ListPlace> place = list_place(request.continuation);
  if (!place) return Error{EINVAL, "LIST: not a continuation of ours"};
  ListRequest page = request;
  // A caller that asks for fewer keys gets no more.
  if (page.max_keys == ListRequest{}.max_keys) page.max_keys = requester_.config().list_max_keys;
  Outcome outcome = run_list(start(Op::list, request.prefix), page, *place);
  if (!outcome.verdict.ok) return outcome.verdict.error;
  auto list = std::get<JudgedList>(std::move(outcome.verdict.reply));
  if (list.foreign_names > 0)
    log_warning("LIST \"" + printable(request.prefix, 200) + "\": " +
                std::to_string(list.foreign_names) + " names outside the prefix were ignored");
  const auto next = place_after(*place, list);
  if (!next) return loop_error("LIST " + printable(request.prefix, 200));
  list.page.next = *next;
  return std::move(list.page);
}

Result<std::vector<UploadedPart>> ServiceClient::list_parts(const Key& key, const UploadId& id) {
  std::vector<UploadedPart> parts;
  std::string marker;
  for (;;) {
    Outcome outcome = run(Op::list_parts, key, [&](const Site& site) {
      return build_list_parts(site, key, id, marker);
    });
    if (!outcome.verdict.ok) return outcome.verdict.error;
    auto reply = std::get<PartsReply>(std::move(outcome.verdict.reply));
    const int last = parts.empty() ? 0 : parts.back().number;
    for (UploadedPart& part : reply.parts) {
      if (part.number <= last) return loop_error("LIST parts of " + printable(key, 200));
      parts.push_back(std::move(part));
    }
    if (!reply.truncated) return parts;
    if (reply.parts.empty()) return loop_error("LIST parts of " + printable(key, 200));
    marker = std::to_string(parts.back().number);
  }
}

Result<UploadPage> ServiceClient::list_uploads(const std::string& prefix, const UploadPage& after) {
  Outcome outcome = run(Op::list_uploads, prefix, [&](const Site& site) {
    return Result<Built>(build_list_uploads(site, prefix, after));
  });
  if (!outcome.verdict.ok) return outcome.verdict.error;
  auto reply = std::get<UploadsReply>(std::move(outcome.verdict.reply));
  UploadPage& page = reply.page;
  if (reply.truncated) {
    const bool forward = page.next_key > after.next_key ||
                         (page.next_key == after.next_key && !page.next_upload_id.empty() &&
                          page.next_upload_id != after.next_upload_id);
    if (page.next_key.empty() || !forward) return loop_error("LIST uploads");
  }
  std::erase_if(page.uploads,
                [&](const UploadInProgress& upload) { return !upload.key.starts_with(prefix); });
  return std::move(page);
}

}  // namespace pailfs::s3
