// SPDX-License-Identifier: Apache-2.0
#include "utility.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

using std::chrono::seconds;
using Uploads = std::vector<s3::UploadInProgress>;

constexpr std::string_view kBanner = "\n*** s3fs run as utility mode.\n\n";
constexpr std::string_view kRule =
    "---------------------------------------------------------------\n";

struct Unit {
  char letter;
  std::int64_t length;  ///< in seconds
};
constexpr Unit kUnits[] = {{'Y', 365 * 86400}, {'M', 30 * 86400}, {'D', 86400},
                           {'h', 3600},        {'m', 60},         {'s', 1}};
/// More would be no age but a slip of the finger.
constexpr std::uint64_t kMostOfAUnit = 1'000'000;

/// s3fs shows keys as paths of the mount.
std::string path_of(const s3::Key& key) {
  return (key.starts_with('/') ? "" : "/") + printable(key, 4096);
}

Result<Uploads> all_uploads(s3::ObjectStore& store, const std::string& prefix) {
  Uploads uploads;
  s3::UploadPage at;
  for (;;) {
    Result<s3::UploadPage> page = store.list_uploads(prefix, at);
    if (!page) return page.error().with("Could not get list multipart upload");
    uploads.insert(uploads.end(), page->uploads.begin(), page->uploads.end());
    if (page->next_key.empty() && page->next_upload_id.empty()) return uploads;
    if (page->next_key == at.next_key && page->next_upload_id == at.next_upload_id)
      return Error(EIO, "LIST uploads: the service repeats a page");
    at = std::move(*page);
    at.uploads.clear();
  }
}

}  // namespace

std::optional<seconds> parse_age(std::string_view text) {
  if (text == "all") return seconds(0);
  if (text.empty()) return std::nullopt;
  seconds age{0};
  const Unit* unit = std::begin(kUnits);
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == text.size()) return std::nullopt;
    const auto number = parse_uint(text.substr(0, digits));
    unit = std::find_if(unit, std::end(kUnits),
                        [&](const Unit& one) { return one.letter == text[digits]; });
    if (!number || *number > kMostOfAUnit || unit == std::end(kUnits)) return std::nullopt;
    age += seconds(static_cast<std::int64_t>(*number) * unit->length);
    ++unit;
    text.remove_prefix(digits + 1);
  }
  return age;
}

Status list_uploads(s3::ObjectStore& store, const std::string& prefix, std::ostream& out) {
  const Result<Uploads> uploads = all_uploads(store, prefix);
  if (!uploads) return uploads.error();
  out << kBanner;
  if (uploads->empty()) {
    out << "There is no list.\n";
    return {};
  }
  out << kRule;
  for (const s3::UploadInProgress& upload : *uploads) {
    out << " Path     : " << path_of(upload.key) << '\n'
        << " UploadId : " << printable(upload.id.value, 2048) << '\n'
        << " Date     : " << iso8601_millis(upload.initiated) << "\n\n";
  }
  out << kRule;
  return {};
}

Status abort_uploads(s3::ObjectStore& store, const std::string& prefix, seconds age, WallTime now,
                     std::ostream& out) {
  const Result<Uploads> uploads = all_uploads(store, prefix);
  if (!uploads) return uploads.error();
  out << kBanner;
  std::size_t failures = 0;
  Error first;
  for (const s3::UploadInProgress& upload : *uploads) {
    if (age > seconds(0) && now - upload.initiated < age) continue;
    const Status removed = store.abort_upload(upload.key, upload.id);
    if (removed) {
      out << "Succeed to remove " << path_of(upload.key) << " multipart uploading object.\n";
    } else if (failures++ == 0) {
      first = removed.error();
    }
  }
  if (failures == 0) return {};
  return first.with(std::to_string(failures) + " unfinished uploads could not be removed");
}

}  // namespace pailfs::cli
