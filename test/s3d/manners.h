// SPDX-License-Identifier: Apache-2.0
/// What a service does with single operations, headers and keys, where a switch (rules.h) would be
/// needed for each: rules with a value, as text. Pure.
/// kMannerForms lists them; CODE is an S3 code, or kPage or kProblem of errors.h.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errors.h"
#include "operation.h"

namespace s3d {

struct Manners {
  struct OfOp {
    Op op = Op::kMethodNotAllowed;
    std::string text;  ///< a header in lower case, or an element
  };
  struct Refusal {
    Op op = Op::kMethodNotAllowed;
    std::string header;  ///< empty: always
    S3Error error;
  };
  std::vector<std::string> texts;  ///< what this was read from
  std::vector<OfOp> ignored;
  std::vector<Refusal> refused;
  std::vector<Refusal> unknown_upload;
  std::vector<OfOp> roots;
  std::vector<OfOp> bare_etags;
  std::vector<OfOp> decoded_twice;
  std::vector<std::string> dropped;
  std::string forbid_overwrite;  ///< header in the place of If-None-Match; empty: that
  using NameLimit = std::optional<std::pair<std::size_t, S3Error>>;
  NameLimit name_limit;      ///< of a key to be written
  NameLimit any_name_limit;  ///< of any key
  std::vector<std::pair<char, S3Error>> bad_bytes;
  std::optional<std::uint64_t> meta_limit;

  /// Those of this operation; null or empty: none.
  const std::string* root(Op op) const;
  bool bare_etag(Op op) const;
  bool decodes_twice(Op op) const;
  const S3Error* unknown_upload_of(Op op) const;
  bool drops(std::string_view header) const;
  bool ignores(Op op, std::string_view header) const;
};

/// For --help: form and meaning.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kMannerForms = {{
    {"ignore=OP/HEADER",
     "the header of this operation has no effect; DeleteObjects/etag is its element"},
    {"refuse=OP[/HEADER]:STATUS:CODE",
     "it is refused; CODE html or json: a page; STATUS 0: the connection ends"},
    {"unknown_upload=OP:STATUS:CODE", "refused so when there is no such upload"},
    {"root=OP:NAME", "the reply's document has this root element"},
    {"bare_etag=OP", "ETags in its replies' documents have no quotes"},
    {"decoded_twice=OP", "its x-amz-copy-source is percent-decoded twice"},
    {"drop_header=NAME", "not kept with an object"},
    {"forbid_overwrite=NAME",
     "this header (true) keeps an object: 409 FileAlreadyExists; If-None-Match of writes is "
     "ignored"},
    {"name_limit=N:STATUS:CODE", "refused so when a component of a new key is longer"},
    {"any_name_limit=N:STATUS:CODE", "the same for every operation on a key"},
    {"bad_byte=HEX:STATUS:CODE", "refused so when a key has this byte"},
    {"meta_limit=N", "most bytes of x-amz-* and content-* headers, names counted"},
}};

/// `old` with one more or one less; nullopt: not the text of a manner.
std::optional<Manners> changed_manners(const Manners& old, std::string_view text, bool on);

/// Why a service does not take a key, for a write or for any other operation; nothing: it does.
const S3Error* refused_key(const Manners& manners, std::string_view key, bool writes);

}  // namespace s3d
