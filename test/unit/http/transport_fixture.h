// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "pailfs/http/curl_transport.h"

#include "support/catch.h"
#include "support/scripted_server.h"

namespace pailfs::test {

inline std::unique_ptr<http::Transport> make_transport(http::Config config = {}) {
  // A proxy of the machine's must not come between the test and its own server.
  setenv("no_proxy", "*", 1);
  config.allow_plain_http = true;
  auto made = http::make_curl_transport(config);
  REQUIRE(made);
  return std::move(made).value();
}

inline http::Request request_to(const ScriptedServer& server, std::string path,
                                http::Method method = http::Method::get) {
  http::Request request;
  request.method = method;
  request.url = server.url() + std::move(path);
  return request;
}

/// Takes every body unless told otherwise, and remembers it.
struct CollectingSink final : http::BodySink {
  bool wanted = true;
  std::size_t stop_after = ~std::size_t{0};
  int begins = 0;
  int status = 0;
  std::string bytes;

  bool begin(const http::Exchange& head) override {
    ++begins;
    status = head.status;
    return wanted;
  }
  bool write(std::span<const char> more) override {
    bytes.append(more.data(), more.size());
    return bytes.size() <= stop_after;
  }
};

}  // namespace pailfs::test

template <>
struct Catch::StringMaker<pailfs::http::Failure> {
  static std::string convert(pailfs::http::Failure failure) {
    constexpr const char* kNames[] = {"none",        "resolve", "connect",   "tls",  "timeout",
                                      "idle_closed", "broken",  "cancelled", "body", "protocol"};
    return kNames[static_cast<int>(failure)];
  }
};
