// SPDX-License-Identifier: Apache-2.0
#include "pailfs/http/transport.h"

namespace pailfs::http {

std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::put:
      return "PUT";
    case Method::post:
      return "POST";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

Result<std::size_t> MemoryBody::read(std::uint64_t offset, std::span<char> out) {
  if (offset >= bytes_.size()) return std::size_t{0};
  return bytes_.copy(out.data(), out.size(), static_cast<std::size_t>(offset));
}

}  // namespace pailfs::http
