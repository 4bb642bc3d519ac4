// SPDX-License-Identifier: Apache-2.0
#include "record.h"

#include <utility>

#include "pailfs/util/crc32c.h"

namespace pailfs::journal {
namespace {

constexpr std::string_view kMagic = "PJ1\n";
/// Record::Kind::change with the fields of put_more().
constexpr std::uint64_t kChangeWithMore = 4;
/// Record::Kind::done with the size.
constexpr std::uint64_t kDoneWithSize = 5;
constexpr std::uint64_t kConditional = 1;
constexpr std::uint64_t kForeign = 2;
/// In the place of an offset from which on bytes were appended: none were.
constexpr std::uint64_t kNotAppended = ~std::uint64_t{0};

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
void put(std::string& out, std::string_view text) {
  put(out, text.size(), 4);
  out.append(text);
}
void put(std::string& out, const std::vector<std::pair<std::string, std::string>>& pairs) {
  put(out, pairs.size(), 2);
  for (const auto& [name, value] : pairs) {
    put(out, name);
    put(out, value);
  }
}

/// Takes fields off the front; after the first missing one all fields are zero and ok() is false.
class Fields final {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return ok_ && left_.empty(); }

  std::uint64_t number(std::size_t bytes) {
    const std::string_view text = take(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
    }
    return value;
  }
  std::string_view text() { return take(number(4)); }
  std::vector<std::pair<std::string, std::string>> pairs() {
    std::vector<std::pair<std::string, std::string>> result;
    for (std::uint64_t count = number(2); ok_ && count > 0; --count) {
      std::string name(text());
      std::string value(text());
      result.emplace_back(std::move(name), std::move(value));
    }
    return result;
  }

 private:
  std::string_view take(std::size_t bytes) {
    if (bytes > left_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }
  std::string_view left_;
  bool ok_ = true;
};

void put(std::string& out, const Base& base) {
  put(out, static_cast<std::uint64_t>(base.kind), 1);
  put(out, base.etag.value);
}

void put(std::string& out, const Want& want) {
  put(out, static_cast<std::uint64_t>(want.kind), 1);
  put(out, want.body, 8);
  put(out, want.size, 8);
  put(out, want.etag.value);
  put(out, want.attributes.content_type);
  put(out, want.attributes.metadata);
  put(out, want.attributes.standard);
  put(out, want.source);
  put(out, want.source_etag.value);
  put(out, want.keeps_attributes ? 1 : 0, 1);
  put(out, static_cast<std::uint64_t>(want.time.time_since_epoch().count()), 8);
}

std::uint64_t number_of(const Record& record) {
  const bool more = record.want.conditional || record.want.appended_from;
  if (record.kind == Record::Kind::change && more) return kChangeWithMore;
  if (record.kind == Record::Kind::done && record.size) return kDoneWithSize;
  return static_cast<std::uint64_t>(record.kind);
}

/// Nothing for a number that no build has written.
std::optional<Record::Kind> kind_of(std::uint64_t number) {
  switch (number) {
    case kChangeWithMore:
      return Record::Kind::change;
    case kDoneWithSize:
      return Record::Kind::done;
    case 1:
    case 2:
    case 3:
      return static_cast<Record::Kind>(number);
    default:
      return std::nullopt;
  }
}

void put_more(std::string& out, const Want& want) {
  put(out, (want.conditional ? kConditional : 0) | (want.foreign ? kForeign : 0), 1);
  put(out, want.appended_from.value_or(kNotAppended), 8);
}

void take_more(Fields& fields, Want& want) {
  const std::uint64_t flags = fields.number(1);
  want.conditional = (flags & kConditional) != 0;
  want.foreign = (flags & kForeign) != 0;
  const std::uint64_t from = fields.number(8);
  if (from != kNotAppended) want.appended_from = from;
}

Base take_base(Fields& fields) {
  Base base;
  base.kind = static_cast<Base::Kind>(fields.number(1));
  base.etag.value = fields.text();
  return base;
}

Want take_want(Fields& fields) {
  Want want;
  want.kind = static_cast<Want::Kind>(fields.number(1));
  want.body = fields.number(8);
  want.size = fields.number(8);
  want.etag.value = fields.text();
  want.attributes.content_type = fields.text();
  want.attributes.metadata = fields.pairs();
  want.attributes.standard = fields.pairs();
  want.source = fields.text();
  want.source_etag.value = fields.text();
  want.keeps_attributes = fields.number(1) != 0;
  want.time = WallTime(std::chrono::nanoseconds(static_cast<std::int64_t>(fields.number(8))));
  return want;
}

std::optional<Record> decode_fields(Fields& fields) {
  Record record;
  const std::uint64_t number = fields.number(1);
  const auto kind = kind_of(number);
  if (!kind) return std::nullopt;
  record.kind = *kind;
  record.key = fields.text();
  record.seq = fields.number(8);
  record.base = take_base(fields);
  if (record.kind == Record::Kind::change) {
    record.since = fields.number(8);
    record.want = take_want(fields);
    for (std::uint64_t count = fields.number(1); fields.ok() && count > 0; --count) {
      Mark mark;
      mark.size = fields.number(8);
      mark.etag.value = fields.text();
      mark.metadata = fields.number(8);
      record.before.push_back(std::move(mark));
    }
    if (number == kChangeWithMore) take_more(fields, record.want);
    record.has_bytes = fields.number(1) != 0;
    if (record.has_bytes) record.bytes = fields.text();
  } else if (number == kDoneWithSize) {
    record.size = fields.number(8);
  }
  const bool known =
      record.want.kind <= Want::Kind::copy && record.base.kind <= Base::Kind::version;
  if (!fields.at_end() || !known) return std::nullopt;
  return record;
}

}  // namespace

std::string encode(const Record& record, std::uint64_t batch_at) {
  std::string body;
  body.reserve(512 + record.bytes.size());
  put(body, batch_at, 8);
  const std::uint64_t number = number_of(record);
  put(body, number, 1);
  put(body, record.key);
  put(body, record.seq, 8);
  put(body, record.base);
  if (record.kind == Record::Kind::change) {
    put(body, record.since, 8);
    put(body, record.want);
    put(body, record.before.size(), 1);
    for (const Mark& mark : record.before) {
      put(body, mark.size, 8);
      put(body, mark.etag.value);
      put(body, mark.metadata, 8);
    }
    if (number == kChangeWithMore) put_more(body, record.want);
    put(body, record.has_bytes ? 1 : 0, 1);
    if (record.has_bytes) put(body, record.bytes);  // last: Log knows where they are by that
  }
  if (number == kDoneWithSize) put(body, record.size.value_or(0), 8);
  std::string frame(kMagic);
  put(frame, body.size(), 4);
  put(frame, crc32c(body), 4);
  frame += body;
  return frame;
}

std::optional<Decoded> decode(std::string_view bytes) {
  if (bytes.size() < kFrameHead || !bytes.starts_with(kMagic)) return std::nullopt;
  Fields head(bytes.substr(kMagic.size(), 8));
  const std::size_t length = head.number(4);
  const std::uint64_t crc = head.number(4);
  if (length > kLongestRecord || length > bytes.size() - kFrameHead) return std::nullopt;
  const std::string_view body = bytes.substr(kFrameHead, length);
  if (crc32c(body) != crc) return std::nullopt;
  Fields fields(body);
  Decoded decoded;
  decoded.batch_at = fields.number(8);
  decoded.length = kFrameHead + length;
  auto record = decode_fields(fields);
  if (!record) return std::nullopt;
  decoded.record = std::move(*record);
  return decoded;
}

}  // namespace pailfs::journal
