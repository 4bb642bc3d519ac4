// SPDX-License-Identifier: Apache-2.0
// The published AWS Signature Version 4 test vectors (header signing), read from the folder named
// by PAILFS_SIGV4_VECTORS; they are not part of the project.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "pailfs/auth/sign.h"
#include "pailfs/util/digest.h"
#include "pailfs/util/file.h"
#include "pailfs/util/text.h"

#include "support/catch.h"

namespace pailfs::auth {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  const Result<std::string> bytes = read_file(path.string(), 1U << 20U);
  REQUIRE(bytes);
  return *bytes;
}

/// Value of a member in the small flat JSON of the vectors, without quotes; empty if absent.
std::string member(const std::string& json, const std::string& name) {
  const std::size_t key = json.find("\"" + name + "\":");
  if (key == std::string::npos) return {};
  const std::size_t from = key + name.size() + 3;
  std::string value(trim(json.substr(from, json.find_first_of(",\n}", from) - from)));
  if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
  return value;
}

struct Vector {
  std::string name;
  std::string context;
  http::Request request;
  std::string body;
};

http::Method method_of(const std::string& name) {
  REQUIRE((name == "GET" || name == "POST"));
  return name == "GET" ? http::Method::get : http::Method::post;
}

/// "GET /example space/?a=b HTTP/1.1": the target is raw, as an application would name it; encoding
/// it once is the job of the code that builds the request, here this test.
std::string encoded_target(const std::string& target) {
  const std::size_t question = target.find('?');
  std::string out = percent_encode(target.substr(0, question), true);
  if (question == std::string::npos) return out;
  char separator = '?';
  for (const std::string& field : split(target.substr(question + 1), '&')) {
    const std::size_t equals = field.find('=');
    out += separator + percent_encode(percent_decode(field.substr(0, equals)), false);
    if (equals != std::string::npos)
      out += "=" + percent_encode(percent_decode(field.substr(equals + 1)), false);
    separator = '&';
  }
  return out;
}

Vector load(const fs::path& folder) {
  Vector vector;
  vector.name = folder.filename().string();
  vector.context = text_of(folder / "context.json");
  const std::string raw = text_of(folder / "request.txt");
  std::size_t at = raw.find('\n');
  const std::string line = raw.substr(0, at);
  const std::size_t space = line.find(' ');
  vector.request.method = method_of(line.substr(0, space));
  vector.request.url = "https://example.amazonaws.com" +
                       encoded_target(line.substr(space + 1, line.rfind(" HTTP/") - space - 1));
  std::vector<http::Header> headers;
  while (at != std::string::npos && at + 1 < raw.size()) {
    const std::size_t end = std::min(raw.find('\n', at + 1), raw.size());
    const std::string field = raw.substr(at + 1, end - at - 1);
    at = end;
    if (field.empty()) {
      vector.body = end < raw.size() ? raw.substr(end + 1) : "";
      break;
    }
    if (field.starts_with(' ') || field.starts_with('\t')) {
      REQUIRE_FALSE(headers.empty());
      headers.back().value += "\n" + field;
      continue;
    }
    const std::size_t colon = field.find(':');
    headers.push_back({field.substr(0, colon), field.substr(colon + 1)});
  }
  for (http::Header& header : headers)
    vector.request.headers.add(std::move(header.name), std::move(header.value));
  return vector;
}

void check(const fs::path& folder) {
  Vector vector = load(folder);
  const SigningScope scope{member(vector.context, "region"), member(vector.context, "service"),
                           *parse_iso8601(member(vector.context, "timestamp"))};
  const Secret secret(member(vector.context, "secret_access_key"));
  const bool sign_body = member(vector.context, "sign_body") == "true";
  const std::string payload = hex(digest(Digest::sha256, vector.body));
  vector.request.headers.set("X-Amz-Date", iso8601_basic(scope.time));
  // S3 always sends the payload hash as a header; other services only where the vector says so.
  if (sign_body) vector.request.headers.set("x-amz-content-sha256", payload);
  const std::string token = member(vector.context, "token");
  if (!token.empty() && member(vector.context, "omit_session_token") != "true")
    vector.request.headers.set("X-Amz-Security-Token", token);

  const PathRule rule =
      member(vector.context, "normalize") == "true" ? PathRule::normalised : PathRule::as_sent;
  const CanonicalRequest canonical = canonical_request(vector.request, payload, rule);
  CHECK(canonical.text == trim(text_of(folder / "header-canonical-request.txt")));
  const std::string to_sign = string_to_sign(canonical.text, scope);
  CHECK(to_sign == trim(text_of(folder / "header-string-to-sign.txt")));
  const std::string signature = signature_v4(derive_signing_key(secret, scope), to_sign);
  CHECK(signature == trim(text_of(folder / "header-signature.txt")));
  const std::string authorization = authorization_v4(member(vector.context, "access_key_id"), scope,
                                                     canonical.signed_headers, signature);
  CHECK_THAT(text_of(folder / "header-signed-request.txt"),
             Catch::Matchers::ContainsSubstring("Authorization:" + authorization));
}

TEST_CASE("Version 4 signs every published test vector") {
  const char* named = std::getenv("PAILFS_SIGV4_VECTORS");
  const fs::path root = named != nullptr ? named : PAILFS_SIGV4_VECTORS_DEFAULT;
  std::error_code error;
  if (!fs::is_directory(root, error)) {
    SKIP("no folder " << root.string() << "; set PAILFS_SIGV4_VECTORS to the published vectors");
  }
  int cases = 0;
  for (const fs::directory_entry& folder : fs::directory_iterator(root)) {
    if (!folder.is_directory()) continue;
    INFO(folder.path().filename().string());
    check(folder.path());
    ++cases;
  }
  CHECK(cases > 30);
}

}  // namespace
}  // namespace pailfs::auth
