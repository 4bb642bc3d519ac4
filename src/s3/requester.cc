// SPDX-License-Identifier: Apache-2.0
#include "requester.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "pailfs/auth/bearer.h"
#include "pailfs/auth/sign_v2.h"
#include "pailfs/util/errand.h"
#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "body_digest.h"
#include "google_headers.h"

namespace pailfs::s3 {

using std::chrono::nanoseconds;

/// State that the attempts of one operation share.
struct Requester::Progress {
  MonoTime start{};
  int attempts = 0;  ///< all, also those at no cost
  int counted = 0;
  int spent = 0;  ///< tokens
  bool at_once_used = false;
  std::map<Retry, int> corrections;
  std::optional<PayloadPlan> plan;
  bool left_out_checksum = false;
  bool signs_after_all = false;
  std::string payload_hash;  ///< of the body, once known
  BodySums sums;
  auth::Credentials used;
  std::optional<auth::Credentials> only;  ///< to be used in place of those of credentials_
  bool vague = false;                     ///< the last refusal need not be about the keys
  std::shared_ptr<const Site> site;
};

namespace {

/// Bytes a second that an upload is allowed to need.
constexpr std::uint64_t kSlowestUpload = 1U << 20U;

/// Most notices kept; the first corrections matter most.
constexpr std::size_t kMaxNotices = 8;

/// Shortest time that an attempt gets when the deadline of a call with `bounded` is almost over.
constexpr std::chrono::milliseconds kShortestPatience{100};
/// The same for other calls.
constexpr std::chrono::milliseconds kLastPatience{1000};

/// Longest time for the request that tests whether keys are still good.
constexpr std::chrono::milliseconds kProofPatience{4000};

Verdict failed(Error error) {
  Verdict verdict;
  verdict.error = std::move(error);
  return verdict;
}

Verdict made() {
  Verdict verdict;
  verdict.ok = true;
  return verdict;
}

bool over_tls(const Config& config) {
  const Result<Url> url = parse_url(config.url);
  return url && url->scheme == "https";
}

/// True when no other machine can read what is sent.
bool in_private(const Config& config) {
  const Result<Url> url = parse_url(config.url);
  return url && (url->scheme == "https" || is_loopback(*url));
}

}  // namespace

Requester::Requester(Config config, http::Transport& transport, auth::CredentialSource& credentials,
                     Clock& clock, Random& random)
    : config_(std::move(config)),
      tls_(over_tls(config_)),
      private_(in_private(config_)),
      transport_(transport),
      credentials_(credentials),
      clock_(clock),
      random_(random),
      site_(std::make_shared<const Site>(make_site(config_, config_.region))) {}

std::shared_ptr<const Site> Requester::site() const {
  MutexLock lock(mutex_);
  return site_;
}

std::string Requester::region() const {
  return site()->region;
}

WallTime Requester::signing_time() const {
  return clock_.wall() + nanoseconds(clock_offset_.load());
}

PayloadCase Requester::payload_case(const Call& call, const Progress& progress) const {
  PayloadCase request;
  request.tls = tls_;
  request.v4 = config_.signature == Signature::v4;
  request.keys = !progress.used.access_key.empty();
  request.always_sign = config_.signed_payload;
  request.md5 = config_.content_md5;
  request.has_body = call.body != nullptr;
  // Google has no uploads whose parts have checksums to the end, only checksums of single bodies.
  request.may_checksum = call.may_checksum && !(progress.used.google && call.body == nullptr);
  request.bound = call.bound;
  return request;
}

/// Plans only once, because the hashes of this call are already made: later discoveries about the
/// service do not change it.
PayloadPlan Requester::plan_payload_of(const Call& call, Progress& progress) const {
  const PayloadPlan plan =
      progress.plan ? *progress.plan : plan_payload(payload_case(call, progress), support());
  progress.plan = plan;
  progress.sums.parts_have_checksums = plan.checksum && call.body == nullptr;
  return plan;
}

Status Requester::hash_body(const Call& call, const PayloadPlan& plan, Progress& progress) {
  if (call.body == nullptr || !progress.payload_hash.empty()) return {};
  BodyDigests digests;
  digests.want_sha256 = plan.sign;
  digests.want_md5 = plan.md5;
  digests.want_crc32c = plan.checksum;
  progress.payload_hash = auth::kUnsignedPayload;
  progress.sums = {};
  if (!digests.want_sha256 && !digests.want_md5 && !digests.want_crc32c) return {};
  Result<BodyDigests> done = digest_body(std::move(digests), *call.body);
  if (!done) return done.error();
  if (done->want_sha256) progress.payload_hash = hex(done->sha256);
  if (done->want_md5) progress.sums.md5 = base64(done->md5);
  if (done->want_crc32c) progress.sums.crc32c = checksum_text(done->crc32c);
  return {};
}

Result<Built> Requester::prepare(Call& call, Progress& progress) {
  Result<auth::Credentials> credentials =
      progress.only ? Result<auth::Credentials>(*progress.only) : credentials_.get();
  if (!credentials) return credentials.error();
  progress.used = std::move(*credentials);
  const auto where = site();
  progress.site = where;
  const PayloadPlan plan = plan_payload_of(call, progress);
  if (const Status hashed = hash_body(call, plan, progress); !hashed) return hashed.error();
  call.asked.region = where->region;
  call.asked.sent_at = signing_time();
  call.asked.sums = progress.sums;
  Result<Built> built = call.build(*where, call.asked, progress.sums);
  if (!built) return built;
  const auto& text = built->body;
  if (call.body == nullptr)
    progress.payload_hash = text ? hex(digest(Digest::sha256, *text)) : auth::kEmptyPayload;
  if (call.stall_limit) built->request.stall_limit = *call.stall_limit;
  if (call.limit > nanoseconds::zero()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        call.limit - (clock_.now() - progress.start));
    std::chrono::milliseconds& stall = built->request.stall_limit;
    stall =
        std::clamp(left, std::min(call.bounded ? kShortestPatience : kLastPatience, stall), stall);
  }
  if (const Status allowed = authorize(built->request, call.asked.sent_at, progress); !allowed)
    return allowed.error();
  return built;
}

Status Requester::authorize(http::Request& request, WallTime time, const Progress& progress) {
  const auth::Credentials& keys = progress.used;
  if (!keys.bearer.empty() && !private_) {
    return Error{EINVAL, "the token of " + keys.source + " is not sent by " + config_.url +
                             ": others could read and use it; give the address with https://"};
  }
  if (!keys.bearer.empty()) {
    auth::bear_token(request, keys);
    if (keys.google) speak_google(request);
  } else if (config_.signature == Signature::v2) {
    auth::sign_v2(request, keys, time, progress.site->virtual_bucket);
  } else {
    auth::sign_v4(request, keys, {progress.site->region, "s3", time}, progress.payload_hash, keys_);
  }
  return {};
}

http::Exchange Requester::perform(const Built& built, ByteSource* body, http::BodySink* sink,
                                  bool google) {
  if (!google) return transport_.perform(built.request, body, sink);
  std::optional<GoogleSink> hearing;
  if (sink != nullptr) hearing.emplace(*sink);
  http::Exchange exchange = transport_.perform(built.request, body, hearing ? &*hearing : nullptr);
  hear_google(exchange.headers);
  return exchange;
}

Verdict Requester::attempt(Call& call, Progress& progress) {
  const WaitsFor waits(std::string(op_name(call.asked.op)) + ", attempt " +
                           std::to_string(progress.attempts + 1) + ",",
                       call.asked.key);
  const Result<Built> built = prepare(call, progress);
  if (!built) return failed(built.error().with(op_name(call.asked.op)));
  RequestCounter& counter = counters_[static_cast<std::size_t>(call.asked.op)];
  counter.begin(progress.attempts > 0);
  ++progress.attempts;

  const auto& text = built->body;
  MemorySource inline_body(text ? std::string_view(*text) : std::string_view());
  ByteSource* body = text ? &inline_body : call.body;
  const MonoTime start = clock_.now();
  const http::Exchange exchange = perform(*built, body, call.sink, progress.used.google);
  Verdict verdict = judge(call.asked, exchange);
  const nanoseconds took = clock_.now() - start;
  // A HEAD, and a GET of what is perhaps gone, ask whether something is there: "no" is an answer.
  const bool asks = call.asked.op == Op::head || call.asked.op == Op::get;
  const bool absent = asks && exchange.failure == http::Failure::none && exchange.status == 404;
  counter.end(exchange, verdict.ok || absent, took);
  trace(call, progress, verdict, exchange, took);
  return verdict;
}

void Requester::trace(const Call& call, const Progress& progress, const Verdict& verdict,
                      const http::Exchange& exchange, nanoseconds took) const {
  log_debug([&] {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    std::string line = "s3 " + std::string(op_name(call.asked.op)) + " \"" +
                       printable(call.asked.key, 200) + "\" " + std::to_string(exchange.status);
    if (!verdict.error.s3_code.empty()) line += " " + verdict.error.s3_code;
    if (exchange.failure != http::Failure::none) line += " (" + exchange.detail + ")";
    const auto id = exchange.headers.find("x-amz-request-id");
    line += " id " + (id ? printable(*id, 80) : "-") + ", " + std::to_string(ms) + " ms, attempt " +
            std::to_string(progress.attempts);
    return line;
  });
}

void Requester::tell_retry(const Call& call, const Progress& progress, const Verdict& verdict,
                           nanoseconds pause) const {
  log_info([&] {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
    return std::string(op_name(call.asked.op)) + " \"" + printable(call.asked.key, 200) +
           "\" is sent again in " + std::to_string(ms) + " ms, attempt " +
           std::to_string(progress.attempts + 1) + ": " + verdict.error.text;
  });
}

void Requester::remember_failure(const Call& call, const Verdict& verdict) {
  // Answers, not failures: that nothing is there, and that a condition does not hold.
  const int err = verdict.error.err;
  if (err == ENOENT || err == EEXIST || err == ESTALE || err == ENOTSUP) return;
  FailedRequest failed{clock_.wall(), call.asked.key, verdict.error};
  failed.error = failed.error.with(op_name(call.asked.op));
  MutexLock lock(mutex_);
  last_failure_ = std::move(failed);
}

std::optional<FailedRequest> Requester::last_failure() const {
  const MutexLock lock(mutex_);
  return last_failure_;
}

bool Requester::switch_region(Verdict& verdict, const Progress& progress) {
  if (config_.region_given) {
    verdict.error.text = "bucket \"" + config_.bucket + "\" is in region " + verdict.region +
                         ", but region " + config_.region + " was given";
    return false;
  }
  MutexLock lock(mutex_);
  // Another thread may have switched the region already.
  if (site_->region != progress.site->region || site_->region == verdict.region) return true;
  site_ = std::make_shared<const Site>(make_site(config_, verdict.region));
  const bool moved = site_->origin != progress.site->origin;
  const std::string text = "bucket \"" + config_.bucket + "\" is in region " + verdict.region +
                           ", not " + progress.site->region + "; requests are signed for it" +
                           (moved ? " and go to " + site_->origin : "") +
                           " from now on (region=" + verdict.region + " saves the detour)";
  log_warning(text);
  if (notices_.size() < kMaxNotices) notices_.push_back(text);
  return true;
}

bool Requester::set_clock(const Verdict& verdict) {
  if (!verdict.server_time) return false;
  const nanoseconds offset = *verdict.server_time - clock_.wall();
  clock_offset_ = offset.count();
  const auto minutes = std::chrono::round<std::chrono::minutes>(offset).count();
  const std::string text = "this machine's clock is " +
                           std::to_string(minutes < 0 ? -minutes : minutes) + " min " +
                           (minutes < 0 ? "ahead of " : "behind ") + config_.url +
                           "; requests are signed with the server's time";
  notice(text);
  return true;
}

bool Requester::plainer(const Call& call, const Verdict& verdict, Progress& progress) const {
  if (verdict.failure != http::Failure::none || verdict.foreign || !progress.plan) return false;
  const auto next =
      plainer_payload(*progress.plan, payload_case(call, progress), support(), verdict.error);
  if (!next) return false;
  progress.left_out_checksum = progress.left_out_checksum || !next->sign;
  progress.signs_after_all = next->sign;
  progress.plan = next;
  progress.payload_hash.clear();
  return true;
}

void Requester::learn_support(const Call& call, const Progress& progress, const Verdict& verdict) {
  if (!progress.plan) return;
  if (verdict.checksum_confirmed) checksum_ = Support::works;
  if (call.body != nullptr && !progress.plan->sign && !progress.used.access_key.empty())
    unsigned_body_ = Support::works;
  if (progress.signs_after_all) {
    if (unsigned_body_.exchange(Support::refused) != Support::refused)
      notice(
          "the service wants the hash of every upload in its signature; uploads are signed from "
          "now on, which costs processor time (signed_payload saves the detour)");
  } else if (progress.left_out_checksum) {
    if (checksum_.exchange(Support::refused) != Support::refused)
      notice("the service refuses checksums (" + std::string(kChecksumHeader) +
             "); uploads go without from now on, protected by TLS alone");
  }
}

void Requester::notice(const std::string& text) {
  log_warning(text);
  MutexLock lock(mutex_);
  if (notices_.size() < kMaxNotices) notices_.push_back(text);
}

std::vector<std::string> Requester::notices() const {
  MutexLock lock(mutex_);
  return notices_;
}

void Requester::prove_by(const std::string& prefix) {
  MutexLock lock(mutex_);
  proof_ = prefix;
}

/// A HEAD does not say why it was refused, and some services say AccessDenied of keys that they no
/// longer know. 401 is about the token that a request carries (RFC 6750 3.1).
void Requester::suspect_keys(Verdict& verdict, Progress& progress) {
  const int status = verdict.error.http_status;
  const bool forbidden = verdict.retry == Retry::never && !verdict.foreign &&
                         verdict.error.err == EPERM && (status == 401 || status == 403);
  progress.vague = forbidden || verdict.error.s3_code.empty();
  const bool token_refused = status == 401 && !verdict.foreign && !progress.used.bearer.empty();
  if (token_refused) progress.vague = false;
  if (token_refused ||
      (forbidden && !progress.used.anonymous() && credentials_.has_others(progress.used)))
    verdict.retry = Retry::refresh_credentials;
}

Requester::Standing Requester::standing_of(const auth::Credentials& keys,
                                           const std::string& asked) {
  ListRequest request;
  request.delimited = false;
  request.max_keys = 1;
  {
    MutexLock lock(mutex_);
    request.prefix = proof_.value_or(asked);
  }
  Call call;
  call.asked.op = Op::list;
  call.asked.key = request.prefix;
  call.asked.list_v2 = config_.list_v2;
  call.stall_limit = kProofPatience;
  call.build = [&](const Site& site, Expectation& /*asked*/, const BodySums& /*sums*/) {
    return Result<Built>(build_list(site, request, "", config_.list_v2));
  };
  Progress progress;
  progress.start = clock_.now();
  progress.only = keys;
  const Verdict verdict = attempt(call, progress);
  if (verdict.ok) {
    credentials_.accepted(keys);
    return Standing::good;
  }
  const bool refused = verdict.retry == Retry::refresh_credentials ||
                       verdict.error.http_status == 401 || verdict.error.http_status == 403;
  return refused && !verdict.foreign ? Standing::refused : Standing::unknown;
}

bool Requester::replace_keys(const Call& call, Progress& progress) {
  Standing standing = Standing::refused;
  if (progress.vague && credentials_.has_others(progress.used))
    standing = standing_of(progress.used, call.asked.key);
  if (standing == Standing::good) return false;
  if (standing == Standing::refused && credentials_.refresh(progress.used)) return true;
  KeyHistory history;
  history.named = !progress.vague;
  {
    MutexLock lock(mutex_);
    const MonoTime now = clock_.now();
    if (keys_changed_) history.since_change = now - *keys_changed_;
    if (keys_accepted_) history.since_accepted = now - *keys_accepted_;
    if (keys_refused_) history.since_named = now - *keys_refused_;
    if (history.named) keys_refused_ = now;
  }
  if (!awaits_keys(history)) return false;
  clock_.sleep_for(key_pause(progress.corrections[Retry::refresh_credentials]));
  // After a refusal that does not name the keys, the next attempt first tests whether they are
  // still good.
  if (history.named) static_cast<void>(credentials_.refresh(progress.used));
  return true;
}

void Requester::remember_keys(const Progress& progress, bool accepted) {
  if (accepted) credentials_.accepted(progress.used);
  MutexLock lock(mutex_);
  if (accepted) keys_accepted_ = clock_.now();
  if (progress.used.anonymous() || auth::same_keys(progress.used, last_keys_)) return;
  if (!last_keys_.anonymous()) keys_changed_ = clock_.now();
  last_keys_ = progress.used;
}

bool Requester::correct(const Call& call, Verdict& verdict, Progress& progress) {
  switch (verdict.retry) {
    case Retry::refresh_credentials:
      return replace_keys(call, progress);
    case Retry::clock:
      return set_clock(verdict);
    case Retry::region:
      return switch_region(verdict, progress);
    case Retry::once:
      // The data may have been damaged in memory: read and hash them again.
      progress.payload_hash.clear();
      return true;
    default:
      return true;
  }
}

Outcome Requester::run(Call call) {
  // A large body takes long by itself and must not use up the time for retries.
  if (call.body != nullptr) call.limit += std::chrono::seconds(call.body->size() / kSlowestUpload);
  const MonoTime start = clock_.now();
  Progress progress;
  progress.start = start;
  Outcome outcome;
  for (;;) {
    if (outcome.doubt && call.repeat) {
      const Repeat repeat = call.repeat();
      if (repeat == Repeat::made) outcome.verdict = made();
      if (repeat != Repeat::yes) return outcome;
    }
    outcome.verdict = attempt(call, progress);
    Verdict& verdict = outcome.verdict;
    remember_keys(progress, verdict.ok);
    if (verdict.ok) {
      // A success pays its own retries back; without any it fills the bucket slowly.
      budget_.give(progress.spent > 0 ? progress.spent : 1);
      learn_support(call, progress, verdict);
      outcome.checksums = progress.plan && progress.plan->checksum;
      return outcome;
    }
    suspect_keys(verdict, progress);
    outcome.doubt = outcome.doubt || verdict.earlier_unknown;
    verdict.error.in_doubt = outcome.doubt || verdict.outcome_unknown;
    const bool free_attempt = verdict.at_once && !progress.at_once_used;
    if (!free_attempt) ++progress.counted;
    RetryInput input;
    input.attempts = progress.counted;
    input.max_attempts = call.max_attempts;
    input.retry = verdict.retry;
    input.at_once = verdict.at_once;
    input.at_once_used = progress.at_once_used;
    input.timed_out = verdict.failure == http::Failure::timeout;
    input.corrections = progress.corrections[verdict.retry];
    input.retry_after = verdict.retry_after;
    input.random = random_.next();
    input.time_left = call.limit - (clock_.now() - start);
    input.tokens = budget_.tokens();
    const RetryStep step = decide(input);
    // A region that the service contradicts is named even without another attempt.
    if (verdict.retry == Retry::region && config_.region_given) switch_region(verdict, progress);
    const bool again =
        step.retry && budget_.take(step.cost) && (free_attempt || correct(call, verdict, progress));
    if (!again) {
      if (!plainer(call, verdict, progress)) {
        remember_failure(call, verdict);
        return outcome;
      }
      outcome.doubt = outcome.doubt || verdict.outcome_unknown;
      continue;
    }
    progress.at_once_used = progress.at_once_used || free_attempt;
    ++progress.corrections[verdict.retry];
    progress.spent += step.cost;
    outcome.doubt = outcome.doubt || verdict.outcome_unknown;
    tell_retry(call, progress, verdict, step.sleep);
    if (step.sleep > nanoseconds::zero()) clock_.sleep_for(step.sleep);
  }
}

std::vector<RequestCount> Requester::counts() const {
  std::vector<RequestCount> out;
  for (std::size_t op = 0; op < kOpCount; ++op) {
    out.push_back(counters_[op].read(std::string(op_name(static_cast<Op>(op)))));
  }
  return out;
}

}  // namespace pailfs::s3
