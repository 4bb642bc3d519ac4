// SPDX-License-Identifier: Apache-2.0
#include "options.h"
#include "tables.h"

namespace pailfs::cli {

const std::vector<OptionSpec>& option_table() {
  static const std::vector<OptionSpec> table = [] {
    std::vector<OptionSpec> rows;
    add_bucket_options(rows);
    add_transport_options(rows);
    add_credential_options(rows);
    add_mount_options(rows);
    add_data_options(rows);
    add_logging_options(rows);
    add_utility_options(rows);
    add_accepted_options(rows);
    add_ossfs_options(rows);
    return rows;
  }();
  return table;
}

}  // namespace pailfs::cli
