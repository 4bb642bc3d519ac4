// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

/// Below it a body of one part takes longer than services wait for it.
constexpr std::uint64_t kSlowestRate = 64U << 10U;

std::string set_retries(Options& options, std::string_view value) {
  const auto number = parse_int(value);
  if (!number) return "option retries: \"" + printable(value) + "\" is not a number";
  if (*number < 1) return "retries must be greater than zero";
  if (*number > 1000) return "option retries must be at most 1000";
  options.s3.retries = static_cast<int>(*number);
  return {};
}

/// "500K", "10M", "1G": bytes a second.
std::string set_rate(Options& options, std::string_view value) {
  static constexpr std::string_view kUnits = "KMG";
  const std::size_t unit =
      value.empty()
          ? std::string_view::npos
          : kUnits.find(static_cast<char>(std::toupper(static_cast<unsigned char>(value.back()))));
  const std::uint64_t number = unit == std::string_view::npos
                                   ? 0
                                   : parse_uint(value.substr(0, value.size() - 1)).value_or(0);
  if (value == "0") {
    options.rates.bytes_per_second = 0;
    return {};
  }
  if (number < 1 || number > 1'000'000)
    return "option limit_rate: \"" + printable(value) +
           "\" is no number of bytes a second with its unit: 500K, 10M, 1G";
  const std::uint64_t rate = number << (10U * (unit + 1));
  if (rate < kSlowestRate) return "option limit_rate must be at least 64K, or 0 for no limit";
  options.rates.bytes_per_second = rate;
  return {};
}

std::string show_rate(const Options& options) {
  const std::uint64_t rate = options.rates.bytes_per_second;
  return rate == 0 ? "0" : std::to_string(rate >> 10U) + "K";
}

std::string set_request_rate(Options& options, std::string_view value) {
  const auto number = parse_uint(value);
  if (!number || *number > 1'000'000)
    return "option limit_requests: \"" + printable(value) +
           "\" is no number of requests a second, 0 (no limit) to 1000000";
  options.rates.requests_per_second = *number;
  return {};
}

std::string set_verify_hostname(Options& options, std::string_view value) {
  // curl's historic 2 means the same as 1 today, and s3fs's help names it.
  if (value != "0" && value != "1" && value != "2") {
    return "option ssl_verify_hostname has unknown parameter(" + printable(value) +
           "): it is 0 or 1";
  }
  options.http.verify_host = value != "0";
  return {};
}

std::string set_proxy(Options& options, std::string_view value) {
  struct Scheme {
    std::string_view name;
    std::string_view port;
  };
  static constexpr Scheme kSchemes[] = {{"http", "80"},     {"https", "443"},
                                        {"socks4", "1080"}, {"socks4a", "1080"},
                                        {"socks5", "1080"}, {"socks5h", "1080"}};
  const std::size_t mark = value.find("://");
  const std::string scheme =
      mark == std::string_view::npos ? "http" : to_lower(value.substr(0, mark));
  std::string_view host = mark == std::string_view::npos ? value : value.substr(mark + 3);
  while (host.ends_with('/')) host.remove_suffix(1);
  const auto* known = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                   [&](const Scheme& row) { return row.name == scheme; });
  if (known == std::end(kSchemes)) {
    return "option proxy: \"" + printable(scheme) +
           "\" is none of http, https, socks4, socks4a, socks5, socks5h";
  }
  if (host.find('@') != std::string_view::npos) {
    return "option proxy: other users can see command lines; put the password into a file and name "
           "it with proxy_cred_file";
  }
  if (host.empty() || host.front() == ':' || host.find_first_of("/?# ") != std::string_view::npos) {
    return "option proxy: \"" + printable(value) + "\" is not [SCHEME://]HOST[:PORT]";
  }
  const std::size_t colon = host.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
  if (has_port) {
    const auto port = parse_uint(host.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
      return "option proxy: \"" + printable(host.substr(colon + 1)) + "\" is not a port";
    }
  }
  // The port is always named, because libcurl takes 1080 for a proxy without one.
  options.http.proxy = scheme + "://" + std::string(host);
  if (!has_port) options.http.proxy.append(":").append(known->port);
  return {};
}

std::string set_client_certificate(Options& options, std::string_view value) {
  http::ClientCertificate own;
  std::vector<std::string> parts = split(value, ':');
  // A password may contain colons.
  for (; parts.size() > 5; parts.pop_back()) parts[parts.size() - 2] += ":" + parts.back();
  parts.resize(5);
  const auto type = [](const std::string& text, std::string_view words, std::string& out) {
    if (text.empty()) return true;
    out = text;
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const std::vector<std::string> known = split(words, ' ');
    return std::find(known.begin(), known.end(), out) != known.end();
  };
  if (parts[0].empty()) return "option ssl_client_cert must name a certificate";
  own.certificate = parts[0];
  own.key = parts[2];
  own.password = parts[4];
  if (!type(parts[1], "PEM DER P12 ENG PROV", own.type) ||
      !type(parts[3], "PEM DER ENG PROV", own.key_type)) {
    return "option ssl_client_cert: \"" + printable(parts[1] + ":" + parts[3]) +
           "\": a certificate is PEM, DER, P12, ENG or PROV, a key PEM, DER, ENG or PROV";
  }
  options.http.client_certificate = own;
  return {};
}

std::string set_family(Options& options, std::string_view value) {
  // s3fs's manual spells them IPv4 and IPv6.
  if (equals_ignoring_case(value, "whatever")) {
    options.http.family = http::AddressFamily::any;
  } else if (equals_ignoring_case(value, "ipv4")) {
    options.http.family = http::AddressFamily::ipv4;
  } else if (equals_ignoring_case(value, "ipv6")) {
    options.http.family = http::AddressFamily::ipv6;
  } else {
    return "option ipresolve has unknown parameter(" + printable(value) +
           "): it is whatever, ipv4 or ipv6";
  }
  return {};
}

std::string show_family(const Options& options) {
  switch (options.http.family) {
    case http::AddressFamily::ipv4:
      return "ipv4";
    case http::AddressFamily::ipv6:
      return "ipv6";
    case http::AddressFamily::any:
      break;
  }
  return "whatever";
}

void add_rate_options(std::vector<OptionSpec>& table) {
  const Group group = Group::transport;
  table.insert(
      table.end(),
      {
          {"limit_rate", "BYTES", group, Custom{set_rate, show_rate},
           "Most bytes a second that this mount sends, and most that it receives, on the average "
           "of some seconds: 500K, 10M, 1G. 0: no limit. What has hardly a body does not wait for "
           "larger ones."},
          {"limit_requests", "N", group,
           Custom{set_request_rate,
                  [](const Options& o) { return std::to_string(o.rates.requests_per_second); }},
           "Most requests a second that this mount makes. 0: no limit."},
      });
}

void add_proxy_options(std::vector<OptionSpec>& table) {
  const Group group = Group::transport;
  table.insert(
      table.end(),
      {
          {"proxy", "URL", group, Custom{set_proxy, [](const Options& o) { return o.http.proxy; }},
           "Proxy, as [SCHEME://]HOST[:PORT] with http (the default), https, socks4, socks4a, "
           "socks5 "
           "or socks5h. Instead of http_proxy and https_proxy of the environment. Hosts that "
           "no_proxy names are reached "
           "without it."},
          {"proxy_cred_file", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.proxy_credentials_file; }},
           "File with a line USER:PASSWORD for the proxy, odd characters as %XX."},
          {"ipresolve", "whatever|ipv4|ipv6", group,
           Custom{set_family, show_family, "whatever ipv4 ipv6"},
           "Kind of addresses that connections are made to."},
          {"nodnscache", "", group,
           Flag{[](Options& o) -> bool& { return o.http.shares_dns_cache; }, false},
           "Resolve the name of the service anew for every connection."},
      });
}

void add_tls_options(std::vector<OptionSpec>& table) {
  const Group group = Group::transport;
  table.insert(
      table.end(),
      {
          {"no_check_certificate", "", group,
           Flag{[](Options& o) -> bool& { return o.http.verify_peer; }, false},
           "Accept any server certificate. A machine between here and the service can then read "
           "and change everything."},
          {"ssl_verify_hostname", "0|1", group,
           Custom{set_verify_hostname,
                  [](const Options& o) { return std::string(o.http.verify_host ? "1" : "0"); },
                  "0 1"},
           "0: accept a certificate made out to another host."},
          {"ssl_client_cert", "CERT[:TYPE[:KEY[:KEYTYPE[:PASSWORD]]]]", group,
           Custom{set_client_certificate},
           "Certificate to show to the service: a file and its type (PEM, DER, P12), then the file "
           "of the key if it is another, its type, and its password. Better put the password into "
           "S3FS_SSL_PRIVKEY_PASSWORD: other users can see command lines."},
          {"cipher_suites", "LIST", group,
           Text{[](Options& o) -> std::string& { return o.http.cipher_suites; }},
           "Ciphers of TLS 1.2 to choose from, as openssl ciphers names them."},
          {"nosscache", "", group,
           Flag{[](Options& o) -> bool& { return o.http.shares_tls_sessions; }, false},
           "Begin every TLS connection from scratch."},
      });
}

}  // namespace

// NOLINTNEXTLINE(readability-function-size): a table
void add_transport_options(std::vector<OptionSpec>& table) {
  const Group group = Group::transport;
  table.insert(
      table.end(),
      {
          {"retries", "N", group,
           Custom{set_retries, [](const Options& o) { return std::to_string(o.s3.retries); }},
           "Attempts in all for one request."},
          {"connect_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.http.connect_timeout; },
                   true},
           "Longest wait for a connection. 0: the default, for without a limit nothing waits."},
          {"readwrite_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.s3.stall_limit; }, true},
           "Longest time without a byte in either direction before a request is given up. Not "
           "given, 120 s for those that the service works on before it answers: copies, the end of "
           "a multipart upload, deletions of many."},
          {"operation_timeout", "SECONDS", group,
           Seconds{[](Options& o) -> std::chrono::seconds& { return o.s3.operation_limit; }},
           "Longest time for one operation of the store with all its attempts: then no further one "
           "is begun, and one under way ends with the first moment without a byte. An upload gets "
           "a second more for each MiB. Never below readwrite_timeout unless given."},
          {"enable_content_md5", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.content_md5; }},
           "Send Content-MD5 with every upload, and compare it with the ETag of the reply."},
          {"enable_unsigned_payload", "", group,
           Flag{[](Options& o) -> bool& { return o.unsigned_payload; }},
           "Do not hash uploads for the signature: the default over https, and never done over "
           "http."},
          {"signed_payload", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.signed_payload; }},
           "Hash uploads (SHA-256) for the signature also over https, where otherwise TLS and a "
           "CRC-32C protect them."},
          {"noua", "", group, Flag{[](Options& o) -> bool& { return o.sends_user_agent; }, false},
           "Send no User-Agent."},
          {"ahbe_conf", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.header_file; }},
           "File of headers that new objects are stored with, by the ending of their names or by "
           "a pattern; see EXTRA HEADERS."},
      });
  add_rate_options(table);
  add_proxy_options(table);
  add_tls_options(table);
}

}  // namespace pailfs::cli
