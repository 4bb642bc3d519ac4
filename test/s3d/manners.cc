// SPDX-License-Identifier: Apache-2.0
#include "manners.h"

#include <algorithm>

#include "text.h"

namespace s3d {
namespace {

/// "A:B:C" in its pieces, exactly `count` of them.
std::optional<std::vector<std::string_view>> pieces(std::string_view text, std::size_t count) {
  auto found = split(text, ':');
  if (found.size() != count) return std::nullopt;
  return found;
}

std::optional<S3Error> error_of(std::string_view status, std::string_view code) {
  const auto number = parse_u64(status);
  if (!number || *number > 599 || code.empty()) return std::nullopt;
  if (*number == 0) return S3Error{std::string(kNoReply), "", {}};
  return S3Error{std::string(code), "", {}, static_cast<int>(*number)};
}

/// "OP" or "OP/HEADER".
std::optional<Manners::OfOp> op_and_header(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto op = op_by_name(text.substr(0, slash));
  if (!op) return std::nullopt;
  if (slash == std::string_view::npos) return Manners::OfOp{*op, ""};
  return Manners::OfOp{*op, to_lower(text.substr(slash + 1))};
}

bool add_refusal(std::vector<Manners::Refusal>& list, std::string_view value) {
  const auto parts = pieces(value, 3);
  if (!parts) return false;
  auto which = op_and_header((*parts)[0]);
  auto error = error_of((*parts)[1], (*parts)[2]);
  if (!which || !error) return false;
  list.push_back({which->op, which->text, *std::move(error)});
  return true;
}

bool add_root(Manners& manners, std::string_view value) {
  const auto parts = pieces(value, 2);
  const auto op = parts ? op_by_name((*parts)[0]) : std::nullopt;
  if (!op || (*parts)[1].empty()) return false;
  manners.roots.push_back({*op, std::string((*parts)[1])});
  return true;
}

bool add_op(std::vector<Manners::OfOp>& list, std::string_view value) {
  const auto op = op_by_name(value);
  if (op) list.push_back({*op, ""});
  return op.has_value();
}

bool has_op(const std::vector<Manners::OfOp>& list, Op op) {
  return std::any_of(list.begin(), list.end(), [&](const auto& row) { return row.op == op; });
}

bool set_name_limit(Manners::NameLimit& name_limit, std::string_view value) {
  const auto parts = pieces(value, 3);
  const auto limit = parts ? parse_u64((*parts)[0]) : std::nullopt;
  auto error = parts ? error_of((*parts)[1], (*parts)[2]) : std::nullopt;
  if (!limit || !error) return false;
  name_limit = {static_cast<std::size_t>(*limit), *std::move(error)};
  return true;
}

bool add_bad_byte(Manners& manners, std::string_view value) {
  const auto parts = pieces(value, 3);
  const auto byte = parts ? percent_decode("%" + std::string((*parts)[0]), false) : std::nullopt;
  auto error = parts ? error_of((*parts)[1], (*parts)[2]) : std::nullopt;
  if (!byte || byte->size() != 1 || !error) return false;
  manners.bad_bytes.emplace_back(byte->front(), *std::move(error));
  return true;
}

bool read_into(Manners& manners, std::string_view text) {
  const std::size_t eq = text.find('=');
  if (eq == std::string_view::npos) return false;
  const std::string_view name = text.substr(0, eq);
  const std::string_view value = text.substr(eq + 1);
  if (name == "refuse") return add_refusal(manners.refused, value);
  if (name == "unknown_upload") return add_refusal(manners.unknown_upload, value);
  if (name == "root") return add_root(manners, value);
  if (name == "bare_etag") return add_op(manners.bare_etags, value);
  if (name == "decoded_twice") return add_op(manners.decoded_twice, value);
  if (name == "name_limit") return set_name_limit(manners.name_limit, value);
  if (name == "any_name_limit") return set_name_limit(manners.any_name_limit, value);
  if (name == "bad_byte") return add_bad_byte(manners, value);
  if (name == "ignore") {
    auto which = op_and_header(value);
    if (!which || which->text.empty()) return false;
    manners.ignored.push_back(*std::move(which));
    return true;
  }
  if (name == "forbid_overwrite") {
    manners.forbid_overwrite = to_lower(value);
    return !value.empty();
  }
  if (name == "drop_header" && !value.empty()) {
    manners.dropped.push_back(to_lower(value));
    return true;
  }
  if (name == "meta_limit") manners.meta_limit = parse_u64(value);
  return name == "meta_limit" && manners.meta_limit.has_value();
}

}  // namespace

const std::string* Manners::root(Op op) const {
  for (const OfOp& row : roots)
    if (row.op == op) return &row.text;
  return nullptr;
}

bool Manners::bare_etag(Op op) const {
  return has_op(bare_etags, op);
}

bool Manners::decodes_twice(Op op) const {
  return has_op(decoded_twice, op);
}

const S3Error* Manners::unknown_upload_of(Op op) const {
  for (const Refusal& row : unknown_upload)
    if (row.op == op) return &row.error;
  return nullptr;
}

bool Manners::drops(std::string_view header) const {
  return std::find(dropped.begin(), dropped.end(), header) != dropped.end();
}

bool Manners::ignores(Op op, std::string_view header) const {
  return std::any_of(ignored.begin(), ignored.end(),
                     [&](const OfOp& row) { return row.op == op && row.text == header; });
}

std::optional<Manners> changed_manners(const Manners& old, std::string_view text, bool on) {
  Manners alone;
  if (!read_into(alone, text)) return std::nullopt;
  std::vector<std::string> texts = old.texts;
  std::erase(texts, text);
  if (on) texts.emplace_back(text);
  Manners fresh;
  for (const std::string& each : texts) read_into(fresh, each);
  fresh.texts = std::move(texts);
  return fresh;
}

namespace {

const S3Error* too_long(const Manners::NameLimit& name_limit, std::string_view key) {
  if (!name_limit) return nullptr;
  for (std::string_view name : split(key, '/'))
    if (name.size() > name_limit->first) return &name_limit->second;
  return nullptr;
}

}  // namespace

const S3Error* refused_key(const Manners& manners, std::string_view key, bool writes) {
  for (const auto& [byte, error] : manners.bad_bytes)
    if (key.find(byte) != std::string_view::npos) return &error;
  if (const S3Error* error = too_long(manners.any_name_limit, key)) return error;
  return writes ? too_long(manners.name_limit, key) : nullptr;
}

}  // namespace s3d
