// SPDX-License-Identifier: Apache-2.0
#include "curl_failure.h"

#include <algorithm>
#include <array>

#include "pailfs/util/result.h"
#include "pailfs/util/text.h"

namespace pailfs::http {
namespace {

/// A handshake that broke off, unlike one that was refused, says nothing about trust.
bool handshake_was_cut(const CurlOutcome& outcome) {
  return outcome.code == CURLE_SSL_CONNECT_ERROR &&
         (outcome.text.find("SSL_ERROR_SYSCALL") != std::string::npos ||
          outcome.text.find("onnection reset") != std::string::npos ||
          outcome.text.find("unexpected eof") != std::string::npos);
}

/// "HOST:PORT" of the proxy that a connection to `endpoint` was tried through; nothing if it was
/// none. Only libcurl's sentence tells: up to 8.0 it names the proxy in the place of the host,
/// later after "via".
std::string proxy_tried(const std::string& text, const std::string& endpoint) {
  constexpr std::string_view kTo = "connect to ";
  constexpr std::string_view kPort = " port ";
  constexpr std::string_view kVia = " via ";
  const std::size_t to = text.find(kTo);
  const std::size_t port = text.find(kPort, to == std::string::npos ? to : to + kTo.size());
  if (to == std::string::npos || port == std::string::npos) return {};
  const std::string host = text.substr(to + kTo.size(), port - to - kTo.size());
  const std::size_t number = port + kPort.size();
  const std::size_t end = std::min(text.find_first_not_of("0123456789", number), text.size());
  const std::string digits = text.substr(number, end - number);
  if (text.compare(end, kVia.size(), kVia) == 0) {
    const std::size_t name = end + kVia.size();
    return text.substr(name, text.find(' ', name) - name) + ":" + digits;
  }
  const bool direct = host + ":" + digits == endpoint || "[" + host + "]:" + digits == endpoint;
  return direct ? std::string() : host + ":" + digits;
}

/// OpenSSL's errors when the server does not speak TLS: it takes the server's text for a TLS
/// record.
bool speaks_no_tls(const CurlOutcome& outcome) {
  static constexpr std::array<std::string_view, 4> kWords = {
      "wrong version number", "packet length too long", "record layer failure", "http request"};
  const auto said = [&](std::string_view words) {
    return outcome.text.find(words) != std::string::npos;
  };
  // Or the server takes the handshake for an HTTP request and waits for its end.
  if (outcome.code == CURLE_OPERATION_TIMEDOUT) return said("SSL connection timeout");
  if (outcome.code != CURLE_SSL_CONNECT_ERROR) return false;
  return std::any_of(kWords.begin(), kWords.end(), said) || handshake_was_cut(outcome);
}

bool never_connected(const std::string& text) {
  return text.starts_with("Failed to connect") || text.starts_with("Connection time");
}

std::string without_tls(const CurlOutcome& outcome, const std::string& where) {
  return speaks_no_tls(outcome) ? ". Is it http://" + where + "?" : std::string();
}

/// An authority that this machine does not know, as of a service with certificates of its own.
std::string unknown_authority(const CurlOutcome& outcome) {
  if (outcome.code != CURLE_PEER_FAILED_VERIFICATION) return {};
  for (const std::string_view words : {"issuer certificate", "self-signed", "self signed"}) {
    if (outcome.text.find(words) != std::string::npos)
      return "; name the file with the authority's certificate in the variable CURL_CA_BUNDLE";
  }
  return {};
}

std::string reason(const CurlOutcome& outcome) {
  if (!outcome.text.empty()) return printable(trim(outcome.text));
  return curl_easy_strerror(outcome.code);
}

}  // namespace

Failure classify(const CurlOutcome& outcome) {
  switch (outcome.code) {
    case CURLE_OK:
      return Failure::none;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Failure::resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
      return Failure::connect;
    case CURLE_SSL_CONNECT_ERROR:
      return handshake_was_cut(outcome) ? Failure::connect : Failure::tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED:
      return Failure::tls;
    case CURLE_OPERATION_TIMEDOUT:
      return Failure::timeout;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return outcome.reused && !outcome.reply_started ? Failure::idle_closed : Failure::broken;
    case CURLE_WRITE_ERROR:
      return Failure::cancelled;
    case CURLE_READ_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_SEND_FAIL_REWIND:
      return Failure::body;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_TOO_MANY_REDIRECTS:
      return Failure::protocol;
    default:
      return Failure::broken;
  }
}

std::string describe(const CurlOutcome& outcome, std::string_view endpoint) {
  const std::string where(endpoint);
  const std::string host = where.substr(0, where.rfind(':'));
  const std::string proxy = proxy_tried(outcome.text, where);
  const std::string there =
      proxy.empty() ? where : "the proxy " + printable(proxy, 256) + " on the way to " + where;
  switch (classify(outcome)) {
    case Failure::none:
      return {};
    case Failure::resolve:
      if (outcome.code == CURLE_COULDNT_RESOLVE_PROXY) {
        return "cannot resolve the proxy for " + where + ": " + reason(outcome);
      }
      return "cannot resolve \"" + host + "\" (" + where + "): the name has no address";
    case Failure::connect:
      // libcurl's own text has no reason in it, the system's error number has.
      if (outcome.code == CURLE_COULDNT_CONNECT && outcome.os_errno > 0) {
        return system_error(static_cast<int>(outcome.os_errno), "cannot connect to " + there).text;
      }
      return "cannot connect to " + there + ": " + reason(outcome) + without_tls(outcome, where);
    case Failure::tls:
      return "TLS with " + where + " failed: " + reason(outcome) + without_tls(outcome, where) +
             unknown_authority(outcome);
    case Failure::timeout:
      if (never_connected(outcome.text)) {
        return "cannot connect to " + there +
               ": no answer in time; a firewall, an egress policy or a missing proxy may be in the "
               "way";
      }
      return "timeout at " + where + ": " + reason(outcome) + without_tls(outcome, where);
    case Failure::idle_closed:
      return where + " had closed the idle connection: " + reason(outcome);
    case Failure::protocol:
      return where + ": " + reason(outcome);
    case Failure::broken:
    case Failure::cancelled:
    case Failure::body:
      break;
  }
  return "exchange with " + where + " broke off: " + reason(outcome);
}

std::string endpoint_of(std::string_view url) {
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return printable(url, 64);
  const std::string_view scheme = url.substr(0, scheme_end);
  std::string_view authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string out = printable(authority, 256);
  const std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port) out += equals_ignoring_case(scheme, "http") ? ":80" : ":443";
  return out;
}

}  // namespace pailfs::http
