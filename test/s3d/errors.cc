// SPDX-License-Identifier: Apache-2.0
#include "errors.h"

namespace s3d {
namespace {

struct Row {
  std::string_view code;
  int status;
  std::string_view message;
};

constexpr Row kRows[] = {
    {"AccessDenied", 403, "Access Denied"},
    {"AuthenticationRequired", 401, "Authentication required."},
    {"AuthorizationHeaderMalformed", 400, "The authorization header you provided is invalid."},
    {"AuthorizationQueryParametersError", 400,
     "Error parsing the X-Amz-Credential parameter or another query parameter of the signature"},
    {"BadDigest", 400, "The Content-MD5 or checksum you specified did not match what we received."},
    {"BucketAlreadyExists", 409, "The requested bucket name is not available."},
    {"BucketAlreadyOwnedByYou", 409,
     "Your previous request to create the named bucket succeeded and you already own it."},
    {"BucketNotEmpty", 409, "The bucket you tried to delete is not empty"},
    {"ConditionalRequestConflict", 409,
     "The conditional request cannot succeed due to a conflicting operation against this "
     "resource."},
    {"DirectoryObjectContainsData", 400, "Directory object contains data payload."},
    {"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"},
    {"EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size"},
    {"ExistingObjectIsDirectory", 409, "Existing Object is a directory."},
    {"ExpiredToken", 400, "The provided token has expired."},
    {"IllegalLocationConstraintException", 400,
     "The specified location constraint is incompatible for the region specific endpoint this "
     "request was sent to."},
    {"IncompleteBody", 400,
     "You did not provide the number of bytes specified by the Content-Length HTTP header"},
    {"InternalError", 500, "We encountered an internal error. Please try again."},
    {"InvalidAccessKeyId", 403,
     "The AWS Access Key Id you provided does not exist in our records."},
    {"InvalidArgument", 400, "Invalid Argument"},
    {"InvalidBucketName", 400, "The specified bucket is not valid."},
    {"InvalidDigest", 400, "The Content-MD5 you specified is not valid."},
    {"InvalidEncryptionAlgorithmError", 400,
     "The encryption request you specified is not valid. The valid value is AES256."},
    {"InvalidPart", 400,
     "One or more of the specified parts could not be found.  The part may not have been "
     "uploaded, or the specified entity tag may not match the part's entity tag."},
    {"InvalidPartOrder", 400,
     "The list of parts was not in ascending order. Parts must be ordered by part number."},
    {"InvalidRange", 416, "The requested range is not satisfiable"},
    {"InvalidRegionName", 400, "The region name is not valid."},
    {"InvalidRequest", 400, "Invalid Request"},
    {"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
    {"InvalidURI", 400, "Couldn't parse the specified URI."},
    {"KeyTooLongError", 400, "Your key is too long"},
    {"MalformedXML", 400,
     "The XML you provided was not well-formed or did not validate against our published schema"},
    {"MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size"},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    {"MissingContentLength", 411, "You must provide the Content-Length HTTP header."},
    {"MissingSecurityHeader", 400, "Your request was missing a required header"},
    {"NoSuchBucket", 404, "The specified bucket does not exist"},
    {"NoSuchKey", 404, "The specified key does not exist."},
    {"NoSuchUpload", 404,
     "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
     "been aborted or completed."},
    {"NotImplemented", 501, "A header you provided implies functionality that is not implemented"},
    {"ObjectParentIsFile", 409, "Object parent already exists as a file."},
    {"OperationAborted", 409,
     "A conflicting conditional operation is currently in progress against this resource. Please "
     "try again."},
    {"PermanentRedirect", 301,
     "The bucket you are attempting to access must be addressed using the specified endpoint. "
     "Please send all future requests to this endpoint."},
    {"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"},
    {"QuotaExceeded", 403, "The quota has been exceeded."},
    {"RequestTimeTooSkewed", 403,
     "The difference between the request time and the current time is too large."},
    {"RequestTimeout", 400,
     "Your socket connection to the server was not read from or written to within the timeout "
     "period. Idle connections will be closed."},
    {"SecondLevelDomainForbidden", 403,
     "The bucket you are attempting to access must be addressed using OSS third level domain."},
    {"ServiceUnavailable", 503, "Please reduce your request rate."},
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your "
     "key and signing method."},
    {"SlowDown", 503, "Please reduce your request rate."},
    {"TemporaryRedirect", 307,
     "Please re-send this request to the specified temporary endpoint. Continue to use the "
     "original request endpoint for future requests."},
    {"TooManyRequests", 429, "Please reduce your request rate."},
    {"XAdminUserNotFound", 404, "No user exists with the provided access key ID."},
    {"XAmzContentSHA256Mismatch", 400,
     "The provided 'x-amz-content-sha256' header does not match what was computed."},
};

}  // namespace

int status_of(std::string_view code) {
  for (const Row& row : kRows)
    if (row.code == code) return row.status;
  return 400;
}

std::string_view message_of(std::string_view code) {
  for (const Row& row : kRows)
    if (row.code == code) return row.message;
  return code;
}

}  // namespace s3d
