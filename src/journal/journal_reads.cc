// SPDX-License-Identifier: Apache-2.0
// head and get: of the waiting change, else of the store.
#include <algorithm>
#include <vector>

#include "pailfs/store/refusal.h"
#include "pailfs/util/text.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10U;

store::ObjectInfo info_of(const Want& want) {
  store::ObjectInfo info;
  info.size = want.size;
  info.etag = want.etag;
  info.last_modified = std::chrono::floor<std::chrono::seconds>(want.time);
  info.attributes = want.attributes;
  if (info.attributes.content_type.empty()) {
    info.attributes.content_type = "binary/octet-stream";  // as S3 does
  }
  return info;
}

Status deliver(const Body& body, store::ByteRange range, store::ByteSink& sink) {
  std::vector<char> buffer(std::min<std::uint64_t>(kPiece, range.length));
  while (range.length > 0) {
    const std::span<char> piece =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), range.length));
    const Status read = body.read(range.begin, piece);
    if (!read) return read;
    if (!sink.write(range.begin, piece)) return Error{ECANCELED, "cancelled by the receiver"};
    range.begin += piece.size();
    range.length -= piece.size();
  }
  return {};
}

/// Counts the delivered bytes, so that the rest can come from another place.
class CountingSink final : public store::ByteSink {
 public:
  explicit CountingSink(store::ByteSink& to) : to_(to) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    refused = !to_.write(offset, bytes);
    delivered += bytes.size();
    return !refused;
  }
  std::uint64_t delivered = 0;
  bool refused = false;

 private:
  store::ByteSink& to_;
};

}  // namespace

Result<store::ObjectInfo> Journal::head_store(const store::Key& key) {
  const MonoTime asked = clock_.now();
  auto info = store_.head(key);
  MutexLock lock(mutex_);
  if (info) {
    knowledge_.saw(key, {Base::of(info->etag), info->size, asked});
    info->etag = confirmed_.shown_name(key, info->etag);
  } else if (info.error().err == ENOENT) {
    knowledge_.saw(key, {Base::none(), 0, asked});
  }
  return info;
}

Result<store::ObjectInfo> Journal::head(const store::Key& key) {
  Want want;
  {
    MutexLock lock(mutex_);
    const Pending::Entry* entry = pending_.find(key);
    if (entry == nullptr) {
      if (const Want* stored = confirmed_.content(key, clock_.now())) return info_of(*stored);
      lock.unlock();
      return head_store(key);
    }
    want = entry->want;
  }
  if (want.kind == Want::Kind::absent) return store::no_such_object(key);
  if (want.kind == Want::Kind::body || !want.keeps_attributes) return info_of(want);
  const auto source = store_.head(want.source);
  if (source) {
    want.attributes = source->attributes;
    return info_of(want);
  }
  // The copy was carried out and its source removed, by this mount just now or by a dead one.
  auto arrived = head_store(key);
  MutexLock lock(mutex_);
  if (pending_.find(key) == nullptr) return arrived;
  if (!arrived || !is_ours(mark_of(want), *arrived)) return source.error();
  want.attributes = arrived->attributes;
  return info_of(want);
}

Result<store::ObjectInfo> Journal::get_once(const store::GetRequest& request, store::ByteSink& sink,
                                            bool& again) {
  Want want;
  BodyPtr body;
  bool waits = false;
  store::GetRequest sent = request;
  {
    MutexLock lock(mutex_);
    const Pending::Entry* entry = pending_.find(request.key);
    waits = entry != nullptr;
    if (entry == nullptr) {
      if (!request.if_match.empty())
        sent.if_match = confirmed_.stored_name(request.key, request.if_match);
    } else {
      want = entry->want;
      body = bodies_.find(want);
    }
  }
  if (waits && want.kind == Want::Kind::absent) return store::no_such_object(request.key);
  if (waits && !request.if_match.empty() && request.if_match != want.etag) {
    return Error{ESTALE, printable(request.key) + ": is another version"};
  }
  if (waits && want.kind == Want::Kind::body) {
    if (!body) return Error{EIO, printable(request.key) + ": its bytes are missing in the journal"};
    store::ByteRange range = request.range.value_or(store::ByteRange{0, want.size});
    if (request.range && range.begin >= want.size) {
      return Error{ERANGE, printable(request.key) + ": ends before that"};
    }
    range.length = std::min(range.length, want.size - std::min(range.begin, want.size));
    const Status delivered = deliver(*body, range, sink);
    if (!delivered) return delivered.error().with("get " + printable(request.key));
    return info_of(want);
  }
  if (waits) {
    sent.key = want.source;
    sent.if_match = want.source_etag;
  }
  const MonoTime asked = clock_.now();
  auto info = store_.get(sent, sink);
  if (!info && (info.error().err == ESTALE || info.error().err == ENOENT) && waits) {
    // The copy may have arrived already: its source is then gone, or has another ETag.
    const auto now = store_.head(request.key);
    if (now && is_ours(mark_of(want), *now)) {
      sent.key = request.key;
      sent.if_match = now->etag;
      info = store_.get(sent, sink);
    }
  }
  MutexLock lock(mutex_);
  if (!info) {
    confirmed_.forget_content(request.key);
    const Pending::Entry* entry = pending_.find(request.key);
    // The change was carried out, or a new one taken in, since we looked: the bytes are in another
    // place now.
    again = waits != (entry != nullptr) || (entry != nullptr && entry->want.etag != want.etag);
    return info;
  }
  if (waits) {
    const store::ObjectAttributes attributes = info->attributes;
    if (want.keeps_attributes) want.attributes = attributes;
    return info_of(want);
  }
  knowledge_.saw(request.key, {Base::of(info->etag), info->size, asked});
  info->etag = confirmed_.shown_name(request.key, info->etag);
  return info;
}

Result<store::ObjectInfo> Journal::get(const store::GetRequest& request, store::ByteSink& sink) {
  constexpr int kRounds = 3;
  store::GetRequest rest = request;
  for (int round = 0;; ++round) {
    CountingSink counting(sink);
    bool again = false;
    auto info = get_once(rest, counting, again);
    if (info || counting.refused || !again || round == kRounds) return info;
    // Only a pinned version makes sure that the rest is of the same bytes.
    if (counting.delivered == 0) continue;
    if (request.if_match.empty()) return info;
    const std::uint64_t begin = (rest.range ? rest.range->begin : 0) + counting.delivered;
    const std::uint64_t end = rest.range ? rest.range->begin + rest.range->length : ~0ULL;
    if (begin >= end) return info;
    rest.range = store::ByteRange{begin, end - begin};
  }
}

}  // namespace pailfs::journal
