// SPDX-License-Identifier: Apache-2.0
// Contract of ObjectStore: credentials that last for a session, which only a real server gives; of
// pailfs-s3d's token see fault_test.cc.
#include <string>
#include <vector>

#include "bench.h"
#include "support/catch.h"
#include "support/text_io.h"

namespace pailfs::test {
namespace {

std::vector<std::string> names_with_session() {
  std::vector<std::string> names;
  for (const std::string& name : client_bench_names()) {
    if (open_bench(name)->session()) names.push_back(name);
  }
  return names;
}

TEST_CASE("a session token is sent and signed") {
  const std::vector<std::string> names = names_with_session();
  if (names.empty()) SKIP("no server of PAILFS_TEST_S3_SERVERS has a session token");
  const auto bench = open_bench(GENERATE_COPY(from_range(names)));
  CAPTURE(bench->name());
  const auto session = bench->session();
  REQUIRE(session);
  store::ObjectStore* store = bench->changed({.access_key = session->access_key,
                                              .secret_key = session->secret_key,
                                              .session_token = session->token});
  REQUIRE(store != nullptr);
  CHECK(err(put_text(*store, bench->key("k"), "x")) == 0);
  const auto got = get_text(*store, bench->key("k"));
  REQUIRE(err(got) == 0);
  CHECK(got->bytes == "x");
  store::ObjectStore* wrong = bench->changed({.access_key = session->access_key,
                                              .secret_key = session->secret_key,
                                              .session_token = session->token + "x"});
  CHECK(err(put_text(*wrong, bench->key("k"), "y")) != 0);
  CHECK(get_text(bench->store(), bench->key("k"))->bytes == "x");
}

}  // namespace
}  // namespace pailfs::test
