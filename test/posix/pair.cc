// SPDX-License-Identifier: Apache-2.0
#include "pair.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>

namespace pailfs::test {
namespace {

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << why << std::endl;
  std::_Exit(1);
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) give_up(path + ": " + ::strerror(errno));
}

}  // namespace

Pair::Pair(std::vector<std::string> options) : options_(std::move(options)) {
  ::umask(0);
  if (::mkdtemp(directory_.data()) == nullptr) give_up("no directory for mounts");
  ::chmod(directory_.c_str(), 0755);  // other users pass through it
  make_directory(tmpfs());
  make_directory(pailfs());
  // Device nodes are made in earnest, and must not be opened so.
  if (::mount("tmpfs", tmpfs().c_str(), "tmpfs", MS_NOATIME | MS_NODEV | MS_NOSUID, "mode=0777") !=
      0) {
    give_up(tmpfs() + ": " + ::strerror(errno));
  }
  mount();
}

Pair::~Pair() {
  if (const Status ended = process_.stop(); !ended) std::cerr << ended.error().text << '\n';
  ::umount2(tmpfs().c_str(), MNT_DETACH);
  ::rmdir(tmpfs().c_str());
  ::rmdir(pailfs().c_str());
  ::rmdir(directory_.c_str());
}

void Pair::remount() {
  if (const Status ended = process_.stop(); !ended) give_up(ended.error().text);
  mount();
}

void Pair::mount() {
  const Service& service = server_.service();
  std::vector<std::string> arguments{service.bucket, pailfs(), "-f"};
  std::string words =
      "url=" + service.url + ",use_path_request_style,allow_other,nodev,nosuid,multipart_size=5";
  for (const std::string& option : options_) words += "," + option;
  arguments.insert(arguments.end(), {"-o", words});
  const std::vector<std::string> environment{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/",
                                             "AWSACCESSKEYID=" + service.access_key,
                                             "AWSSECRETACCESSKEY=" + service.secret_key};
  const Status started = process_.start(PAILFS_PROGRAM, arguments, environment, pailfs());
  if (!started) give_up(started.error().text);
}

std::string why_no_pair() {
  if (::geteuid() != 0) return "only root can act as other users and mount a tmpfs";
  if (const std::string why = why_no_mount(); !why.empty()) return why;
  std::string directory = "/tmp/pailfs-posix-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return "no directory in /tmp";
  const bool mounted = ::mount("tmpfs", directory.c_str(), "tmpfs", 0, "") == 0;
  const int failed = errno;
  if (mounted) ::umount2(directory.c_str(), MNT_DETACH);
  ::rmdir(directory.c_str());
  return mounted ? "" : std::string("mount of a tmpfs: ") + ::strerror(failed);
}

}  // namespace pailfs::test
