// SPDX-License-Identifier: Apache-2.0
// The meaning of every failure to a file system: the only place where S3's words, HTTP's numbers
// and broken connections become errno values and decisions to try again.
#pragma once

#include <span>
#include <string_view>

#include "pailfs/http/transport.h"
#include "pailfs/util/refusal.h"

namespace pailfs::s3 {

enum class Retry {
  never,
  transient,            ///< after a short, jittered pause
  throttle,             ///< after a longer one: the service is overloaded
  refresh_credentials,  ///< if there are other credentials now, or may be in a moment
  clock,                ///< once, with the time of the service
  region,               ///< with the region that the service named, at most twice
  once,                 ///< once, on a fresh connection, with the body read again
};

struct ErrorRow {
  std::string_view code;  ///< S3's <Code>; empty: any or none, the status decides
  int status;             ///< 0: any
  int err;
  Retry retry;
  std::string_view hint;            ///< for the user; may be empty
  Refusal refusal = Refusal::none;  ///< none: follows from the status, see refusal_of()
};

/// Every row, rows with a code first. errno values are s3fs's where programs depend on them (403 is
/// EPERM, 501 ENOTSUP, InvalidObjectState EREMOTE, KeyTooLongError ENAMETOOLONG, 504 ETIMEDOUT),
/// with two differences: a missing bucket is not ENOENT, which would mean that a file is gone, and
/// an overloaded service is EIO as in s3fs 1.90, not EAGAIN, which programs take for "not
/// blocking".
std::span<const ErrorRow> error_rows();

/// The row for a reply. A known code outranks the status; an unknown one counts as its status, in
/// a reply of 2xx as 500. Beside 404 it is EIO: only known words say that a key is absent.
const ErrorRow& error_row(std::string_view code, int status);

/// The meaning of a reply to the layers above. If its row has none, a status of 4xx is `refused`
/// and every other one `failed`.
Refusal refusal_of(std::string_view code, int status);

/// True when the service does not support this kind of request at all, so that the caller must use
/// another kind.
bool refuses_the_way(std::string_view code, int status);

/// The row for an exchange that brought no complete reply (failure is not `none`).
const ErrorRow& failure_row(http::Failure failure);

}  // namespace pailfs::s3
