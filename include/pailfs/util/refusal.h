// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pailfs {

/// The meaning of an object store's answer beyond its errno. The client of the store fills it in
/// from its table of errors; the layers above use it and never the store's own error codes.
enum class Refusal : std::uint8_t {
  none,             ///< no answer: nothing was asked, or no reply came
  failed,           ///< the answer says nothing about the request: broken, strange, a fault inside
  busy,             ///< the service, or a proxy before it, has too much to do
  refused,          ///< refused for the reason that the errno tells
  unexplained,      ///< refused for an unknown reason, perhaps because of a header
  not_supported,    ///< the service does not support this at all
  forbidden,        ///< the keys are known, and may not do this
  bucket_gone,      ///< there is no such bucket
  upload_gone,      ///< there is no such multipart upload; says nothing about the object
  part_unsuitable,  ///< a part does not fit the upload: unknown, or of the wrong size
};

}  // namespace pailfs
