// SPDX-License-Identifier: Apache-2.0
#include "md5.h"

#include <array>

#include <openssl/evp.h>

namespace pailfs::test {

std::string md5(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_md5(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

}  // namespace pailfs::test
