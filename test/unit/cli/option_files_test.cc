// SPDX-License-Identifier: Apache-2.0
#include "cli/options/option_files.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Kind = s3::Encryption::Kind;
using Lines = std::vector<std::string>;

/// A directory of its own and files in it.
class Scratch final {
 public:
  Scratch() { REQUIRE(mkdtemp(directory_.data()) != nullptr); }
  ~Scratch() { std::filesystem::remove_all(directory_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return path;
  }

 private:
  std::string directory_ = "/tmp/pailfs-files-XXXXXX";
};

const std::string kKeyA(32, 'a');
const std::string kKeyB(32, 'b');

std::string complaint(Options options) {
  Lines warnings;
  const Status read = read_option_files(options, warnings);
  REQUIRE_FALSE(read);
  return read.error().text;
}

Options customer(const std::string& key_file) {
  Options options;
  options.encryption.kind = Kind::customer;
  options.encryption.key_file = key_file;
  return options;
}

TEST_CASE("Without such options no file is read and nothing changes") {
  Options options;
  Lines warnings;
  CHECK(read_option_files(options, warnings));
  CHECK(warnings.empty());
  CHECK(options.s3.extra_headers == nullptr);
  CHECK(options.s3.encryption.kind == Kind::none);
}

TEST_CASE("Keys come from the file of use_sse, then load_sse_c, then the environment") {
  Scratch scratch;
  Options options = customer(scratch.file("a", "# first\n" + kKeyA + "\n"));
  options.encryption.more_keys_file = scratch.file("b", kKeyB + "\n" + kKeyA, 0400);
  options.encryption.environment_keys = auth::Secret(kKeyB + ":" + std::string(32, 'c'));
  Lines warnings;
  REQUIRE(read_option_files(options, warnings));
  const s3::Encryption& encryption = options.s3.encryption;
  CHECK(encryption.kind == Kind::customer);
  REQUIRE(encryption.keys.size() == 3);
  CHECK(encryption.customer()->base64.reveal() == s3::parse_customer_key(kKeyA)->base64.reveal());
  CHECK(encryption.keys[1].base64.reveal() == s3::parse_customer_key(kKeyB)->base64.reveal());

  Options reading;
  reading.encryption.more_keys_file = options.encryption.more_keys_file;
  REQUIRE(read_option_files(reading, warnings));
  CHECK(reading.s3.encryption.customer() == nullptr);
  CHECK(reading.s3.encryption.keys.size() == 2);
}

TEST_CASE("A key file is its owner's alone") {
  Scratch scratch;
  for (const mode_t mode : {0640U, 0604U, 0700U, 0644U, 0610U}) {
    CAPTURE(mode);
    const std::string path = scratch.file("key", kKeyA, mode);
    CHECK(complaint(customer(path)) == "use_sse: key file " + path +
                                           " should be readable by its owner only: run chmod 600 "
                                           "on it");
  }
  CHECK(complaint(customer("/no/such/key")) == "use_sse: /no/such/key: No such file or directory");
  const std::string bad = scratch.file("bad", "short\n");
  CHECK(complaint(customer(bad)) ==
        "use_sse: " + bad + ": key 1: a key of 5 bytes, but AES-256 needs 32");
}

TEST_CASE("Encryption without a key, or over a wire that others can read, is refused") {
  Scratch scratch;
  const std::string key = scratch.file("key", kKeyA);
  CHECK(complaint(customer("")).find("use_sse=custom: there is no key.") == 0);
  Options open = customer(key);
  open.s3.url = "http://s3.example.com";
  open.http.allow_plain_http = true;
  CHECK(complaint(open) ==
        "keys of use_sse=custom and load_sse_c are sent to the service, and http://s3.example.com "
        "would show them to the network: it must be https");
  for (const char* near : {"http://127.0.0.1:9000", "http://localhost", "http://[::1]:1"}) {
    open.s3.url = near;
    Lines warnings;
    CHECK(read_option_files(open, warnings));
  }
  Options unasked;
  unasked.s3.url = "http://10.0.0.1";
  unasked.http.allow_plain_http = true;
  unasked.encryption.environment_keys = auth::Secret(kKeyA);
  Lines warnings;
  CHECK(read_option_files(unasked, warnings));
  CHECK(unasked.s3.encryption.keys.empty());
  CHECK(warnings == Lines{"AWSSSECKEYS is ignored: keys are sent over https only"});
}

TEST_CASE("KMS needs an id and signature version 4") {
  Options options;
  options.encryption.kind = Kind::kms;
  CHECK(complaint(options).find("use_sse=kmsid: there is no key id.") == 0);
  options.encryption.kms_key = "id";
  Lines warnings;
  REQUIRE(read_option_files(options, warnings));
  CHECK(options.s3.encryption.kms_key == "id");
  options.s3.signature = s3::Signature::v2;
  CHECK(complaint(options) == "use_sse=kmsid needs signature version 4: leave out sigv2");
  options.s3.signature = s3::Signature::v4;
  options.s3.url = "http://s3.example.com";
  options.http.allow_plain_http = true;
  // No key travels, only its name; internal addresses of Alibaba's are http.
  CHECK(read_option_files(options, warnings));
}

TEST_CASE("Headers of ahbe_conf are read, and what is wrong with them said") {
  Scratch scratch;
  Options options;
  options.fs.prefix = "team/";
  options.header_file = scratch.file("h", ".gz Content-Encoding gzip\nreg:( X y\n", 0644);
  Lines warnings;
  REQUIRE(read_option_files(options, warnings));
  CHECK(warnings == Lines{"ahbe_conf=" + options.header_file +
                          ": line 2: \"(\" is no regular expression, the line is ignored"});
  http::Headers headers;
  REQUIRE(options.s3.extra_headers);
  options.s3.extra_headers->apply("team/a.gz", headers);
  CHECK(headers.find("Content-Encoding") == "gzip");

  Options expect;
  expect.header_file = scratch.file("e", " Expect:");
  REQUIRE(read_option_files(expect, warnings));
  CHECK(expect.s3.extra_headers == nullptr);

  options.header_file = scratch.file("host", " Host elsewhere");
  CHECK(complaint(options) == "ahbe_conf=" + options.header_file +
                                  ": line 1: header Host cannot be set: it belongs to the request "
                                  "itself");
  options.header_file = "/no/such/file";
  CHECK(complaint(options).find("ahbe_conf: ") == 0);
}

TEST_CASE("The proxy's password and the client's certificate must be there") {
  Scratch scratch;
  Options options;
  options.proxy_credentials_file = scratch.file("p", "# proxy\n\n me:pass:word \nother:line\n");
  Lines warnings;
  REQUIRE(read_option_files(options, warnings));
  CHECK(options.http.proxy_credentials == "me:pass:word");
  options.proxy_credentials_file = scratch.file("q", "nonsense\n");
  CHECK(complaint(options) ==
        "proxy_cred_file=" + options.proxy_credentials_file + " has no line USER:PASSWORD");

  Options tls;
  tls.http.client_certificate.certificate = scratch.file("c", "x");
  CHECK(read_option_files(tls, warnings));
  tls.http.client_certificate.key = "/no/such/key";
  CHECK(complaint(tls) == "ssl_client_cert: /no/such/key: No such file or directory");
}

}  // namespace
}  // namespace pailfs::cli
