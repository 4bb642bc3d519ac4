// SPDX-License-Identifier: Apache-2.0
/// s3d_cost: what pailfs-s3d itself costs, so that a benchmark knows what it measures. Prints its
/// processor time for each small request, beside that of a server that does nothing, and its
/// bandwidth on large bodies. Not a test: machines differ.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bulk.h"
#include "server.h"
#include "test_client.h"

namespace {

constexpr int kSmallRequests = 20'000;
constexpr std::size_t kSmall = 4096;
constexpr int kLargeRequests = 40;
constexpr std::size_t kLarge = std::size_t{64} << 20;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double processor_seconds_of_children() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Cost {
  double processor = 0;  ///< seconds the server computed, start and end included
  double wall = 0;
};

using Load = std::function<bool(s3d::TestClient&)>;

/// What a child process does: tells its port by the descriptor, serves, ends on SIGTERM.
using Serve = void (*)(int port_to);

bool tell(int port_to, std::uint16_t port) {
  return port != 0 && write(port_to, &port, sizeof port) == sizeof port;
}

void serve_with_rules(int port_to, std::vector<std::string> rules) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  s3d::ServerOptions options;
  options.buckets = {"cost"};
  options.rules = std::move(rules);
  std::string reason;
  const auto server = s3d::Server::start(options, reason);
  int received = 0;
  if (tell(port_to, server ? server->port() : std::uint16_t{0})) sigwait(&signals, &received);
}

void serve_s3(int port_to) {
  serve_with_rules(port_to, {"public"});
}

/// As scripts/bench uses it.
void serve_lightly(int port_to) {
  serve_with_rules(port_to, {"public", "etag_not_md5", "no_payload_hash_check"});
}

/// One system call to receive, one to send, nothing between: no server can cost less.
void serve_nothing(int port_to) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || listen(listener, 8) != 0) return;
  getsockname(listener, generic, &size);
  if (!tell(port_to, ntohs(address.sin_port))) return;
  const int connection = accept(listener, nullptr, nullptr);
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::string reply =
      "HTTP/1.1 200 OK\r\nX-Padding: " + std::string(280, 'x') + "\r\nContent-Length: 0\r\n\r\n";
  std::string request(1 << 16, ' ');
  while (recv(connection, request.data(), request.size(), 0) > 0) {
    if (send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return;
  }
}

/// A server in a process of its own, because only a process that has ended tells its time exactly.
bool measure(Serve serve, const Load& load, Cost& cost) {
  int port_pipe[2];
  if (pipe(port_pipe) != 0) return false;
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    serve(port_pipe[1]);
    _exit(0);
  }
  std::uint16_t port = 0;
  bool good = read(port_pipe[0], &port, sizeof port) == sizeof port && port != 0;
  close(port_pipe[0]);
  close(port_pipe[1]);
  const double before = processor_seconds_of_children();
  const auto start = std::chrono::steady_clock::now();
  if (good) {
    s3d::TestClient client(port);
    client.sign_as(s3d::ServerOptions{}.credentials);
    good = load(client);
  }
  cost.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  kill(child, SIGTERM);
  waitpid(child, nullptr, 0);
  cost.processor = processor_seconds_of_children() - before;
  return good;
}

Load repeated(int times, const std::string& method, const std::string& target,
              const std::string& body) {
  return [=](s3d::TestClient& client) {
    if (client.put("/cost/object", std::string(kSmall, 'x')).status != 200) return false;
    for (int i = 0; i < times; ++i) {
      const int status = client.send(method, target, {}, body).status;
      if (status != 200 && status != 204) return false;
    }
    return true;
  };
}

bool report_small(const char* name, Serve serve, const std::string& method,
                  const std::string& target, const std::string& body) {
  Cost idle;
  Cost busy;
  if (!measure(serve, repeated(0, method, target, body), idle) ||
      !measure(serve, repeated(kSmallRequests, method, target, body), busy)) {
    std::fprintf(stderr, "s3d_cost: %s failed\n", name);
    return false;
  }
  std::printf("%-18s %6.1f us of processor time a request\n", name,
              (busy.processor - idle.processor) / kSmallRequests * 1e6);
  return true;
}

/// Beyond what one transfer costs, which also pays for fresh memory.
Load transfers(int times, bool put, double& wall) {
  return [=, &wall](s3d::TestClient& client) {
    client.put("/cost/small", "x");  // the bucket is there
    s3d::BulkClient bulk(client.port());
    if (!bulk.put("/cost/large", kLarge)) return false;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) {
      if (!(put ? bulk.put("/cost/large", kLarge) : bulk.get("/cost/large", kLarge))) return false;
    }
    wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return true;
  };
}

bool report_large(const char* name, Serve serve, bool put) {
  Cost idle;
  Cost busy;
  double wall = 0;
  if (!measure(serve, transfers(1, put, wall), idle) ||
      !measure(serve, transfers(1 + kLargeRequests, put, wall), busy)) {
    std::fprintf(stderr, "s3d_cost: %s failed\n", name);
    return false;
  }
  const double gib = static_cast<double>(kLarge) / (1U << 30U);
  std::printf("%-18s %6.2f GiB/s, %.2f s of processor time a GiB\n", name,
              gib * (1 + kLargeRequests) / wall,
              (busy.processor - idle.processor) / (gib * kLargeRequests));
  return true;
}

}  // namespace

int main() {
  const std::string small(kSmall, 'x');
  bool good = report_small("no server at all", serve_nothing, "HEAD", "/cost/object", "");
  good = report_small("HEAD", serve_s3, "HEAD", "/cost/object", "") && good;
  good = report_small("GET 4 KiB", serve_s3, "GET", "/cost/object", "") && good;
  good = report_small("PUT 4 KiB", serve_s3, "PUT", "/cost/object", small) && good;
  good = report_small("LIST of one", serve_s3, "GET", "/cost?list-type=2", "") && good;
  good = report_large("GET 64 MiB", serve_s3, false) && good;
  good = report_large("PUT 64 MiB", serve_s3, true) && good;
  good = report_large("PUT without MD5", serve_lightly, true) && good;
  return good ? 0 : 1;
}
