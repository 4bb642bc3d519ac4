// SPDX-License-Identifier: Apache-2.0
#include "mount_process.h"

#include <unistd.h>

#include "pailfs/util/text.h"

namespace pailfs::cli {

bool is_ours(const mount::MountRecord& record) {
  return record.uid == ::geteuid();
}

Result<report::ControlClient> ask(const std::string& mountpoint, std::string_view request) {
  const auto path = report::control_socket(mountpoint);
  if (!path) return path.error();
  auto client = report::ControlClient::ask(*path, request);
  if (client) return client;
  Error error = client.error();
  error.text = "the process of " + printable(mountpoint) + " cannot be asked: " + error.text;
  return error;
}

}  // namespace pailfs::cli
