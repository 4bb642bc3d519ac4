// SPDX-License-Identifier: Apache-2.0
#include "unfinished_uploads.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "pailfs/util/text.h"

namespace pailfs::cli {
namespace {

using std::chrono::seconds;
using Uploads = std::vector<store::UploadInProgress>;

constexpr std::string_view kBanner = "\n*** s3fs run as utility mode.\n\n";
constexpr std::string_view kRule =
    "---------------------------------------------------------------\n";

/// s3fs shows keys as paths of the mount.
std::string path_of(const store::Key& key) {
  return (key.starts_with('/') ? "" : "/") + printable(key, 4096);
}

Result<Uploads> all_uploads(store::ObjectStore& store, const std::string& prefix) {
  Uploads uploads;
  store::UploadPage at;
  for (;;) {
    Result<store::UploadPage> page = store.list_uploads(prefix, at);
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

Status list_uploads(store::ObjectStore& store, const std::string& prefix, std::ostream& out) {
  const Result<Uploads> uploads = all_uploads(store, prefix);
  if (!uploads) return uploads.error();
  out << kBanner;
  if (uploads->empty()) {
    out << "There is no list.\n";
    return {};
  }
  out << kRule;
  for (const store::UploadInProgress& upload : *uploads) {
    out << " Path     : " << path_of(upload.key) << '\n'
        << " UploadId : " << printable(upload.id.value, 2048) << '\n'
        << " Date     : " << iso8601_millis(upload.initiated) << "\n\n";
  }
  out << kRule;
  return {};
}

Status abort_uploads(store::ObjectStore& store, const std::string& prefix, seconds age,
                     WallTime now, std::ostream& out) {
  const Result<Uploads> uploads = all_uploads(store, prefix);
  if (!uploads) return uploads.error();
  out << kBanner;
  std::size_t failures = 0;
  Error first;
  for (const store::UploadInProgress& upload : *uploads) {
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
