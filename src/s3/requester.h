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

/// Whether a change may be sent again after an attempt that the service may have carried out.
enum class Repeat {
  yes,
  made,     ///< it was made; to make it again would undo another client's change
  unclear,  ///< the service does not show it: the operation ends in doubt
};

/// One operation as the attempt loop sees it.
struct Call {
  Expectation asked;
  /// Builds one attempt; may narrow the expectation (a get goes on where the last attempt ended).
  /// `sums` are the checksums that the attempt sends with the body.
  std::function<Result<Built>(const Site& site, Expectation& asked, const BodySums& sums)> build;
  ByteSource* body = nullptr;      ///< object and part bytes; may be null
  http::BodySink* sink = nullptr;  ///< may be null
  bool may_checksum = false;       ///< see PayloadCase
  bool bound = false;              ///< likewise
  int max_attempts = 1;
  std::chrono::nanoseconds limit{};                      ///< no attempt is started later than this
  std::optional<std::chrono::milliseconds> stall_limit;  ///< instead of the request's own
  bool bounded = false;  ///< a user waits: no attempt may last beyond `limit` either
  /// Not empty: asked before each attempt that follows one whose outcome is unknown.
  std::function<Repeat()> repeat = {};
};

struct Outcome {
  Verdict verdict;
  /// An attempt whose outcome is unknown may have made the change, whatever later attempts brought.
  bool doubt = false;
  bool checksums = false;  ///< ok, and the plan of the last attempt had PayloadPlan::checksum
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
  [[nodiscard]] bool is_amazon() const EXCLUDES(mutex_) { return site()->is_amazon; }
  [[nodiscard]] std::vector<RequestCount> counts() const;
  [[nodiscard]] std::optional<FailedRequest> last_failure() const EXCLUDES(mutex_);
  [[nodiscard]] std::vector<std::string> notices() const EXCLUDES(mutex_);
  /// Logs the text and keeps it for notices().
  void notice(const std::string& text) EXCLUDES(mutex_);
  Result<auth::Credentials> credentials() { return credentials_.get(); }
  /// Remembers that a listing of one key below `prefix` works with the present keys, as the request
  /// by which standing_of() tests keys.
  void prove_by(const std::string& prefix) EXCLUDES(mutex_);

 private:
  struct Progress;

  [[nodiscard]] std::shared_ptr<const Site> site() const EXCLUDES(mutex_);
  [[nodiscard]] WallTime signing_time() const;
  Result<Built> prepare(Call& call, Progress& progress);
  /// Adds the signature or the token. EINVAL when a token would go out in the clear.
  Status authorize(http::Request& request, WallTime time, const Progress& progress);
  [[nodiscard]] PayloadCase payload_case(const Call& call, const Progress& progress) const;
  [[nodiscard]] PayloadSupport support() const { return {checksum_.load(), unsigned_body_.load()}; }
  PayloadPlan plan_payload_of(const Call& call, Progress& progress) const;
  static Status hash_body(const Call& call, const PayloadPlan& plan, Progress& progress);
  /// Makes the next attempt vouch for the body in another way, if the refusal may be due to the
  /// present one.
  bool plainer(const Call& call, const Verdict& verdict, Progress& progress) const;
  void learn_support(const Call& call, const Progress& progress, const Verdict& verdict)
      EXCLUDES(mutex_);
  /// `google`: the reply's headers have Google's names.
  http::Exchange perform(const Built& built, ByteSource* body, http::BodySink* sink, bool google);
  Verdict attempt(Call& call, Progress& progress);
  /// Takes the corrective action of the verdict's retry class; false if there is none to take.
  bool correct(const Call& call, Verdict& verdict, Progress& progress);
  /// Turns a refusal that may be about the keys into Retry::refresh_credentials, if there are other
  /// keys.
  void suspect_keys(Verdict& verdict, Progress& progress);
  /// Whether the store accepts keys, found out by a request that working keys may make.
  enum class Standing { good, refused, unknown };
  Standing standing_of(const auth::Credentials& keys, const std::string& asked) EXCLUDES(mutex_);
  /// Looks for other keys, and during a rotation waits a moment for them. False when the refusal
  /// was vague and the store still accepts the present keys.
  bool replace_keys(const Call& call, Progress& progress) EXCLUDES(mutex_);
  void remember_keys(const Progress& progress, bool accepted) EXCLUDES(mutex_);
  bool switch_region(Verdict& verdict, const Progress& progress);
  bool set_clock(const Verdict& verdict) EXCLUDES(mutex_);
  void tell_retry(const Call& call, const Progress& progress, const Verdict& verdict,
                  std::chrono::nanoseconds pause) const;
  void remember_failure(const Call& call, const Verdict& verdict) EXCLUDES(mutex_);
  void trace(const Call& call, const Progress& progress, const Verdict& verdict,
             const http::Exchange& exchange, std::chrono::nanoseconds took) const;

  const Config config_;
  const bool tls_;
  const bool private_;  ///< by TLS, or to this machine
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
  std::optional<FailedRequest> last_failure_ GUARDED_BY(mutex_);
  std::optional<std::string> proof_ GUARDED_BY(mutex_);  ///< prefix, see prove_by()
  auth::Credentials last_keys_ GUARDED_BY(mutex_);
  std::optional<MonoTime> keys_changed_ GUARDED_BY(mutex_);
  std::optional<MonoTime> keys_accepted_ GUARDED_BY(mutex_);
  std::optional<MonoTime> keys_refused_ GUARDED_BY(mutex_);  ///< by an error that names the keys
};

}  // namespace pailfs::s3
