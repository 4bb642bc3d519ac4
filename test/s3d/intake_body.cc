// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <utility>

#include "aws_chunked.h"
#include "digest.h"
#include "intake.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::uint64_t kPiece = Blocks::kSize;
constexpr std::uint64_t kRead = 256 * 1024;  ///< hashed while still in the processor's cache
constexpr std::uint64_t kUnknownPiece = 64 * 1024;
constexpr std::string_view kChecksumPrefix = "x-amz-checksum-";

std::shared_ptr<char[]> allocate(Blocks& blocks, std::uint64_t size) {
  if (size < kPiece) return std::shared_ptr<char[]>(new char[size]);
  return blocks.take();
}

/// The hashes that one request asks for.
class Hashes {
 public:
  explicit Hashes(const Call& call) {
    const Headers& headers = call.head.headers;
    bool stores = call.op == Op::kPutObject || call.op == Op::kUploadPart;
    // Where no ETag is an MD5, it would never be shown.
    if (stores && call.rule(Rule::kEtagNotMd5)) stores = false;
    if (stores || headers.has("content-md5")) md5_ = std::make_unique<Hash>(HashKind::kMd5);
    if (call.identity.payload == PayloadKind::kHash && !call.rule(Rule::kNoPayloadHashCheck))
      sha256_ = std::make_unique<Hash>(HashKind::kSha256);
    if (call.rule(Rule::kNoChecksumCheck)) return;
    for (const Header& h : headers)
      if (h.name.starts_with(kChecksumPrefix)) want(h.name);
    for (std::string_view name : split(headers.get("x-amz-trailer"), ','))
      want(to_lower(trim(name)));
  }

  void update(std::string_view bytes) {
    if (md5_) md5_->update(bytes);
    if (sha256_) sha256_->update(bytes);
    for (auto& [name, hash] : checksums_) hash->update(bytes);
  }

  std::unique_ptr<Hash> md5_;
  std::unique_ptr<Hash> sha256_;
  std::vector<std::pair<std::string, std::unique_ptr<Hash>>> checksums_;

 private:
  void want(std::string_view name) {
    if (!name.starts_with(kChecksumPrefix)) return;
    auto kind = checksum_kind(name.substr(kChecksumPrefix.size()));
    if (kind) checksums_.emplace_back(name, std::make_unique<Hash>(*kind));
  }
};

bool is_streaming(const Identity& identity) {
  return identity.payload != PayloadKind::kUnsigned && identity.payload != PayloadKind::kHash;
}

S3Error broken_body(ssize_t state) {
  if (state == BodySource::kBadSignature) return {"SignatureDoesNotMatch", "", {}};
  if (state == BodySource::kMalformed)
    return {"InvalidRequest", "The chunked framing of the body is malformed", {}};
  return {"IncompleteBody", "", {}};
}

std::optional<S3Error> check_payload_hash(const Call& call, Hashes& hashes) {
  if (!hashes.sha256_) return std::nullopt;
  std::string computed = hex(hashes.sha256_->finish());
  if (computed == call.identity.payload_hash) return std::nullopt;
  return S3Error{"XAmzContentSHA256Mismatch",
                 "",
                 {{"ClientComputedContentSHA256", call.identity.payload_hash},
                  {"S3ComputedContentSHA256", computed}}};
}

std::optional<S3Error> check_md5(Call& call, Hashes& hashes) {
  if (hashes.md5_) call.digests.md5_raw = hashes.md5_->finish();
  const std::string* promised = call.head.headers.find("content-md5");
  if (promised == nullptr || call.rule(Rule::kNoMd5Check)) return std::nullopt;
  auto raw = unbase64(*promised);
  if (!raw || raw->size() != 16) return S3Error{"InvalidDigest", "", {{"Content-MD5", *promised}}};
  if (*raw == call.digests.md5_raw) return std::nullopt;
  return S3Error{
      "BadDigest",
      "The Content-MD5 you specified did not match what we received.",
      {{"ExpectedDigest", hex(*raw)}, {"CalculatedDigest", base64(call.digests.md5_raw)}}};
}

std::optional<S3Error> check_checksums(Call& call, Hashes& hashes, const Headers& trailers) {
  for (auto& [name, hash] : hashes.checksums_) {
    const std::string* promised = call.head.headers.find(name);
    if (promised == nullptr) promised = trailers.find(name);
    std::string computed = base64(hash->finish());
    std::string algorithm = to_upper(std::string_view(name).substr(kChecksumPrefix.size()));
    if (promised == nullptr)
      return S3Error{"MalformedTrailerError",
                     "The request contained trailing data that was not well-formed or did not "
                     "conform to our published schema.",
                     {}};
    auto raw = unbase64(*promised);
    if (!raw || base64(*raw).size() != computed.size())
      return S3Error{"InvalidRequest", "Value for " + name + " header is invalid.", {}};
    if (*promised != computed)
      return S3Error{"BadDigest",
                     "The " + algorithm + " you specified did not match the calculated checksum.",
                     {}};
    call.digests.checksums.add(name, computed);
  }
  return std::nullopt;
}

/// Size of the content once framing is removed, when the head says it.
std::optional<std::uint64_t> known_size(const Call& call) {
  if (!is_streaming(call.identity)) return call.head.content_length;
  return parse_u64(call.header("x-amz-decoded-content-length"));
}

}  // namespace

IntakeResult read_body(Call& call, HttpConnection& connection, Pace& pace, S3Error& error) {
  Hashes hashes(call);
  std::unique_ptr<BodySource> source = connection.open_body(call.head, &pace);
  AwsChunkedBody* chunks = nullptr;
  if (is_streaming(call.identity) && call.head.has_body()) {
    auto unframed = std::make_unique<AwsChunkedBody>(std::move(source), call.identity);
    chunks = unframed.get();
    source = std::move(unframed);
  }
  const FaultAction* cut = call.plan.find("reset_upload_after");
  const FaultAction* stall = call.plan.find("stall_upload");
  std::uint64_t stop_at = UINT64_MAX;
  if (cut != nullptr) stop_at = cut->number(0, 0);
  if (stall != nullptr) stop_at = stall->number(0, 0);
  auto expected = call.head.has_body() ? known_size(call) : std::optional<std::uint64_t>(0);

  bool self_ending = chunks == nullptr && !call.head.chunked;
  ssize_t state = 1;
  while (state > 0) {
    std::uint64_t have = call.body.size();
    if (self_ending && have == expected.value_or(0) && have < stop_at) break;
    if (have >= stop_at) {
      if (stall != nullptr) connection.stream().wait_for_end();
      connection.stream().reset_on_close();
      return IntakeResult::kConnectionLost;
    }
    std::uint64_t room = kUnknownPiece;
    // One more byte than announced is asked for only to see the end.
    if (expected) room = have < *expected ? std::min(kPiece, *expected - have) : 1;
    room = std::min(room, stop_at - have);
    std::shared_ptr<char[]> memory = allocate(*call.service.blocks, room);
    std::uint64_t filled = 0;
    while (filled < room) {
      state = source->read(memory.get() + filled, std::min(room - filled, kRead));
      if (state <= 0) break;
      hashes.update({memory.get() + filled, static_cast<std::size_t>(state)});
      filled += static_cast<std::uint64_t>(state);
    }
    std::string_view bytes(memory.get(), filled);
    call.service.stats.add_in(filled);
    call.body.append({std::move(memory), bytes});
    if (expected && call.body.size() > *expected) state = BodySource::kMalformed;
  }
  if (state == BodySource::kBroken) return IntakeResult::kConnectionLost;
  if (state < 0) {
    error = broken_body(state);
    return IntakeResult::kRefusedInside;
  }
  if (expected && call.body.size() != *expected) {
    error = {"IncompleteBody", "", {}};
    return IntakeResult::kRefused;
  }
  auto refusal = check_payload_hash(call, hashes);
  if (!refusal) refusal = check_md5(call, hashes);
  if (!refusal) refusal = check_checksums(call, hashes, chunks ? chunks->trailers() : Headers());
  if (!refusal) return IntakeResult::kDone;
  error = *std::move(refusal);
  if (error.code == "BadDigest" && call.rule(Rule::kDigestBadRequest)) error.code = "BadRequest";
  return IntakeResult::kRefused;
}

}  // namespace s3d
