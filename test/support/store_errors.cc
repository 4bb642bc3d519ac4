// SPDX-License-Identifier: Apache-2.0
#include "store_errors.h"

#include <array>
#include <cerrno>

namespace pailfs::test {
namespace {

struct Row {
  const char* s3_code;
  int status;
  int err;
  Refusal refusal = Refusal::refused;
};

constexpr std::array<Row, 14> kRows{{
    {"NoSuchKey", 404, ENOENT},
    {"NoSuchUpload", 404, EIO, Refusal::upload_gone},
    {"PreconditionFailed", 412, ESTALE},
    {"PreconditionFailed", 412, EEXIST},
    {"InvalidRange", 416, ERANGE},
    {"InvalidArgument", 400, EINVAL, Refusal::unexplained},
    {"InvalidRequest", 400, EINVAL, Refusal::unexplained},
    {"InvalidPart", 400, EIO, Refusal::part_unsuitable},
    {"InvalidPartOrder", 400, EIO},
    {"EntityTooSmall", 400, EIO},
    {"EntityTooLarge", 400, EFBIG},
    {"KeyTooLongError", 400, ENAMETOOLONG},
    {"MetadataTooLarge", 400, E2BIG},
    {"IncompleteBody", 400, EIO},
}};

}  // namespace

Error store_error(StoreCode code, const std::string& what) {
  const Row& row = kRows.at(static_cast<std::size_t>(code));  // in the order of the enum
  Error error(row.err, what + ": " + row.s3_code);
  error.s3_code = row.s3_code;
  error.http_status = row.status;
  error.refusal = row.refusal;
  return error;
}

}  // namespace pailfs::test
