// SPDX-License-Identifier: Apache-2.0
#include "journal/record.h"

#include "support/catch.h"

namespace pailfs::journal {
namespace {

Record sample() {
  Record record;
  record.key = std::string("a/b\0c", 5);
  record.seq = 7;
  record.base = Base::of({"\"etag\""});
  record.since = 5;
  record.want.kind = Want::Kind::body;
  record.want.body = 7;
  record.want.size = 3;
  record.want.etag = {"\"md5\""};
  record.want.attributes = {"text/plain", {{"mode", "33188"}}, {{"Cache-Control", "x"}}};
  record.want.time = WallTime(std::chrono::nanoseconds(-5));
  record.before = {{3, {"\"old\""}, 42}};
  record.has_bytes = true;
  record.bytes = "xyz";
  return record;
}

TEST_CASE("a record comes back as it was, and what follows it is not touched") {
  const std::string bytes = encode(sample(), 9);
  const std::string twice = bytes + bytes;
  const auto decoded = decode(twice);
  REQUIRE(decoded);
  const Record& record = decoded->record;
  CHECK(decoded->length == bytes.size());
  CHECK(decoded->batch_at == 9);
  CHECK(record.key == sample().key);
  CHECK(record.seq == 7);
  CHECK(record.since == 5);
  CHECK(record.base == sample().base);
  CHECK(record.want.kind == Want::Kind::body);
  CHECK(record.want.size == 3);
  CHECK(record.want.etag == sample().want.etag);
  CHECK(record.want.attributes == sample().want.attributes);
  CHECK(record.want.time == sample().want.time);
  CHECK(record.before == sample().before);
  CHECK(record.bytes == "xyz");
}

TEST_CASE("a condition and appended bytes come back, and other records are as they always were") {
  constexpr std::size_t kKindAt = kFrameHead + 8;
  CHECK(encode(sample(), 9)[kKindAt] == 1);
  for (const bool conditional : {false, true}) {
    for (const auto from : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(0),
                            std::optional<std::uint64_t>(1ULL << 40U)}) {
      Record record = sample();
      record.want.conditional = conditional;
      record.want.foreign = conditional && !from;
      record.want.appended_from = from;
      const std::string bytes = encode(record, 9);
      CHECK(bytes[kKindAt] == (conditional || from ? 4 : 1));
      const auto decoded = decode(bytes);
      REQUIRE(decoded);
      CHECK(decoded->record.kind == Record::Kind::change);
      CHECK(decoded->record.want.conditional == conditional);
      CHECK(decoded->record.want.foreign == record.want.foreign);
      CHECK(decoded->record.want.appended_from == from);
      CHECK(decoded->record.bytes == "xyz");
    }
  }
}

TEST_CASE("a record that is cut or changed anywhere is none") {
  const std::string bytes = encode(sample(), 1);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, i)));
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    CHECK_FALSE(decode(changed));
  }
}

TEST_CASE("a done record needs no change") {
  Record record;
  record.kind = Record::Kind::done;
  record.key = "k";
  record.seq = 3;
  record.base = Base::none();
  const auto decoded = decode(encode(record, 2));
  REQUIRE(decoded);
  CHECK(decoded->record.kind == Record::Kind::done);
  CHECK(decoded->record.base == Base::none());
  CHECK_FALSE(decoded->record.size);
  record.size = 9;
  CHECK(decode(encode(record, 2))->record.size == 9);
  CHECK(decode(encode(record, 2))->record.kind == Record::Kind::done);
}

}  // namespace
}  // namespace pailfs::journal
