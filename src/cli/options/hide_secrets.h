// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pailfs::cli {

/// The arguments with everything secret in them as stars, each as long as before, so that it can be
/// written over the original: values of options whose name says so (secret, password, token,
/// credlib_opts), the pass phrase of ssl_client_cert, and the user named in a URL (USER:PASSWORD@).
/// Pure.
std::vector<std::string> masked_arguments(const std::vector<std::string>& argv);

/// "NAME=VALUE" with everything secret in the value as stars; for a name of the option table, and a
/// value as it is meant, in which a comma is a comma. Pure.
std::string masked_option(const std::string& name, const std::string& value);

/// "pailfs version 0.1.0 : pailfs photos /mnt -o ...", with masked arguments: the first line of
/// every log. s3fs has it too.
std::string launch_line(const std::vector<std::string>& argv);

/// Takes secrets out of /proc/PID/cmdline and environ, which other processes may read. Values in
/// `argv` are masked. Variables named AWS... are wiped and unset; variables of proxies that name a
/// user are moved to memory that environ does not show, because libcurl reads them later.
void hide_secrets(int argc, char** argv);

}  // namespace pailfs::cli
