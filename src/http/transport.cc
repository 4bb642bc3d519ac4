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

}  // namespace pailfs::http
