// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pailfs/report/report.h"
#include "pailfs/util/text.h"

namespace pailfs::test {

/// A mount in the middle of its work.
inline report::Report sample_report() {
  report::Report report;
  report.subject = {{.source = "photos:/2026/",
                     .url = "https://s3.example.com",
                     .options_digest = {},
                     .bucket = "photos",
                     .prefix = "2026/",
                     .region = "us-east-1",
                     .read_only = false,
                     .durability = "local",
                     .instance_name = "i",
                     .options = {"allow_other", "url=https://s3.example.com"}},
                    "/mnt/p",
                    "0.1.0",
                    "syslog",
                    "/c/conflicts",
                    "",
                    42,
                    *parse_iso8601("2026-11-22T03:00:00.000Z")};
  report.now = *parse_iso8601("2026-11-22T04:01:05.000Z");
  report.region = "eu-west-1";
  report.obedience.emplace();
  report.obedience->put = store::Obeys::yes;
  report.obedience->put_absent = store::Obeys::yes;
  report.obedience->copy = store::Obeys::no;
  report.credentials = "environment";
  report.credentials_expire = parse_iso8601("2026-11-22T05:00:00.000Z");
  fs::Activity& activity = report.activity;
  activity.open_files = 3;
  activity.unstored = {{"a\"b", 1048576, ""}, {"c", 2097152, "store c: PUT c AccessDenied"}};
  activity.uploads = {{"a\"b", 262144, 1048576}};
  activity.store_failures = 2;
  Error error(EPERM, "store c: PUT c AccessDenied");
  error.request_id = "R9";
  activity.last_failure = {*parse_iso8601("2026-11-22T04:00:00.000Z"), "c", error};
  activity.lost_races = 4;
  activity.last_lost_races = {{"e/f", "/c/conflicts/1.data", "store e/f: PreconditionFailed"}};
  activity.cached_attributes = 7;
  activity.cached_listings = 1;
  activity.kept_bytes = 3145728;
  journal::Waiting waiting;
  waiting.directory = "/c/journal-1";
  waiting.changes = 2;
  waiting.bytes = 1536;
  waiting.oldest = std::chrono::seconds(61);
  waiting.carried_out = 9;
  waiting.refusals = 1;
  waiting.refused = {{"d/r", "AccessDenied"}};
  waiting.others = {{"d/o", "waits until d/r is stored"}};
  waiting.conflicts = 1;
  waiting.set_aside = {{"d/s", "was changed; kept in /c/x"}};
  report.journal = waiting;
  s3::RequestCount put;
  put.verb = "PUT part";
  put.requests = 3;
  put.retries = 1;
  put.failures = 1;
  report.bytes_sent = 3145728;
  report.bytes_received = 100;
  put.by_status = {{200, 2}, {503, 1}};
  put.by_latency[0] = 1;
  put.by_latency[2] = 2;
  put.seconds = 0.05;
  s3::RequestCount idle;
  idle.verb = "LIST";
  report.requests = {put, idle};
  report.kernel = {{"write", 0, 12}, {"write", 28, 1}, {"open", 0, 2}};
  return report;
}

}  // namespace pailfs::test
