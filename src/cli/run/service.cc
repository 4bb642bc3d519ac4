// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <string>
#include <utility>

#include "demand_conditions.h"
#include "messages.h"
#include "reached_bucket.h"

namespace pailfs::cli {

std::optional<StartFailure> Service::open(const Options& options) {
  const Status found = keys_.find(options, clock_);
  if (!found) return StartFailure(Step::credentials, found.error());
  http::Config config = options.http;
  config.traffic = &traffic_;
  auto made = http::make_curl_transport(config);
  if (!made) return StartFailure(Step::transport, made.error());
  transport_ = std::move(*made);
  client_ = s3::make_client(options.s3, *transport_, keys_.source(), clock_, random_);
  return std::nullopt;
}

std::optional<StartFailure> Service::reach(const Options& options) {
  first_.asked = clock_.now();
  ReachedBucket reached = reach_bucket(options, *client_, keys_.none());
  for (const std::string& remark : reached.remarks) tell(options, remark);
  if (reached.refusal) return std::move(reached.refusal);
  if (options.conditions_required && !options.fs.read_only) {
    if (auto refusal = demand_conditions(options, *client_, "conditional=require")) return refusal;
  }
  first_.page = std::move(reached.page);
  tell_notices(options);
  return std::nullopt;
}

Status Service::probe(const Options& options) {
  return keys_.look([&] { return client_->probe(options.fs.prefix); });
}

void Service::tell_notices(const Options& options) const {
  if (log_is_terminal(options) && options.log_level >= LogLevel::warning) return;
  for (const std::string& notice : client_->notices()) say(notice);
}

process::Ending::Store Service::for_ending() {
  return {[this] { return traffic_.moved(); },
          [this] {
            traffic_.end();
            clock_.wake_all();
          }};
}

}  // namespace pailfs::cli
