// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace pailfs::process {

/// Tells the service manager that started this process, if one did (NOTIFY_SOCKET, sd_notify(3)):
/// lines such as "READY=1" and "STATUS=text". One datagram, never waits, any thread; failures are
/// ignored.
void notify_service(std::string_view lines);

}  // namespace pailfs::process
