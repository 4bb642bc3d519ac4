// SPDX-License-Identifier: Apache-2.0
#include "pailfs/report/report.h"

#include "sample.h"
#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a report becomes one JSON object on one line", "[report]") {
  const std::string json = report::to_json(test::sample_report(), 10);
  CHECK(json ==
        R"({"format":1,"source":"photos:/2026/","bucket":"photos","prefix":"2026/",)"
        R"("url":"https://s3.example.com","region":"eu-west-1","read_only":false,)"
        R"("durability":"local","instance_name":"i",)"
        R"("options":["allow_other","url=https://s3.example.com"],)"
        R"("mountpoint":"/mnt/p","reached":true,)"
        R"("pid":42,"version":"0.1.0","started":"2026-11-22T03:00:00.000Z",)"
        R"("uptime_seconds":3665,"log":"syslog",)"
        R"("credentials":{"source":"environment","expires":"2026-11-22T05:00:00.000Z"},)"
        R"("conditions":{"put":"obeyed","put_absent":"obeyed","complete":"unknown",)"
        R"("complete_absent":"unknown","copy":"ignored","copy_absent":"unknown",)"
        R"("delete":"unknown","delete_many":"unknown"},)"
        R"("open_files":3,"unstored":{"files":2,"bytes":3145728,"list":[)"
        R"({"path":"c","bytes":2097152,"failure":"store c: PUT c AccessDenied"},)"
        R"({"path":"a\"b","bytes":1048576}]},)"
        R"("journal":{"changes":2,"bytes":1536,"oldest_seconds":61,"carried_out":9,)"
        R"("conflicts":1,"acknowledges":true,"directory":"/c/journal-1",)"
        R"("refused":[{"key":"d/r","why":"AccessDenied"}],)"
        R"("set_aside":[{"key":"d/s","why":"was changed; kept in /c/x"}],)"
        R"("others":[{"key":"d/o","why":"waits until d/r is stored"}]},)"
        R"("conflicts":{"lost_races":4,"directory":"/c/conflicts",)"
        R"("list":[{"path":"e/f","kept_in":"/c/conflicts/1.data",)"
        R"("why":"store e/f: PreconditionFailed"}]},)"
        R"("uploads":[{"path":"a\"b","bytes_done":262144,"bytes_total":1048576}],)"
        R"("store_failures":2,"last_error":{"time":"2026-11-22T04:00:00.000Z","path":"c",)"
        R"("text":"store c: PUT c AccessDenied","request_id":"R9"},)"
        R"("cache":{"attributes":7,"listings":1,"disk_bytes":3145728,"blocks_without_room":0},)"
        R"("s3_requests":{"PUT part":{"requests":3,"retries":1,"failures":1}},)"
        R"("bytes_sent":3145728,"bytes_received":100,"fuse_requests":{"open":2,"write":13}})");
}

TEST_CASE("lists in a report are cut, what failed is kept", "[report]") {
  report::Report report = test::sample_report();
  report.credentials_expire.reset();
  report.activity.last_failure.reset();
  const std::string json = report::to_json(report, 1);
  CHECK_THAT(json, ContainsSubstring(R"("files":2,"bytes":3145728,"list":[{"path":"c")"));
  CHECK_THAT(json, ContainsSubstring(R"("expires":null)"));
  CHECK_THAT(json, ContainsSubstring(R"("last_error":null)"));
  CHECK(json.find("\"a\\\"b\",\"bytes\":") == std::string::npos);

  // The kernel takes no attribute above 64 KiB.
  const std::string name(1024, 'n');
  const std::string why(600, 'w');
  report.activity.unstored.assign(5000, {name, 1, why});
  report.activity.uploads.assign(5000, {name, 1, 2});
  CHECK(report::to_json(report, 10).size() < 60'000);
}

TEST_CASE("a report for a person says what is not stored and why", "[report]") {
  CHECK(report::to_text(test::sample_report()) ==
        "photos:/2026/ on /mnt/p\n"
        "  service       https://s3.example.com, region eu-west-1\n"
        "  conditions    PUT obeyed, complete not known, COPY ignored (of absence: not known), "
        "DELETE not known\n"
        "  process       pid 42, pailfs 0.1.0, up 1 h 1 min\n"
        "  credentials   environment, expire at 2026-11-22T05:00:00.000Z\n"
        "  log           syslog\n"
        "  open          3 files\n"
        "  unstored      2 files, 3.0 MiB, 1 failed\n"
        "    a\"b  1.0 MiB\n"
        "    c  2.0 MiB: store c: PUT c AccessDenied\n"
        "  journal       2 changes, 1.5 KiB, the oldest 1 min 1 s old, 1 refused, 1 conflict in "
        "/c/journal-1\n"
        "    d/r: AccessDenied\n"
        "    d/s: was changed; kept in /c/x\n"
        "    d/o: waits until d/r is stored\n"
        "  conflicts     5 changes of this mount lost against another client's since it began; "
        "pailfs "
        "conflicts /mnt/p lists what is kept\n"
        "    e/f: store e/f: PreconditionFailed\n"
        "  uploads       1\n"
        "    a\"b  256.0 KiB of 1.0 MiB (25 %)\n"
        "  last error    2026-11-22T04:00:00.000Z store c: PUT c AccessDenied (request R9)\n"
        "  cache         7 entries, 1 listing, 3.0 MiB on disk\n"
        "  requests      PUT part 3; 1 retry, 1 failure\n"
        "  transferred   3.0 MiB sent, 100 B received\n"
        "  kernel        open 2, write 13\n");

  report::Report report = test::sample_report();
  report.activity = {};
  report.requests.clear();
  report.obedience.reset();
  report.now = *report.credentials_expire;
  const std::string text = report::to_text(report);
  CHECK_THAT(text, ContainsSubstring("conditions    none are used (conditional=off)\n"));
  CHECK_THAT(report::to_json(report, 1), ContainsSubstring(R"("conditions":null,)"));
  CHECK_THAT(text, ContainsSubstring("unstored      nothing\n"));
  CHECK_THAT(text, ContainsSubstring("last error    none\n"));
  CHECK_THAT(text, ContainsSubstring("expired at"));
  CHECK_THAT(text, ContainsSubstring("up 2 h 0 min\n"));
}

TEST_CASE("a report tells that the bucket is not reached yet and that nothing is kept",
          "[report]") {
  report::Report report = test::sample_report();
  report.unreached = "cannot connect to h:80";
  report.subject.keeps_nothing = "use_cache: /c is in use";
  const std::string text = report::to_text(report);
  CHECK_THAT(text, ContainsSubstring("  bucket        not reached yet: cannot connect to h:80\n"));
  CHECK_THAT(text, ContainsSubstring("on disk\n    use_cache: /c is in use\n"));
  const std::string json = report::to_json(report, 10);
  CHECK_THAT(json, ContainsSubstring(R"("reached":false,"unreached":"cannot connect to h:80",)"));
  CHECK_THAT(json, ContainsSubstring(R"("not_kept":"use_cache: /c is in use")"));
}

TEST_CASE("names from a bucket cannot forge a line of a report", "[report]") {
  report::Report report = test::sample_report();
  report.activity.unstored = {{"x\n  log  forged", 1, "w\x1b[2J"}};
  const std::string text = report::to_text(report);
  CHECK_THAT(text, ContainsSubstring("x\\x0a  log  forged"));
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a report shows the request that has waited longest", "[report]") {
  report::Report report = test::sample_report();
  CHECK(report::to_json(report, 1).find("oldest_request") == std::string::npos);
  CHECK_THAT(report::to_metrics(report),
             ContainsSubstring("\npailfs_fuse_oldest_request_seconds 0\n"));
  report.oldest = {"unlink", "f", 7, std::chrono::seconds(61), "DELETE, attempt 2, \"f\""};
  CHECK_THAT(report::to_text(report),
             ContainsSubstring("\n  waiting       unlink \"f\" for thread 7, since 1 min 1 s, for "
                               "DELETE, attempt 2, \"f\"\n"));
  CHECK_THAT(report::to_json(report, 1),
             ContainsSubstring(R"("oldest_request":{"verb":"unlink","name":"f","thread":7,)"
                               R"("seconds":61,"waits_for":"DELETE, attempt 2, \"f\""})"));
  CHECK_THAT(report::to_metrics(report),
             ContainsSubstring("\npailfs_fuse_oldest_request_seconds 61\n"));
}

TEST_CASE("what is left to send is what is not stored, without finished parts", "[report]") {
  const fs::Activity activity = test::sample_report().activity;
  const report::Sending plain = report::describe_sending(activity, {}, 77);
  CHECK(plain.left == 3145728 - 262144);
  CHECK(plain.sent == 77);
  CHECK(plain.words == "2 files, 3.0 MiB, 1 failed; a\"b 256.0 KiB of 1.0 MiB (25 %)");
  const report::Sending waiting = report::describe_sending({}, *test::sample_report().journal, 0);
  CHECK(waiting.left == 1536);
  CHECK_THAT(waiting.words, ContainsSubstring("; in the journal 2 changes"));
}

TEST_CASE("the last error is the later of a file's and any other request's", "[report]") {
  report::Report report = test::sample_report();
  CHECK(report::last_error(report)->path == "c");
  const WallTime time = report.activity.last_failure->time;
  report.failed_request = {time, "k", Error(EACCES, "LIST k: AccessDenied")};
  CHECK(report::last_error(report)->path == "c");
  report.failed_request->time = time + std::chrono::seconds(1);
  CHECK(report::last_error(report)->path == "k");
  CHECK_THAT(report::to_text(report), ContainsSubstring("Z LIST k: AccessDenied\n"));
  report.activity.last_failure.reset();
  report.failed_request.reset();
  CHECK_FALSE(report::last_error(report));
}
