// SPDX-License-Identifier: Apache-2.0
// The rows of the option table, one function per theme; option_table.cc puts them together.
#pragma once

#include <vector>

#include "options.h"

namespace pailfs::cli {

void add_bucket_options(std::vector<OptionSpec>& table);     // bucket, endpoint, signature
void add_transport_options(std::vector<OptionSpec>& table);  // connections, TLS, headers
void add_credential_options(std::vector<OptionSpec>& table);
void add_mount_options(std::vector<OptionSpec>& table);  // permissions, kernel
void add_data_options(std::vector<OptionSpec>& table);   // data path, attributes
void add_logging_options(std::vector<OptionSpec>& table);
void add_utility_options(std::vector<OptionSpec>& table);   // unfinished uploads
void add_accepted_options(std::vector<OptionSpec>& table);  // known, without a meaning of ours
void add_ossfs_options(std::vector<OptionSpec>& table);     // the same, of ossfs

}  // namespace pailfs::cli
