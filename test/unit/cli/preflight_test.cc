// SPDX-License-Identifier: Apache-2.0
#include "cli/run/preflight.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.h"

namespace pailfs::cli {
namespace {

TEST_CASE("What this machine cannot offer is refused before anything is sent") {
  char directory[] = "/tmp/pailfs-cli-XXXXXX";
  REQUIRE(mkdtemp(directory) != nullptr);
  Options options;
  options.fs.temporary_directory = directory;
  CHECK(check_local_files(options, 1000));

  options.fs.uid = uid_t{0};
  CHECK(check_local_files(options, 0));
  CHECK(check_local_files(options, 1000).error().text == "root user can only specify uid=0.");
  options.fs.uid.reset();
  options.fs.gid = gid_t{0};
  CHECK(check_local_files(options, 1000).error().text == "root user can only specify gid=0.");
  options.fs.gid.reset();

  options.fs.temporary_directory = "/no/such/directory";
  CHECK(check_local_files(options, 0).error().text ==
        "tmpdir=/no/such/directory cannot be used: No such file or directory; make it, or name "
        "another with -o tmpdir=DIRECTORY");
  options.fs.temporary_directory = "/dev/null";
  const Status file = check_local_files(options, 0);
  CHECK(file.error().text == "tmpdir=/dev/null is not a directory");
  CHECK(exit_for(Step::local, file.error()) == Exit::local);
  rmdir(directory);
}

TEST_CASE("A cache directory is made when missing and takes the place of tmpdir") {
  char base[] = "/tmp/pailfs-cli-XXXXXX";
  REQUIRE(mkdtemp(base) != nullptr);
  const std::string parent = std::string(base) + "/new";
  const std::string directory = parent + "/cache";
  Options options;
  CHECK(make_cache_directory(options));
  CHECK(options.fs.temporary_directory == Options{}.fs.temporary_directory);

  options.cache_directory = directory;
  options.cache_directory_must_exist = true;
  const Status missing = make_cache_directory(options);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text ==
        "use_cache=" + directory + " cannot be used: No such file or directory");
  CHECK(exit_for(Step::local, missing.error()) == Exit::local);
  CHECK(options.fs.temporary_directory == Options{}.fs.temporary_directory);

  options.cache_directory_must_exist = false;
  CHECK(make_cache_directory(options));
  CHECK(options.fs.temporary_directory == directory);
  struct stat info {};
  REQUIRE(stat(directory.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777U) == 0700U);
  CHECK(make_cache_directory(options));  // it is there now
  CHECK(check_local_files(options, 1000));

  const std::string file = parent + "/file";
  std::ofstream(file) << "x";
  for (const std::string& bad : {file, file + "/below"}) {
    CAPTURE(bad);
    options.cache_directory = bad;
    const Status refused = make_cache_directory(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().text.find("use_cache=" + bad + " cannot be used: ") == 0);
    CHECK(exit_for(Step::local, refused.error()) == Exit::local);
  }
  unlink(file.c_str());
  rmdir(directory.c_str());
  rmdir(parent.c_str());
  rmdir(base);
}

TEST_CASE("What the mount itself uses must not lie below its mountpoint") {
  char base[] = "/tmp/pailfs-places-XXXXXX";
  REQUIRE(mkdtemp(base) != nullptr);
  const std::string root = base;
  const std::string mountpoint = root + "/mnt";
  REQUIRE(mkdir(mountpoint.c_str(), 0700) == 0);
  REQUIRE(symlink(mountpoint.c_str(), (root + "/link").c_str()) == 0);
  struct Row {
    std::string name;
    std::string path;
    bool fine;
  };
  for (const Row& row :
       {Row{"tmpdir", mountpoint, false}, Row{"tmpdir", root, true},
        Row{"tmpdir", root + "/link", false}, Row{"use_cache", mountpoint + "/a/b", false},
        Row{"use_cache", root + "/mnt2", true}, Row{"logfile", root + "/link/log", false},
        Row{"logfile", root + "/log", true}, Row{"metrics_file", mountpoint + "/m", false},
        Row{"passwd_file", mountpoint + "/../mnt/p", false},
        Row{"passwd_file", root + "/p", true}}) {
    CAPTURE(row.name, row.path);
    Options options;
    options.mount.mountpoint = mountpoint;
    if (row.name == "tmpdir") options.fs.temporary_directory = row.path;
    if (row.name == "use_cache") options.cache_directory = row.path;
    if (row.name == "logfile") options.logfile = row.path;
    if (row.name == "metrics_file") options.metrics_file = row.path;
    if (row.name == "passwd_file") options.credentials.passwd_file = row.path;
    const Status checked = check_local_files(options, 0);
    CHECK(checked.has_value() == row.fine);
    if (checked) continue;
    CHECK(checked.error().text == row.name + "=" + row.path + " lies below MOUNTPOINT " +
                                      mountpoint +
                                      ", where the mount would wait for itself; name a place "
                                      "elsewhere");
  }
  std::filesystem::remove_all(root);
}

Error service_error(int err, int status, const std::string& code) {
  Error error(err, "text");
  error.http_status = status;
  error.s3_code = code;
  return error;
}

TEST_CASE("The exit status tells which side has to be looked at") {
  struct Row {
    Step step;
    Error error;
    Exit exit;
  };
  for (const Row& row : {
           Row{Step::bucket, service_error(EACCES, 403, "InvalidAccessKeyId"), Exit::credentials},
           Row{Step::bucket, service_error(EACCES, 403, "SignatureDoesNotMatch"),
               Exit::credentials},
           Row{Step::bucket, service_error(EACCES, 400, "ExpiredToken"), Exit::credentials},
           Row{Step::bucket, service_error(EACCES, 403, "RequestTimeTooSkewed"), Exit::credentials},
           Row{Step::bucket, service_error(EACCES, 401, ""), Exit::credentials},
           Row{Step::bucket, service_error(EACCES, 403, "AccessDenied"), Exit::bucket},
           Row{Step::bucket, service_error(ENOENT, 404, "NoSuchBucket"), Exit::bucket},
           Row{Step::bucket, service_error(ENOENT, 404, ""), Exit::bucket},
           Row{Step::bucket, service_error(EIO, 301, "PermanentRedirect"), Exit::bucket},
           Row{Step::bucket, service_error(EIO, 400, "AuthorizationHeaderMalformed"), Exit::bucket},
           Row{Step::bucket, service_error(EIO, 503, "SlowDown"), Exit::network},
           Row{Step::bucket, service_error(EIO, 200, ""), Exit::network},
           Row{Step::bucket, service_error(EIO, 0, ""), Exit::network},  // a stranger's 403, 404
           Row{Step::bucket, service_error(ECONNREFUSED, 0, ""), Exit::network},
           Row{Step::bucket, service_error(ETIMEDOUT, 0, ""), Exit::timeout},
           Row{Step::mountpoint, Error(ENOENT, "x"), Exit::local},
           Row{Step::mountpoint, Error(ENOTDIR, "x"), Exit::local},
           Row{Step::mountpoint, Error(EBUSY, "x"), Exit::local},
           Row{Step::mountpoint, Error(ENOTCONN, "x"), Exit::local},
           Row{Step::mountpoint, Error(EPERM, "x"), Exit::fuse},
           Row{Step::mountpoint, Error(ENODEV, "x"), Exit::fuse},
           Row{Step::credentials, Error(EACCES, "x"), Exit::local},
           Row{Step::credentials, Error(ENOENT, "x"), Exit::local},
           Row{Step::credentials, Error(ENOKEY, "x"), Exit::credentials},
           Row{Step::credentials, Error(EINVAL, "x"), Exit::credentials},
           Row{Step::mount, Error(EPERM, "x"), Exit::fuse},
           Row{Step::mount, Error(ENODEV, "x"), Exit::fuse},
           Row{Step::mount, Error(EBUSY, "x"), Exit::local},
           Row{Step::mount, Error(EACCES, "x"), Exit::local},
           Row{Step::mount, Error(EINVAL, "x"), Exit::usage},
       }) {
    CAPTURE(row.error.s3_code, row.error.err);
    CHECK(exit_for(row.step, row.error) == row.exit);
  }
}

}  // namespace
}  // namespace pailfs::cli
