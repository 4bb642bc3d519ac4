// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/util/result.h"

#include "options.h"

namespace pailfs::cli {

/// Reads the files that options name and whose contents are settings: the headers of ahbe_conf, the
/// keys of use_sse and load_sse_c, the password of proxy_cred_file; makes sure that those of
/// ssl_client_cert can be read later. Puts the settings into `options` and a line for each ignored
/// one into `warnings`. Call it in the directory that the command was given in, with the url in its
/// final form.
///
/// Refuses files and options that would expose a secret: key files that other users may read, and
/// keys of encryption over plain http unless the service is on this machine (law L9). EINVAL: the
/// options are wrong, any other error: a file is.
Status read_option_files(Options& options, std::vector<std::string>& warnings);

}  // namespace pailfs::cli
