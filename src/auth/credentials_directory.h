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
/// Never mixes two generations: the directory is opened once, so that a link to it may be flipped
/// meanwhile, and what the names lead to afterwards must be what was read, because links inside of
/// it may be flipped too; otherwise it is read again. EAGAIN when they never stand still, EINVAL
/// for what cannot be keys.
Result<Credentials> read_key_directory(const std::string& path, const Caller& caller);

/// The files it reads, for whoever watches them.
std::vector<std::string> key_directory_files(const std::string& path);

}  // namespace pailfs::auth
