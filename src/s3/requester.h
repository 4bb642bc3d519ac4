// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pailfs/auth/sign.h"
#include "pailfs/s3/client.h"

#include "judge.h"
#include "payload.h"
#include "request.h"
#include "request_counter.h"
#include "retry.h"
#include "site.h"

namespace pailfs::s3 {

/// One operation as the attempt loop sees it.
struct Call {
  Expectation asked;
  /// Builds one attempt; may narrow what is asked (a get goes on where the last attempt ended).
  /// `sums`: what the attempt vouches for the body with.
  std::function<Result<Built>(const Site& site, Expectation& asked, const BodySums& sums)> build;
  ByteSource* body = nullptr;      ///< object and part bytes; may be null
  http::BodySink* sink = nullptr;  ///< may be null
  bool may_checksum = false;       ///< see PayloadCase
  bool bound = false;              ///< likewise
  int max_attempts = 1;
  std::chrono::nanoseconds limit{};                      ///< no attempt is started later than this
  std::optional<std::chrono::milliseconds> stall_limit;  ///< instead of the request's own
  bool bounded = false;  ///< a person waits: no attempt may last beyond `limit` either
};

struct Outcome {
  Verdict verdict;
  /// An attempt whose outcome is unknown may have done what was asked, whatever came after.
  bool doubt = false;
  bool checksums = false;  ///< ok, and the last attempt had what PayloadPlan::checksum says
};

/// Builds, signs, sends, judges and tries again, every attempt with the time, the credentials and
/// the region of its own moment. Any thread may call it, many at once.
class Requester final {
 public:
  Requester(Config config, http::Transport& transport, auth::CredentialSource& credentials,
            Clock& clock, Random& random);

  Outcome run(Call call);

  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] bool over_plain_http() const { return !tls_; }
  [[nodiscard]] std::string region() const EXCLUDES(mutex_);
  [[nodiscard]] std::vector<RequestCount> counts() const;
  [[nodiscard]] std::vector<std::string> notices() const EXCLUDES(mutex_);
  /// Told to the log, and to who asks.
  void notice(const std::string& text) EXCLUDES(mutex_);
  Result<auth::Credentials> credentials() { return credentials_.get(); }
  /// A listing of one key below `prefix` is what working keys may do: it was done just now.
  void prove_by(const std::string& prefix) EXCLUDES(mutex_);

 private:
  struct Progress;

  [[nodiscard]] std::shared_ptr<const Site> site() const EXCLUDES(mutex_);
  [[nodiscard]] WallTime signing_time() const;
  Result<Built> prepare(Call& call, Progress& progress);
  [[nodiscard]] PayloadCase payload_case(const Call& call, const Progress& progress) const;
  [[nodiscard]] PayloadSupport support() const { return {checksum_.load(), unsigned_body_.load()}; }
  void plan_payload_of(const Call& call, Progress& progress) const;
  Status hash_body(const Call& call, Progress& progress) const;
  /// Makes the next attempt vouch otherwise, if the refusal may be about that.
  bool plainer(const Call& call, const Verdict& verdict, Progress& progress) const;
  void learn_support(const Call& call, const Progress& progress, const Verdict& verdict)
      EXCLUDES(mutex_);
  Verdict attempt(Call& call, Progress& progress);
  /// Takes the corrective action of the verdict's retry class; false if there is none to take.
  bool correct(const Call& call, Verdict& verdict, Progress& progress);
  /// Makes a refusal that may be about the keys one to be corrected, if there are others.
  void suspect_keys(Verdict& verdict, Progress& progress);
  /// What the store thinks of keys, asked with a request that working ones may make.
  enum class Standing { good, refused, unknown };
  Standing standing_of(const auth::Credentials& keys, const std::string& asked) EXCLUDES(mutex_);
  /// Looks for other keys, for a moment also for some that are on their way. Not where the refusal
  /// was vague and the store shows that it still takes those at hand.
  bool replace_keys(const Call& call, Progress& progress) EXCLUDES(mutex_);
  void remember_keys(const Progress& progress, bool accepted) EXCLUDES(mutex_);
  bool switch_region(Verdict& verdict, const Progress& progress);
  bool set_clock(const Verdict& verdict) EXCLUDES(mutex_);
  void trace(const Call& call, const Progress& progress, const Verdict& verdict,
             const http::Exchange& exchange, std::chrono::nanoseconds took) const;

  const Config config_;
  const bool tls_;
  http::Transport& transport_;
  auth::CredentialSource& credentials_;
  Clock& clock_;
  Random& random_;
  auth::SigningKeys keys_;
  RetryBudget budget_;
  std::atomic<std::int64_t> clock_offset_{0};  ///< nanoseconds to add to our wall clock
  std::atomic<Support> checksum_{Support::unknown};
  std::atomic<Support> unsigned_body_{Support::unknown};
  std::array<RequestCounter, kOpCount> counters_;
  mutable Mutex mutex_;
  std::shared_ptr<const Site> site_ GUARDED_BY(mutex_);
  std::vector<std::string> notices_ GUARDED_BY(mutex_);
  std::optional<std::string> proof_ GUARDED_BY(mutex_);  ///< prefix, see prove_by()
  auth::Credentials last_keys_ GUARDED_BY(mutex_);
  std::optional<MonoTime> keys_changed_ GUARDED_BY(mutex_);
  std::optional<MonoTime> keys_accepted_ GUARDED_BY(mutex_);
  std::optional<MonoTime> keys_refused_ GUARDED_BY(mutex_);  ///< in so many words
};

}  // namespace pailfs::s3
