// SPDX-License-Identifier: Apache-2.0
#include "error_table.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace pailfs::s3 {
namespace {

constexpr std::string_view kWrongRegion = "the bucket is in another region";
constexpr std::string_view kWrongSecret = "the secret key does not match the access key";

// Sources: "List of error codes" in the S3 API reference; s3fs 1.9x for errno.
constexpr auto kRows = std::to_array<ErrorRow>({
    // The key or the bucket.
    {"NoSuchKey", 404, ENOENT, Retry::never, ""},
    {"NotFound", 404, ENOENT, Retry::never, ""},
    {"NoSuchVersion", 404, ENOENT, Retry::never, ""},
    {"NoSuchBucket", 404, ENXIO, Retry::never, "the bucket does not exist", Refusal::bucket_gone},
    {"InvalidBucketName", 400, EINVAL, Retry::never, "S3 does not allow this bucket name"},
    {"KeyTooLongError", 400, ENAMETOOLONG, Retry::never, ""},
    {"InvalidObjectName", 400, ENAMETOOLONG, Retry::never, ""},  // Ceph, above 1024 bytes
    {"InvalidURI", 400, EINVAL, Retry::never, ""},
    {"InvalidObjectState", 403, EREMOTE, Retry::never, "the object is archived; restore it first"},
    {"MethodNotAllowed", 405, ENOTSUP, Retry::never, "", Refusal::not_supported},
    // Credentials, permissions and clock.
    {"AccessDenied", 403, EPERM, Retry::never, "is the key allowed to do this?",
     Refusal::forbidden},
    // Alibaba OSS, addressed by path.
    {"SecondLevelDomainForbidden", 403, EPERM, Retry::never,
     "the service wants the bucket in the host: leave out use_path_request_style"},
    {"AllAccessDisabled", 403, EPERM, Retry::never, ""},
    {"AccountProblem", 403, EPERM, Retry::never, ""},
    {"InvalidAccessKeyId", 403, EPERM, Retry::refresh_credentials,
     "the service does not know the access key"},
    // Versity's gateway.
    {"XAdminUserNotFound", 404, EPERM, Retry::refresh_credentials,
     "the service does not know the access key"},
    {"SignatureDoesNotMatch", 403, EPERM, Retry::refresh_credentials, kWrongSecret},
    // Google, of a token.
    {"AuthenticationRequired", 401, EPERM, Retry::refresh_credentials,
     "the service does not accept the token"},
    {"InvalidSecurity", 403, EPERM, Retry::refresh_credentials, ""},
    {"ExpiredToken", 400, EACCES, Retry::refresh_credentials, "the session token has expired"},
    {"ExpiredTokenException", 400, EACCES, Retry::refresh_credentials,
     "the session token has expired"},
    {"InvalidToken", 400, EACCES, Retry::refresh_credentials, "the session token is not valid"},
    {"TokenRefreshRequired", 400, EACCES, Retry::refresh_credentials, ""},
    {"RequestTimeTooSkewed", 403, EIO, Retry::clock, "this machine's clock is wrong"},
    {"RequestExpired", 400, EIO, Retry::clock, "this machine's clock is wrong"},
    // Region.
    {"AuthorizationHeaderMalformed", 400, EIO, Retry::region, kWrongRegion},
    {"IllegalLocationConstraintException", 400, EIO, Retry::region, kWrongRegion},
    {"InvalidRegion", 400, EIO, Retry::region, kWrongRegion},
    // R2 lists the regions that it knows; the message does not name the bucket's.
    {"InvalidRegionName", 400, EINVAL, Retry::never, "set region= to one that it names"},
    {"PermanentRedirect", 301, EIO, Retry::region, kWrongRegion},
    {"TemporaryRedirect", 307, EIO, Retry::region, kWrongRegion},
    {"Redirect", 307, EIO, Retry::region, kWrongRegion},
    // Conditions and ranges.
    {"PreconditionFailed", 412, ESTALE, Retry::never, ""},
    {"ConditionalRequestConflict", 409, ESTALE, Retry::once, ""},
    {"OperationAborted", 409, ESTALE, Retry::once, ""},
    {"FileAlreadyExists", 409, EEXIST, Retry::never, ""},  // Alibaba OSS, Tencent COS
    {"InvalidRange", 416, ERANGE, Retry::never, ""},
    // Body and headers of the request.
    {"RequestTimeout", 400, EIO, Retry::transient, ""},  // 400, yet only a timeout
    {"BadDigest", 400, EIO, Retry::once, "the data were damaged on their way"},
    {"InvalidDigest", 400, EIO, Retry::once, ""},
    {"XAmzContentSHA256Mismatch", 400, EIO, Retry::once, "the data were damaged on their way"},
    {"XAmzContentChecksumMismatch", 400, EIO, Retry::once, "the data were damaged on their way"},
    {"IncompleteBody", 400, EIO, Retry::once, ""},
    {"MissingContentLength", 411, EIO, Retry::once, ""},
    {"InvalidPart", 400, EIO, Retry::never, "", Refusal::part_unsuitable},
    {"InvalidPartOrder", 400, EIO, Retry::never, ""},
    {"EntityTooSmall", 400, EIO, Retry::never, ""},
    {"EntityTooLarge", 400, EFBIG, Retry::never, ""},
    {"MetadataTooLarge", 400, E2BIG, Retry::never, ""},
    {"RequestHeaderSectionTooLarge", 400, E2BIG, Retry::never, ""},
    // EIO, because nothing is known about the key: see NoSuchUpload in the client.
    {"NoSuchUpload", 404, EIO, Retry::never, "", Refusal::upload_gone},
    {"NotImplemented", 501, ENOTSUP, Retry::never, "the service cannot do this",
     Refusal::not_supported},
    {"MalformedXML", 400, EIO, Retry::never, ""},
    // Busy or broken.
    {"SlowDown", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"SlowDownRead", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"SlowDownWrite", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"TooManyRequests", 429, EIO, Retry::throttle, "", Refusal::busy},
    {"RequestLimitExceeded", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"Throttling", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"ThrottlingException", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"ServiceUnavailable", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"InternalError", 500, EIO, Retry::transient, ""},
    {"InsufficientCapacity", 507, ENOSPC, Retry::throttle, ""},
    {"QuotaExceeded", 403, EDQUOT, Retry::never, ""},
    {"XMinioStorageFull", 507, ENOSPC, Retry::throttle, ""},
    // No code, or one that is not above.
    {"", 301, EIO, Retry::region, kWrongRegion},
    {"", 302, EIO, Retry::region, ""},
    {"", 303, EIO, Retry::never, ""},
    {"", 307, EIO, Retry::region, kWrongRegion},
    {"", 308, EIO, Retry::region, kWrongRegion},
    {"", 400, EIO, Retry::never, "", Refusal::unexplained},
    {"", 401, EPERM, Retry::never, ""},
    {"", 403, EPERM, Retry::never, "is the key allowed to do this?"},
    {"", 404, ENOENT, Retry::never, ""},
    {"", 405, ENOTSUP, Retry::never, "", Refusal::not_supported},
    {"", 407, EIO, Retry::never, "the proxy wants a password"},
    {"", 408, EIO, Retry::transient, ""},
    {"", 409, ESTALE, Retry::once, ""},
    {"", 411, EIO, Retry::once, ""},
    {"", 412, ESTALE, Retry::never, ""},
    {"", 413, EFBIG, Retry::never, ""},
    {"", 431, E2BIG, Retry::never, ""},
    {"", 416, ERANGE, Retry::never, ""},
    {"", 429, EIO, Retry::throttle, "", Refusal::busy},
    {"", 500, EIO, Retry::transient, ""},
    {"", 501, ENOTSUP, Retry::never, "the service cannot do this", Refusal::not_supported},
    {"", 502, EIO, Retry::transient, "", Refusal::busy},
    {"", 503, EIO, Retry::throttle, "", Refusal::busy},
    {"", 504, ETIMEDOUT, Retry::transient, "", Refusal::busy},
    {"", 507, ENOSPC, Retry::throttle, ""},
});

constexpr ErrorRow kOtherStatus{"", 0, EIO, Retry::never, ""};

struct FailureRow {
  http::Failure failure;
  ErrorRow row;
};
constexpr auto kFailures = std::to_array<FailureRow>({
    {http::Failure::resolve, {"", 0, EIO, Retry::transient, ""}},
    {http::Failure::connect, {"", 0, EIO, Retry::transient, ""}},
    {http::Failure::tls, {"", 0, EIO, Retry::never, ""}},
    {http::Failure::timeout, {"", 0, ETIMEDOUT, Retry::transient, ""}},
    {http::Failure::idle_closed, {"", 0, EIO, Retry::transient, ""}},
    {http::Failure::broken, {"", 0, EIO, Retry::transient, ""}},
    {http::Failure::cancelled, {"", 0, ECANCELED, Retry::never, ""}},
    {http::Failure::body, {"", 0, EIO, Retry::never, ""}},
    {http::Failure::protocol, {"", 0, EIO, Retry::once, ""}},
});

}  // namespace

std::span<const ErrorRow> error_rows() {
  return kRows;
}

const ErrorRow& error_row(std::string_view code, int status) {
  const auto by_code = [&](const ErrorRow& row) { return row.code == code; };
  if (!code.empty()) {
    const auto* row = std::find_if(kRows.begin(), kRows.end(), by_code);
    if (row != kRows.end()) return *row;
  }
  if (status >= 200 && status < 300) status = 500;
  // An unknown code with 404 does not prove that the key is absent (law L4).
  if (status == 404 && !code.empty()) return kOtherStatus;
  const auto by_status = [&](const ErrorRow& row) {
    return row.code.empty() && row.status == status;
  };
  const auto* row = std::find_if(kRows.begin(), kRows.end(), by_status);
  if (row != kRows.end()) return *row;
  return status > 500 ? error_row("", 500) : kOtherStatus;
}

Refusal refusal_of(std::string_view code, int status) {
  const ErrorRow& row = error_row(code, status);
  if (row.refusal != Refusal::none) return row.refusal;
  const int meant = row.code.empty() ? status : row.status;
  return meant >= 400 && meant < 500 ? Refusal::refused : Refusal::failed;
}

bool refuses_the_way(std::string_view code, int status) {
  if (code == "NotImplemented" || code == "MethodNotAllowed" || code == "MissingContentLength")
    return true;
  if (status == 501 || status == 405 || status == 411) return error_row(code, 0).code.empty();
  // A 400 that names none of the reasons for which one request of many may fail.
  return status == 400 && !code.starts_with("KMS.") && error_row(code, 400).code.empty();
}

const ErrorRow& failure_row(http::Failure failure) {
  const auto* row = std::find_if(kFailures.begin(), kFailures.end(),
                                 [&](const FailureRow& one) { return one.failure == failure; });
  return row != kFailures.end() ? row->row : kOtherStatus;
}

}  // namespace pailfs::s3
