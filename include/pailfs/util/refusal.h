// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace pailfs {

/// What the answer of an object store means beyond its errno. The client of the store fills it in
/// from its one table of errors; all above it ask this and never the store's own words.
enum class Refusal : std::uint8_t {
  none,             ///< no answer: nothing was asked, or no reply came
  failed,           ///< the answer says nothing about the request: broken, strange, a fault inside
  busy,             ///< the service, or a proxy before it, has too much to do
  refused,          ///< the errno tells all
  unexplained,      ///< refused for no reason that is known: a header may be what it dislikes
  not_supported,    ///< the service does not do this at all
  forbidden,        ///< the keys are known, and may not do this
  bucket_gone,      ///< there is no such bucket
  upload_gone,      ///< there is no such multipart upload, whatever is true of the object
  part_unsuitable,  ///< a part is not what the upload needs: unknown, or of another size
};

}  // namespace pailfs
