// SPDX-License-Identifier: Apache-2.0
#include "dress.h"

#include <string>

#include "digest.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::string_view kNamespace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

void rename_root(std::string& text, const std::string& name) {
  const std::size_t begin = text.find('<', text.find("?>")) + 1;
  const std::string old = text.substr(begin, text.find_first_of(" >", begin) - begin);
  text.replace(begin, old.size(), name);
  const std::size_t end = text.rfind("</" + old + ">");
  text.replace(end + 2, old.size(), name);
}

/// A control character, written "&#x01;" everywhere else, as itself or as what Go makes of it.
void respell_controls(std::string& text, bool replaced) {
  for (int c = 1; c < 0x20; ++c) {
    const char byte = static_cast<char>(c);
    if (byte == '\t' || byte == '\n' || byte == '\r') continue;  // XML can hold them
    replace_all(text, "&#x" + hex(std::string_view(&byte, 1)) + ";",
                replaced ? std::string("\xEF\xBF\xBD") : std::string(1, byte));
  }
  if (!replaced) return;
  replace_all(text, "\xEF\xBF\xBE", "\xEF\xBF\xBD");
  replace_all(text, "\xEF\xBF\xBF", "\xEF\xBF\xBD");
}

void respell_etags(const Call& call, std::string& text) {
  if (call.op == Op::kCompleteMultipartUpload && call.rule(Rule::kCompleteEtagEmpty)) {
    const std::size_t begin = text.find("<ETag>") + 6;
    text.erase(begin, text.find("</ETag>") - begin);
  }
  const bool bare = call.manners->bare_etag(call.op);
  if (!bare && !call.rule(Rule::kEtagRaw)) return;
  const std::string_view quote = bare ? "" : "\"";
  replace_all(text, "<ETag>&quot;", std::string("<ETag>") += quote);
  replace_all(text, "&quot;</ETag>", std::string(quote) += "</ETag>");
}

void respell_list(const Call& call, std::string& text) {
  if (call.rule(Rule::kListNoClass)) replace_all(text, "<StorageClass>STANDARD</StorageClass>", "");
  if (call.rule(Rule::kListEncodingEmpty))
    replace_all(text, "<IsTruncated>", "<EncodingType></EncodingType><IsTruncated>");
}

bool writes_result(Op op) {
  return op == Op::kCopyObject || op == Op::kUploadPartCopy || op == Op::kCreateMultipartUpload ||
         op == Op::kCompleteMultipartUpload || op == Op::kDeleteObjects || op == Op::kListParts ||
         op == Op::kListMultipartUploads;
}

bool lists_objects(Op op) {
  return op == Op::kListObjectsV1 || op == Op::kListObjectsV2;
}

}  // namespace

void dress(const Call& call, Reply& reply) {
  const bool document = writes_result(call.op) || lists_objects(call.op);
  if (!document || reply.status != 200 || !reply.code.empty()) return;
  std::string text = reply.body.to_string();
  if (!text.starts_with("<?xml")) return;
  if (lists_objects(call.op)) respell_list(call, text);
  if (const std::string* name = call.manners->root(call.op)) rename_root(text, *name);
  if (writes_result(call.op) && call.rule(Rule::kNoNamespace)) replace_all(text, kNamespace, "");
  respell_etags(call, text);
  const bool replaced = call.rule(Rule::kListControlReplaced);
  if (replaced || call.rule(Rule::kControlRaw)) respell_controls(text, replaced);
  reply.body = Body(std::move(text));
}

}  // namespace s3d
