// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/util/result.h"

#include "credentials_file.h"

namespace pailfs::auth {

/// Keys as drivers of Kubernetes lay them down: a directory with the files AccessKeyId and
/// AccessKeySecret (or SecretAccessKey), and, if there are any, SecurityToken and Expiration (ISO
/// 8601). Each must have a mode that check_permissions() takes.
///
/// Never mixes two generations. The directory is opened once, in case it is reached by a link that
/// is changed meanwhile. After the reading, its names must still lead to the files that were read,
/// because links inside it may be changed too; otherwise it is read again. EAGAIN when it keeps
/// changing, EINVAL when the files cannot hold keys.
Result<Credentials> read_key_directory(const std::string& path, const Caller& caller);

/// The files that it reads, for a caller that watches them.
std::vector<std::string> key_directory_files(const std::string& path);

}  // namespace pailfs::auth
