// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/auth/credentials.h"
#include "pailfs/http/transport.h"
#include "pailfs/s3/encryption.h"
#include "pailfs/s3/extra_headers.h"
#include "pailfs/s3/store_words.h"
#include "pailfs/util/clock.h"

namespace pailfs::s3 {

enum class Signature { v4, v2 };

/// How to speak to the service. Values come from the command line; see pailfs(1).
struct Config {
  std::string url = "https://s3.amazonaws.com";  ///< scheme://host[:port], no trailing slash
  std::string bucket;
  std::string region = "us-east-1";
  bool region_given = false;  ///< by the user: then a contradicting service is an error, not a hint
  bool path_style = false;
  std::string servicepath =
      "/";  ///< put before /bucket/key in URL and signature; starts and ends with '/'
  Signature signature = Signature::v4;
  /// The hash of every object and part in the signature, also over TLS. See src/s3/payload.h.
  bool signed_payload = false;
  bool content_md5 = false;
  bool list_v2 = false;
  bool conditions = true;                ///< false: no change says a condition (conditional=off)
  int retries = 5;                       ///< attempts in all, at least 1
  std::chrono::seconds stall_limit{30};  ///< readwrite_timeout: no byte for this long
  /// The same for requests that the service answers when it has done its work (COPY, Complete,
  /// DeleteObjects). The value of readwrite_timeout if that is given.
  std::chrono::seconds work_limit{120};
  /// operation_timeout: after this no further attempt is started, and none goes on without a byte.
  std::chrono::seconds operation_limit{120};
  std::string acl = "private";
  std::string storage_class = "STANDARD";
  bool requester_pays = false;
  Encryption encryption;
  std::shared_ptr<const ExtraHeaders> extra_headers;  ///< of ahbe_conf; may be null
  std::size_t list_max_keys = 1000;                   ///< names a page of a listing may have
};

/// Checks a bucket name by S3's rules for the given style; the error says which rule is broken.
Status check_bucket_name(const std::string& bucket, bool path_style, const std::string& url);

/// Upper bounds of the classes of latency, in seconds; one more class is above all of them.
inline constexpr std::array<double, 12> kLatencyBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                                          0.5,   1,    2.5,   5,    10,  30};

/// A request that failed for good, after all its attempts.
struct FailedRequest {
  WallTime time{};
  std::string key;
  Error error;  ///< its text begins with the verb
};

/// Requests of one verb since the start, retries included.
struct RequestCount {
  std::string verb;  ///< "GET", "PUT part", ...
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;   ///< of these, not the first attempt
  std::uint64_t failures = 0;  ///< attempts judged bad; a HEAD of an absent key is none
  /// Attempts that have ended, by HTTP status; 0: no reply came.
  std::vector<std::pair<int, std::uint64_t>> by_status;
  std::array<std::uint64_t, kLatencyBounds.size() + 1> by_latency{};
  double seconds = 0;  ///< all of them together
};

/// What became of one kind of request when it was tried with conditions.
struct TriedCondition {
  std::string request;  ///< "PUT", "complete", "COPY", "batch" (DeleteObjects), "DELETE"
  Obeys version = Obeys::unknown;
  std::optional<Obeys> absent;   ///< none: a removal has no such condition
  bool refused = false;          ///< the service takes no such request with a condition
  std::optional<Error> failure;  ///< why it could not be tried to the end
};

/// The ObjectStore that speaks to a real service: build, sign, perform, judge, retry.
/// The transport, credentials, clock and randomness must outlive it.
class Client : public ObjectStore {
 public:
  /// Region in force: the configured one, or what the service named in its refusal.
  [[nodiscard]] virtual std::string region() const = 0;
  /// One listing of at most one key under `prefix`, with the service's own words on failure. A
  /// mount sends it before it calls itself mounted. The error text is one line for a person.
  virtual Status probe(const std::string& prefix) = 0;
  /// The same with a whole page of keys, which the mount then need not ask for again.
  virtual Result<ListPage> first_page(const std::string& prefix) = 0;
  /// Tries each kind of request with conditions, PUT first and perhaps only, on objects of its own
  /// below `prefix`, and removes them again. The knowledge stays: see obedience().
  virtual std::vector<TriedCondition> try_conditions(const std::string& prefix, bool only_put) = 0;
  /// The settings that the service's replies have corrected so far (region, clock), a sentence
  /// each; any thread.
  [[nodiscard]] virtual std::vector<std::string> notices() const = 0;
  /// The requests sent so far, one entry per verb; any thread.
  [[nodiscard]] virtual std::vector<RequestCount> counts() const = 0;
  /// The last request that failed for good, if any has.
  [[nodiscard]] virtual std::optional<FailedRequest> last_failure() const = 0;
};

std::unique_ptr<Client> make_client(const Config& config, http::Transport& transport,
                                    auth::CredentialSource& credentials, Clock& clock,
                                    Random& random);

}  // namespace pailfs::s3
