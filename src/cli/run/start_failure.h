// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "pailfs/process/daemon.h"
#include "pailfs/util/result.h"

#include "cli/options/options.h"
#include "cli/options/parse.h"
#include "preflight.h"

namespace pailfs::cli {

/// Why a command line is not carried out: the program's exit status and one sentence.
struct StartFailure {
  StartFailure(Exit status, Error why) : exit(status), error(std::move(why)) {}
  /// The status follows from the step that failed.
  StartFailure(Step step, Error why) : exit(exit_for(step, why)), error(std::move(why)) {}

  Exit exit;
  Error error;
};

/// The end of a mount that could not begin or lost something. The sentence is for the caller of the
/// program, and goes into the log where that is not the caller's terminal.
process::Outcome failed(const Options& options, const StartFailure& refusal);

/// Says why the command line is refused. Returns the status to exit with: `code`, or the one that
/// mount(8) expects of its helpers.
int complain(const CommandLine& line, Exit code, const std::string& text);
int complain(const CommandLine& line, const StartFailure& refusal);

}  // namespace pailfs::cli
