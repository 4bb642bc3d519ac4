// SPDX-License-Identifier: Apache-2.0
// What vouches for bodies, over TLS and in the open, on services that check it, ignore it, or
// refuse it.
#include <algorithm>

#include "pailfs/util/log.h"

#include "bench.h"
#include "client_bench.h"
#include "s3d_service.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

using Scheme = S3dService::Scheme;

constexpr std::size_t kPart = 5U << 20U;

/// Bytes that are others after they have been read once: damaged in memory between the hash and the
/// connection.
class TurningSource final : public ByteSource {
 public:
  explicit TurningSource(std::size_t size) : size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
    if (offset == 0) ++rounds_;
    const std::size_t n = std::min<std::size_t>(out.size(), size_ - offset);
    std::fill_n(out.begin(), n, static_cast<char>('a' + rounds_ % 16));
    return n;
  }

 private:
  std::size_t size_;
  int rounds_ = 0;
};

struct Row {
  Scheme scheme;
  std::vector<std::string> rules;
  std::size_t notices;
};

const std::vector<Row> kServices{
    {Scheme::http, {}, 0},
    {Scheme::https, {}, 0},
    {Scheme::https, {"no_checksum_check"}, 0},
    {Scheme::https, {"checksum_501"}, 1},
};

TEST_CASE("objects and uploads arrive whole on services that check, ignore or refuse checksums") {
  log::set_sink([](LogLevel, std::string_view) {});  // the notices are wanted
  for (const Row& row : kServices) {
    INFO((row.scheme == Scheme::https ? "https " : "http ")
         << (row.rules.empty() ? "" : row.rules.front()));
    S3dService server(row.scheme, row.rules);
    WiredClient wired(server.service(), {});
    s3::Client& client = wired.client();
    StringSource small("hello");
    REQUIRE(client.put({"small", {}}, small));
    CHECK(get_text(client, "small")->bytes == "hello");

    const std::string front(kPart, 'f');
    const auto id = client.create_upload("large", {}, store::PartOrigin::sent);
    REQUIRE(id);
    std::vector<store::UploadedPart> parts;
    for (const std::string& bytes : {front, std::string("tail")}) {
      StringSource body(bytes);
      const int number = static_cast<int>(parts.size()) + 1;
      const auto etag = client.upload_part("large", *id, number, body);
      REQUIRE(etag);
      parts.push_back({number, *etag, bytes.size()});
    }
    REQUIRE(client.complete_upload("large", *id, parts, {}));
    CHECK((get_text(client, "large")->bytes == front + "tail"));

    const auto mixed = client.create_upload("mixed", {}, store::PartOrigin::mixed);
    REQUIRE(mixed);
    const auto copied = client.copy_part("mixed", *mixed, 1, "large", {}, {0, kPart});
    REQUIRE(copied);
    StringSource body("end");
    const auto sent = client.upload_part("mixed", *mixed, 2, body);
    REQUIRE(sent);
    REQUIRE(client.complete_upload("mixed", *mixed, {{1, *copied, kPart}, {2, *sent, 3}}, {}));
    CHECK((get_text(client, "mixed")->bytes == front + "end"));
    CHECK(client.notices().size() == row.notices);
  }
}

TEST_CASE("bytes that change between the hash and the connection are not stored") {
  for (const Scheme scheme : {Scheme::http, Scheme::https}) {
    S3dService server(scheme);
    WiredClient wired(server.service(), {});
    s3::Client& client = wired.client();
    TurningSource object(100'000);
    CHECK(err(client.put({"object", {}}, object)) == EIO);
    CHECK(err(client.head("object")) == ENOENT);
    const auto id = client.create_upload("upload", {}, store::PartOrigin::sent);
    REQUIRE(id);
    TurningSource part(100'000);
    CHECK(err(client.upload_part("upload", *id, 1, part)) == EIO);
    CHECK(client.list_parts("upload", *id)->empty());
  }
}

}  // namespace
}  // namespace pailfs::test
