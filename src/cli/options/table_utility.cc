// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "age.h"
#include "tables.h"

namespace pailfs::cli {
namespace {

std::string choose(Options& options, Action action) {
  const bool other =
      options.action == Action::list_uploads || options.action == Action::abort_uploads;
  if (other && options.action != action)
    return "incomplete_mpu_list and incomplete_mpu_abort exclude each other";
  if (options.action == Action::mount) options.action = action;
  return {};
}

std::string set_list(Options& options, std::string_view /*value*/) {
  return choose(options, Action::list_uploads);
}

std::string set_abort(Options& options, std::string_view value) {
  if (!value.empty()) {
    const auto age = parse_age(value);
    if (!age) {
      return "option incomplete_mpu_abort: \"" + printable(value) +
             "\" is no age: it is all, or numbers with Y M D h m s in this order, as 1D12h";
    }
    options.upload_age = *age;
  }
  return choose(options, Action::abort_uploads);
}

}  // namespace

void add_utility_options(std::vector<OptionSpec>& table) {
  const Group group = Group::utility;
  table.insert(
      table.end(),
      {
          {"incomplete_mpu_list", "", group, Custom{set_list},
           "List the unfinished multipart uploads of BUCKET[:/PATH] and end; also -u. Nothing is "
           "mounted, no MOUNTPOINT is given."},
          {"incomplete_mpu_abort", "[AGE]", group, Custom{set_abort, nullptr, "all 24h"},
           "Remove the unfinished multipart uploads of BUCKET[:/PATH] and end. AGE spares those "
           "that "
           "are younger: all spares none, 1D12h those of the last 36 hours; without it 24 hours "
           "are "
           "taken. An upload that some program is still working on is lost to it."},
      });
}

}  // namespace pailfs::cli
