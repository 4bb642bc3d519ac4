// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options/parse.h"
#include "cli/run/launch.h"

namespace pailfs::cli {

/// `pailfs -u BUCKET` and --incomplete-mpu-abort: lists or removes unfinished uploads, on stdout.
/// Returns the status to exit with, after a message about a failure.
int run_on_uploads(CommandLine& line, const Launch& launch);

}  // namespace pailfs::cli
