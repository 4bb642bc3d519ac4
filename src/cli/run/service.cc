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
  connections_ = std::move(*made);
  transport_ = std::make_unique<http::RateLimiter>(*connections_, clock_, options.rates);
  client_ = s3::make_client(options.s3, *transport_, keys_.source(), clock_, random_);
  return std::nullopt;
}

std::optional<StartFailure> Service::reach(const Options& options) {
  first_.asked = clock_.now();
  ReachedBucket reached = reach_bucket(options, *client_, keys_.none());
  for (const std::string& remark : reached.remarks) tell(options, remark);
  if (reached.refusal) return std::move(reached.refusal);
  if (const char* option = option_that_demands_conditions(options)) {
    if (auto refusal = demand_conditions(options, *client_, option)) return refusal;
  }
  if (options.locks_in_bucket) {
    if (auto refusal = demand_conditions(options, *client_, "locks=bucket")) return refusal;
    // Not demanded: whether a lease object can be removed safely at the end (LeaseObject).
    static_cast<void>(client_->try_conditions(options.fs.prefix, false));
  }
  first_.page = std::move(reached.page);
  tell_notices(options);
  return std::nullopt;
}

Status Service::probe(const Options& options) {
  return keys_.look([&] { return client_->probe(options.fs.prefix); });
}

Status Service::change_keys(const Options& options, const auth::CredentialConfig& config) {
  return keys_.change(config, clock_, [&](auth::CredentialSource& source) {
    s3::Config once = options.s3;
    once.region = client_->region();
    return s3::make_client(once, *transport_, source, clock_, random_)->probe(options.fs.prefix);
  });
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
