// SPDX-License-Identifier: Apache-2.0
#include "mount_cache.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "pailfs/util/bytes.h"
#include "pailfs/util/digest.h"
#include "pailfs/util/log.h"

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
  auto shared = cache::CacheDirectory::make_shared(options.cache_directory);
  if (!shared) {
    trouble_ = "use_cache: " + shared.error().text + "; this mount keeps nothing on disk";
    return;
  }
  settings.kept_directory = *shared;
  settings.kept_store = options.s3.url + "\n" + options.s3.bucket;
  settings.kept_bytes = bytes_for(options, *shared);
  blocks_.directory = *shared + "/blocks";
  blocks_.store = settings.kept_store;
  if (forgets_) cache::DiskBlocks(blocks_).clear();
  auto taken = cache::CacheDirectory::take(options.cache_directory, cache_identity(options));
  if (!taken && taken.error().err == EBUSY) {
    log_info([] {
      return std::string("use_cache: another mount of the bucket keeps the attributes there");
    });
    return;
  }
  if (!taken) {
    trouble_ = "use_cache: " + taken.error().text + "; this mount keeps no attributes on disk";
    return;
  }
  directory_ = std::make_unique<cache::CacheDirectory>(std::move(*taken));
  if (forgets_) directory_->clear();
  if (!forgets_) settings.attribute_file = directory_->path() + "/attributes";
}

MountCache::~MountCache() {
  if (!forgets_) return;
  if (!blocks_.directory.empty()) cache::DiskBlocks(blocks_).clear();
  if (directory_) directory_->clear();
}

}  // namespace pailfs::cli
