// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "intake.h"
#include "policy.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::size_t kMaxKey = 1024;
constexpr std::size_t kMaxMetadata = 2048;
constexpr std::array<std::string_view, 9> kStorageClasses = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA",     "INTELLIGENT_TIERING",
    "GLACIER",  "DEEP_ARCHIVE",       "GLACIER_IR",  "EXPRESS_ONEZONE"};

S3Error not_implemented(std::string_view header) {
  return {"NotImplemented", "", {{"Header", std::string(header)}}};
}

bool writes_object(Op op) {
  return op == Op::kPutObject || op == Op::kCopyObject || op == Op::kCreateMultipartUpload;
}

std::optional<S3Error> check_capabilities(const Call& call) {
  auto off = [&](Rule rule, Op op) { return call.op == op && call.rule(rule); };
  if (off(Rule::kNoListV2, Op::kListObjectsV2)) return not_implemented("list-type");
  if (off(Rule::kNoDeleteObjects, Op::kDeleteObjects)) return not_implemented("delete");
  if (off(Rule::kNoPartCopy, Op::kUploadPartCopy) || off(Rule::kNoCopy, Op::kCopyObject))
    return not_implemented("x-amz-copy-source");
  if (off(Rule::kNoMultipart, Op::kCreateMultipartUpload)) return not_implemented("uploads");
  for (const Header& h : call.head.headers) {
    bool conditional = h.name == "if-match" || h.name == "if-none-match" ||
                       h.name.starts_with("x-amz-copy-source-if-");
    if (conditional && op_mutates(call.op) && call.rule(Rule::kConditional501))
      return not_implemented(h.name);
    if (h.name.starts_with("x-amz-checksum-") && op_mutates(call.op) &&
        call.rule(Rule::kChecksum501))
      return not_implemented(h.name);
  }
  return std::nullopt;
}

std::optional<S3Error> check_object_headers(const Call& call) {
  if (!writes_object(call.op)) return std::nullopt;
  std::size_t metadata = 0;
  for (const Header& h : call.head.headers)
    if (h.name.starts_with("x-amz-meta-")) metadata += h.name.size() - 11 + h.value.size();
  if (metadata > kMaxMetadata && !call.rule(Rule::kMetaLimitOff))
    return S3Error{
        "MetadataTooLarge",
        "",
        {{"Size", std::to_string(metadata)}, {"MaxSizeAllowed", std::to_string(kMaxMetadata)}}};
  std::string_view storage_class = call.header("x-amz-storage-class");
  if (!storage_class.empty() && std::find(kStorageClasses.begin(), kStorageClasses.end(),
                                          storage_class) == kStorageClasses.end())
    return S3Error{"InvalidStorageClass", "The storage class you specified is not valid", {}};
  std::string_view encryption = call.header("x-amz-server-side-encryption");
  if (!encryption.empty() && encryption != "AES256" && encryption != "aws:kms")
    return S3Error{"InvalidEncryptionAlgorithmError",
                   "The encryption request you specified is not valid. Supported value: AES256.",
                   {{"ArgumentName", "x-amz-server-side-encryption"},
                    {"ArgumentValue", std::string(encryption)}}};
  return std::nullopt;
}

std::optional<S3Error> check_key(const Call& call) {
  const std::string& key = call.address.key;
  if (key.size() > kMaxKey && !call.rule(Rule::kKeyLimitOff))
    return S3Error{
        "KeyTooLongError",
        "",
        {{"Size", std::to_string(key.size())}, {"MaxSizeAllowed", std::to_string(kMaxKey)}}};
  if (key == "/" && call.rule(Rule::kNoRootKey)) return S3Error{"400", "Bad Request", {}};
  if (const S3Error* error = refused_key(*call.manners, key, writes_object(call.op))) return *error;
  bool readable = valid_utf8(key) && key.find('\0') == std::string::npos;
  if (!readable && !call.rule(Rule::kAnyKeyBytes)) return S3Error{"InvalidURI", "", {}};
  return std::nullopt;
}

/// 411 before anything is read: S3 wants to know the size of what it stores.
std::optional<S3Error> check_length(const Call& call) {
  if (call.op != Op::kPutObject && call.op != Op::kUploadPart) return std::nullopt;
  const std::string* decoded = call.head.headers.find("x-amz-decoded-content-length");
  auto size = decoded ? parse_u64(*decoded) : call.head.content_length;
  if (!size && !call.rule(Rule::kLengthCheckOff)) return S3Error{"MissingContentLength", "", {}};
  if (size && *size > kMaxPart)
    return S3Error{
        "EntityTooLarge",
        "",
        {{"ProposedSize", std::to_string(*size)}, {"MaxSizeAllowed", std::to_string(kMaxPart)}}};
  return std::nullopt;
}

bool anonymous_may(const Call& call) {
  if (call.rule(Rule::kPublic)) return true;
  if (!call.bucket) return false;
  if (op_mutates(call.op)) return call.bucket->public_write;
  return call.bucket->public_read;
}

/// A token in the place of a signature, where the server has given any.
Verdict identify(const Call& call, const AuthContext& context) {
  const std::string_view authorization = call.header("authorization");
  const Tokens& tokens = call.service.tokens;
  if (!context.check_signature || !authorization.starts_with("Bearer ") || !tokens.in_use())
    return authenticate(context);
  if (tokens.accepts(authorization, context.now)) return Identity{};
  return S3Error{call.rule(Rule::kToken401) ? "AuthenticationRequired" : "AccessDenied", "", {}};
}

}  // namespace

std::optional<Address> find_address(const RequestHead& head, const Service& service,
                                    std::string& virtual_bucket) {
  std::string_view host = head.headers.get("host");
  std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    host = host.substr(0, colon);
  for (const std::string& domain : service.domains)
    if (host.size() > domain.size() + 1 && host.ends_with(domain) &&
        host[host.size() - domain.size() - 1] == '.')
      virtual_bucket = host.substr(0, host.size() - domain.size() - 1);
  auto path = percent_decode(head.raw_path, !service.rules.on(Rule::kPlusLiteral));
  if (!path) return std::nullopt;
  const auto cleaned = [&](std::string key) {
    return service.rules.on(Rule::kSlashesCollapse) ? one_slash_for_many(key) : key;
  };
  if (!virtual_bucket.empty()) return Address{virtual_bucket, cleaned(path->substr(1))};
  std::size_t slash = path->find('/', 1);
  if (slash == std::string::npos) return Address{path->substr(1), ""};
  return Address{path->substr(1, slash - 1), cleaned(path->substr(slash + 1))};
}

std::optional<S3Error> check_head(Call& call, const std::string& virtual_bucket) {
  Service& service = call.service;
  // One Host, or the signature says nothing about where the request was meant to go.
  if (call.head.headers.count("host") != 1)
    return S3Error{"InvalidRequest", "Missing required header for this request: Host", {}};
  if (auto error = check_service(call, virtual_bucket)) return error;
  auto credentials = service.credentials();
  AuthContext context{call.head,
                      *credentials,
                      service.rules.region(),
                      service.clock.now(),
                      virtual_bucket,
                      !call.rule(Rule::kNoSignatureCheck),
                      !call.rule(Rule::kNoSkewCheck),
                      !call.rule(Rule::kNoRegionCheck) && !call.rule(Rule::kRegionNames),
                      !call.rule(Rule::kNoSignedHeadersCheck),
                      !call.rule(Rule::kPlusLiteral),
                      service.keys,
                      !call.rule(Rule::kNoSecretCheck),
                      call.rule(Rule::kUnknownKey404)};
  Verdict verdict = identify(call, context);
  if (auto* error = std::get_if<S3Error>(&verdict)) {
    if (call.rule(Rule::kRegionInWords))
      std::erase_if(error->details, [](const auto& detail) { return detail.first == "Region"; });
    return std::move(*error);
  }
  call.identity = std::get<Identity>(std::move(verdict));

  if (!call.address.bucket.empty()) call.bucket = service.store.bucket(call.address.bucket);
  if (call.identity.anonymous && !anonymous_may(call)) return S3Error{"AccessDenied", "", {}};
  if (service.rules.denied(call.op) ||
      !policy_allows(service.rules.only_prefix(), call.op, call.head, call.address))
    return S3Error{"AccessDenied", "", {}};
  if (call.op == Op::kUnimplemented || call.op == Op::kMethodNotAllowed) return std::nullopt;
  if (auto error = check_key(call)) return error;
  bool needs_bucket = call.op != Op::kListBuckets && call.op != Op::kCreateBucket;
  if (needs_bucket && !call.bucket) return S3Error{"NoSuchBucket", "", {}};
  if (auto error = check_capabilities(call)) return error;
  if (auto error = check_manners(call)) return error;
  call.heard = heard_headers(call);
  if (auto error = check_object_headers(call)) return error;
  return check_length(call);
}

}  // namespace s3d
