// SPDX-License-Identifier: Apache-2.0
// The rows of the option table, one function per theme; option_table() puts them together.
#pragma once

#include <vector>

#include "pailfs/cli/options.h"

namespace pailfs::cli {

void add_service_options(std::vector<OptionSpec>& table);   // bucket, endpoint, credentials
void add_mount_options(std::vector<OptionSpec>& table);     // permissions, kernel
void add_data_options(std::vector<OptionSpec>& table);      // data path, attributes, logging
void add_accepted_options(std::vector<OptionSpec>& table);  // known, but without a meaning of ours

}  // namespace pailfs::cli
