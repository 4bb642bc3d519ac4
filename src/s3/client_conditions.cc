// SPDX-License-Identifier: Apache-2.0
// Changes with a condition on the object that they make. The decisions are conditions.cc's.
#include <chrono>
#include <utility>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "service_client.h"

namespace pailfs::s3 {
namespace {

constexpr std::string_view name_of(Conditional request) {
  switch (request) {
    case Conditional::put:
      return "PUT";
    case Conditional::complete:
      return "POST complete";
    case Conditional::copy:
      return "COPY";
    case Conditional::remove:
      return "DELETE";
    case Conditional::remove_many:
      return "DELETE batch";
  }
  return "";
}

/// The error of a change that was not made because of its condition.
void explain(const Round& round, const Condition& wanted, Error& error) {
  const bool refused = round.answer == Answer::refused && round.said != Saying::nothing;
  if (refused || (round.answer == Answer::conflict && round.look == Look::fails)) {
    error.err = wanted.absent && round.look != Look::source_changed ? EEXIST : ESTALE;
    error.refusal = Refusal::refused;
  } else if (round.answer == Answer::conflict && !wanted.empty()) {
    error.err = EIO;
    error.refusal = round.request == Conditional::complete ? Refusal::upload_gone : Refusal::busy;
  } else if (round.said != Saying::nothing && error.http_status == 400 && error.s3_code.empty()) {
    error.text += "; the request had " + std::string(wanted.absent ? "If-None-Match" : "If-Match") +
                  ", which a proxy may refuse: conditional=off sends none";
  }
}

}  // namespace

std::string ServiceClient::wrong_version() {
  std::string digits;
  for (int i = 0; i < 2; ++i) {
    for (unsigned long long bits = random_.next(), n = 0; n < 8; ++n, bits >>= 8U)
      digits += static_cast<char>(bits & 0xffU);
  }
  return "\"" + hex(digits) + "\"";
}

void ServiceClient::pause(int repeats) {
  constexpr unsigned long long kShortest = 20;
  const unsigned long long most = kShortest << static_cast<unsigned>(repeats);
  clock_.sleep_for(std::chrono::milliseconds(most / 2 + random_.next() % most));
}

void ServiceClient::learn(Conditional request, bool absent, const Known& known) {
  if (!conditions_.learn(request, absent, known)) return;
  log_info([&] {
    return "the service does not obey conditions on " +
           std::string(absent ? "absence" : "the version") + " (" + std::string(name_of(request)) +
           ")";
  });
}

Step ServiceClient::send(const Change& change, const std::string& wrong, Round& round, Made& made) {
  const bool doubt = made.outcome.doubt;
  const Condition said = said_as(round.said, change.wanted, wrong);
  made.outcome = change.attempt(said);
  Verdict& verdict = made.outcome.verdict;
  made.outcome.doubt = made.outcome.doubt || doubt;
  if (!verdict.ok) verdict.error.in_doubt = verdict.error.in_doubt || doubt;
  round.answer = answer_of(change.request, said, verdict);
  round.look = Look::none;
  round.must_look = made.outcome.doubt || change.ambiguous;
  const Step step = next_step(round);
  made.looked = step.next == Step::Next::look;
  if (!made.looked) return step;
  Seen seen = change.look(made.outcome.doubt);
  round.look = seen.look;
  if (!seen.made) return next_step(round);
  verdict = {};
  verdict.ok = true;
  verdict.reply = std::move(*seen.made);
  return {Step::Next::finish, round.said, round.known};
}

ServiceClient::Made ServiceClient::make(const Change& change) {
  const Condition& wanted = change.wanted;
  Made made;
  if (wanted.empty()) {
    made.outcome = change.attempt({});
    return made;
  }
  const bool find_out =
      !wanted.absent && wanted.foreign && conditions_.begin_finding_out(change.request);
  const std::string wrong = find_out ? wrong_version() : "";
  Round round;
  round.request = change.request;
  round.absent = wanted.absent;
  round.known = conditions_.known(change.request, wanted.absent);
  round.said = first_saying(round.known, wanted, find_out);
  for (;;) {
    const Step step = send(change, wrong, round, made);
    learn(change.request, wanted.absent, step.known);
    if (step.next == Step::Next::finish) break;
    if (step.next == Step::Next::repeat) {
      pause(round.repeats++);
    } else {
      round.said = step.say;
      round.dropped = step.say == Saying::nothing;
    }
    round.known = conditions_.known(change.request, wanted.absent);
  }
  if (find_out) conditions_.end_finding_out(change.request);
  if (!made.outcome.verdict.ok) explain(round, wanted, made.outcome.verdict.error);
  return made;
}

Outcome ServiceClient::run_copy_as(const CopyRequest& request, const Condition& said) {
  CopyRequest sent = request;
  sent.condition = said;
  Outcome outcome = run_copy(sent);
  Error& error = outcome.verdict.error;
  // Either the source is absent or the destination, whose version was to be replaced.
  if (!outcome.verdict.ok && !said.version.empty() && error.err == ENOENT && head(request.source))
    error.http_status = 412;
  return outcome;
}

ServiceClient::Seen ServiceClient::look_at_put(const PutRequest& request, ByteSource& body,
                                               bool doubt) {
  const Result<ObjectInfo> now = head(request.key);
  if (doubt && now && is_stored(request, body, *now)) {
    keys_.stored(request.key);
    return {Look::holds, now->etag};
  }
  return {compare(request.condition, now), std::nullopt};
}

ServiceClient::Seen ServiceClient::look_at_copy(const CopyRequest& request, bool doubt) {
  Result<ObjectInfo> now = head(request.destination);
  if (doubt && now && is_copied(request, *now)) return {Look::holds, std::move(now->etag)};
  Look look = compare(request.condition, now);
  if (request.source_if_match.empty() || look == Look::unclear) return {look, std::nullopt};
  const bool certain =
      conditions_.known(Conditional::copy, request.condition.absent).obeys == Obeys::yes;
  if (look == Look::fails && certain) return {look, std::nullopt};
  const Look source = compare({.version = request.source_if_match}, head(request.source));
  if (source == Look::holds) return {look, std::nullopt};
  return {look == Look::fails ? Look::fails_too : Look::source_changed, std::nullopt};
}

ServiceClient::Seen ServiceClient::look_at_removal(const Removal& removal) {
  const Result<ObjectInfo> now = head(removal.key);
  if (!now && now.error().err == ENOENT) return {Look::holds, ETag()};
  return {compare({.version = removal.version}, now), std::nullopt};
}

}  // namespace pailfs::s3
