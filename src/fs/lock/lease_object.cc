// SPDX-License-Identifier: Apache-2.0
#include "lease_object.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "pailfs/util/errand.h"
#include "pailfs/util/text.h"

namespace pailfs::fs {
namespace {

/// Races that a change may lose against other mounts' changes of the same object.
constexpr unsigned kMostRounds = 30;
constexpr std::chrono::milliseconds kShortestPause{5};
constexpr std::chrono::milliseconds kLongestPause{160};

class Text final : public store::ByteSink {
 public:
  bool write(std::uint64_t, std::span<const char> bytes) override {
    text.append(bytes.data(), bytes.size());
    return text.size() <= LeaseDocument::kMostBytes;
  }
  std::string text;
};

/// The object was not the version that the condition names.
bool is_another_version(const Error& error) {
  return error.err == ESTALE || error.err == EEXIST || error.err == ENOENT;
}

}  // namespace

Status LeaseObject::read() {
  known_.reset();
  Text sink;
  store::GetRequest request;
  request.key = key_;
  const auto info = holder_.store.get(request, sink);
  if (!info && info.error().err != ENOENT) return info.error();
  Known known;
  if (info) {
    if (info->etag.empty()) return Error{EIO, printable(key_) + ": a reply without its version"};
    auto document = LeaseDocument::parse(sink.text);
    if (!document) return document.error().with(printable(key_));
    known = {info->etag, std::move(*document)};
  }
  sightings_.saw(known.document, holder_.clock.since_boot());
  known_ = std::move(known);
  return {};
}

Result<std::optional<MonoTime>> LeaseObject::write(LeaseDocument next) {
  using Written = std::optional<MonoTime>;
  const Known before = std::exchange(known_, std::nullopt).value_or(Known{});
  const MonoTime sent = holder_.clock.since_boot();
  const bool is_empty = next.entries.empty();
  if (is_empty && before.version.empty()) {
    known_ = before;
    return Written(sent);
  }
  // Where a DELETE is not known to obey its condition it could remove an entry that another mount
  // has just made: an object without entries stays instead.
  if (is_empty && holder_.store.obedience().remove == store::Obeys::yes) {
    const Status removed = holder_.store.remove({key_, before.version});
    if (!removed && is_another_version(removed.error())) return Written();
    if (!removed) return removed.error();
    known_ = Known{};
    return Written(sent);
  }
  const std::string text = next.text(file_, holder_.random.next());
  if (text.size() > LeaseDocument::kMostBytes) {
    return Error{ENOLCK, printable(file_) + ": has too many locks"};
  }
  store::PutRequest request;
  request.key = key_;
  request.attributes.content_type = "text/plain";
  request.condition.version = before.version;
  request.condition.absent = before.version.empty();
  MemorySource body(text);
  const auto etag = holder_.store.put(request, body);
  if (!etag && is_another_version(etag.error())) return Written();
  if (!etag) return etag.error();
  if (!etag->empty()) known_ = Known{*etag, std::move(next)};
  return Written(sent);
}

Result<std::optional<MonoTime>> LeaseObject::attempt(const Claims& claims, Aim aim,
                                                     bool just_read) {
  using Written = std::optional<MonoTime>;
  const store::Obedience obeys = holder_.store.obedience();
  if (obeys.put == store::Obeys::no || obeys.put_absent == store::Obeys::no) {
    return Error{ENOLCK, "the service does not obey conditions of a PUT (locks=bucket)"};
  }
  if (!known_) return Written();
  const LeaseDocument& known = known_->document;
  const LeaseEntry* const own = known.find(holder_.mount);
  if (aim.held && own == nullptr) {
    if (!just_read) return Written();
    return Error{ESTALE, printable(file_) + ": another mount has taken its locks over"};
  }
  const MonoTime now = holder_.clock.since_boot();
  LeaseDocument next = known.without(
      holder_.mount, [&](const LeaseEntry& entry) { return sightings_.is_dead(entry, now); });
  if (aim.takes && next.conflict(claims) != nullptr) {
    if (!just_read) return Written();
    Error busy{EAGAIN, printable(file_) + ": locked by another mount"};
    // An earlier attempt, whose reply was lost, has left an entry.
    busy.in_doubt = own != nullptr && !aim.held;
    return busy;
  }
  if (claims.empty() && own == nullptr) return Written(now);
  if (!claims.empty()) {
    next.entries.push_back({holder_.mount, ++holder_.last_beat, holder_.time, claims});
  }
  return write(std::move(next));
}

Result<MonoTime> LeaseObject::publish(const Claims& claims, Aim aim) {
  const WaitsFor words("the locks of", file_);
  for (unsigned round = 0; round < kMostRounds; ++round) {
    bool just_read = false;
    if (!known_) {
      if (const Status known = read(); !known) return known.error();
      just_read = true;
    }
    const auto written = attempt(claims, aim, just_read);
    if (!written) return written.error();
    if (const auto& since = *written) return *since;
    known_.reset();
    // The first race lost is mostly one against what was assumed.
    if (round > 0) pause(round);
  }
  return Error{EAGAIN, printable(file_) + ": too many mounts change its locks at once"};
}

Result<std::optional<Claim>> LeaseObject::look(const Claims& wanted) {
  using Found = std::optional<Claim>;
  if (const Status known = read(); !known) return known.error();
  if (!known_) return Found();
  const MonoTime now = holder_.clock.since_boot();
  const LeaseDocument others = known_->document.without(
      holder_.mount, [&](const LeaseEntry& entry) { return sightings_.is_dead(entry, now); });
  const Claim* const found = others.conflict(wanted);
  return found == nullptr ? Found() : Found(*found);
}

void LeaseObject::pause(unsigned round) {
  const auto most = std::min(kShortestPause * (1U << std::min(round, 6U)), kLongestPause);
  holder_.clock.sleep_for(std::chrono::milliseconds(
      1 + holder_.random.next() % static_cast<std::uint64_t>(most.count())));
}

}  // namespace pailfs::fs
