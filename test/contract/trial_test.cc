// SPDX-License-Identifier: Apache-2.0
// How the client finds out, on objects of its own, what a service does with conditions.
#include "client_bench.h"
#include "s3d_service.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

using store::Obeys;

struct Row {
  std::vector<std::string> rules;
  Obeys put;
  Obeys complete;
  Obeys copy;
  Obeys batch;
  Obeys remove;
};

TEST_CASE("a trial of conditions tells what the service does with each, and leaves nothing") {
  constexpr auto kYes = Obeys::yes;
  constexpr auto kNo = Obeys::no;
  const Row row = GENERATE(
      Row{{}, kYes, kYes, kYes, kYes, kYes}, Row{{"no_conditional"}, kNo, kNo, kNo, kNo, kNo},
      Row{{"conditional_501"}, kNo, kNo, kNo, kNo, kNo},
      Row{{"if_match_unquoted"}, kYes, kYes, kYes, kYes, kYes},
      Row{{"absent_if_match_412", "absent_delete_ok"}, kYes, kYes, kYes, kYes, kYes},
      Row{{"ignore=PutObject/if-match", "ignore=PutObject/if-none-match"},
          kNo,
          kYes,
          kYes,
          kYes,
          kYes},
      Row{{"ignore=CompleteMultipartUpload/if-match",
           "ignore=CompleteMultipartUpload/if-none-match"},
          kYes,
          kNo,
          kYes,
          kYes,
          kYes},
      Row{{"ignore=CopyObject/if-match", "ignore=CopyObject/if-none-match"},
          kYes,
          kYes,
          kNo,
          kYes,
          kYes},
      Row{{"refuse=CopyObject/if-match:501:NotImplemented",
           "refuse=CopyObject/if-none-match:501:NotImplemented"},
          kYes,
          kYes,
          kNo,
          kYes,
          kYes},
      Row{{"ignore=DeleteObjects/etag"}, kYes, kYes, kYes, kNo, kYes},
      Row{{"refuse=DeleteObjects/etag:400:MalformedXML"}, kYes, kYes, kYes, kNo, kYes},
      Row{{"ignore=DeleteObject/if-match"}, kYes, kYes, kYes, kYes, kNo},
      Row{{"refuse=DeleteObject/if-match:501:NotImplemented"}, kYes, kYes, kYes, kYes, kNo});
  CAPTURE(row.rules);
  const S3dService service(S3dService::Scheme::http, row.rules);
  WiredClient wired(service.service(), {});
  const auto tried = wired.client().try_conditions("t/", false);
  REQUIRE(tried.size() == 5);
  const std::vector<Obeys> expected{row.put, row.complete, row.copy, row.batch, row.remove};
  for (std::size_t i = 0; i < tried.size(); ++i) {
    CAPTURE(tried[i].request);
    if (tried[i].failure) FAIL_CHECK(tried[i].failure->text);
    CHECK(tried[i].version == expected[i]);
    CHECK(tried[i].absent.value_or(expected[i]) == expected[i]);
  }
  const auto left = list_all(wired.client(), "", false);
  REQUIRE(err(left) == 0);
  CHECK(left->objects.empty());
  const auto uploads = wired.client().list_uploads("", {});
  REQUIRE(err(uploads) == 0);
  CHECK(uploads->uploads.empty());
}

}  // namespace
}  // namespace pailfs::test
