// SPDX-License-Identifier: Apache-2.0
#include "mount_start.h"

#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "pailfs/mount/runtime.h"
#include "pailfs/process/daemon.h"

#include "messages.h"
#include "mount_run.h"
#include "own_process.h"
#include "preparation.h"
#include "start_failure.h"

namespace pailfs::cli {
namespace {

int run_detached_or_not(const Options& options, const Launch& launch) {
  const std::vector<int> inherited = inherited_descriptors(options.mount.mountpoint);
  const process::Work work = [&](const std::function<void()>& report_ready) {
    return run_mount(options, launch, [&] {
      // Closed now: earlier, keys may still be read from one of them; later, the caller has gone
      // on.
      if (!options.foreground) {
        for (const int fd : inherited) close(fd);
      }
      report_ready();
    });
  };
  const std::string ready = "mounted " + bucket_name(options) + " on " + options.mount.mountpoint;
  return options.foreground ? process::run_foreground(work, ready, options.mount_timeout)
                            : process::run_detached(work, options.mount_timeout);
}

}  // namespace

int start_mount(CommandLine& line, const Launch& launch) {
  if (const auto refused = prepare(line)) return *refused;
  Options& options = line.options;
  options.mount.identity = identity_of(line);
  if (options.make_mountpoint) {
    if (Status ok = mount::make_mountpoint(options.mount.mountpoint); !ok)
      return complain(line, StartFailure(Step::mountpoint, ok.error()));
  }
  const auto place = mount::check_mountpoint(options.mount);
  if (!place) return complain(line, StartFailure(Step::mountpoint, place.error()));
  // mount -a repeats commands for file systems that are mounted already.
  if (*place == mount::Mountpoint::same_mounted || options.only_pretend) return 0;
  const int code = run_detached_or_not(options, launch);
  return code > 1 && line.mount_helper ? kMountHelperFailure : code;
}

mount::Identity identity_of(const CommandLine& line) {
  const Options& options = line.options;
  std::string source = options.s3.bucket;
  if (!options.fs.prefix.empty()) {
    source += ":/" + options.fs.prefix.substr(0, options.fs.prefix.size() - 1);
  }
  return {.source = source,
          .url = options.s3.url,
          .options_digest = mount::mount_id(line.settings),
          .bucket = options.s3.bucket,
          .prefix = options.fs.prefix,
          .region = options.s3.region,
          .read_only = options.fs.read_only,
          .durability = options.durability_local ? "local" : "remote",
          .instance_name = options.instance_name,
          .options = line.given,
          .directory = line.directory,
          .foreground = options.foreground};
}

}  // namespace pailfs::cli
