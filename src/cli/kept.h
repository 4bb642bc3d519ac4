// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "pailfs/cache/cache_directory.h"
#include "pailfs/cli/options.h"
#include "pailfs/fs/file_system.h"

namespace pailfs::cli {

/// What names the bucket among those that keep something in one use_cache directory.
std::string kept_identity(const Options& options);

/// The directory in which this mount keeps things between its lives, locked until this is
/// destroyed; emptied at both ends with del_cache.
class Kept final {
 public:
  /// Takes it and tells `settings`. Without use_cache, or where it cannot be had, `settings` stays
  /// as it is: the mount only forgets more.
  Kept(const Options& options, fs::Config& settings);
  ~Kept();
  /// Why it could not be had; empty if it was, or was not asked for.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

 private:
  const bool forgets_;
  std::unique_ptr<cache::CacheDirectory> directory_;
  std::string trouble_;
};

}  // namespace pailfs::cli
