// SPDX-License-Identifier: Apache-2.0
// Options whose values have a grammar of their own, from the command line to the layer's Config.
#include <string>
#include <vector>

#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;

Options accepted(Words words, const Environment& environment = {}) {
  words.insert(words.begin(), "pailfs");
  CommandLine line = parse_command_line(words, environment);
  CAPTURE(line.error);
  REQUIRE(line.error.empty());
  return line.options;
}

TEST_CASE("Every form of use_sse is understood") {
  using Kind = s3::Encryption::Kind;
  struct Form {
    const char* text;
    Kind kind;
    const char* key_file;
    const char* kms_key;
  };
  for (const Form& form : {
           Form{"use_sse", Kind::service, "", ""},
           Form{"use_sse=1", Kind::service, "", ""},
           Form{"use_sse=0", Kind::none, "", ""},
           Form{"use_sse,use_sse=0", Kind::none, "", ""},
           Form{"use_sse=custom", Kind::customer, "", ""},
           Form{"use_sse=c", Kind::customer, "", ""},
           Form{"use_sse=custom:/k", Kind::customer, "/k", ""},
           Form{"use_sse=c:/k:1", Kind::customer, "/k:1", ""},
           Form{"use_sse=/some/file", Kind::customer, "/some/file", ""},
           Form{"use_sse=kmsid", Kind::kms, "", ""},
           Form{"use_sse=k:arn:aws:kms:x", Kind::kms, "", "arn:aws:kms:x"},
           Form{"use_sse=kmsid:id", Kind::kms, "", "id"},
       }) {
    CAPTURE(form.text);
    const EncryptionChoice choice = accepted({"b", "/m", "-o", form.text}).encryption;
    CHECK(choice.kind == form.kind);
    CHECK(choice.key_file == form.key_file);
    CHECK(choice.kms_key == form.kms_key);
  }
  CHECK_FALSE(accepted({"b", "/m"}).encryption.kind.has_value());
  CHECK(accepted({"b", "/m", "--use-sse=custom:/k"}).encryption.key_file == "/k");
  const Environment environment = {{"AWSSSECKEYS", "a:b"}, {"AWSSSEKMSID", "from-environment"}};
  const Options o = accepted({"b", "/m", "-o", "use_sse=kmsid,load_sse_c=/more"}, environment);
  CHECK(o.encryption.environment_keys.reveal() == "a:b");
  CHECK(o.encryption.kms_key == "from-environment");
  CHECK(o.encryption.more_keys_file == "/more");
  CHECK(accepted({"b", "/m", "-o", "use_sse=kmsid:x"}, environment).encryption.kms_key == "x");
}

TEST_CASE("Proxy, certificate and address options reach the transport") {
  const auto proxy = [](const std::string& text) {
    return accepted({"b", "/m", "-o", "proxy=" + text}).http.proxy;
  };
  CHECK(proxy("p") == "http://p:80");
  CHECK(proxy("p:3128") == "http://p:3128");
  CHECK(proxy("http://p:3128/") == "http://p:3128");
  CHECK(proxy("https://p") == "https://p:443");
  CHECK(proxy("SOCKS5H://[::1]") == "socks5h://[::1]:1080");
  CHECK(proxy("socks4a://p:9") == "socks4a://p:9");
  CHECK(accepted({"b", "/m", "-o", "proxy_cred_file=/c"}).proxy_credentials_file == "/c");

  const auto own = [](const std::string& text) {
    return accepted({"b", "/m", "-o", "ssl_client_cert=" + text},
                    {{"S3FS_SSL_PRIVKEY_PASSWORD", "environment"}})
        .http.client_certificate;
  };
  CHECK(own("c.pem").certificate == "c.pem");
  CHECK(own("c.pem").type == "PEM");
  CHECK(own("c.pem").key.empty());
  CHECK(own("c.pem").password == "environment");
  CHECK(own("c.p12:p12").type == "P12");
  CHECK(own("c:PEM:k:der").key == "k");
  CHECK(own("c:PEM:k:der").key_type == "DER");
  CHECK(own("c::k::pass:word").password == "pass:word");
  Options relative = accepted({"b", "/m", "-o", "ssl_client_cert=c:PEM:k"});
  make_paths_absolute(relative, "/d");
  CHECK(relative.http.client_certificate.certificate == "/d/c");
  CHECK(relative.http.client_certificate.key == "/d/k");

  const Options o =
      accepted({"b", "/m", "-o", "ipresolve=ipv6,nodnscache,nosscache,cipher_suites=X"});
  CHECK(o.http.family == http::AddressFamily::ipv6);
  CHECK_FALSE(o.http.shares_dns_cache);
  CHECK_FALSE(o.http.shares_tls_sessions);
  CHECK(o.http.cipher_suites == "X");
}

TEST_CASE("Of three sizes from which copies are made in parts the smallest counts") {
  const auto from = [](const std::string& text) {
    return accepted({"b", "/m", "-o", text}).fs.copy_in_parts_from >> 20U;
  };
  CHECK(accepted({"b", "/m"}).fs.copy_in_parts_from == 0);
  CHECK(from("multipart_threshold=25") == 25);
  CHECK(from("putheader_mp_threshold=0,multipart_threshold=30") == 30);
  CHECK(from("putheader_mp_threshold=20,multipart_threshold=30,singlepart_copy_limit=10") == 10);
}

TEST_CASE("Limits of pages and of the local disk reach their layers") {
  const Options o =
      accepted({"b", "/m", "-o", "list_object_max_keys=5000,ensure_diskfree=7,fake_diskfree=9"});
  CHECK(o.s3.list_max_keys == 5000);
  CHECK(o.fs.disk.keep_free == 7U << 20U);
  CHECK(o.fs.disk.pretended_free == 9U << 20U);
  CHECK(accepted({"b", "/m", "-o", "free_space_ratio=5"}).fs.disk.keep_free_percent == 5);
  CHECK(accepted({"b", "/m", "-o", "del_cache,streamupload"}).fs.disk.keep_free == 0);
}

TEST_CASE("Of the two times to live the last one says from when it counts") {
  const auto last_use = [](const std::string& text) {
    return accepted({"b", "/m", "-o", text}).fs.ttl_from_last_use;
  };
  CHECK(last_use("stat_cache_interval_expire=9"));
  CHECK_FALSE(last_use("stat_cache_interval_expire=9,stat_cache_expire=8"));
  CHECK(last_use("stat_cache_expire=8,stat_cache_interval_expire=9"));
  CHECK(accepted({"b", "/m", "-o", "stat_cache_expire=8,stat_cache_interval_expire=9"})
            .fs.attribute_ttl == std::chrono::seconds(9));
}

TEST_CASE("A journal needs a directory and says who waits for the service") {
  const auto refusal = [](const char* text) {
    return parse_command_line({"pailfs", "b", "/m", "-o", text}, {}).error;
  };
  CHECK_FALSE(accepted({"b", "/m"}).durability_local);
  CHECK_FALSE(accepted({"b", "/m", "-o", "durability=remote,fsync=remote"}).fs.fsync_settles);
  const Options local = accepted({"b", "/m", "-o", "durability=local,use_cache=/c"});
  CHECK(local.durability_local);
  CHECK_FALSE(local.fs.fsync_settles);
  CHECK(local.journal_bytes == 1U << 30U);
  const Options strict =
      accepted({"b", "/m", "-o", "durability=local,use_cache=/c,fsync=remote,journal_size=64"});
  CHECK(strict.fs.fsync_settles);
  CHECK(strict.journal_bytes == 64U << 20U);
  CHECK(refusal("durability=local") ==
        "durability=local needs use_cache=DIRECTORY, in which the journal is kept");
  CHECK(refusal("fsync=local") == "fsync=local needs durability=local");
  CHECK(refusal("durability=maybe") == "option durability: \"maybe\" is neither remote nor local");
  CHECK(refusal("fsync=never") == "option fsync: \"never\" is neither remote nor local");
  CHECK(refusal("durability=local,use_cache=/c,journal_size=1") != "");
}

TEST_CASE("how many zeros a file may have that no program has written is 16 GiB or as given") {
  CHECK(accepted({"b", "/m"}).fs.hole_limit == 16ULL << 30U);
  CHECK(accepted({"b", "/m", "-o", "hole_limit=100"}).fs.hole_limit == 100ULL << 20U);
  for (const char* text : {"hole_limit=0", "hole_limit=lots"}) {
    CHECK(parse_command_line({"pailfs", "b", "/m", "-o", text}, {}).error != "");
  }
}

TEST_CASE("Words are read in every spelling of s3fs's manual") {
  CHECK(accepted({"b", "/m", "-o", "ipresolve=IPv4"}).http.family == http::AddressFamily::ipv4);
  CHECK(accepted({"b", "/m", "-o", "ipresolve=IPv6"}).http.family == http::AddressFamily::ipv6);
  CHECK(accepted({"b", "/m", "-o", "ipresolve=Whatever"}).http.family == http::AddressFamily::any);
  for (const char* word : {"curldbg", "curldbg=normal", "curldbg=Normal", "curldbg=NORMAL"}) {
    CHECK(accepted({"b", "/m", "-o", word}).http.trace);
    CHECK_FALSE(accepted({"b", "/m", "-o", word}).http.trace_body);
  }
  CHECK(accepted({"b", "/m", "-o", "curldbg=Body"}).http.trace_body);
}

TEST_CASE("A timeout of 0 is the default, because every wait has a limit") {
  const Options defaults;
  const Options o = accepted({"b", "/m", "-o", "connect_timeout=7,readwrite_timeout=8", "-o",
                              "connect_timeout=0,readwrite_timeout=0"});
  CHECK(o.http.connect_timeout == defaults.http.connect_timeout);
  CHECK(o.s3.stall_limit == defaults.s3.stall_limit);
}

}  // namespace
}  // namespace pailfs::cli
