// SPDX-License-Identifier: Apache-2.0
#include "s3/retry.h"

#include <set>
#include <string>
#include <vector>

#include "pailfs/store/refusal.h"

#include "s3/error_table.h"
#include "support/catch.h"

namespace pailfs::s3 {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

RetryInput input_for(Retry retry, int attempts = 1) {
  RetryInput input;
  input.attempts = attempts;
  input.max_attempts = 5;
  input.retry = retry;
  input.time_left = seconds(120);
  input.tokens = RetryBudget::kFull;
  return input;
}

constexpr unsigned long long kLargest = ~0ULL;

TEST_CASE("the pause is drawn from zero to a ceiling that doubles") {
  struct Row {
    Retry retry;
    int attempts;
    milliseconds ceiling;
  };
  const std::vector<Row> rows{
      {Retry::transient, 1, milliseconds(50)},    {Retry::transient, 2, milliseconds(100)},
      {Retry::transient, 4, milliseconds(400)},   {Retry::throttle, 1, milliseconds(500)},
      {Retry::throttle, 3, milliseconds(2000)},   {Retry::transient, 40, milliseconds(20000)},
      {Retry::throttle, 100, milliseconds(20000)}};
  for (const Row& row : rows) {
    RetryInput input = input_for(row.retry, row.attempts);
    input.max_attempts = 1000;
    const auto range = static_cast<unsigned long long>(nanoseconds(row.ceiling).count()) + 1;
    input.random = range - 1;
    CHECK(decide(input).sleep == row.ceiling);
    input.random = range;
    CHECK(decide(input).sleep == nanoseconds(0));
    input.random = kLargest;
    CHECK(decide(input).sleep <= row.ceiling);
    CHECK(decide(input).retry);
  }
}

TEST_CASE("an operation ends after its attempts, its time or its budget") {
  RetryInput input = input_for(Retry::transient, 5);
  CHECK_FALSE(decide(input).retry);
  input = input_for(Retry::transient, 4);
  CHECK(decide(input).retry);
  input.time_left = nanoseconds(0);
  CHECK_FALSE(decide(input).retry);
  input.time_left = milliseconds(1);
  input.random = 2'000'000;
  CHECK_FALSE(decide(input).retry);
  input = input_for(Retry::transient, 1);
  input.tokens = 4;
  CHECK_FALSE(decide(input).retry);
  input.tokens = 5;
  CHECK(decide(input).retry);
  input.timed_out = true;
  CHECK_FALSE(decide(input).retry);
  CHECK_FALSE(decide(input_for(Retry::never)).retry);
}

TEST_CASE("corrective actions are taken at once and only so often") {
  for (const Retry retry : {Retry::once, Retry::clock, Retry::region}) {
    RetryInput input = input_for(retry);
    input.random = kLargest;
    CHECK(decide(input).retry);
    CHECK(decide(input).sleep == nanoseconds(0));
    input.corrections = 1;
    CHECK(decide(input).retry == (retry == Retry::region));
    input.corrections = 2;
    CHECK_FALSE(decide(input).retry);
    input = input_for(retry, 5);
    CHECK_FALSE(decide(input).retry);
  }
}

TEST_CASE("refused keys are replaced up to ten times, whatever the number of attempts") {
  RetryInput input = input_for(Retry::refresh_credentials, 5);
  input.corrections = 9;
  CHECK(decide(input).retry);
  CHECK(decide(input).sleep == nanoseconds(0));
  input.corrections = 10;
  CHECK_FALSE(decide(input).retry);
  input.corrections = 0;
  input.time_left = nanoseconds(0);
  CHECK_FALSE(decide(input).retry);
}

TEST_CASE("keys are waited for only while they may be under way") {
  using std::chrono::seconds;
  using Since = std::optional<nanoseconds>;
  struct Row {
    bool named;
    Since accepted;
    Since refused;
    Since changed;
    bool waits;
  };
  const Row row = GENERATE(
      Row{true, {}, {}, {}, false}, Row{true, seconds(9), {}, {}, true},
      Row{true, seconds(10), {}, {}, false}, Row{false, seconds(1), {}, {}, false},
      Row{false, seconds(1), seconds(9), {}, true}, Row{false, seconds(1), seconds(10), {}, false},
      Row{false, seconds(10), seconds(1), {}, false}, Row{false, {}, {}, seconds(9), true},
      Row{true, {}, {}, seconds(9), true}, Row{true, {}, {}, seconds(10), false});
  CHECK(awaits_keys({row.named, row.accepted, row.refused, row.changed}) == row.waits);
  nanoseconds all{};
  for (int i = 0; i < 10; ++i) all += key_pause(i);
  CHECK(all == milliseconds(5550));
}

TEST_CASE("a request that was never seen is sent again at once, and once without counting") {
  RetryInput input = input_for(Retry::transient, 0);
  input.max_attempts = 1;
  input.at_once = true;
  const RetryStep step = decide(input);
  CHECK(step.retry);
  CHECK_FALSE(step.counts);
  CHECK(step.cost == 0);
  CHECK(step.sleep == nanoseconds(0));
  input.at_once_used = true;
  input.attempts = 1;
  CHECK_FALSE(decide(input).retry);
}

TEST_CASE("Retry-After lengthens the pause up to its cap") {
  RetryInput input = input_for(Retry::throttle);
  input.retry_after = seconds(7);
  CHECK(decide(input).sleep == seconds(7));
  input.retry_after = seconds(3600);
  CHECK(decide(input).sleep == seconds(30));
  input.time_left = seconds(10);
  CHECK_FALSE(decide(input).retry);
}

TEST_CASE("the budget is finite, and refilled no further than full") {
  RetryBudget budget;
  int taken = 0;
  while (budget.take(5)) ++taken;
  CHECK(taken == RetryBudget::kFull / 5);
  CHECK(budget.tokens() == 0);
  budget.give(3);
  CHECK_FALSE(budget.take(5));
  CHECK(budget.tokens() == 3);
  budget.give(10'000);
  CHECK(budget.tokens() == RetryBudget::kFull);
}

TEST_CASE("every row of the error table can be found and makes sense") {
  std::set<std::pair<std::string, int>> seen;
  for (const ErrorRow& row : error_rows()) {
    INFO(row.code << " " << row.status);
    CHECK(row.err > 0);
    CHECK(row.status >= 300);
    CHECK(&error_row(row.code, row.status) == &row);
    CHECK(seen.emplace(row.code, row.code.empty() ? row.status : 0).second);
    // Only words about a key may say that a file does not exist.
    if (row.err == ENOENT) CHECK(row.status == 404);
    // EAGAIN would be taken for "this descriptor does not block".
    CHECK(row.err != EAGAIN);
    if (!row.code.empty()) CHECK(&error_row(row.code, 200) == &row);
  }
}

TEST_CASE("codes outrank status, unknown codes and statuses fall back") {
  CHECK(error_row("SlowDown", 200).retry == Retry::throttle);
  CHECK(error_row("NoSuchBucket", 404).err == ENXIO);
  CHECK(error_row("NeverHeardOf", 403).err == EPERM);
  CHECK(error_row("NeverHeardOf", 200).retry == Retry::transient);
  CHECK(error_row("", 599).retry == Retry::transient);
  CHECK(error_row("", 418).retry == Retry::never);
  CHECK(error_row("", 418).err == EIO);
}

TEST_CASE("every answer means one thing to the layers above") {
  struct Case {
    std::string_view code;
    int status;
    Refusal refusal;
    bool final;  ///< as store::is_final has it
  };
  const std::vector<Case> cases{
      {"NoSuchKey", 404, Refusal::refused, false},
      {"NoSuchBucket", 404, Refusal::bucket_gone, false},
      {"NoSuchUpload", 404, Refusal::upload_gone, false},
      {"InvalidPart", 400, Refusal::part_unsuitable, false},
      {"AccessDenied", 403, Refusal::forbidden, true},
      {"InvalidAccessKeyId", 403, Refusal::refused, false},
      {"ExpiredToken", 400, Refusal::refused, false},
      {"", 401, Refusal::refused, false},
      {"", 403, Refusal::refused, false},
      {"NotImplemented", 501, Refusal::not_supported, true},
      {"MethodNotAllowed", 405, Refusal::not_supported, true},
      {"", 405, Refusal::not_supported, true},
      {"EntityTooLarge", 400, Refusal::refused, true},
      {"MetadataTooLarge", 400, Refusal::refused, true},
      {"KeyTooLongError", 400, Refusal::refused, true},
      {"InvalidURI", 400, Refusal::refused, true},
      {"InvalidArgument", 400, Refusal::unexplained, false},
      {"", 400, Refusal::unexplained, false},
      {"PreconditionFailed", 412, Refusal::refused, false},
      {"", 409, Refusal::refused, false},
      {"QuotaExceeded", 403, Refusal::refused, false},
      {"SlowDown", 503, Refusal::busy, false},
      {"", 429, Refusal::busy, false},
      {"", 502, Refusal::busy, false},
      {"", 504, Refusal::busy, false},
      {"InternalError", 200, Refusal::failed, false},
      {"NeverHeardOf", 200, Refusal::failed, false},
      {"NeverHeardOf", 403, Refusal::refused, false},
      {"", 301, Refusal::failed, false},
      {"", 500, Refusal::failed, false},
      {"", 507, Refusal::failed, false},
  };
  for (const Case& one : cases) {
    INFO(one.code << " " << one.status);
    CHECK(refusal_of(one.code, one.status) == one.refusal);
    Error error{error_row(one.code, one.status).err, "refused"};
    error.refusal = refusal_of(one.code, one.status);
    CHECK(store::is_final(error) == one.final);
  }
}

TEST_CASE("an answer that says nothing about the request makes no errno final") {
  for (const int err : {E2BIG, EFBIG, EINVAL, ENAMETOOLONG, ENOTSUP}) {
    Error error{err, "refused"};
    CHECK(store::is_final(error));
    for (const Refusal refusal : {Refusal::failed, Refusal::busy}) {
      error.refusal = refusal;
      CHECK_FALSE(store::is_final(error));
    }
  }
  for (const int err : {EIO, EPERM, EACCES, ENOENT, ENXIO, ESTALE, EEXIST, ETIMEDOUT, ENOSPC}) {
    CHECK_FALSE(store::is_final(Error{err, "refused"}));
  }
}

TEST_CASE("every kind of broken exchange has a row") {
  using http::Failure;
  for (const Failure failure :
       {Failure::resolve, Failure::connect, Failure::tls, Failure::timeout, Failure::idle_closed,
        Failure::broken, Failure::cancelled, Failure::body, Failure::protocol})
    CHECK(failure_row(failure).err > 0);
  CHECK(failure_row(Failure::timeout).err == ETIMEDOUT);
  CHECK(failure_row(Failure::tls).retry == Retry::never);
  CHECK(failure_row(Failure::broken).retry == Retry::transient);
}

}  // namespace
}  // namespace pailfs::s3
