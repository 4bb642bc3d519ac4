// SPDX-License-Identifier: Apache-2.0
// Listing a page at a time, always forward.
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "cursor.h"
#include "service_client.h"

namespace pailfs::s3 {
namespace {

Error loop_error(const std::string& what) {
  return {EIO, what + ": the service leads back to a page that was read before"};
}

}  // namespace

Result<ListPage> ServiceClient::list(const ListRequest& request) {
  const bool v2 = requester_.config().list_v2;
  const std::optional<Cursor> cursor =
      v2 ? Cursor::parse(request.continuation) : Cursor{0, "", request.continuation};
  if (!cursor) return Error{EINVAL, "LIST: not a continuation of ours"};
  ListRequest page = request;
  // Who asks for fewer has a reason.
  if (page.max_keys == ListRequest{}.max_keys) page.max_keys = requester_.config().list_max_keys;
  Call call = start(Op::list, request.prefix);
  call.asked.delimited = request.delimited;
  call.asked.list_v2 = v2;
  call.asked.start = cursor->token;
  call.build = [&](const Site& site, Asked& /*asked*/, const BodySums& /*sums*/) {
    return Result<Built>(build_list(site, page, cursor->token));
  };
  Outcome outcome = requester_.run(std::move(call));
  if (!outcome.verdict.ok) return outcome.verdict.error;
  auto list = std::get<JudgedList>(std::move(outcome.verdict.reply));
  if (list.foreign_names > 0)
    log_warning("LIST \"" + printable(request.prefix, 200) + "\": " +
                std::to_string(list.foreign_names) + " names outside the prefix were ignored");
  if (list.next.empty()) return std::move(list.page);
  if (!v2) {
    list.page.next = std::move(list.next);
    return std::move(list.page);
  }
  const std::optional<Cursor> next = cursor->step(list.next);
  if (!next) return loop_error("LIST " + printable(request.prefix, 200));
  list.page.next = next->text();
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
