// SPDX-License-Identifier: Apache-2.0
#include "demand_conditions.h"

#include <cerrno>

namespace pailfs::cli {

const char* option_that_demands_conditions(const Options& options) {
  if (options.fs.read_only) return nullptr;
  if (options.conditions_required) return "conditional=require";
  if (options.fs.exclusive_in_store) return "exclusive=store";
  return nullptr;
}

std::string disobedience(const s3::TriedCondition& tried) {
  using store::Obeys;
  const bool version = tried.version == Obeys::yes;
  const bool absent = !tried.absent || *tried.absent == Obeys::yes;
  if (version && absent) return {};
  if (tried.refused) return "refuses requests with conditions (If-Match, If-None-Match)";
  if (!tried.absent) return "removes any version of an object, not only the one that is meant";
  if (version) return "replaces an object that is there although it must not (If-None-Match)";
  if (absent) return "replaces any version of an object (If-Match)";
  return "replaces objects whatever the conditions (If-Match, If-None-Match)";
}

std::optional<StartFailure> demand_conditions(const Options& options, s3::Client& client,
                                              const std::string& option) {
  const auto tried = client.try_conditions(options.fs.prefix, true);
  const s3::TriedCondition& put = tried.front();
  if (put.failure) return StartFailure(Step::bucket, put.failure->with(option));
  const std::string wrong = disobedience(put);
  if (wrong.empty()) return std::nullopt;
  return StartFailure(Exit::bucket, Error(ENOTSUP, option + ": " + options.s3.url + " " + wrong));
}

}  // namespace pailfs::cli
