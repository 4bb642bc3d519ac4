// SPDX-License-Identifier: Apache-2.0
#include "mount_cache.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "pailfs/util/bytes.h"
#include "pailfs/util/digest.h"

namespace pailfs::cli {
namespace {

/// cache_size; not given: a quarter of the file system.
std::uint64_t bytes_for(const Options& options, const std::string& directory) {
  if (options.cache_bytes) return *options.cache_bytes;
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) return 0;
  return info.f_blocks * info.f_frsize / 4;
}

}  // namespace

std::string cache_identity(const Options& options) {
  return options.s3.url + "\n" + options.s3.bucket + "\n" + options.fs.prefix;
}

std::string conflicts_directory(const Options& options) {
  const std::string& above =
      options.cache_directory.empty() ? options.fs.temporary_directory : options.cache_directory;
  const std::string bucket = hex(digest(Digest::sha256, cache_identity(options))).substr(0, 16);
  return above + "/pailfs-conflicts-" + std::to_string(::geteuid()) + "-" + bucket;
}

MountCache::MountCache(const Options& options, fs::Config& settings)
    : forgets_(options.delete_cache) {
  if (options.cache_directory.empty()) return;
  auto taken = cache::CacheDirectory::take(options.cache_directory, cache_identity(options));
  if (!taken) {
    trouble_ = "use_cache: " + taken.error().text + "; this mount keeps nothing on disk";
    return;
  }
  directory_ = std::make_unique<cache::CacheDirectory>(std::move(*taken));
  if (forgets_) directory_->clear();
  settings.kept_directory = directory_->path();
  if (!forgets_) settings.attribute_file = directory_->path() + "/attributes";
  settings.kept_bytes = bytes_for(options, directory_->path());
}

MountCache::~MountCache() {
  if (directory_ && forgets_) directory_->clear();
}

}  // namespace pailfs::cli
