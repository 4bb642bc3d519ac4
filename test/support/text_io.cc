// SPDX-License-Identifier: Apache-2.0
#include "text_io.h"

#include <random>

namespace pailfs::test {

Result<store::ETag> put_text(store::ObjectStore& store, const store::Key& key, std::string text,
                             store::ObjectAttributes attributes) {
  StringSource body(std::move(text));
  return store.put({key, std::move(attributes)}, body);
}

Result<Got> get_text(store::ObjectStore& store, const store::Key& key,
                     std::optional<store::ByteRange> range, const store::ETag& if_match) {
  StringSink sink(range ? range->begin : 0);
  auto info = store.get({key, range, if_match}, sink);
  if (!info) return info.error();
  if (!sink.in_order()) return Error{EPROTO, "the bytes did not come in order"};
  return Got{*info, sink.bytes()};
}

Result<store::ListPage> list_all(store::ObjectStore& store, const std::string& prefix,
                                 bool delimited, std::size_t page_size) {
  store::ListPage all;
  store::ListRequest request{prefix, delimited, "", page_size};
  for (int pages = 0; pages < 10'000; ++pages) {
    auto page = store.list(request);
    if (!page) return page.error();
    all.objects.insert(all.objects.end(), page->objects.begin(), page->objects.end());
    all.prefixes.insert(all.prefixes.end(), page->prefixes.begin(), page->prefixes.end());
    if (page->next.empty()) return all;
    request.continuation = page->next;
  }
  return Error{EPROTO, "the listing does not end"};
}

std::string pattern(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint64_t word = random();
    for (std::size_t j = i; j < size && j < i + 8; ++j, word >>= 8U) {
      bytes[j] = static_cast<char>(word & 0xFFU);
    }
  }
  return bytes;
}

}  // namespace pailfs::test
