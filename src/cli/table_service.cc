// SPDX-License-Identifier: Apache-2.0
#include "pailfs/util/text.h"

#include "tables.h"

namespace pailfs::cli {
namespace {

std::string set_bucket(Options& options, std::string_view value) {
  options.s3.bucket = std::string(value);
  return {};
}

std::string set_url(Options& options, std::string_view value) {
  options.s3.url = std::string(value);
  options.url_given = true;
  return {};
}

// Some people pass the service's address in endpoint=; the parser moves it to url and says so.
std::string set_region(Options& options, std::string_view value) {
  if (value.empty()) return "option region must not be empty";
  options.s3.region = std::string(value);
  options.s3.region_given = true;
  return {};
}

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

std::string set_servicepath(Options& options, std::string_view value) {
  std::string path(value);
  if (path.empty() || path.front() != '/') path.insert(path.begin(), '/');
  if (path.back() != '/') path.push_back('/');
  options.s3.servicepath = path;
  return {};
}

std::string set_sigv2(Options& options, std::string_view /*value*/) {
  options.s3.signature = s3::Signature::v2;
  return {};
}

std::string set_sigv4(Options& options, std::string_view /*value*/) {
  options.s3.signature = s3::Signature::v4;
  return {};
}

std::string set_profile(Options& options, std::string_view value) {
  options.credentials.profile = std::string(value);
  options.credentials.profile_given = true;
  return {};
}

std::string set_role(Options& options, std::string_view value) {
  // Letters, digits and these are what IAM allows; a name goes into a URL.
  constexpr std::string_view kMarks = "_+=,.@-";
  for (const char c : value) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      kMarks.find(c) != std::string_view::npos;
    if (!fits) return "option iam_role: \"" + printable(value) + "\" is not the name of a role";
  }
  options.credentials.iam_role = value.empty() ? "auto" : std::string(value);
  return {};
}

void add_bucket_options(std::vector<OptionSpec>& table) {
  const Group group = Group::bucket;
  table.insert(
      table.end(),
      {
          {"bucket", "BUCKET[:/PATH]", group, Custom{set_bucket},
           "Bucket to mount, instead of the first argument."},
          {"url", "URL", group, Custom{set_url, [](const Options& o) { return o.s3.url; }},
           "Address of the S3 service. Begins with https:// or http://; without either, https is "
           "taken (http for loopback and bare addresses) and said so.",
           "host"},
          {"region", "REGION", group,
           Custom{set_region, [](const Options& o) { return o.s3.region; }},
           "Region that requests are signed for. When it is not given, the region is found out "
           "from the service's own answer, and for amazonaws.com hosts from the host name, "
           "AWS_REGION or AWS_DEFAULT_REGION.",
           "endpoint"},
          {"use_path_request_style", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.path_style; }},
           "Address the bucket as https://HOST/BUCKET instead of https://BUCKET.HOST. Switched on "
           "by itself for IP addresses, localhost and bucket names with a dot."},
          {"servicepath", "PATH", group,
           Custom{set_servicepath, [](const Options& o) { return o.s3.servicepath; }},
           "Path put before bucket and key in every URL."},
          {"sigv2", "", group, Custom{set_sigv2}, "Sign with signature version 2."},
          {"sigv4", "", group, Custom{set_sigv4},
           "Sign with signature version 4, which is the default."},
          {"listobjectsv2", "", group, Flag{[](Options& o) -> bool& { return o.s3.list_v2; }},
           "List with ListObjectsV2 instead of ListObjects."},
          {"requester_pays", "", group,
           Flag{[](Options& o) -> bool& { return o.s3.requester_pays; }},
           "Declare that whoever mounts pays for the requests."},
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

void add_credential_options(std::vector<OptionSpec>& table) {
  const Group group = Group::credentials;
  table.insert(
      table.end(),
      {
          {"passwd_file", "FILE", group,
           Path{[](Options& o) -> std::string& { return o.credentials.passwd_file; }},
           "File with ACCESS_KEY:SECRET_KEY or BUCKET:ACCESS_KEY:SECRET_KEY lines. No other user "
           "may have a right to it (mode 600)."},
          {"profile", "NAME", group,
           Custom{set_profile, [](const Options& o) { return o.credentials.profile; }},
           "Section of ~/.aws/credentials."},
          {"public_bucket", "[0|1]", group,
           Flag{[](Options& o) -> bool& { return o.credentials.public_bucket; }},
           "1: do not sign requests. Objects are then never copied on the server."},
          {"use_session_token", "", group,
           Flag{[](Options& o) -> bool& { return o.credentials.use_session_token; }},
           "Refuse to mount without a session token beside the keys."},
          {"iam_role", "[auto|NAME]", group,
           Custom{set_role, [](const Options& o) { return o.credentials.iam_role.value_or(""); },
                  "auto"},
           "Take the credentials of the role of this EC2 instance. No other place is looked at "
           "then. "
           "auto: whichever role the instance has."},
          {"imdsv1only", "", group,
           Flag{[](Options& o) -> bool& { return o.credentials.imdsv1only; }},
           "For iam_role: ask the instance metadata service without a session token, as its "
           "version 1 "
           "wants it."},
      });
}

}  // namespace

void add_service_options(std::vector<OptionSpec>& table) {
  add_bucket_options(table);
  add_credential_options(table);
}

}  // namespace pailfs::cli
