// SPDX-License-Identifier: Apache-2.0
#include "cli/options/parse.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

using Words = std::vector<std::string>;

CommandLine parse(Words words, const Environment& environment = {}) {
  words.insert(words.begin(), "pailfs");
  return parse_command_line(words, environment);
}

/// Parses a line that must be accepted.
Options accepted(const Words& words, const Environment& environment = {}) {
  const CommandLine line = parse(words, environment);
  INFO(line.error);
  CHECK(line.error.empty());
  CHECK(line.exit == Exit::ok);
  return line.options;
}

bool has_flag(const Options& options, const std::string& flag) {
  const auto& all = options.mount.kernel_options;
  return std::find(all.begin(), all.end(), flag) != all.end();
}

/// Splits as a shell does: blanks separate, single quotes protect.
Words shell_words(const std::string& line) {
  Words words;
  std::string word;
  bool quoted = false;
  bool any = false;
  for (const char c : line) {
    if (c == '\'') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any || !word.empty()) words.push_back(word);
      word.clear();
      any = false;
    } else {
      word.push_back(c);
    }
  }
  if (any || !word.empty()) words.push_back(word);
  return words;
}

struct Line {
  std::string text;
  std::function<void(const Options&)> expect;
};

TEST_CASE("The command lines that people use are understood as s3fs understands them") {
  const std::vector<Line> lines = {
      {"s3fs 'BUCKET' /mnt/bucket -o url='https://s3.cn-east-1.sufycs.com' -o allow_other -o "
       "use_path_request_style -o passwd_file=/home/user/.passwd-s3fs",
       [](const Options& o) {
         CHECK(o.s3.bucket == "BUCKET");
         CHECK(o.fs.prefix.empty());
         CHECK(o.mount.mountpoint == "/mnt/bucket");
         CHECK(o.s3.url == "https://s3.cn-east-1.sufycs.com");
         CHECK(o.s3.path_style);
         CHECK(o.s3.region == "cn-east-1");
         CHECK_FALSE(o.s3.region_given);
         CHECK(o.fs.allow_other);
         CHECK(o.mount.kernel_options == Words{"allow_other"});
         CHECK(o.credentials.passwd_file == "/home/user/.passwd-s3fs");
         CHECK(o.credentials.bucket == "BUCKET");
         CHECK(o.mount.fsname == "s3fs");
         CHECK(o.mount.subtype == "s3fs");
         CHECK_FALSE(o.foreground);
       }},
      {"s3fs 'BUCKET' /mnt/bucket -o allow_other -o endpoint='us-east-1' -o "
       "url='https://s3.us-east-1.amazonaws.com' -o passwd_file=/home/user/.passwd-s3fs",
       [](const Options& o) {
         CHECK(o.s3.region == "us-east-1");
         CHECK(o.s3.region_given);
         CHECK(o.s3.url == "https://s3.us-east-1.amazonaws.com");
         CHECK_FALSE(o.s3.path_style);
       }},
      {"s3fs BUCKET /mnt/s3-bucket -o allow_other,endpoint=eu-central-1",
       [](const Options& o) {
         CHECK(o.fs.allow_other);
         CHECK(o.s3.region == "eu-central-1");
         CHECK(o.s3.url == "https://s3.eu-central-1.amazonaws.com");
       }},
      {"ossfs BUCKET:/PATH TARGET -o "
       "url=oss-cn-hangzhou.aliyuncs.com,allow_other,umask=022,passwd_file=FILE -f",
       [](const Options& o) {
         CHECK(o.s3.bucket == "BUCKET");
         CHECK(o.fs.prefix == "PATH/");
         CHECK(o.s3.url == "https://oss-cn-hangzhou.aliyuncs.com");
         CHECK(o.fs.umask == mode_t{022});
         CHECK(o.credentials.passwd_file == "FILE");
         CHECK(o.foreground);
       }},
      {"pailfs b:/docs /m --prefix=/docs", [](const Options& o) { CHECK(o.fs.prefix == "docs/"); }},
      {"s3fs project-assets:/docs /data/assets -o url=https://storage.googleapis.com -o ro -o "
       "public_bucket=1",
       [](const Options& o) {
         CHECK(o.s3.bucket == "project-assets");
         CHECK(o.fs.prefix == "docs/");
         CHECK(o.fs.read_only);
         CHECK(has_flag(o, "ro"));
         CHECK(o.credentials.public_bucket);
         CHECK(o.fs.no_copy_api);
       }},
      {"s3fs BUCKET:/prefix PATH -o "
       "passwd_file=/tmp/.passwd-s3fs-UUID,stat_cache_expire=60,enable_noobj_cache,multipart_size="
       "5,nomixupload,use_path_request_style,url=http://r2.internal,ahbe_conf=FILE,ro",
       [](const Options& o) {
         CHECK(o.fs.prefix == "prefix/");
         CHECK(o.fs.attribute_ttl == std::chrono::seconds(60));
         CHECK(o.fs.listing_ttl == std::chrono::seconds(60));
         CHECK(o.fs.multipart_size == 5U << 20U);
         CHECK(o.fs.no_mix_upload);
         CHECK(o.s3.url == "http://r2.internal");
         CHECK(o.http.allow_plain_http);
         CHECK(o.header_file == "FILE");
         CHECK(o.fs.read_only);
       }},
      {"s3fs B P -o passwd_file=/tmp/.passwd-s3fs -o allow_other -o uid=1000 -o gid=1000 -o "
       "url=https://example.com -o use_path_request_style -o sigv4 -o nomultipart -o ro",
       [](const Options& o) {
         CHECK(o.fs.uid == uid_t{1000});
         CHECK(o.fs.gid == gid_t{1000});
         CHECK(o.s3.signature == s3::Signature::v4);
         CHECK(o.fs.no_multipart);
       }},
      {"s3fs my-bucket /mnt/bucket -o allow_other -o passwd_file=/root/.passwd-s3fs -o "
       "endpoint=us-east-1 -o url=https://s3.us-east-1.amazonaws.com",
       [](const Options& o) {
         CHECK(o.credentials.passwd_file == "/root/.passwd-s3fs");
         CHECK(o.credentials.environment.empty());
       }},
      {"s3fs BUCKET:/ TARGET -o use_path_request_style -o url=https://storage.yandexcloud.net -o "
       "allow_other -o mp_umask=000 -o endpoint=ru-central1",
       [](const Options& o) {
         CHECK(o.s3.bucket == "BUCKET");
         CHECK(o.fs.prefix.empty());
         CHECK(o.fs.mount_umask == mode_t{0});
         CHECK(o.s3.region == "ru-central1");
         CHECK(o.s3.url == "https://storage.yandexcloud.net");
       }},
      {"s3fs -d -d -o nonempty,big_writes -o passwd_file=F -o url=https://u.example -o uid=33 -o "
       "gid=34 BUCKET MNT",
       [](const Options& o) {
         CHECK(o.s3.bucket == "BUCKET");
         CHECK(o.mount.mountpoint == "MNT");
         CHECK(o.foreground);
         CHECK(o.mount.debug);
         CHECK(o.log_level == LogLevel::info);
         CHECK(o.fs.uid == uid_t{33});
         CHECK(o.fs.gid == gid_t{34});
         CHECK(o.mount.kernel_options.empty());
       }},
      // What mount(8) makes of the fstab line
      // "my-bucket /mnt/s3 fuse.s3fs _netdev,allow_other,... 0 0".
      {"s3fs my-bucket /mnt/s3 -o "
       "rw,allow_other,use_path_request_style,url=https://x.example,passwd_file=/etc/"
       "passwd-s3fs,dev,suid",
       [](const Options& o) {
         CHECK(o.mount.kernel_options == Words{"allow_other", "dev", "suid"});
         CHECK(o.s3.path_style);
         CHECK_FALSE(o.fs.read_only);
       }},
      // The same line, unfiltered, and in the old form "s3fs#bucket /mnt fuse _netdev,... 0 0".
      {"s3fs my-bucket /mnt/s3 -o "
       "_netdev,allow_other,use_path_request_style,url=https://x.example,passwd_file=/etc/"
       "passwd-s3fs",
       [](const Options& o) { CHECK(o.mount.kernel_options == Words{"allow_other"}); }},
      {"mount.fuse s3fs#bucket /mnt -n -s -v -o _netdev,allow_other",
       [](const Options& o) {
         CHECK(o.s3.bucket == "bucket");
         CHECK_FALSE(o.mount.single_threaded);
       }},
  };
  for (const Line& line : lines) {
    INFO(line.text);
    const CommandLine parsed = parse_command_line(shell_words(line.text), {});
    INFO(parsed.error);
    CHECK(parsed.error.empty());
    line.expect(parsed.options);
  }
}

TEST_CASE("Every way of writing options means the same") {
  const std::vector<Words> ways = {
      {"b", "/m", "-o", "allow_other,use_xattr,retries=7"},
      {"b", "/m", "-oallow_other,use_xattr=1,retries=7"},
      {"-o", "allow_other", "b", "-o", "use_xattr", "/m", "-o", "retries=7"},
      {"b", "/m", "-o", "allow_other -o use_xattr -o retries=7"},
      {"b", "/m", "-o allow_other -o use_xattr -o retries=7"},
      {"b", "/m", "-o", "-o allow_other,use_xattr, -o retries=7"},
      {"b", "/m", "--allow-other", "--use-xattr", "--retries=7"},
      {"--allow_other", "--retries", "7", "b", "--use_xattr=1", "/m"},
      {"--retries", "7", "-oallow_other", "-o", "use_xattr", "--", "b", "/m"},
      {"/m", "-o", "bucket=b,allow_other,use_xattr,retries=7"},
      {"-o", ",,allow_other,,use_xattr,retries=7,", "b", "/m", "s3fs"},
      {"b", "/m", "-o", "retries=3,allow_other,use_xattr", "-o", "retries=7"},
  };
  for (const Words& words : ways) {
    CAPTURE(words);
    const Options options = accepted(words);
    CHECK(options.s3.bucket == "b");
    CHECK(options.mount.mountpoint == "/m");
    CHECK(options.fs.allow_other);
    CHECK(options.fs.use_xattr);
    CHECK(options.mount.use_xattr);
    CHECK(options.s3.retries == 7);
  }
}

TEST_CASE("A backslash keeps a comma in a value") {
  CHECK(split_option_list("a,b=c") == Words{"a", "b=c"});
  CHECK(split_option_list("a=x\\,y,b") == Words{"a=x,y", "b"});
  CHECK(split_option_list("a=x\\\\,b") == Words{"a=x\\", "b"});
  CHECK(split_option_list("a=x\\054y") == Words{"a=x,y"});
  CHECK(split_option_list("a=x\\") == Words{"a=x\\"});
  CHECK(split_option_list("") == Words{});
  CHECK(split_option_list("a=-o b") == Words{"a=-o b"});
  CHECK(accepted({"b", "/m", "-o", "passwd_file=/k\\,1"}).credentials.passwd_file == "/k,1");
  CHECK(accepted({"b", "/m", "-o", "passwd_file=/k?a=b&c=d"}).credentials.passwd_file ==
        "/k?a=b&c=d");
  CHECK(accepted({"b", "/m", "--passwd-file=/k,1 2"}).credentials.passwd_file == "/k,1 2");
}

TEST_CASE("Switches may be clustered") {
  const Options options = accepted({"-fso", "ro", "b", "/m"});
  CHECK(options.foreground);
  CHECK(options.mount.single_threaded);
  CHECK(options.fs.read_only);
  CHECK(accepted({"-dd", "b", "/m"}).mount.debug);
  CHECK(accepted({"-d", "b", "/m"}).log_level == LogLevel::info);
  CHECK_FALSE(accepted({"-d", "b", "/m"}).foreground);
  CHECK(accepted({"-d", "b", "/m", "-o", "dbglevel=dbg"}).log_level == LogLevel::debug);
  // In s3fs the long form of -d.
  CHECK_FALSE(accepted({"--debug", "b", "/m"}).foreground);
  CHECK_FALSE(accepted({"--debug", "b", "/m"}).mount.debug);
  CHECK(accepted({"--debug", "b", "/m"}).log_level == LogLevel::info);
  CHECK(accepted({"--debug", "b", "/m", "--debug"}).mount.debug);
  CHECK(accepted({"b", "/m", "-o", "debug"}).foreground);
}

TEST_CASE("The last of contradicting options counts") {
  CHECK_FALSE(accepted({"b", "/m", "-o", "ro,rw"}).fs.read_only);
  CHECK(accepted({"b", "/m", "-o", "sigv4,sigv2"}).s3.signature == s3::Signature::v2);
  CHECK(accepted({"b", "/m", "-o", "use_xattr,use_xattr=0"}).fs.use_xattr == false);
  CHECK(accepted({"b", "/m", "-o", "stat_cache_interval_expire=9,stat_cache_expire=8"})
            .fs.attribute_ttl == std::chrono::seconds(8));
}

TEST_CASE("Times to live follow stat_cache_expire when it is given") {
  CHECK(accepted({"b", "/m"}).fs.attribute_ttl == std::chrono::seconds(900));
  CHECK(accepted({"b", "/m"}).fs.listing_ttl == std::chrono::seconds(5));
  CHECK(accepted({"b", "/m", "-o", "stat_cache_expire=-1"}).fs.attribute_ttl ==
        std::chrono::seconds(0));
  const Options forgetful = accepted({"b", "/m", "-o", "disable_noobj_cache,stat_cache_expire=60"});
  CHECK(forgetful.fs.listing_ttl == std::chrono::seconds(0));
  CHECK(forgetful.fs.attribute_ttl == std::chrono::seconds(60));
}

TEST_CASE("The region comes from the option, the host or the environment, in this order") {
  const Environment environment = {{"AWS_REGION", "ap-south-1"}};
  const auto region = [&](const Words& options) {
    Words words = {"b", "/m"};
    words.insert(words.end(), options.begin(), options.end());
    return accepted(words, environment).s3.region;
  };
  CHECK(region({}) == "ap-south-1");
  CHECK(region({"-o", "region=eu-west-1"}) == "eu-west-1");
  CHECK(region({"-o", "url=https://s3.us-west-2.amazonaws.com"}) == "us-west-2");
  CHECK(region({"-o", "url=https://s3.example.com"}) == "us-east-1");
  CHECK(accepted({"b", "/m"}, {{"AWS_DEFAULT_REGION", "sa-east-1"}}).s3.region == "sa-east-1");
  CHECK_FALSE(accepted({"b", "/m"}, environment).s3.region_given);
  CHECK(accepted({"b", "/m", "-o", "region=cn-north-1"}).s3.url ==
        "https://s3.cn-north-1.amazonaws.com.cn");
}

TEST_CASE("Hosts without names and buckets with dots are addressed by path") {
  const auto path_style = [](const std::string& bucket, const std::string& url) {
    return accepted({bucket, "/m", "-o", "url=" + url}).s3.path_style;
  };
  CHECK(path_style("b", "http://127.0.0.1:9000"));
  CHECK(path_style("b", "http://[::1]:9000"));
  CHECK(path_style("b", "http://localhost:9000"));
  CHECK(path_style("b.example.com", "https://s3.amazonaws.com"));
  CHECK_FALSE(path_style("b", "https://s3.amazonaws.com"));
  CHECK_FALSE(path_style("12345", "http://10.example.com"));
}

TEST_CASE("Utility mode takes a bucket and no mountpoint") {
  for (const Words& words : {Words{"-u", "b:/p"}, Words{"--incomplete-mpu-list", "b:/p"},
                             Words{"b:/p", "-o", "incomplete_mpu_list"}}) {
    const Options options = accepted(words);
    CHECK(options.action == Action::list_uploads);
    CHECK(options.s3.bucket == "b");
    CHECK(options.fs.prefix == "p/");
  }
  const Options day = accepted({"--incomplete-mpu-abort", "b"});
  CHECK(day.action == Action::abort_uploads);
  CHECK(day.upload_age == std::chrono::hours(24));
  CHECK(accepted({"--incomplete-mpu-abort=all", "b"}).upload_age == std::chrono::seconds(0));
  CHECK(accepted({"b", "--incomplete-mpu-abort=1D12h"}).upload_age == std::chrono::hours(36));
  CHECK(accepted({"-u", "b", "-o", "url=http://127.0.0.1:9000"}).s3.path_style);
}

TEST_CASE("A url without scheme and a url in endpoint are taken with a notice") {
  const CommandLine bare = parse({"b", "/m", "-o", "url=minio.example.com/"});
  CHECK(bare.options.s3.url == "https://minio.example.com");
  CHECK(bare.warnings == Words{"url without scheme: https://minio.example.com is taken"});
  CHECK(parse({"b", "/m", "-o", "url=127.0.0.1:9000"}).options.s3.url == "http://127.0.0.1:9000");
  CHECK(parse({"b", "/m", "-o", "url=127.0.0.1:443"}).options.s3.url == "https://127.0.0.1:443");
  CHECK(parse({"b", "/m", "-o", "host=h.example"}).options.s3.url == "https://h.example");

  const CommandLine moved = parse({"b", "/m", "-o", "endpoint=https://h.example:8443"});
  CHECK(moved.options.s3.url == "https://h.example:8443");
  CHECK(moved.options.s3.region == "us-east-1");
  CHECK_FALSE(moved.options.s3.region_given);
  CHECK(moved.warnings == Words{"endpoint=https://h.example:8443 is taken as url="});
}

TEST_CASE("Words of fstab and of FUSE 2 are accepted and change nothing") {
  for (const std::string word : {"defaults",
                                 "auto",
                                 "noauto",
                                 "user",
                                 "user=joe",
                                 "nouser",
                                 "users",
                                 "owner",
                                 "group",
                                 "_netdev",
                                 "nofail",
                                 "x-systemd.automount",
                                 "x-systemd.requires=network-online.target",
                                 "x-gvfs-show",
                                 "comment=mine",
                                 "relatime",
                                 "norelatime",
                                 "strictatime",
                                 "lazytime",
                                 "nodiratime",
                                 "nonempty",
                                 "big_writes",
                                 "use_ino",
                                 "readdir_ino",
                                 "intr",
                                 "intr_signal=10",
                                 "atomic_o_trunc",
                                 "async_read",
                                 "hard_remove",
                                 "large_read",
                                 "auto_cache",
                                 "splice_read",
                                 "no_splice_move",
                                 "no_remote_lock",
                                 "default_permissions",
                                 "s3fs",
                                 "complement_stat",
                                 "remember=5",
                                 "noforget",
                                 "ac_attr_timeout=1"}) {
    CAPTURE(word);
    const CommandLine line = parse({"b", "/m", "-o", word});
    CHECK(line.error.empty());
    CHECK(line.warnings.empty());
    CHECK(line.options.mount.kernel_options.empty());
  }
}

TEST_CASE("Mount flags are handed to the kernel") {
  const Options options =
      accepted({"b", "/m", "-o", "noexec,nosuid,nodev,noatime,auto_unmount,max_read=65536"});
  CHECK(options.mount.kernel_options ==
        Words{"noexec", "nosuid", "nodev", "noatime", "auto_unmount", "max_read=65536"});
  const Options tuned =
      accepted({"b", "/m", "-o",
                "fsname=mine,subtype=other,max_background=9,max_write=4096,attr_timeout=2.5"});
  CHECK(tuned.mount.fsname == "mine");
  CHECK(tuned.mount.subtype == "other");
  CHECK(tuned.mount.max_background == 9);
  CHECK(tuned.mount.max_write == 4096);
  CHECK(tuned.mount.attribute_seconds == 2.5);
}

TEST_CASE("Tuning of FUSE that can be carried out is carried out") {
  const mount::Config mount =
      accepted({"b", "/m", "-o",
                "max_readahead=131072,congestion_threshold=10,max_idle_threads=3,clone_fd,"
                "direct_io,kernel_cache"})
          .mount;
  CHECK(mount.max_readahead == 131072);
  CHECK(mount.congestion_threshold == 10);
  CHECK(mount.max_idle_threads == 3);
  CHECK(mount.clone_fd);
  CHECK(mount.direct_io);
  CHECK(mount.kernel_cache);
  CHECK_FALSE(accepted({"b", "/m", "-o", "auto_cache"}).mount.kernel_cache);
}

TEST_CASE("A mount may be made before the bucket is reached, and its directory with it") {
  CHECK_FALSE(accepted({"b", "/m"}).connect_later);
  CHECK(accepted({"b", "/m", "-o", "bg"}).connect_later);
  CHECK(accepted({"b", "/m", "-o", "nocheck"}).connect_later);
  CHECK_FALSE(accepted({"b", "/m"}).make_mountpoint);
  CHECK(accepted({"b", "/m", "-o", "mkdir"}).make_mountpoint);
}

TEST_CASE("Equal options are recognised whatever their order and spelling") {
  const auto settings = [](const Words& words) { return parse(words).settings; };
  const std::string one = settings({"b", "/m", "-o", "ro,url=http://h", "-o", "retries=3"});
  CHECK(settings({"-o", "retries=3,ro", "b", "/m", "--url=http://h", "-f"}) == one);
  CHECK(settings({"b", "/m", "-o", "_netdev,x-gvfs-show,ro,retries=2,retries=3,host=http://h"}) ==
        one);
  CHECK(settings({"b", "/m", "-o", "url=http://h,retries=3"}) != one);
  CHECK(settings({"b", "/m", "-o", "ro,url=http://h,retries=4"}) != one);
  CHECK(settings({"b", "/m", "-o", "noatime"}) != settings({"b", "/m", "-o", "atime"}));
  CHECK(settings({"b", "/m", "-o", "ro,rw"}) == settings({"b", "/m"}));
}

TEST_CASE("What is not built and harmless is ignored with one line that names it") {
  for (const std::string word :
       {"max_dirty_data=100", "max_dirty_data=-1", "createbucket", "notsup_compat_dir", "noxmlns",
        "fd_page_size=1", "set_check_cache_sigusr1", "set_check_cache_sigusr1=/f",
        "insecure_logging"}) {
    CAPTURE(word);
    const CommandLine line = parse({"b", "/m", "-o", word});
    CHECK(line.error.empty());
    REQUIRE(line.warnings.size() == 1);
    CHECK(line.warnings[0].find("option " + word.substr(0, word.find('=')) + " is ignored: ") == 0);
  }
}

TEST_CASE("A cache directory is where read and unstored bytes are kept") {
  const CommandLine line = parse({"b", "/m", "-o", "use_cache=/c"});
  CHECK(line.error.empty());
  CHECK(line.options.cache_directory == "/c");
  CHECK(line.warnings.empty());
  CHECK_FALSE(line.options.cache_bytes.has_value());
  CHECK(accepted({"b", "/m", "-o", "use_cache=/c,cache_size=7"}).cache_bytes == 7U << 20U);
  CHECK(accepted({"b", "/m", "-o", "use_cache=/c,del_cache"}).delete_cache);

  for (const std::string off : {"use_cache=", "use_cache"}) {
    CAPTURE(off);
    const Options options = accepted({"b", "/m", "-o", off});
    CHECK(options.cache_directory.empty());
    CHECK(options.fs.temporary_directory == Options{}.fs.temporary_directory);
  }
  Options relative = accepted({"b", "/m", "-o", "check_cache_dir_exist"});
  CHECK(relative.cache_directory_must_exist);
  relative.cache_directory = "c";
  make_paths_absolute(relative, "/somewhere");
  CHECK(relative.cache_directory == "/somewhere/c");
}

TEST_CASE("The role of an instance takes the place of every other source of keys") {
  CHECK_FALSE(accepted({"b", "/m"}).credentials.iam_role.has_value());
  CHECK(accepted({"b", "/m", "-o", "iam_role"}).credentials.iam_role == "auto");
  CHECK(accepted({"b", "/m", "-o", "iam_role="}).credentials.iam_role == "auto");
  CHECK(accepted({"b", "/m", "-o", "iam_role=auto"}).credentials.iam_role == "auto");
  CHECK(accepted({"b", "/m", "-o", "iam_role=my.role+x@y_-="}).credentials.iam_role ==
        "my.role+x@y_-=");
  CHECK_FALSE(accepted({"b", "/m", "-o", "iam_role"}).credentials.imdsv1only);
  CHECK(accepted({"b", "/m", "-o", "iam_role,imdsv1only"}).credentials.imdsv1only);
  const CommandLine line = parse({"b", "/m", "-o", "iam_role,passwd_file=/p"});
  CHECK(line.error.empty());
  CHECK(line.warnings == Words{"option passwd_file is ignored: iam_role is given"});
}

TEST_CASE("The environment supplies what s3fs takes from it") {
  const Environment environment = {{"HOME", "/h"},          {"AWS_ACCESS_KEY_ID", "a"},
                                   {"AWSACCESSKEYID", "b"}, {"PATH", "/bin"},
                                   {"S3FS_LOGFILE", "/l"},  {"S3FS_MSGTIMESTAMP", "NO"},
                                   {"CURL_CA_BUNDLE", ""},  {"AWS_CA_BUNDLE", "/ca"}};
  const Options options = accepted({"b", "/m"}, environment);
  CHECK(options.credentials.environment ==
        std::map<std::string, std::string>{{"HOME", "/h"},
                                           {"AWS_ACCESS_KEY_ID", "a"},
                                           {"AWSACCESSKEYID", "b"},
                                           {"AWS_CA_BUNDLE", "/ca"}});
  CHECK(options.logfile == "/l");
  CHECK_FALSE(options.timestamps);
  CHECK(options.http.ca_bundle == "/ca");
  CHECK(accepted({"b", "/m", "-o", "logfile=/x"}, environment).logfile == "/x");
}

TEST_CASE("The remaining options reach their settings") {
  const Options o = accepted(
      {"b", "/m", "-o",
       "connect_timeout=3,readwrite_timeout=4,no_check_certificate,ssl_verify_hostname=0,"
       "enable_content_md5,enable_unsigned_payload,listobjectsv2,requester_pays,servicepath=/a,"
       "profile=p,use_session_token,multipart_copy_size=64,nocopyapi,norenameapi,tmpdir=/t,"
       "mime=/m,bucket_size=2TiB,default_acl=public-read,storage_class=standard_ia,dbglevel=warn,"
       "curldbg=body,no_time_stamp_msg,instance_name=i,parallel_count=3,max_stat_cache_size=10,"
       "mount_timeout=5,max_threads=2"});
  CHECK(o.http.connect_timeout == std::chrono::seconds(3));
  CHECK(o.s3.stall_limit == std::chrono::seconds(4));
  CHECK_FALSE(o.http.verify_peer);
  CHECK_FALSE(o.http.verify_host);
  CHECK(o.s3.content_md5);
  CHECK(o.unsigned_payload);
  CHECK(o.s3.list_v2);
  CHECK(o.s3.requester_pays);
  CHECK(o.s3.servicepath == "/a/");
  CHECK(o.credentials.profile == "p");
  CHECK(o.credentials.profile_given);
  CHECK(o.credentials.use_session_token);
  CHECK(o.fs.copy_part_size == 64U << 20U);
  CHECK(o.fs.no_copy_api);
  CHECK(o.fs.no_rename_api);
  CHECK(o.fs.temporary_directory == "/t");
  CHECK(o.fs.mime_types == "/m");
  CHECK(o.fs.size_shown == std::uint64_t{2} << 40U);
  CHECK(o.s3.acl == "public-read");
  CHECK(o.s3.storage_class == "STANDARD_IA");
  CHECK(o.log_level == LogLevel::warning);
  CHECK(o.http.trace);
  CHECK(o.http.trace_body);
  CHECK_FALSE(o.timestamps);
  CHECK(o.http.user_agent.find("pailfs/") == 0);
  CHECK(o.http.user_agent.find("[i]") != std::string::npos);
  CHECK(o.fs.parallel == 3);
  CHECK(o.fs.max_cached_attributes == 10);
  CHECK(o.mount_timeout == std::chrono::seconds(5));
  CHECK(o.mount.max_threads == 2);
  CHECK(accepted({"b", "/m", "-o", "noua"}).http.user_agent.empty());
  CHECK(accepted({"b", "/m", "-o", "use_rrs"}).s3.storage_class == "REDUCED_REDUNDANCY");
  CHECK(accepted({"b", "/m", "-o", "bucket_size=500GB"}).fs.size_shown == 500'000'000'000U);
  CHECK(accepted({"b", "/m", "-o", "uid=root,gid=root"}).fs.uid == uid_t{0});
}

TEST_CASE("Help, version and generate need neither bucket nor mountpoint") {
  CHECK(accepted({"-h"}).action == Action::help);
  CHECK(accepted({"--help"}).action == Action::help);
  CHECK(accepted({"--help=url"}).action == Action::help_topic);
  CHECK(accepted({"--help=url"}).topic == "url");
  CHECK(accepted({"--version"}).action == Action::version);
  CHECK(accepted({"--generate=man"}).topic == "man");
}

TEST_CASE("Relative paths are tied to the directory the command was given in") {
  Options options = accepted({"b", "mnt", "-o", "passwd_file=../keys,tmpdir=/t,logfile=./l"});
  make_paths_absolute(options, "/home/u/work");
  CHECK(options.mount.mountpoint == "/home/u/work/mnt");
  CHECK(options.credentials.passwd_file == "/home/u/keys");
  CHECK(options.fs.temporary_directory == "/t");
  CHECK(options.logfile == "/home/u/work/l");
  CHECK(options.header_file.empty());
}

TEST_CASE("Called by mount(8) the switches of mount helpers are accepted") {
  const CommandLine line =
      parse_command_line({"/sbin/mount.pailfs", "b", "/m", "-n", "-v", "-o", "rw,dev,suid"}, {});
  CHECK(line.error.empty());
  CHECK(line.mount_helper);
  CHECK_FALSE(parse({"b", "/m"}).mount_helper);
}

TEST_CASE("mount(8)'s switches for its helpers are not those of the command line") {
  const auto helper = [](Words words) {
    words.insert(words.begin(), "/sbin/mount.fuse.pailfs");
    return parse_command_line(words, {});
  };
  const CommandLine full =
      helper({"b", "/m", "-sfnv", "-N", "/proc/7/ns/mnt", "-o", "ro", "-t", "fuse.pailfs"});
  CHECK(full.error.empty());
  CHECK(full.options.only_pretend);
  CHECK_FALSE(full.options.foreground);
  CHECK_FALSE(full.options.mount.single_threaded);
  CHECK(full.options.namespace_of == "/proc/7/ns/mnt");
  CHECK(full.options.fs.read_only);
  CHECK(helper({"b", "/m", "-N7", "-tfuse.pailfs"}).options.namespace_of == "7");
  CHECK_FALSE(helper({"b", "/m", "-t"}).error.empty());
  CHECK_FALSE(helper({"b", "/m", "-u"}).error.empty());

  CHECK_FALSE(helper({"b", "/m", "-o", "frobnicate"}).error.empty());
  const CommandLine sloppy = helper({"b", "/m", "-o", "frobnicate,ro", "-s"});
  CHECK(sloppy.error.empty());
  REQUIRE(sloppy.warnings.size() == 1);
  CHECK(sloppy.warnings[0].find("frobnicate") != std::string::npos);
  CHECK(sloppy.options.fs.read_only);
  // Not options that are dangerous to leave out, nor outside of mount(8)'s helper.
  CHECK_FALSE(helper({"b", "/m", "-s", "-o", "modules=subdir"}).error.empty());
  CHECK_FALSE(parse({"b", "/m", "-s", "-o", "frobnicate"}).error.empty());
  CHECK_FALSE(parse({"b", "/m", "-N", "7"}).error.empty());
}

}  // namespace
}  // namespace pailfs::cli
