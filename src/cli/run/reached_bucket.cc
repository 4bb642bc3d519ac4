// SPDX-License-Identifier: Apache-2.0
#include "reached_bucket.h"

#include <cerrno>
#include <utility>

#include "pailfs/fs/file_system.h"

#include "late_keys.h"
#include "messages.h"

namespace pailfs::cli {
namespace {

/// A directory may be an object without a slash too, as old versions of s3fs made it.
Status refuse_file(const Options& options, s3::Client& client) {
  const std::string path = options.fs.prefix.substr(0, options.fs.prefix.size() - 1);
  const auto there = client.head(path);
  if (!there || fs::shows_as_directory(*there, options.fs)) return {};
  return Error(ENOTDIR, "s3://" + options.s3.bucket + "/" + path +
                            " is a file, not a directory (Bucket or directory not found); mount "
                            "what it lies in");
}

}  // namespace

ReachedBucket reach_bucket(const Options& options, s3::Client& client,
                           const std::optional<Error>& no_keys) {
  ReachedBucket reached;
  auto page = client.first_page(options.fs.prefix);
  if (!page && no_keys && is_about_keys(page.error())) {
    reached.refusal = StartFailure(Step::credentials, *no_keys);
    return reached;
  }
  if (!page) {
    reached.refusal = StartFailure(Step::bucket, page.error());
    return reached;
  }
  reached.page = std::move(*page);
  if (no_keys)
    reached.remarks.emplace_back("no credentials found; bucket is public, requests are not signed");
  if (options.fs.prefix.empty() || !reached.page.objects.empty() || !reached.page.next.empty())
    return reached;
  if (!options.fs.compat_dir) {
    if (const Status fits = refuse_file(options, client); !fits) {
      reached.refusal = StartFailure(Exit::bucket, fits.error());
      return reached;
    }
  }
  if (options.fs.read_only) {
    reached.remarks.push_back("nothing is stored below " + bucket_name(options) +
                              ", and the mount is read-only; is the path right?");
  }
  return reached;
}

}  // namespace pailfs::cli
