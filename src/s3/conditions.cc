// SPDX-License-Identifier: Apache-2.0
#include "conditions.h"

#include <cerrno>

#include "xml.h"

namespace pailfs::s3 {
namespace {

/// How often a change is sent again while other changes of the object are under way.
constexpr int kRepeats = 4;

Step finish(const Known& known) {
  return {Step::Next::finish, Saying::nothing, known};
}

Step again(Saying say, const Known& known) {
  return {Step::Next::again, say, known};
}

Saying right_saying(const Known& known, bool absent) {
  return !absent && known.quotes == Quotes::left_out ? Saying::bare : Saying::plain;
}

Known learned_from_success(const Round& round) {
  Known known = round.known;
  if (round.said == Saying::wrong || round.dropped) known.obeys = Obeys::no;
  known.refused = known.refused || round.dropped;
  if (round.said == Saying::bare) known = {Obeys::yes, Quotes::left_out};
  if (round.said == Saying::plain && !round.absent && known.obeys == Obeys::yes)
    known.quotes = Quotes::kept;
  return known;
}

/// A condition that holds was refused: for its quotes, because of a moment's other object, or
/// because the service cannot judge it.
Step after_refusal_without_reason(const Round& round) {
  const bool sure = round.absent || round.known.quotes != Quotes::unknown;
  if (sure && round.repeats == 0) return {Step::Next::repeat, round.said, round.known};
  if (round.known.obeys == Obeys::yes && sure) return finish(round.known);
  if (round.said == Saying::plain && !round.absent) return again(Saying::bare, round.known);
  return again(Saying::nothing, round.known);
}

Step after_refusal(const Round& round) {
  Known known = round.known;
  if (round.said == Saying::nothing) return finish(known);
  if (round.said == Saying::wrong) {
    known.obeys = Obeys::yes;
    return again(right_saying(known, round.absent), known);
  }
  const bool certain =
      known.obeys == Obeys::yes && (round.absent || known.quotes != Quotes::unknown);
  switch (round.look) {
    case Look::none:
      if (certain && !round.must_look) return finish(known);
      return {Step::Next::look, round.said, known};
    case Look::holds:
      return after_refusal_without_reason(round);
    case Look::fails:
      known.obeys = Obeys::yes;
      break;
    case Look::unclear:
    case Look::fails_too:
    case Look::source_changed:
      break;
  }
  return finish(known);
}

Step after_conflict(const Round& round) {
  // S3 wants a new upload then.
  if (round.request == Conditional::complete) return finish(round.known);
  if (round.look == Look::none) return {Step::Next::look, round.said, round.known};
  if (round.look != Look::holds || round.repeats >= kRepeats) return finish(round.known);
  return {Step::Next::repeat, round.said, round.known};
}

/// As in payload.cc: refusals that may be about a header. A policy's refusal is not among them.
bool may_mean_a_condition(const Error& error) {
  return error.refusal == Refusal::not_supported || error.refusal == Refusal::unexplained ||
         error.err == ENOTSUP;
}

}  // namespace

Saying first_saying(const Known& known, const Condition& wanted, bool find_out) {
  if (wanted.empty() || known.obeys == Obeys::no) return Saying::nothing;
  if (find_out && !wanted.absent) return Saying::wrong;
  return right_saying(known, wanted.absent);
}

Step next_step(const Round& round) {
  switch (round.answer) {
    case Answer::made:
      return finish(learned_from_success(round));
    case Answer::refused:
      return after_refusal(round);
    case Answer::unknown:
      if (round.said == Saying::nothing || round.known.obeys == Obeys::yes) break;
      return again(Saying::nothing, round.known);
    case Answer::conflict:
      return after_conflict(round);
    case Answer::failed:
      break;
  }
  return finish(round.known);
}

Answer answer_of(Conditional request, const Condition& said, const Verdict& verdict) {
  if (verdict.ok) return Answer::made;
  const Error& error = verdict.error;
  if (verdict.failure != http::Failure::none) return Answer::failed;
  // A proxy may answer so in a document of its own.
  if (error.http_status == 501) return Answer::unknown;
  if (verdict.foreign) return Answer::failed;
  if (error.http_status == 412 || error.s3_code == "FileAlreadyExists") return Answer::refused;
  // Amazon says so of a version when there is no object at all.
  if (request == Conditional::put && !said.version.empty() && error.err == ENOENT)
    return Answer::refused;
  if (error.s3_code == "ConditionalRequestConflict" || error.s3_code == "OperationAborted")
    return Answer::conflict;
  const bool odd_document = request == Conditional::remove_many && error.s3_code == "MalformedXML";
  return odd_document || may_mean_a_condition(error) ? Answer::unknown : Answer::failed;
}

Look compare(const Condition& wanted, const Result<ObjectInfo>& now) {
  if (!now && now.error().err != ENOENT) return Look::unclear;
  if (wanted.absent) return now ? Look::fails : Look::holds;
  if (!now) return Look::fails;
  if (now->etag.empty()) return Look::unclear;
  return now->etag == normal_etag(wanted.version.value) ? Look::holds : Look::fails;
}

Condition said_as(Saying saying, const Condition& wanted, const std::string& wrong) {
  Condition said = wanted;
  std::string& version = said.version.value;
  switch (saying) {
    case Saying::nothing:
      return {};
    case Saying::plain:
      break;
    case Saying::bare:
      if (version.size() > 2 && version.starts_with('"') && version.ends_with('"'))
        version = version.substr(1, version.size() - 2);
      break;
    case Saying::wrong:
      version = wrong;
      break;
  }
  return said;
}

Conditions::Conditions(bool used) {
  if (used) return;
  MutexLock lock(mutex_);
  for (OfRequest& one : table_) one.version.obeys = one.absence.obeys = Obeys::no;
}

const Conditions::OfRequest& Conditions::of(Conditional request) const {
  return table_.at(static_cast<std::size_t>(request));
}

Conditions::OfRequest& Conditions::of(Conditional request) {
  return table_.at(static_cast<std::size_t>(request));
}

Known Conditions::known(Conditional request, bool absent) const {
  MutexLock lock(mutex_);
  return absent ? of(request).absence : of(request).version;
}

bool Conditions::begin_finding_out(Conditional request) {
  MutexLock lock(mutex_);
  OfRequest& one = of(request);
  if (one.being_found_out || one.version.obeys != Obeys::unknown) return false;
  one.being_found_out = true;
  return true;
}

void Conditions::end_finding_out(Conditional request) {
  MutexLock lock(mutex_);
  of(request).being_found_out = false;
}

bool Conditions::learn(Conditional request, bool absent, const Known& known) {
  MutexLock lock(mutex_);
  Known& mine = absent ? of(request).absence : of(request).version;
  const bool was_unknown = mine.obeys == Obeys::unknown;
  if (was_unknown) mine.obeys = known.obeys;
  if (was_unknown) mine.refused = known.refused;
  if (mine.quotes == Quotes::unknown) mine.quotes = known.quotes;
  return was_unknown && mine.obeys == Obeys::no;
}

Obedience Conditions::obedience() const {
  MutexLock lock(mutex_);
  Obedience all;
  all.put = of(Conditional::put).version.obeys;
  all.complete = of(Conditional::complete).version.obeys;
  all.copy = of(Conditional::copy).version.obeys;
  all.remove = of(Conditional::remove).version.obeys;
  all.put_absent = of(Conditional::put).absence.obeys;
  all.complete_absent = of(Conditional::complete).absence.obeys;
  all.copy_absent = of(Conditional::copy).absence.obeys;
  all.remove_many = of(Conditional::remove_many).version.obeys;
  return all;
}

}  // namespace pailfs::s3
