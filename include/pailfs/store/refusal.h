// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>

#include "pailfs/store/object_store.h"
#include "pailfs/util/result.h"
#include "pailfs/util/text.h"

namespace pailfs::store {

/// Whether the same request will be refused however often it is repeated. False for credentials
/// that are not accepted, which may be replaced; for an answer that says nothing about the request;
/// and for a condition on a version (ESTALE, EEXIST), for which the caller may send another.
inline bool is_final(const Error& error) {
  switch (error.refusal) {
    case Refusal::forbidden:
    case Refusal::not_supported:
      return true;
    case Refusal::failed:
    case Refusal::busy:
      return false;
    default:
      break;
  }
  switch (error.err) {
    case E2BIG:
    case EFBIG:
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTSUP:
      return true;
    default:
      return false;
  }
}

/// Errors of an ObjectStore that answers in place of the service.
inline Error no_such_object(const Key& key) {
  return {ENOENT, printable(key) + ": no such object"};
}
inline Error other_version(const Key& key) {
  return {ESTALE, printable(key) + ": is another version"};
}

}  // namespace pailfs::store
