// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace pailfs::test {

/// Rules of the service that PAILFS_TEST_IMITATE names; none where it is not set: S3 as it should
/// be. Ends the program with a message when there is no such service.
std::vector<std::string> rules_to_imitate();

/// The value of a variable of the environment; empty where it is not set.
std::string from_environment(const char* name);

}  // namespace pailfs::test
