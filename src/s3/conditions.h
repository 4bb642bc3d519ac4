// SPDX-License-Identifier: Apache-2.0
// Conditions on the object that a change makes: what the service is known to do with them, and how
// a change goes on after each reply. Services differ: some ignore the headers, some refuse them,
// and some compare an ETag without its quotes. A condition that is ignored looks like one that
// holds, so only a refusal, or a change made although the condition was false, shows which it is.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "pailfs/s3/store_words.h"
#include "pailfs/util/sync.h"

#include "verdict.h"

namespace pailfs::s3 {

/// The requests that may carry a condition.
enum class Conditional { put, complete, copy, remove, remove_many };
inline constexpr std::size_t kConditionalCount = 5;

/// How the service wants the ETag of a condition.
enum class Quotes { unknown, kept, left_out };

/// The knowledge about one kind of condition (a version, or absence) of one request.
struct Known {
  Obeys obeys = Obeys::unknown;
  Quotes quotes = Quotes::unknown;
  bool refused = false;  ///< not obeyed, because the service takes no such request
  friend bool operator==(const Known&, const Known&) = default;
};

/// How a request says its condition.
enum class Saying {
  nothing,  ///< not at all
  plain,    ///< as it is
  bare,     ///< the ETag without its quotes
  wrong,    ///< a version that no object has, to find out whether the service obeys
};

enum class Answer {
  made,      ///< the change
  refused,   ///< the condition, or one on a copy's source, does not hold
  unknown,   ///< the service seems not to know conditions of this request
  conflict,  ///< another change was under way at the same time
  failed,    ///< for another reason
};

/// What a look at the object has shown after a refusal.
enum class Look {
  none,            ///< not looked yet
  unclear,         ///< it could not be seen
  holds,           ///< the condition holds
  fails,           ///< it does not, and nothing else explains the refusal
  fails_too,       ///< it does not, but neither may the condition on the source
  source_changed,  ///< it holds; the one on the source does not
};

/// One reply, with all that the next step depends on.
struct Round {
  Known known;
  Conditional request = Conditional::put;
  bool absent = false;  ///< the condition is that there is no object
  Saying said = Saying::plain;
  bool dropped = false;  ///< said is `nothing` because the service did not take the condition
  Answer answer = Answer::made;
  Look look = Look::none;
  bool must_look = false;  ///< an attempt is in doubt, or the refusal does not say which condition
  int repeats = 0;         ///< how often the same request was sent again
};

struct Step {
  enum class Next {
    finish,
    look,
    again,   ///< with `say`
    repeat,  ///< the same after a pause
  };
  Next next = Next::finish;
  Saying say = Saying::plain;
  Known known;  ///< from now on
};

/// How the first request says its condition. `find_out`: see Conditions::begin_finding_out().
Saying first_saying(const Known& known, const Condition& wanted, bool find_out);
Step next_step(const Round& round);
/// What the reply to a request that said `said` means for the condition.
Answer answer_of(Conditional request, const Condition& said, const Verdict& verdict);
/// Whether the condition holds for the object that a HEAD has found or not.
Look compare(const Condition& wanted, const Result<ObjectInfo>& now);
/// `wanted` as a request says it; `wrong` is the version that no object has.
Condition said_as(Saying saying, const Condition& wanted, const std::string& wrong);

/// What the service's replies have shown so far, for the rest of the mount. Any thread.
class Conditions final {
 public:
  /// `used` false: no condition is ever said.
  explicit Conditions(bool used);

  [[nodiscard]] Known known(Conditional request, bool absent) const EXCLUDES(mutex_);
  /// True for one caller at a time, as long as it is unknown whether conditions on a version are
  /// obeyed in such requests.
  bool begin_finding_out(Conditional request) EXCLUDES(mutex_);
  void end_finding_out(Conditional request) EXCLUDES(mutex_);
  /// Never takes a "yes" or "no" back. True when it is news that the service does not obey.
  bool learn(Conditional request, bool absent, const Known& known) EXCLUDES(mutex_);
  [[nodiscard]] Obedience obedience() const EXCLUDES(mutex_);

 private:
  struct OfRequest {
    Known version;
    Known absence;
    bool being_found_out = false;
  };
  [[nodiscard]] const OfRequest& of(Conditional request) const REQUIRES(mutex_);
  [[nodiscard]] OfRequest& of(Conditional request) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::array<OfRequest, kConditionalCount> table_ GUARDED_BY(mutex_);
};

}  // namespace pailfs::s3
