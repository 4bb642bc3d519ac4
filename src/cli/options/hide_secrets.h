// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pailfs::cli {

/// The arguments with everything secret in them as stars, each as long as before, so that it can be
/// written over the original: values of options whose name says so (secret, password, token,
/// credlib_opts), the pass phrase of ssl_client_cert, and who is named in a URL (USER:PASSWORD@).
/// Pure.
std::vector<std::string> masked_arguments(const std::vector<std::string>& argv);

/// "pailfs version 0.1.0 : pailfs photos /mnt -o ...", with masked arguments: the first line of
/// every log. s3fs has it too.
std::string launch_line(const std::vector<std::string>& argv);

/// Takes secrets out of what others may read of this process, /proc/PID/cmdline and environ. Values
/// in `argv` are masked. Variables named AWS... are wiped and unset; those of proxies that name a
/// user are moved to memory that nobody shows, because libcurl reads them later.
void hide_secrets(int argc, char** argv);

}  // namespace pailfs::cli
