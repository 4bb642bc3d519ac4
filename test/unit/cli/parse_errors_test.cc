// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "cli/options/parse.h"
#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;

struct Row {
  Words words;
  std::string error;
};

std::string no_role(const std::string& option) {
  return "option " + option +
         " is not supported: keys cannot be had from Alibaba's role and identity services. Have "
         "temporary keys put into a directory (AccessKeyId, AccessKeySecret, SecurityToken, "
         "Expiration) and give it as passwd_file with use_session_token, as the CSI driver does "
         "with secretRef";
}

TEST_CASE("A wrong command line is refused with one exact sentence") {
  const std::string usage =
      " Usage: pailfs BUCKET[:/PATH] MOUNTPOINT [-o OPTION,...]; pailfs --help";
  const std::string keys =
      " is no longer supported: other users can see command lines; put the keys into a passwd_file "
      "with mode 600";
  const std::vector<Row> rows = {
      {{}, "missing BUCKET argument." + usage},
      {{"b"}, "missing MOUNTPOINT argument." + usage},
      {{"-o", "bucket=b"}, "missing MOUNTPOINT argument." + usage},
      {{"b", "/m", "third"}, "specified unknown third option(third)"},
      {{"b", "/m", "url=http://x"},
       "specified unknown third option(url=http://x): options follow -o, as in -o url=http://x"},
      {{"-url=http://x", "b", "/m"},
       "unknown switch \"-url=http://x\": did you mean \"-o url=http://x\"?"},
      {{"b:/p", "/m", "-o", "prefix=q"}, "two paths are given: BUCKET:/p/ and prefix=q"},
      {{"b/data", "/m"}, "BUCKET \"b/data\": a path in the bucket follows ':', as in b:/data"},
      {{"/m", "b"},
       "BUCKET \"/m\" is a path: the bucket comes first, as in pailfs BUCKET MOUNTPOINT"},
      {{"b", "/m", "s3fs", "x"}, "specified unknown third option(x)"},
      {{"b", "/m", "1", "2", "3", "4", "5", "6", "7"}, "specified unknown third option(1)"},
      {{"b:path", "/m"},
       "BUCKET \"b:path\": the path after ':' must begin with '/', as in b:/path"},
      {{":/path", "/m"}, "BUCKET \":/path\" names no bucket"},
      {{"s3:///path", "/m"}, "BUCKET \"s3:///path\" names no bucket"},
      {{"https://s3.example.com/b", "/m"},
       "BUCKET \"https://s3.example.com/b\" is an address: it must be bucket[:/path]; an address "
       "belongs into url="},
      {{"-z"}, "unknown switch \"-z\"; --help=all lists all"},
      {{"-V"}, "unknown switch \"-V\"; --help=all lists all"},
      {{"-n", "b", "/m"}, "unknown switch \"-n\"; --help=all lists all"},
      {{"b", "/m", "-o"}, "switch -o needs a value"},
      {{"b", "/m", "-o", "urll=x"}, "unknown option \"urll\": did you mean \"url\"?"},
      {{"b", "/m", "-o", "use_path_requst_style"},
       "unknown option \"use_path_requst_style\": did you mean \"use_path_request_style\"?"},
      {{"b", "/m", "--no-check-certficate"},
       "unknown option \"no-check-certficate\": did you mean \"no_check_certificate\"?"},
      {{"b", "/m", "--versoin"}, "unknown option \"versoin\": did you mean \"version\"?"},
      {{"b", "/m", "-o", "qqqqqqqqqqqq"}, "unknown option \"qqqqqqqqqqqq\"; --help=all lists all"},
      {{"b", "/m", "-o", "use_path_style"},
       "unknown option \"use_path_style\": did you mean \"use_path_request_style\"?"},
      {{"b", "/m", "--_netdev"}, "unknown option \"_netdev\""},
      {{"b", "/m", "-o", "url"}, "option url needs a value: url=URL"},
      {{"b", "/m", "--url"}, "option url needs a value: --url=URL"},
      {{"b", "/m", "--url="}, "option url needs a value after '='"},
      {{"b", "/m", "-o", "sigv2=yes"}, "option sigv2 takes no value, not \"yes\""},
      {{"b", "/m", "-o", "allow_other=yes"}, "option allow_other: \"yes\" is neither 0 nor 1"},
      {{"b", "/m", "-o", "public_bucket=2"}, "option public_bucket: \"2\" is neither 0 nor 1"},
      {{"b", "/m", "-o", "retries=abc"}, "option retries: \"abc\" is not a number"},
      {{"b", "/m", "-o", "retries=0"}, "retries must be greater than zero"},
      {{"b", "/m", "-o", "connect_timeout=1s"}, "option connect_timeout: \"1s\" is not a number"},
      {{"b", "/m", "-o", "connect_timeout=-1"}, "option connect_timeout: \"-1\" is not a number"},
      {{"b", "/m", "-o", "mount_timeout=0"}, "option mount_timeout must be at least 1"},
      {{"b", "/m", "-o", "stat_cache_expire=abc"},
       "option stat_cache_expire: \"abc\" is not a number of seconds"},
      {{"b", "/m", "-o", "max_stat_cache_size=1k"},
       "option max_stat_cache_size: \"1k\" is not a number"},
      {{"b", "/m", "-o", "parallel_count=0"}, "option parallel_count must be at least 1"},
      {{"b", "/m", "-o", "multipart_size=4"}, "multipart_size option must be at least 5 MB."},
      {{"b", "/m", "-o", "multipart_size=10M"}, "option multipart_size: \"10M\" is not a number"},
      {{"b", "/m", "-o", "multipart_copy_size=9999"},
       "multipart_copy_size option must be at most 5120 MB."},
      {{"b", "/m", "-o", "attr_timeout=soon"}, "option attr_timeout: \"soon\" is not a number"},
      {{"b", "/m", "-o", "max_write=x"}, "option max_write: \"x\" is not a number"},
      {{"b", "/m", "-o", "umask=888"},
       "option umask: \"888\" is not an octal number of permission bits"},
      {{"b", "/m", "-o", "mp_umask=x"},
       "option mp_umask: \"x\" is not an octal number of permission bits"},
      {{"b", "/m", "-o", "uid=no-such-user-here"},
       "option uid: \"no-such-user-here\" is neither a number nor a user here"},
      {{"b", "/m", "-o", "gid=no-such-group-here"},
       "option gid: \"no-such-group-here\" is neither a number nor a group here"},
      {{"b", "/m", "-o", "bucket_size=10XB"},
       "invalid bucket_size option: \"10XB\" is not a size like 500GB or 2TiB"},
      {{"b", "/m", "-o", "bucket_size=99EiB"},
       "invalid bucket_size option: \"99EiB\" is not a size like 500GB or 2TiB"},
      {{"b", "/m", "-o", "default_acl=all"},
       "unknown value for default_acl: all; it is one of private, public-read, public-read-write, "
       "aws-exec-read, authenticated-read, bucket-owner-read, bucket-owner-full-control, "
       "log-delivery-write"},
      {{"b", "/m", "-o", "storage_class=a b"},
       "option storage_class: \"a b\" is not a storage class"},
      {{"b", "/m", "-o", "dbglevel=loud"},
       "option dbglevel has unknown parameter(loud): it is crit, err, warn, info or dbg"},
      {{"b", "/m", "-o", "curldbg=x"},
       "option curldbg has unknown parameter(x): it is normal or body"},
      {{"b", "/m", "-o", "ssl_verify_hostname=no"},
       "option ssl_verify_hostname has unknown parameter(no): it is 0 or 1"},
      {{"b", "/m", "-o", "url=ftp://h"},
       "option url has invalid format, missing http / https protocol: \"ftp://h\""},
      {{"b", "/m", "-o", "url="}, "option url must not be empty"},
      {{"b", "/m", "-o", "url=https://"}, "option url has no host: \"https://\""},
      {{"b", "/m", "-o", "url=https://a,endpoint=https://c"},
       "endpoint= names a region, not an address: https://c"},
      {{"b", "/m", "-o", "passwd_file="}, "option passwd_file must not be empty"},
      {{"b", "/m", "-o", "accessKeyId=AKIDSECRET"}, "option accessKeyId" + keys},
      {{"b", "/m", "-o", "secretAccessKey=SECRET"}, "option secretAccessKey" + keys},
      {{"b", "/m", "-o", "use_sse,use_sse=custom:/f"},
       "option use_sse: two kinds of encryption are given, but an object has only one"},
      {{"b", "/m", "-o", "use_sse=k:id,use_sse=c"},
       "option use_sse: two kinds of encryption are given, but an object has only one"},
      {{"b", "/m", "-o", "use_sse=custom:"}, "option use_sse: nothing after \"custom:\""},
      {{"b", "/m", "-o", "use_sse,use_rrs"},
       "use_sse and the storage class REDUCED_REDUNDANCY exclude each other"},
      {{"b", "/m", "-o", "use_sse=k:id,storage_class=reduced_redundancy"},
       "use_sse and the storage class REDUCED_REDUNDANCY exclude each other"},
      {{"b", "/m", "-o", "load_sse_c="}, "option load_sse_c must not be empty"},
      {{"b", "/m", "-o", "list_object_max_keys=999"},
       "option list_object_max_keys must be at least 1000"},
      {{"b", "/m", "-o", "list_object_max_keys=x"},
       "option list_object_max_keys: \"x\" is not a number of names"},
      {{"b", "/m", "-o", "multipart_threshold=4"},
       "multipart_threshold option must be from 5 to 5242880 MB."},
      {{"b", "/m", "-o", "singlepart_copy_limit=x"},
       "option singlepart_copy_limit: \"x\" is not a number"},
      {{"b", "/m", "-o", "ensure_diskfree=1g"}, "option ensure_diskfree: \"1g\" is not a number"},
      {{"b", "/m", "-o", "free_space_ratio=101"},
       "option free_space_ratio: \"101\" is not a number from 0 to 100"},
      {{"b", "/m", "-o", "ensure_diskfree=1,free_space_ratio=1"},
       "ensure_diskfree and free_space_ratio exclude each other"},
      {{"b", "/m", "-o", "max_dirty_data=much"}, "option max_dirty_data: \"much\" is not a number"},
      {{"b", "/m", "-o", "stat_cache_interval_expire=1m"},
       "option stat_cache_interval_expire: \"1m\" is not a number of seconds"},
      {{"b", "/m", "-o", "ipresolve=ipv5"},
       "option ipresolve has unknown parameter(ipv5): it is whatever, ipv4 or ipv6"},
      {{"b", "/m", "-o", "proxy=ftp://p"},
       "option proxy: \"ftp\" is none of http, https, socks4, socks4a, socks5, socks5h"},
      {{"b", "/m", "-o", "proxy=http://me:pw@p"},
       "option proxy: other users can see command lines; put the password into a file and name it "
       "with proxy_cred_file"},
      {{"b", "/m", "-o", "proxy=http://"},
       "option proxy: \"http://\" is not [SCHEME://]HOST[:PORT]"},
      {{"b", "/m", "-o", "proxy=p:99999"}, "option proxy: \"99999\" is not a port"},
      {{"b", "/m", "-o", "ssl_client_cert=:PEM"}, "option ssl_client_cert must name a certificate"},
      {{"b", "/m", "-o", "ssl_client_cert=c:GIF"},
       "option ssl_client_cert: \"GIF:\": a certificate is PEM, DER, P12, ENG or PROV, a key PEM, "
       "DER, ENG or PROV"},
      {{"b", "/m", "-o", "iam_role=a/../b"},
       "option iam_role: \"a/../b\" is not the name of a role"},
      {{"b", "/m", "-o", "ibm_iam_auth,ecs"}, "ibm_iam_auth and ecs exclude each other"},
      {{"b", "/m", "-o", "iam_role,ibm_iam_auth"}, "ibm_iam_auth and iam_role exclude each other"},
      {{"b", "/m", "-o", "ibm_iam_auth,default_acl=authenticated-read"},
       "ibm_iam_auth and default_acl=authenticated-read exclude each other: IBM has private and "
       "public-read only"},
      {{"b", "/m", "-o", "ibm_iam_auth,ibm_iam_endpoint=http://iam.test"},
       "option ibm_iam_endpoint: the API key would be sent to http://iam.test for all to read; use "
       "https"},
      {{"b", "/m", "-o", "ibm_iam_endpoint=ftp://iam.test"},
       "option ibm_iam_endpoint: url \"ftp://iam.test\" must begin with https:// or http://"},
      {{"b", "/m", "-o", "modules=subdir,subdir=x"},
       "option modules is not supported: stacking FUSE modules would change the names of files"},
      {{"-u", "b", "/m"},
       "MOUNTPOINT /m is given, but nothing is mounted when unfinished uploads are listed or "
       "removed"},
      {{"-u"},
       "missing BUCKET argument. Usage: pailfs BUCKET[:/PATH] MOUNTPOINT [-o OPTION,...]; pailfs "
       "--help"},
      {{"-u", "--incomplete-mpu-abort", "b"},
       "incomplete_mpu_list and incomplete_mpu_abort exclude each other"},
      {{"--incomplete-mpu-abort=1d", "b"},
       "option incomplete_mpu_abort: \"1d\" is no age: it is all, or numbers with Y M D h m s in "
       "this order, as 1D12h"},
      {{"b", "/m", "-o", "ram_role=http://x"}, no_role("ram_role")},
      {{"b", "/m", "-o", "rrsa_endpoint=http://x"}, no_role("rrsa_endpoint")},
      {{"b", "/m", "-o", "assume_role_external_id=x"}, no_role("assume_role_external_id")},
      {{"b", "/m", "-o", "agent_identity_ca_file=/ca"}, no_role("agent_identity_ca_file")},
      {{"b", "/m", "-o", "agent_identity_of_tomorrow"}, no_role("agent_identity_of_tomorrow")},
      {{"b", "/m", "-o", "secret_store_dir=/etc/ossfs/secrets-store"},
       "option secret_store_dir is not supported: give the directory as passwd_file instead, with "
       "the files AccessKeyId, AccessKeySecret and, for temporary keys, SecurityToken and "
       "Expiration"},
  };
  for (const Row& row : rows) {
    Words argv = row.words;
    argv.insert(argv.begin(), "s3fs");
    CAPTURE(argv);
    const CommandLine line = parse_command_line(argv, {});
    CHECK(line.error == row.error);
    CHECK(line.exit == Exit::usage);
    CHECK(line.error.find('\n') == std::string::npos);
  }
}

TEST_CASE("A key given on the command line is not repeated in the refusal") {
  for (const char* option : {"accessKeyId=AKIDSECRET", "secretAccessKey=AKIDSECRET",
                             "secret_access_key=AKIDSECRET", "AWSSecretKey=AKIDSECRET"}) {
    const CommandLine line = parse_command_line({"pailfs", "b", "/m", "-o", option}, {});
    CHECK_FALSE(line.error.empty());
    CHECK(line.error.find("AKIDSECRET") == std::string::npos);
  }
}

TEST_CASE("Control bytes in an argument do not reach the terminal") {
  for (const Words& words :
       {Words{"-o", "x\n\x1b[2J"}, Words{"-o", "x\x1b[2J"}, Words{"--x\n\x1b[2J"}, Words{"-\x1b"},
        Words{"b:\x1b\n", "/m"}, Words{"b", "/m", "\x1b\n"}, Words{"-o", "retries=\x1b"}}) {
    Words argv = words;
    argv.insert(argv.begin(), "pailfs");
    const CommandLine line = parse_command_line(argv, {});
    CHECK_FALSE(line.error.empty());
    CHECK(line.error.find('\n') == std::string::npos);
    CHECK(line.error.find('\x1b') == std::string::npos);
  }
}

}  // namespace
}  // namespace pailfs::cli
