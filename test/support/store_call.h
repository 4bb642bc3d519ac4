// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace pailfs::test {

/// The methods of store::ObjectStore, as something that can be counted and matched.
enum class Verb {
  head,
  get,
  put,
  remove,
  remove_many,
  list,
  copy,
  create_upload,
  upload_part,
  copy_part,
  complete_upload,
  abort_upload,
  list_parts,
  list_uploads,
};

std::string_view verb_name(Verb verb);

/// How often each method was called. `remove_many` and the listings count requests as S3 would see
/// them: one for each 1000 keys or page.
struct RequestCount {
  int head = 0;
  int get = 0;
  int put = 0;
  int remove = 0;
  int remove_many = 0;
  int list = 0;
  int copy = 0;
  int create_upload = 0;
  int upload_part = 0;
  int copy_part = 0;
  int complete_upload = 0;
  int abort_upload = 0;
  int list_parts = 0;
  int list_uploads = 0;

  int& of(Verb verb);
  [[nodiscard]] int of(Verb verb) const;
  [[nodiscard]] int total() const;
  /// "put 1, list 2": only what is not zero; "none" when all are.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const RequestCount&, const RequestCount&) = default;
};

}  // namespace pailfs::test
