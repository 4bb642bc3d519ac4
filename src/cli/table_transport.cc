// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

std::string set_retries(Options& options, std::string_view value) {
  const auto number = parse_int(value);
  if (!number) return "option retries: \"" + printable(value) + "\" is not a number";
  if (*number < 1) return "retries must be greater than zero";
  if (*number > 1000) return "option retries must be at most 1000";
  options.s3.retries = static_cast<int>(*number);
  return {};
}

std::string set_verify_hostname(Options& options, std::string_view value) {
  // curl's historic 2 means what 1 means today, and s3fs's help names it.
  if (value != "0" && value != "1" && value != "2") {
    return "option ssl_verify_hostname has unknown parameter(" + printable(value) +
           "): it is 0 or 1";
  }
  options.http.verify_host = value != "0";
  return {};
}

}  // namespace

void add_transport_options(std::vector<OptionSpec>& table) {
  const Group group = Group::transport;
  table.insert(
      table.end(),
      {
          {"retries", "N", group,
           Custom{set_retries, [](const Options& o) { return std::to_string(o.s3.retries); }},
           "Attempts in all for one request."},
          {"connect_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.http.connect_timeout; }},
           "Longest wait for a connection."},
          {"readwrite_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.s3.stall_limit; }},
           "Longest time without a byte in either direction before a request is given up."},
          {"no_check_certificate", "", group,
           Flag{[](Options& o) -> bool& { return o.http.verify_peer; }, false},
           "Accept any server certificate. Whoever sits between here and the service can then read "
           "and change everything."},
          {"ssl_verify_hostname", "0|1", group,
           Custom{set_verify_hostname,
                  [](const Options& o) { return std::string(o.http.verify_host ? "1" : "0"); },
                  "0 1"},
           "0: accept a certificate made out to another host."},
          {"enable_content_md5", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.content_md5; }},
           "Send Content-MD5 with every upload."},
          {"enable_unsigned_payload", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.unsigned_payload; }},
           "Do not hash uploads for the signature; only over https."},
          {"noua", "", group, Flag{[](Options& o) -> bool& { return o.sends_user_agent; }, false},
           "Send no User-Agent."},
          {"ahbe_conf", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.header_file; }},
           "File of additional request headers. Only lines that suppress Expect, which is never "
           "sent anyway, are accepted."},
      });
}

}  // namespace pailfs::cli
