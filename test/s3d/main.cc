// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include <cxxopts.hpp>

#include "imitate.h"
#include "rules.h"
#include "server.h"

namespace {

constexpr const char* kFaultHelp =
    "Faults (POST to CONTROL/fault, one a line):\n"
    "  op=GetObject key=GLOB bucket=GLOB nth=K times=N prob=P seed=S action=ACTION[:ARGUMENTS]\n"
    "  status:CODE[:S3CODE[:RETRY_AFTER]] error200[:S3CODE[:ws]] foreign:html|xml|empty|json\n"
    "  redirect:STATUS:URL region_redirect:REGION stall_before drop apply_then_drop\n"
    "  reply_then_lose late_apply:MS reset_upload_after:N stall_upload:N short206:N\n"
    "  wrong_range[:SHIFT] wrong_total[:N] wrong_etag no_etag corrupt:OFFSET\n"
    "  truncated_list[:xml] list_loop header:NAME=VALUE no_header:NAME delay:MS delay_reply:MS\n"
    "  drip:BYTES_PER_SECOND stall:N reset_after:N truncate:N longer_body:N dup_content_length\n"
    "  close_idle\n\n"
    "Control port:\n"
    "  GET /stats /log /history /faults /uploads; PUT GET DELETE /object/BUCKET/KEY;\n"
    "  POST /reset /latency?ms=N /bandwidth?connection=N&total=N /rule?name=X&on=1 /fault\n"
    "  /faults/clear /clock?offset_s=N /credentials?access=A&secret=S&token=T&expired=1\n"
    "  /tokens?add=T&ibm_api_key=K&lifetime_s=N&revoke=1 /identity/token (IBM's IAM); GET /tokens\n"
    "  /google?email=E (body: public key) /token (Google)\n"
    "  /bucket?name=N&public=1|rw /bucket/discard?name=N\n"
    "  /synthetic?bucket=B&key=K&size=N&count=M /idle/close\n";

cxxopts::Options option_table() {
  cxxopts::Options table("pailfs-s3d", "A strict S3 server for tests, on loopback only");
  auto text = [] { return cxxopts::value<std::string>(); };
  auto list = [] { return cxxopts::value<std::vector<std::string>>(); };
  auto number = [] { return cxxopts::value<std::uint64_t>()->default_value("0"); };
  auto port = [] { return cxxopts::value<std::uint16_t>()->default_value("0"); };
  auto add = table.add_options();
  add("listen", "address, loopback only", text()->default_value("127.0.0.1"));
  add("port", "S3 port, 0 takes a free one", port());
  add("control-port", "control port, 0 takes a free one", port());
  add("bucket", "bucket to create (repeatable)", list());
  add("access-key", "access key id", text()->default_value("AKIDS3DTESTKEY000001"));
  add("secret-key", "secret key", text()->default_value("s3d/secret/key+for=tests"));
  add("session-token", "token that every request must carry", text()->default_value(""));
  add("ibm-api-key", "IBM's IAM on the control port gives tokens for it",
      text()->default_value(""));
  add("region", "region of the server", text()->default_value("us-east-1"));
  add("domain", "Host BUCKET.DOMAIN is virtual-hosted style (repeatable)", list());
  add("dir", "keep buckets and objects in this directory instead of memory",
      text()->default_value(""));
  add("rule", "switch on a rule from the list below (repeatable)", list());
  add("imitate", "the rules of a service, see the list below", text());
  add("latency-ms", "delay before the first byte of each reply", number());
  add("bandwidth", "bytes a second for each connection", number());
  add("total-bandwidth", "bytes a second for all connections", number());
  add("tls-port", "HTTPS port, 0 takes a free one", cxxopts::value<std::uint16_t>());
  add("tls-cert", "PEM certificate chain", text()->default_value(""));
  add("tls-key", "PEM private key", text()->default_value(""));
  add("tls-self-signed", "directory to write ca.crt and a server certificate to",
      text()->default_value(""));
  add("ready-file", "write the ready line to this file too", text()->default_value(""));
  add("h,help", "show this");
  return table;
}

s3d::ServerOptions read_options(const cxxopts::ParseResult& given) {
  auto list = [&](const char* name) {
    return given.count(name) > 0 ? given[name].as<std::vector<std::string>>()
                                 : std::vector<std::string>();
  };
  auto text = [&](const char* name) { return given[name].as<std::string>(); };
  s3d::ServerOptions options;
  options.listen = text("listen");
  options.port = given["port"].as<std::uint16_t>();
  options.control_port = given["control-port"].as<std::uint16_t>();
  options.buckets = list("bucket");
  options.credentials = {text("access-key"), text("secret-key"), text("session-token"), false};
  options.ibm_api_key = text("ibm-api-key");
  options.rules = list("rule");
  if (given.count("imitate") > 0) {
    auto rules = s3d::rules_of_service(text("imitate"));
    if (!rules) throw std::invalid_argument("--imitate: no such service: " + text("imitate"));
    options.rules.insert(options.rules.begin(), rules->begin(), rules->end());
  }
  options.rules.insert(options.rules.begin(), "region=" + text("region"));
  if (given.count("domain") > 0) options.domains = list("domain");
  options.directory = text("dir");
  options.latency_ms = given["latency-ms"].as<std::uint64_t>();
  options.bandwidth = given["bandwidth"].as<std::uint64_t>();
  options.total_bandwidth = given["total-bandwidth"].as<std::uint64_t>();
  options.tls_certificate = text("tls-cert");
  options.tls_key = text("tls-key");
  options.tls_self_signed = text("tls-self-signed");
  if (given.count("tls-port") > 0) {
    options.tls_port = given["tls-port"].as<std::uint16_t>();
  } else if (!options.tls_self_signed.empty() || !options.tls_certificate.empty()) {
    options.tls_port = 0;
  }
  return options;
}

/// A script that waits for the file never sees half a line.
bool write_ready_file(const std::string& path, const std::string& line) {
  std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::trunc);
  out << line << "\n";
  out.close();
  return out.good() && std::rename(fresh.c_str(), path.c_str()) == 0;
}

int serve(const cxxopts::ParseResult& given) {
  // Blocked before any thread exists, so that only sigwait() below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  std::string reason;
  auto server = s3d::Server::start(read_options(given), reason);
  if (!server) {
    std::cerr << "pailfs-s3d: " << reason << "\n";
    return 1;
  }
  std::string ready_file = given["ready-file"].as<std::string>();
  if (!ready_file.empty() && !write_ready_file(ready_file, server->ready_line())) {
    std::cerr << "pailfs-s3d: cannot write " << ready_file << "\n";
    return 1;
  }
  std::cout << server->ready_line() << std::endl;
  int received = 0;
  sigwait(&signals, &received);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    cxxopts::Options table = option_table();
    auto given = table.parse(argc, argv);
    if (given.count("help") > 0) {
      std::cout << table.help() << "\nRules:\n"
                << s3d::Rules::describe() << "\nServices:\n"
                << s3d::describe_services() << "\n"
                << kFaultHelp;
      return 0;
    }
    if (!given.unmatched().empty()) {
      std::cerr << "pailfs-s3d: unexpected argument: " << given.unmatched().front() << "\n";
      return 2;
    }
    return serve(given);
  } catch (const std::exception& error) {
    std::cerr << "pailfs-s3d: " << error.what() << "\n";
    return 2;
  }
}
