// SPDX-License-Identifier: Apache-2.0
#include "s3/conditions.h"

#include <cerrno>

#include "support/catch.h"

namespace pailfs::s3 {
namespace {

using Next = Step::Next;

constexpr Known kUnknown{};
constexpr Known kYes{Obeys::yes, Quotes::unknown};
constexpr Known kYesKept{Obeys::yes, Quotes::kept};
constexpr Known kYesBare{Obeys::yes, Quotes::left_out};
constexpr Known kNo{Obeys::no, Quotes::unknown};
constexpr Known kRefused{Obeys::no, Quotes::unknown, true};

TEST_CASE("a condition is said first as the service is known to want it") {
  const Condition version{.version = {"\"v\""}};
  const Condition absent{.absent = true};
  struct Row {
    Known known;
    Condition wanted;
    bool find_out;
    Saying said;
  };
  for (const Row& row : std::vector<Row>{
           {kUnknown, {}, true, Saying::nothing},
           {kUnknown, version, false, Saying::plain},
           {kUnknown, version, true, Saying::wrong},
           {kUnknown, absent, true, Saying::plain},
           {kYes, version, false, Saying::plain},
           {kYesBare, version, false, Saying::bare},
           {kYesBare, absent, false, Saying::plain},
           {kNo, version, false, Saying::nothing},
           {kNo, absent, false, Saying::nothing},
       }) {
    CHECK(first_saying(row.known, row.wanted, row.find_out) == row.said);
  }
}

struct Played {
  const char* what;
  Round round;
  Next next;
  Saying say;
  Known known;
};

Round version_round(Known known, Saying said, Answer answer, Look look = Look::none) {
  Round round;
  round.known = known;
  round.said = said;
  round.answer = answer;
  round.look = look;
  return round;
}

Round absent_round(Known known, Answer answer, Look look = Look::none) {
  Round round = version_round(known, Saying::plain, answer, look);
  round.absent = true;
  return round;
}

Round with(Round round, int repeats, bool must_look = false, bool dropped = false) {
  round.repeats = repeats;
  round.must_look = must_look;
  round.dropped = dropped;
  return round;
}

Round of(Conditional request, Round round) {
  round.request = request;
  return round;
}

void check(const std::vector<Played>& rows) {
  for (const Played& row : rows) {
    CAPTURE(row.what);
    const Step step = next_step(row.round);
    CHECK(step.next == row.next);
    if (row.next == Next::again || row.next == Next::repeat) CHECK(step.say == row.say);
    CHECK(step.known == row.known);
  }
}

TEST_CASE("a change that is made shows less than one that is refused") {
  const Answer made = Answer::made;
  check({
      {"a condition that holds", version_round(kUnknown, Saying::plain, made), Next::finish,
       Saying::plain, kUnknown},
      {"a version that no object has", version_round(kUnknown, Saying::wrong, made), Next::finish,
       Saying::plain, kNo},
      {"once the service has refused one", version_round(kYes, Saying::plain, made), Next::finish,
       Saying::plain, kYesKept},
      {"without quotes", version_round(kUnknown, Saying::bare, made), Next::finish, Saying::plain,
       kYesBare},
      {"only without a condition",
       with(version_round(kUnknown, Saying::nothing, made), 0, false, true), Next::finish,
       Saying::plain, kRefused},
      {"absence", absent_round(kUnknown, made), Next::finish, Saying::plain, kUnknown},
  });
}

TEST_CASE("a refusal is looked into until it is understood") {
  const Answer refused = Answer::refused;
  check({
      {"of a version that no object has", version_round(kUnknown, Saying::wrong, refused),
       Next::again, Saying::plain, kYes},
      {"of the first condition", version_round(kUnknown, Saying::plain, refused), Next::look,
       Saying::plain, kUnknown},
      {"by a service that obeys, quotes unknown", version_round(kYes, Saying::plain, refused),
       Next::look, Saying::plain, kYes},
      {"by one that is known", version_round(kYesKept, Saying::plain, refused), Next::finish,
       Saying::plain, kYesKept},
      {"by one that is known, in doubt",
       with(version_round(kYesKept, Saying::plain, refused), 0, true), Next::look, Saying::plain,
       kYesKept},
      {"that is right", version_round(kUnknown, Saying::plain, refused, Look::fails), Next::finish,
       Saying::plain, kYes},
      {"of which the source may be the reason",
       version_round(kUnknown, Saying::plain, refused, Look::fails_too), Next::finish,
       Saying::plain, kUnknown},
      {"of which the source is the reason",
       version_round(kUnknown, Saying::plain, refused, Look::source_changed), Next::finish,
       Saying::plain, kUnknown},
      {"of what cannot be seen", version_round(kUnknown, Saying::plain, refused, Look::unclear),
       Next::finish, Saying::plain, kUnknown},
      {"of the right version", version_round(kUnknown, Saying::plain, refused, Look::holds),
       Next::again, Saying::bare, kUnknown},
      {"of that without quotes", version_round(kUnknown, Saying::bare, refused, Look::holds),
       Next::again, Saying::nothing, kUnknown},
      {"of the right version, quotes known",
       with(version_round(kYesKept, Saying::plain, refused, Look::holds), 0, true), Next::repeat,
       Saying::plain, kYesKept},
      {"of that a second time",
       with(version_round(kYesKept, Saying::plain, refused, Look::holds), 1, true), Next::finish,
       Saying::plain, kYesKept},
      {"of absence", absent_round(kUnknown, refused), Next::look, Saying::plain, kUnknown},
      {"of absence by a service that is known", absent_round(kYes, refused), Next::finish,
       Saying::plain, kYes},
      {"because something is there", absent_round(kUnknown, refused, Look::fails), Next::finish,
       Saying::plain, kYes},
      {"because something was there", absent_round(kUnknown, refused, Look::holds), Next::repeat,
       Saying::plain, kUnknown},
      {"although nothing is there", with(absent_round(kUnknown, refused, Look::holds), 1),
       Next::again, Saying::nothing, kUnknown},
      {"of a copy's source", version_round(kNo, Saying::nothing, refused), Next::finish,
       Saying::plain, kNo},
  });
}

TEST_CASE("conditions that are not known are left out, conflicts waited for") {
  const Round conflict = version_round(kYesKept, Saying::plain, Answer::conflict);
  const Round holds = version_round(kYesKept, Saying::plain, Answer::conflict, Look::holds);
  check({
      {"a header that is not known", version_round(kUnknown, Saying::plain, Answer::unknown),
       Next::again, Saying::nothing, kUnknown},
      {"but a service that obeys has another reason",
       version_round(kYes, Saying::plain, Answer::unknown), Next::finish, Saying::plain, kYes},
      {"and so has one that was not told",
       with(version_round(kUnknown, Saying::nothing, Answer::unknown), 0, false, true),
       Next::finish, Saying::plain, kUnknown},
      {"any other failure", version_round(kUnknown, Saying::wrong, Answer::failed), Next::finish,
       Saying::plain, kUnknown},
      {"a conflict", conflict, Next::look, Saying::plain, kYesKept},
      {"that others have won",
       version_round(kYesKept, Saying::plain, Answer::conflict, Look::fails), Next::finish,
       Saying::plain, kYesKept},
      {"that is over", holds, Next::repeat, Saying::plain, kYesKept},
      {"that does not end", with(holds, 4), Next::finish, Saying::plain, kYesKept},
      {"of an upload", of(Conditional::complete, conflict), Next::finish, Saying::plain, kYesKept},
  });
}

Verdict refused(int status, const std::string& code, int err, Refusal refusal = Refusal::refused) {
  Verdict verdict;
  verdict.error = {err, "text"};
  verdict.error.http_status = status;
  verdict.error.s3_code = code;
  verdict.error.refusal = refusal;
  return verdict;
}

TEST_CASE("a reply is read as the answer to its condition") {
  const Condition version{.version = {"\"v\""}};
  const Condition absent{.absent = true};
  Verdict proxy = refused(412, "", ESTALE);
  proxy.foreign = true;
  Verdict proxy_without = refused(501, "", ENOTSUP, Refusal::failed);
  proxy_without.foreign = true;
  Verdict cut = refused(0, "", EIO, Refusal::none);
  cut.failure = http::Failure::broken;
  struct Row {
    Conditional request;
    Condition said;
    Verdict verdict;
    Answer answer;
  };
  const auto put = Conditional::put;
  for (const Row& row : std::vector<Row>{
           {put, version, refused(412, "PreconditionFailed", ESTALE), Answer::refused},
           {put, absent, refused(412, "", EEXIST), Answer::refused},
           {put, absent, refused(409, "FileAlreadyExists", EEXIST), Answer::refused},
           {put, version, refused(404, "NoSuchKey", ENOENT), Answer::refused},
           {put, absent, refused(404, "NoSuchKey", ENOENT), Answer::failed},
           {Conditional::copy, version, refused(404, "NoSuchKey", ENOENT), Answer::failed},
           {put, version, refused(409, "ConditionalRequestConflict", ESTALE), Answer::conflict},
           {put, version, refused(409, "ObjectParentIsFile", ESTALE), Answer::failed},
           {put, version, refused(501, "NotImplemented", ENOTSUP, Refusal::not_supported),
            Answer::unknown},
           {put, version, refused(400, "InvalidArgument", EIO, Refusal::unexplained),
            Answer::unknown},
           {put, version, refused(400, "MalformedXML", EIO), Answer::failed},
           {Conditional::remove_many, version, refused(400, "MalformedXML", EIO), Answer::unknown},
           {put, version, refused(403, "AccessDenied", EPERM, Refusal::forbidden), Answer::failed},
           {put, version, proxy, Answer::failed},
           {put, version, proxy_without, Answer::unknown},
           {put, version, cut, Answer::failed},
       }) {
    CAPTURE(row.verdict.error.s3_code, row.verdict.error.http_status);
    CHECK(answer_of(row.request, row.said, row.verdict) == row.answer);
  }
}

TEST_CASE("a HEAD says whether a condition holds") {
  const Condition version{.version = {"\"v\""}};
  const Condition absent{.absent = true};
  ObjectInfo info;
  info.etag = {"\"v\""};
  ObjectInfo other;
  other.etag = {"\"w\""};
  const Error gone{ENOENT, "gone"};
  CHECK(compare(version, info) == Look::holds);
  CHECK(compare({.version = {"v"}}, info) == Look::holds);
  CHECK(compare(version, other) == Look::fails);
  CHECK(compare(version, gone) == Look::fails);
  CHECK(compare(version, ObjectInfo()) == Look::unclear);
  CHECK(compare(version, Error{EPERM, "denied"}) == Look::unclear);
  CHECK(compare(absent, gone) == Look::holds);
  CHECK(compare(absent, info) == Look::fails);
  CHECK(compare(absent, ObjectInfo()) == Look::fails);
}

TEST_CASE("what the service does with conditions is learned once, request by request") {
  Conditions conditions(true);
  CHECK(conditions.obedience().put == Obeys::unknown);
  CHECK(conditions.begin_finding_out(Conditional::put));
  CHECK_FALSE(conditions.begin_finding_out(Conditional::put));
  CHECK(conditions.begin_finding_out(Conditional::copy));
  conditions.end_finding_out(Conditional::put);
  CHECK(conditions.begin_finding_out(Conditional::put));
  CHECK_FALSE(conditions.learn(Conditional::put, false, kYes));
  CHECK_FALSE(conditions.learn(Conditional::put, false, kNo));
  CHECK_FALSE(conditions.learn(Conditional::put, false, kYesBare));
  CHECK(conditions.known(Conditional::put, false) == kYesBare);
  CHECK(conditions.known(Conditional::put, true) == kUnknown);
  conditions.end_finding_out(Conditional::put);
  CHECK_FALSE(conditions.begin_finding_out(Conditional::put));
  CHECK(conditions.learn(Conditional::complete, true, kNo));
  CHECK_FALSE(conditions.learn(Conditional::complete, true, kYes));
  CHECK(conditions.obedience().complete_absent == Obeys::no);
  CHECK(conditions.obedience().complete == Obeys::unknown);
  CHECK(Conditions(false).obedience().remove_many == Obeys::no);
}

}  // namespace
}  // namespace pailfs::s3
