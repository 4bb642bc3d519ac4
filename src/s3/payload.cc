// SPDX-License-Identifier: Apache-2.0
#include "payload.h"

#include "pailfs/util/text.h"

#include "error_table.h"

namespace pailfs::s3 {
namespace {

/// Errors by which a service may mean that it does not know a header: those that say so, and
/// unspecific ones (InvalidRequest, InvalidArgument, a bare 400).
bool may_mean_a_header(const Error& error) {
  const std::string& code = error.s3_code;
  if (error.http_status == 501 || code == "NotImplemented") return true;
  if (code == "MalformedXML" || code == "InvalidPart") return true;  // of a completion
  return error.http_status == 400 && error_row(code, 400).code.empty();
}

/// A policy may demand the hash (condition key s3:x-amz-content-sha256).
bool may_mean_an_unsigned_body(const Error& error) {
  return may_mean_a_header(error) || error.s3_code == "XAmzContentSHA256Mismatch" ||
         (error.http_status == 403 && (error.s3_code == "AccessDenied" || error.s3_code.empty()));
}

bool can_sign(const PayloadCase& request) {
  return request.v4 && request.keys;
}

}  // namespace

PayloadPlan plan_payload(const PayloadCase& request, const PayloadSupport& support) {
  PayloadPlan plan;
  plan.md5 = request.md5 && request.has_body;
  plan.sign = can_sign(request) &&
              (!request.tls || request.always_sign || support.unsigned_body == Support::refused);
  // Services that want signature version 2 are older than checksums.
  plan.checksum = request.bound || (request.may_checksum && !plan.sign && request.v4 &&
                                    !request.md5 && support.checksum != Support::refused);
  return plan;
}

std::optional<PayloadPlan> plainer_payload(const PayloadPlan& refused, const PayloadCase& request,
                                           const PayloadSupport& support, const Error& error) {
  PayloadPlan plainer = refused;
  plainer.checksum = false;
  if (refused.checksum && support.checksum != Support::works && may_mean_a_header(error))
    return plainer;
  if (request.has_body && can_sign(request) && !refused.sign &&
      support.unsigned_body != Support::works && may_mean_an_unsigned_body(error)) {
    plainer.sign = true;
    return plainer;
  }
  return std::nullopt;
}

std::string checksum_text(std::uint32_t crc) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    bytes += static_cast<char>(static_cast<unsigned char>((crc >> shift) & 0xffU));
  return base64(bytes);
}

}  // namespace pailfs::s3
