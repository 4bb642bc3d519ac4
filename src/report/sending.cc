// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "pailfs/report/report.h"
#include "pailfs/util/text.h"

namespace pailfs::report {
namespace {

/// Uploads that one line names.
constexpr std::size_t kMostNamed = 2;

std::string upload_words(const fs::UploadState& upload) {
  std::string text = printable(upload.path) + " " + human_size(upload.bytes_done) + " of " +
                     human_size(upload.bytes_total);
  if (upload.bytes_total == 0) return text;
  const double part =
      static_cast<double>(upload.bytes_done) / static_cast<double>(upload.bytes_total);
  return text + " (" + std::to_string(static_cast<int>(100.0 * part)) + " %)";
}

}  // namespace

std::optional<fs::StoreFailure> last_error(const Report& report) {
  std::optional<fs::StoreFailure> last = report.activity.last_failure;
  const auto& failed = report.failed_request;
  // The request that failed a file is older than the file's failure, which says more.
  if (failed && (!last || failed->time > last->time))
    last = fs::StoreFailure{failed->time, failed->key, failed->error};
  return last;
}

Sending describe_sending(const fs::Activity& activity, const journal::Waiting& waiting,
                         std::uint64_t sent) {
  Sending sending;
  sending.sent = sent;
  sending.left = activity.unstored_bytes() + waiting.bytes;
  sending.words = describe_unstored(activity);
  if (waiting.changes > 0) sending.words += "; in the journal " + describe_waiting(waiting);
  std::size_t named = 0;
  for (const fs::UploadState& upload : activity.uploads) {
    sending.left -= std::min(sending.left, upload.bytes_done);
    if (upload.bytes_done == 0 || ++named > kMostNamed) continue;
    sending.words += "; " + upload_words(upload);
  }
  return sending;
}

}  // namespace pailfs::report
