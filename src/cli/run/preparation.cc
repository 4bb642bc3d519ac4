// SPDX-License-Identifier: Apache-2.0
#include "preparation.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "pailfs/auth/credentials.h"
#include "pailfs/mount/mount.h"
#include "pailfs/process/run_as.h"
#include "pailfs/s3/client.h"
#include "pailfs/util/url.h"

#include "cli/options/option_files.h"
#include "memory_share.h"
#include "messages.h"
#include "own_process.h"
#include "preflight.h"

namespace pailfs::cli {
namespace {

/// Mount namespace and user, in this order: only root may enter a namespace.
std::optional<StartFailure> become(Options& options) {
  if (!options.namespace_of.empty()) {
    if (Status ok = mount::enter_mount_namespace(options.namespace_of); !ok)
      return StartFailure(Exit::local, ok.error());
  }
  if (!options.run_as.empty()) {
    if (Status ok = process::become_user(options.run_as); !ok)
      return StartFailure(Exit::local, ok.error());
    options.credentials.environment["HOME"] = home_directory();
  }
  return std::nullopt;
}

void say_all(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) say(warning);
}

}  // namespace

std::optional<int> prepare(CommandLine& line) {
  Options& options = line.options;
  std::error_code error;
  line.directory = std::filesystem::current_path(error).string();
  make_paths_absolute(options, line.directory);
  if (const auto refused = become(options)) return complain(line, *refused);
  settle_by_machine(options);
  keep_memory_private();
  return_large_blocks();
  // ps and killall show the name of the program, not that of the link that mount(8) found.
  if (line.mount_helper) prctl(PR_SET_NAME, "pailfs");
  say_all(line.warnings);
  std::vector<std::string> warnings;
  if (const auto refused = check_without_network(options, warnings))
    return complain(line, *refused);
  say_all(warnings);
  return std::nullopt;
}

void settle_by_machine(Options& options) {
  options.credentials.home = home_directory();
  options.credentials.mountpoint = options.mount.mountpoint;
  if (options.region_may_be_in_profile) {
    const std::string region = auth::profile_region(options.credentials);
    if (!region.empty()) options.s3.region = region;
  }
  options.credentials.region = options.s3.region;
  options.fs.default_uid = geteuid();
  options.fs.default_gid = getegid();
  if (options.fs.memory_limit == 0)
    options.fs.memory_limit = default_memory_limit(memory_available(""));
}

std::optional<StartFailure> check_without_network(Options& options,
                                                  std::vector<std::string>& warnings) {
  auto url = normalise_url(options.s3.url);
  if (!url) return StartFailure(Exit::usage, url.error());
  options.s3.url = *url;
  const Status name = s3::check_bucket_name(options.s3.bucket, options.s3.path_style, *url);
  if (!name) return StartFailure(Exit::usage, name.error());
  if (Status ok = make_cache_directory(options); !ok) return StartFailure(Step::local, ok.error());
  if (Status ok = check_local_files(options, geteuid()); !ok)
    return StartFailure(Step::local, ok.error());
  if (Status ok = read_option_files(options, warnings); !ok)
    return StartFailure(Step::local, ok.error());
  return std::nullopt;
}

}  // namespace pailfs::cli
