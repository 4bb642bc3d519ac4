// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pailfs {

/// For a program that has its libraries inside (PAILFS_STATIC): keeps the C library from loading
/// plug-ins of the machine's name services, and OpenSSL from loading those of its configuration.
/// They belong to another build of these libraries and could end the process. Names of hosts then
/// come from /etc/hosts and DNS, those of users and groups from /etc/passwd and /etc/group. Call it
/// first.
void use_no_plugins();

}  // namespace pailfs
