// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pailfs/s3/client.h"
#include "pailfs/util/text.h"

#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_transport.h"

namespace pailfs::s3 {

/// Credentials from a list; each refresh moves on to the next.
class ListedCredentials final : public auth::CredentialSource {
 public:
  explicit ListedCredentials(std::vector<std::string> keys) : keys_(std::move(keys)) {}
  Result<auth::Credentials> get() override {
    return auth::Credentials{keys_[at_],
                             keys_[at_].empty() ? auth::Secret() : auth::Secret("secret"),
                             auth::Secret(), "/home/u/.passwd-s3fs"};
  }
  bool refresh(const auth::Credentials& /*used*/) override {
    ++refreshes;
    if (at_ + 1 >= keys_.size()) return false;
    ++at_;
    return true;
  }
  int refreshes = 0;

 private:
  std::vector<std::string> keys_;
  std::size_t at_ = 0;
};

/// Bytes in memory as a body; can be told to fail.
class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> out) override {
    if (broken) return Error{ENODATA, "the disk is broken"};
    const std::size_t length = std::min<std::size_t>(out.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), length, out.begin());
    return length;
  }
  bool broken = false;

 private:
  std::string bytes_;
};

/// Collects what a get delivers and notices a gap or an overlap.
class StringSink final : public ByteSink {
 public:
  explicit StringSink(std::uint64_t begin = 0) : next_(begin) {}
  bool write(std::uint64_t offset, std::span<const char> bytes) override {
    if (offset != next_) in_order = false;
    next_ = offset + bytes.size();
    text.append(bytes.begin(), bytes.end());
    return text.size() <= limit;
  }
  std::string text;
  std::size_t limit = std::string::npos;
  bool in_order = true;

 private:
  std::uint64_t next_;
};

/// A client over a scripted transport, a still clock and no jitter.
struct Bench {
  explicit Bench(Config wanted = path_config(), std::vector<std::string> keys = {"AKIAEXAMPLE7Q"})
      : config(std::move(wanted)),
        credentials(std::move(keys)),
        client(make_client(config, transport, credentials, clock, random)) {}

  static Config path_config() {
    Config config;
    config.url = "https://s3.example.com";
    config.bucket = "bkt";
    config.path_style = true;
    return config;
  }

  [[nodiscard]] http::Request sent(std::size_t index) const {
    return transport.requests().at(index).request;
  }
  [[nodiscard]] std::string sent_header(std::size_t index, std::string_view name) const {
    const http::Request request = sent(index);
    return std::string(request.headers.find(name).value_or("(none)"));
  }
  [[nodiscard]] std::size_t count() const { return transport.requests().size(); }

  Config config;
  test::FakeTransport transport;
  test::FakeClock clock;
  test::FakeRandom random{std::vector<unsigned long long>{0}};
  ListedCredentials credentials;
  std::unique_ptr<Client> client;
};

inline http::Exchange s3_error(int status, const std::string& code, const std::string& more = "") {
  return test::reply(status, {{"Content-Type", "application/xml"}},
                     "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>m</Message>" +
                         more + "</Error>");
}

}  // namespace pailfs::s3
