// SPDX-License-Identifier: Apache-2.0
// What single services refuse once the signature is right, beyond what S3 does.
#include <algorithm>
#include <shared_mutex>

#include "intake.h"
#include "text.h"

namespace s3d {
namespace {

constexpr std::size_t kMostOfValue = 256;

bool makes_object(Op op) {
  return op == Op::kPutObject || op == Op::kCopyObject || op == Op::kCreateMultipartUpload;
}

std::optional<S3Error> check_metadata(const Call& call) {
  std::uint64_t total = 0;
  for (const Header& h : call.head.headers) {
    const bool meta = h.name.starts_with("x-amz-meta-");
    if (meta && h.value.size() > kMostOfValue && call.rule(Rule::kMetaValueLimit))
      return S3Error{"InternalError", "", {}};
    if (h.name.starts_with("x-amz-") || h.name.starts_with("content-"))
      total += h.name.size() + h.value.size();
  }
  if (call.manners->meta_limit && total > *call.manners->meta_limit)
    return S3Error{"MetadataTooLarge", "", {}};
  return std::nullopt;
}

std::optional<S3Error> check_directory(const Call& call) {
  if (!call.address.key.ends_with('/')) return std::nullopt;
  const S3Error refusal{"DirectoryObjectContainsData", "", {}};
  const bool body = call.op == Op::kPutObject && call.head.has_body();
  if (body && call.rule(Rule::kDirectoryBody400)) return refusal;
  if (call.op != Op::kCopyObject || !call.rule(Rule::kDirectoryCopy400)) return std::nullopt;
  const auto source = percent_decode(call.header("x-amz-copy-source"), false).value_or("");
  const std::string here = call.bucket->name + "/" + call.address.key;
  if (source == here || source == "/" + here) return std::nullopt;
  return refusal;
}

/// Whether a file system could not hold the key beside what is there; `above`: it would lie in a
/// file, else it is a directory.
bool path_is_taken(const Bucket& bucket, const std::string& key, bool& above) {
  std::shared_lock lock(bucket.mutex);
  above = true;
  for (std::size_t slash = key.find('/'); slash != std::string::npos;
       slash = key.find('/', slash + 1))
    if (bucket.objects.contains(key.substr(0, slash))) return true;
  above = false;
  if (key.ends_with('/')) return false;
  const auto below = bucket.objects.lower_bound(key + "/");
  return below != bucket.objects.end() && below->first.starts_with(key + "/");
}

bool is_odd(std::string_view key) {
  if (key.ends_with('/')) key.remove_suffix(1);
  const auto names = split(key, '/');
  return std::any_of(names.begin(), names.end(), [](std::string_view name) {
    return name.empty() || name == "." || name == "..";
  });
}

std::optional<S3Error> check_path(const Call& call) {
  if (call.rule(Rule::kNoOddNames) && is_odd(call.address.key))
    return S3Error{"InvalidArgument", "Object name contains unsupported characters", {}};
  const bool paths = call.rule(Rule::kPathKeys400) || call.rule(Rule::kPathKeys409) ||
                     call.rule(Rule::kPathKeys500);
  bool above = false;
  if (!paths || !path_is_taken(*call.bucket, call.address.key, above)) return std::nullopt;
  if (call.rule(Rule::kPathKeys500)) return S3Error{"InternalError", "", {}};
  if (call.rule(Rule::kPathKeys400)) return S3Error{"InvalidRequest", "", {}};
  return S3Error{above ? "ObjectParentIsFile" : "ExistingObjectIsDirectory", "", {}};
}

}  // namespace

std::optional<S3Error> check_manners(const Call& call) {
  for (const Manners::Refusal& row : call.manners->refused)
    if (row.op == call.op && (row.header.empty() || call.head.headers.has(row.header)))
      return row.error;
  if (!makes_object(call.op)) return std::nullopt;
  if (auto error = check_metadata(call)) return error;
  if (auto error = check_directory(call)) return error;
  return check_path(call);
}

std::optional<Headers> heard_headers(const Call& call) {
  std::vector<std::string_view> deaf;
  for (const Manners::OfOp& row : call.manners->ignored)
    if (row.op == call.op && call.head.headers.has(row.text)) deaf.push_back(row.text);
  if (deaf.empty()) return std::nullopt;
  Headers heard;
  for (const Header& h : call.head.headers)
    if (std::find(deaf.begin(), deaf.end(), h.name) == deaf.end()) heard.add(h.name, h.value);
  return heard;
}

}  // namespace s3d
