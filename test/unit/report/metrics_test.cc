// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <vector>

#include "pailfs/report/metrics_outlet.h"
#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "sample.h"
#include "support/catch.h"

using namespace pailfs;  // NOLINT: a test file
using Catch::Matchers::ContainsSubstring;

TEST_CASE("metrics are Prometheus text", "[report]") {
  const std::string text = report::to_metrics(test::sample_report());
  for (const char* line :
       {"# TYPE pailfs_fuse_requests_total counter\n",
        "\npailfs_fuse_requests_total{op=\"write\",errno=\"0\"} 12\n",
        "\npailfs_fuse_requests_total{op=\"write\",errno=\"ENOSPC\"} 1\n",
        "\npailfs_s3_requests_total{api=\"put_part\",code=\"200\"} 2\n",
        "\npailfs_s3_requests_total{api=\"put_part\",code=\"503\"} 1\n",
        "# TYPE pailfs_s3_request_duration_seconds histogram\n",
        "\npailfs_s3_request_duration_seconds_bucket{api=\"put_part\",le=\"0.005\"} 1\n",
        "\npailfs_s3_request_duration_seconds_bucket{api=\"put_part\",le=\"0.025\"} 3\n",
        "\npailfs_s3_request_duration_seconds_bucket{api=\"put_part\",le=\"+Inf\"} 3\n",
        "\npailfs_s3_request_duration_seconds_sum{api=\"put_part\"} 0.05\n",
        "\npailfs_s3_request_duration_seconds_count{api=\"put_part\"} 3\n",
        "\npailfs_s3_bytes_total{dir=\"sent\"} 3145728\n",
        "\npailfs_s3_bytes_total{dir=\"received\"} 100\n",
        "\npailfs_upload_pending_bytes 3145728\n",
        "\npailfs_upload_pending_files 2\n",
        "\npailfs_journal_changes 2\n",
        "\npailfs_journal_bytes 1536\n",
        "\npailfs_journal_oldest_seconds 61\n",
        "\npailfs_journal_refused 1\n",
        "\npailfs_journal_carried_out_total 9\n",
        "\npailfs_journal_conflicts_total 1\n",
        "\npailfs_upload_errors_total 2\n",
        "\npailfs_open_files 3\n",
        "\npailfs_cache_entries 7\n",
        "\npailfs_cache_disk_bytes 3145728\n",
        "\npailfs_credentials_expiry_timestamp_seconds 1795323600\n"}) {
    CHECK_THAT(text, ContainsSubstring(line));
  }
  CHECK(text.find("list") == std::string::npos);
  // Every line is a comment or NAME[{LABELS}] VALUE.
  for (const std::string& line : split(text.substr(0, text.size() - 1), '\n')) {
    CAPTURE(line);
    CHECK((line.starts_with("# ") || line.starts_with("pailfs_")));
    CHECK(line.find("  ") == std::string::npos);
  }
}

TEST_CASE("metrics_listen is a port on loopback or an address with a port", "[report]") {
  struct Row {
    std::string text;
    std::string host;
    std::string port;
  };
  const std::vector<Row> rows = {{"9100", "127.0.0.1", "9100"},
                                 {":9100", "127.0.0.1", "9100"},
                                 {"0.0.0.0:9100", "0.0.0.0", "9100"},
                                 {"[::1]:9100", "::1", "9100"}};
  for (const Row& row : rows) {
    const auto where = report::parse_listen(row.text);
    REQUIRE(where);
    CHECK(where->host == row.host);
    CHECK(where->port == row.port);
  }
  for (const char* text : {"", "0", "65536", "port", "127.0.0.1", "127.0.0.1:"}) {
    CAPTURE(text);
    CHECK_FALSE(report::parse_listen(text));
  }
}

TEST_CASE("only GET /metrics shows metrics", "[report]") {
  const auto metrics = [] { return std::string("m 1\n"); };
  const std::string good = report::answer_http("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", metrics);
  CHECK_THAT(good, ContainsSubstring("HTTP/1.1 200 OK\r\n"));
  CHECK_THAT(good, ContainsSubstring("Content-Type: text/plain; version=0.0.4"));
  CHECK(good.ends_with("Content-Length: 4\r\nConnection: close\r\n\r\nm 1\n"));
  CHECK(report::answer_http("GET /metrics?a=b HTTP/1.0\r\n\r\n", metrics)
            .starts_with("HTTP/1.1 200"));
  CHECK(report::answer_http("GET / HTTP/1.1\r\n\r\n", metrics).starts_with("HTTP/1.1 404"));
  CHECK(report::answer_http("POST /metrics HTTP/1.1\r\n\r\n", metrics).starts_with("HTTP/1.1 405"));
  CHECK(report::answer_http("hello", metrics).starts_with("HTTP/1.1 400"));
}

TEST_CASE("the metrics file is there at once and is written again at the end", "[report]") {
  std::string directory = "/tmp/pailfs-metrics-XXXXXX";
  REQUIRE(mkdtemp(directory.data()) != nullptr);
  const std::string file = directory + "/m.prom";
  std::atomic<int> calls{0};
  auto outlet = report::MetricsOutlet::start({file, ""},
                                             [&] { return "m " + std::to_string(++calls) + "\n"; });
  REQUIRE(outlet);
  for (int i = 0; i < 500 && !std::filesystem::exists(file); ++i) usleep(10'000);
  CHECK(*read_file(file, 100) == "m 1\n");
  outlet->reset();
  CHECK(*read_file(file, 100) == "m 2\n");
  CHECK_FALSE(std::filesystem::exists(file + ".new"));
  std::filesystem::remove_all(directory);
}

namespace {

sockaddr_in on_loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

std::uint16_t free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  auto address = on_loopback(0);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(socket.get(), any, size) == 0);
  REQUIRE(::getsockname(socket.get(), any, &size) == 0);
  return ntohs(address.sin_port);
}

UniqueFd connect_to(std::uint16_t port) {
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  const auto address = on_loopback(port);
  REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
          0);
  return socket;
}

/// What comes until the end.
std::string ask(std::uint16_t port) {
  const UniqueFd socket = connect_to(port);
  const std::string question = "GET /metrics HTTP/1.1\r\n\r\n";
  REQUIRE(::send(socket.get(), question.data(), question.size(), MSG_NOSIGNAL) > 0);
  std::string answer(1 << 20, '\0');
  std::size_t size = 0;
  for (ssize_t n = 1; n > 0; size += static_cast<std::size_t>(n)) {
    n = ::recv(socket.get(), answer.data() + size, answer.size() - size, 0);
    if (n <= 0) break;
  }
  answer.resize(size);
  return answer;
}

}  // namespace

TEST_CASE("whoever connects and says nothing keeps nobody from the metrics", "[report]") {
  const std::uint16_t port = free_port();
  const std::string large(300'000, 'm');
  auto outlet = report::MetricsOutlet::start({"", std::to_string(port)}, [&] { return large; });
  REQUIRE(outlet);
  std::vector<UniqueFd> silent;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 300; ++i) silent.push_back(connect_to(port));
  // One that asks and does not read.
  silent.push_back(connect_to(port));
  CHECK(::send(silent.back().get(), "GET /metrics HTTP/1.1\r\n\r\n", 25, MSG_NOSIGNAL) == 25);
  for (int i = 0; i < 3; ++i) CHECK(ask(port).ends_with(large));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  outlet->reset();
}
