// SPDX-License-Identifier: Apache-2.0
#include "test_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <set>

#include "s3d/clock.h"
#include "s3d/digest.h"
#include "s3d/text.h"

namespace s3d {
namespace {

constexpr int kTimeoutMs = 20000;

bool has(const TestHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (equals_ignore_case(key, name)) return true;
  return false;
}

std::string join(const std::string& method, const std::string& target, const TestHeaders& headers) {
  std::string out = method + " " + target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

}  // namespace

std::string TestReply::header(const std::string& name) const {
  for (std::string_view line : split(head, '\n')) {
    std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equals_ignore_case(line.substr(0, colon), name))
      continue;
    line = line.substr(colon + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return std::string(trim(line));
  }
  return "";
}

std::string TestReply::code() const {
  return body.find("<Error>") == std::string::npos ? "" : tag("Code");
}

std::string TestReply::tag(const std::string& name) const {
  auto all = tags(name);
  return all.empty() ? "" : all.front();
}

std::vector<std::string> TestReply::tags(const std::string& name) const {
  std::vector<std::string> out;
  std::size_t at = 0;
  while ((at = body.find("<" + name + ">", at)) != std::string::npos) {
    at += name.size() + 2;
    out.push_back(body.substr(at, body.find("</" + name + ">", at) - at));
  }
  return out;
}

TestClient::TestClient(std::uint16_t port) : port_(port) {}
TestClient::~TestClient() {
  disconnect();
}

void TestClient::sign_as(Credentials credentials, std::string region) {
  credentials_ = std::move(credentials);
  region_ = std::move(region);
  signing_ = true;
}

void TestClient::connect() {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{kTimeoutMs / 1000, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) disconnect();
  ++opened_;
}

void TestClient::disconnect() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

bool TestClient::closed() {
  if (fd_ < 0) return true;
  pollfd state{fd_, POLLIN | POLLRDHUP, 0};
  return poll(&state, 1, 2000) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

TestReply TestClient::send(const std::string& method, const std::string& target,
                           TestHeaders headers, const std::string& body) {
  if (!has(headers, "host")) headers.emplace_back("Host", "127.0.0.1:" + std::to_string(port_));
  bool takes_body = method == "PUT" || method == "POST";
  if (takes_body && !has(headers, "content-length") && !has(headers, "transfer-encoding"))
    headers.emplace_back("Content-Length", std::to_string(body.size()));
  if (signing_) {
    std::string date = amz_date(std::time(nullptr));
    if (!has(headers, "x-amz-content-sha256"))
      headers.emplace_back("x-amz-content-sha256", hex(sha256(body)));
    if (!has(headers, "x-amz-date")) headers.emplace_back("x-amz-date", date);
    if (!credentials_.session_token.empty())
      headers.emplace_back("x-amz-security-token", credentials_.session_token);
    auto head = parse_head(join(method, target, headers));
    std::set<std::string> names;
    std::string payload;
    for (const auto& [name, value] : headers) {
      names.insert(to_lower(name));
      if (to_lower(name) == "x-amz-content-sha256") payload = value;
    }
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ";") + name;
    std::string scope = date.substr(0, 8) + "/" + region_ + "/s3/aws4_request";
    std::string request = head ? canonical_request_v4(*head, list, payload, false) : "";
    std::string key = derive_signing_key(credentials_.secret_key, date.substr(0, 8), region_, "s3");
    std::string signature =
        hex(hmac_sha256(key, string_to_sign_v4(std::string(head ? head->headers.get("x-amz-date")
                                                                : std::string_view(date)),
                                               scope, request)));
    headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=" + credentials_.access_key +
                                              "/" + scope + ", SignedHeaders=" + list +
                                              ", Signature=" + signature);
  }
  return raw(join(method, target, headers) + body, method == "HEAD");
}

TestReply TestClient::raw(const std::string& bytes, bool head_only) {
  if (fd_ < 0) connect();
  std::string_view left = bytes;
  while (!left.empty()) {
    ssize_t sent = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  return receive(head_only);
}

TestReply TestClient::receive(bool head_only) {
  TestReply reply;
  std::string text;
  std::vector<char> block(1 << 20);
  std::size_t length = 0;
  for (;;) {
    std::size_t end = text.find("\r\n\r\n");
    if (reply.head.empty() && end != std::string::npos) {
      if (text.starts_with("HTTP/1.1 100")) {
        reply.continued = true;
        text.erase(0, end + 4);
        continue;
      }
      reply.head = text.substr(0, end + 2);
      text.erase(0, end + 4);
      reply.status = static_cast<int>(parse_u64(reply.head.substr(9, 3)).value_or(0));
      length = head_only ? 0 : parse_u64(reply.header("Content-Length")).value_or(0);
    }
    if (!reply.head.empty() && text.size() >= length) break;
    ssize_t got = recv(fd_, block.data(), block.size(), 0);
    if (got <= 0) {
      reply.reset = got < 0 && errno == ECONNRESET;
      break;
    }
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  reply.body = std::move(text);
  reply.complete = !reply.head.empty() && reply.body.size() == length;
  if (!reply.complete || reply.header("Connection") == "close") disconnect();
  return reply;
}

}  // namespace s3d
