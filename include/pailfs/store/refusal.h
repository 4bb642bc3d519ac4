// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>

#include "pailfs/store/object_store.h"
#include "pailfs/util/result.h"
#include "pailfs/util/text.h"

namespace pailfs::store {

/// Whether the same request will be refused however often it is repeated. Not of keys that are not
/// accepted, which may be replaced; not of an answer that says nothing about the request; and not
/// of a condition on a version (ESTALE, EEXIST): the caller made it and may make another.
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

/// The errors of an ObjectStore that knows by itself what the service would answer.
inline Error no_such_object(const Key& key) {
  return {ENOENT, printable(key) + ": no such object"};
}
inline Error other_version(const Key& key) {
  return {ESTALE, printable(key) + ": is another version"};
}

}  // namespace pailfs::store
