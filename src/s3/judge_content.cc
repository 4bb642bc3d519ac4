// SPDX-License-Identifier: Apache-2.0
#include "judge_content.h"

#include <algorithm>
#include <utility>

#include "pailfs/util/text.h"

#include "payload.h"
#include "reply_headers.h"

namespace pailfs::s3 {
namespace {

Verdict good(Reply reply) {
  Verdict verdict;
  verdict.ok = true;
  verdict.reply = std::move(reply);
  return verdict;
}

/// The reply is S3's, but it does not answer this request.
Verdict wrong(const Expectation& asked, const http::Exchange& exchange, Retry retry, int err,
              const std::string& why) {
  Verdict verdict;
  verdict.error = {err, describe(asked) + why};
  verdict.error.http_status = exchange.status;
  verdict.error.refusal = Refusal::failed;
  verdict.retry = retry;
  return verdict;
}

template <class T>
Verdict parsed(const Expectation& asked, const http::Exchange& exchange, Result<T> result) {
  if (!result) return malformed(asked, exchange, result.error().text);
  return good(std::move(*result));
}

Verdict judge_head(const Expectation& asked, const http::Exchange& exchange) {
  const std::optional<std::uint64_t> length = content_length(exchange.headers);
  if (!length) return malformed(asked, exchange, "no usable Content-Length");
  ObjectInfo info = object_info(exchange.headers, *length);
  if (info.etag.empty() && info.last_modified == WallTime{})
    return malformed(asked, exchange, "neither ETag nor Last-Modified");
  if (info.etag.empty() && asked.expects_etag) return malformed(asked, exchange, "no ETag");
  return good(std::move(info));
}

/// The service has stored other bytes than those sent.
Verdict damaged(const Expectation& asked, const http::Exchange& exchange, const std::string& why) {
  Verdict verdict = wrong(asked, exchange, Retry::once, EIO, why);
  verdict.outcome_unknown = true;
  return verdict;
}

Verdict judge_stored(const Expectation& asked, const http::Exchange& exchange) {
  ETag etag = normal_etag(header_text(exchange.headers, "ETag"));
  if (etag.empty()) return malformed(asked, exchange, "no ETag");
  if (!trim(exchange.body).empty()) return malformed(asked, exchange, "a body where none belongs");
  const std::string told = header_text(exchange.headers, kChecksumHeader);
  const bool confirmed = !asked.sums.crc32c.empty() && told == asked.sums.crc32c;
  if (!asked.sums.crc32c.empty() && !told.empty() && !confirmed)
    return damaged(asked, exchange, "the checksum of what the service has stored is another one");
  const std::optional<std::string> md5 = told_md5(etag, exchange.headers);
  if (!asked.sums.md5.empty() && md5 && base64(*md5) != asked.sums.md5)
    return damaged(asked, exchange, "the ETag is not the MD5 of what was sent");
  Verdict stored = good(std::move(etag));
  stored.checksum_confirmed = confirmed;
  return stored;
}

Verdict judge_removed(const Expectation& asked, const http::Exchange& exchange) {
  if (exchange.status != 204 && exchange.status != 200)
    return malformed(asked, exchange, "HTTP " + std::to_string(exchange.status));
  if (!trim(exchange.body).empty()) return malformed(asked, exchange, "a body where none belongs");
  return good({});
}

/// A copy counts as made only if its reply has the ETag.
Verdict judge_copied(const Expectation& asked, const http::Exchange& exchange) {
  Result<ETag> etag = parse_copy(exchange.body);
  if (!etag) return malformed(asked, exchange, etag.error().text);
  if (!etag->empty()) return good(std::move(*etag));
  Verdict verdict =
      wrong(asked, exchange, Retry::never, EIO, "the reply does not name what was copied");
  verdict.outcome_unknown = true;
  return verdict;
}

Verdict judge_got(const Expectation& asked, const http::Exchange& exchange) {
  Verdict head = judge_get_head(asked, exchange);
  if (!head.ok) return head;
  const std::uint64_t length = std::get<JudgedGet>(head.reply).length;
  if (exchange.received < length)
    return wrong(asked, exchange, Retry::transient, EIO,
                 "the reply ended after " + std::to_string(exchange.received) + " of " +
                     std::to_string(length) + " bytes");
  if (exchange.received > length)
    return wrong(asked, exchange, Retry::once, EIO, "the reply is longer than it says");
  return head;
}

/// Some services answer a version 1 listing as one of version 2 and then want its token.
bool goes_on_as_v2(const Expectation& asked, const ListReply& list) {
  return asked.list_v2 || (list.next_marker.empty() && !list.next_token.empty());
}

bool shows(const ListReply& list, const std::string& name) {
  return std::any_of(list.objects.begin(), list.objects.end(),
                     [&](const ListedObject& object) { return object.key == name; }) ||
         std::find(list.prefixes.begin(), list.prefixes.end(), name) != list.prefixes.end();
}

/// Each kind of name by itself.
bool is_in_order(const ListReply& list) {
  const auto before = [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; };
  return std::is_sorted(list.objects.begin(), list.objects.end(), before) &&
         std::is_sorted(list.prefixes.begin(), list.prefixes.end());
}

bool lies_in_one_of(const std::vector<std::string>& prefixes, const std::string& name) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

/// The name up to which a page of version 1 shows everything.
std::string whole_until(const Expectation& asked, const ListReply& list) {
  const std::string& marker = list.next_marker;
  const bool forward = marker > asked.start;
  // S3Mock counts only the keys, and each of its pages has all later common prefixes. In a page
  // without order the marker says nothing about the other names.
  if (forward && is_in_order(list) && shows(list, marker)) return marker;
  // The last name of the page rather than NextMarker: S3 leaves that out without a delimiter, other
  // services always, and Ceph does not encode it as it encodes the names.
  std::string last;
  for (const ListedObject& object : list.objects) last = std::max(last, object.key);
  for (const std::string& prefix : list.prefixes) last = std::max(last, prefix);
  if (last.empty()) return marker;
  // gofakes3 goes on inside a common prefix: a page may have nothing new.
  if (last <= asked.start && forward && lies_in_one_of(list.prefixes, marker)) return marker;
  return last;
}

/// The start of the next page; empty: there is none. An error if the reply does not tell it or if
/// it would lead back, because the listing would then never end.
Result<std::string> next_start(const Expectation& asked, const ListReply& list) {
  if (!list.truncated) return std::string();
  if (goes_on_as_v2(asked, list)) {
    if (list.next_token.empty()) return Error{EIO, "truncated, but without a token to go on"};
    if (list.next_token == asked.start) return Error{EIO, "the listing leads back to this page"};
    return list.next_token;
  }
  std::string next = whole_until(asked, list);
  if (next.empty()) return Error{EIO, "truncated, but empty and without a marker"};
  if (next <= asked.start) return Error{EIO, "the listing leads back to where it was"};
  return next;
}

/// Removes the names that pages of version 1 repeat: names behind the start of the next page come
/// with that page again, and the common prefix that this page's start lies in came with the page
/// before.
void drop_repeats(const Expectation& asked, const std::string& next, ListPage& page) {
  if (!next.empty()) {
    std::erase_if(page.objects, [&](const ListedObject& object) { return object.key > next; });
    std::erase_if(page.prefixes, [&](const std::string& prefix) { return prefix > next; });
  }
  std::erase_if(page.prefixes,
                [&](const std::string& prefix) { return asked.start.starts_with(prefix); });
}

/// Drops names that do not begin with the prefix: to believe them could show, or delete, objects
/// elsewhere in the bucket.
std::size_t drop_foreign_names(const Expectation& asked, ListPage& page) {
  const std::size_t before = page.objects.size() + page.prefixes.size();
  std::erase_if(page.objects,
                [&](const ListedObject& object) { return !object.key.starts_with(asked.key); });
  std::erase_if(page.prefixes, [&](const std::string& prefix) {
    return !prefix.starts_with(asked.key) || prefix.size() == asked.key.size();
  });
  return before - page.objects.size() - page.prefixes.size();
}

/// gofakes3 lists the object "d/" as a key, beside the prefix "d/" or in its stead; the prefix
/// stands for both.
void group_keys(const Expectation& asked, ListPage& page) {
  const auto is_grouped = [&](const ListedObject& object) {
    return object.key.find('/', asked.key.size()) == object.key.size() - 1;
  };
  std::vector<std::string> more;
  for (const ListedObject& object : page.objects) {
    if (is_grouped(object)) more.push_back(object.key);
  }
  if (more.empty()) return;
  std::erase_if(page.objects, is_grouped);
  page.prefixes.insert(page.prefixes.end(), more.begin(), more.end());
  std::sort(page.prefixes.begin(), page.prefixes.end());
  page.prefixes.erase(std::unique(page.prefixes.begin(), page.prefixes.end()), page.prefixes.end());
}

Verdict judge_list(const Expectation& asked, const http::Exchange& exchange) {
  Result<ListReply> list = parse_list(exchange.body);
  if (!list) return malformed(asked, exchange, list.error().text);
  // Services echo the prefix encoded or not, independent of EncodingType.
  const auto& prefix = list->prefix;
  if (prefix && *prefix != asked.key && list->raw_prefix != asked.key)
    return malformed(asked, exchange,
                     "the listing is of prefix \"" + printable(*prefix, 100) + "\"");
  if (!asked.bucket.empty() && !list->bucket.empty() && list->bucket != asked.bucket)
    return malformed(asked, exchange,
                     "the listing is of bucket \"" + printable(list->bucket, 100) + "\"");
  if (list->delimiter.value_or("") != "" && !asked.delimited)
    return malformed(asked, exchange, "a delimiter that was not asked for");
  Result<std::string> next = next_start(asked, *list);
  if (!next) return wrong(asked, exchange, Retry::never, EIO, next.error().text);
  JudgedList judged;
  judged.page = {std::move(list->objects), std::move(list->prefixes), ""};
  judged.next = std::move(*next);
  judged.next_is_token = goes_on_as_v2(asked, *list);
  judged.bucket = std::move(list->bucket);
  if (!judged.next_is_token) drop_repeats(asked, judged.next, judged.page);
  judged.foreign_names = drop_foreign_names(asked, judged.page);
  if (asked.delimited) group_keys(asked, judged.page);
  return good(std::move(judged));
}

}  // namespace

Verdict judge_get_head(const Expectation& asked, const http::Exchange& head) {
  if (header_text(head.headers, "Content-Type").starts_with("multipart/byteranges"))
    return wrong(asked, head, Retry::once, EIO, "the reply has many ranges; one was asked for");
  // Every S3 object has both; a proxy's page has neither.
  if (!head.headers.find("ETag") && !head.headers.find("Last-Modified"))
    return malformed(asked, head, "neither ETag nor Last-Modified");
  const std::optional<std::uint64_t> length = content_length(head.headers);
  JudgedGet got;
  if (!asked.range) {
    if (head.status != 200)
      return malformed(asked, head, "HTTP " + std::to_string(head.status) + " to a whole GET");
    if (!length) return malformed(asked, head, "no usable Content-Length");
    got = {object_info(head.headers, *length), 0, *length};
  } else {
    if (head.status == 200)
      return wrong(asked, head, Retry::never, EIO, "the service ignored the Range header");
    const std::optional<ContentRange> range = content_range(head.headers);
    if (head.status != 206 || !range) return malformed(asked, head, "no usable Content-Range");
    const std::uint64_t bytes = range->last - range->first + 1;
    if (range->first != asked.range->begin || bytes > asked.range->length)
      return wrong(asked, head, Retry::once, EIO, "the reply is another range than asked for");
    if (head.headers.find("Content-Length") && length != bytes)
      return malformed(asked, head, "Content-Length and Content-Range disagree");
    got = {object_info(head.headers, range->total), range->first, bytes};
  }
  // A reply without an ETag may be of any version, so this is not ESTALE.
  if (got.info.etag.empty() && (!asked.pinned.empty() || asked.expects_etag))
    return malformed(asked, head, "no ETag");
  if (!asked.pinned.empty() && got.info.etag != normal_etag(asked.pinned.value))
    return wrong(asked, head, Retry::never, ESTALE, "the object is another version now");
  if (asked.pinned_size && got.info.size != *asked.pinned_size && !asked.pinned.empty())
    return wrong(asked, head, Retry::once, EIO, "the same version with another size");
  if (asked.pinned_size && got.info.size != *asked.pinned_size)
    return wrong(asked, head, Retry::never, ESTALE, "the object has another size now");
  return good(std::move(got));
}

Verdict judge_content(const Expectation& asked, const http::Exchange& exchange) {
  const std::string& body = exchange.body;
  if (!echoes(asked.echo, exchange.headers))
    return wrong(
        asked, exchange, Retry::never, EIO,
        "the service does not confirm the encryption that was asked for (use_sse): what it "
        "has stored may be readable");
  switch (asked.op) {
    case Op::head:
      return judge_head(asked, exchange);
    case Op::get:
      return judge_got(asked, exchange);
    case Op::put:
    case Op::upload_part:
      return judge_stored(asked, exchange);
    case Op::remove:
    case Op::abort_upload:
      return judge_removed(asked, exchange);
    case Op::remove_many:
      return parsed(asked, exchange, parse_delete(body));
    case Op::list:
      return judge_list(asked, exchange);
    case Op::copy:
    case Op::copy_part:
      return judge_copied(asked, exchange);
    case Op::create_upload:
      return parsed(asked, exchange, parse_create_upload(body));
    case Op::complete_upload:
      return parsed(asked, exchange, parse_complete_upload(body));
    case Op::list_parts:
      return parsed(asked, exchange, parse_parts(body));
    case Op::list_uploads:
      return parsed(asked, exchange, parse_uploads(body));
  }
  return malformed(asked, exchange, "no rule for this verb");
}

}  // namespace pailfs::s3
