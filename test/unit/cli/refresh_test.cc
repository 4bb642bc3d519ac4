// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/refresh.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <thread>

#include "cli/commands/place_in_mount.h"
#include "support/catch.h"
#include "support/scratch_directory.h"

namespace pailfs::cli {
namespace {

std::vector<mount::MountRecord> mounts(const std::vector<std::string>& paths) {
  std::vector<mount::MountRecord> records;
  for (const std::string& path : paths) records.emplace_back().mountpoint = path;
  return records;
}

}  // namespace

TEST_CASE("A refresh waits for a silent process or service for a short while") {
  struct Row {
    const char* said;
    const char* remark;
    int err;
  };
  for (const Row& row :
       std::vector<Row>{{"refreshed\n", "", 0},
                        {"forgotten\nrefreshed\n", "", 0},
                        {"forgotten\nrefreshed there is nothing\n", "there is nothing", 0},
                        {"refreshed of an older process\n", "of an older process", 0},
                        {"forgotten\n",
                         "all that was known is forgotten; whether it is in the bucket is not "
                         "known, because the "
                         "service has not answered for 1 s",
                         0},
                        {"", "", ETIMEDOUT},
                        {"failed no path\n", "", EIO}}) {
    CAPTURE(row.said);
    const test::ScratchDirectory scratch;
    const std::string path = scratch.path() + "/socket";
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(std::begin(address.sun_path), sizeof(address.sun_path) - 1);
    REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    auto client = report::ControlClient::ask(path, "refresh a");
    REQUIRE(client);
    const int served = ::accept(listener, nullptr, nullptr);
    const std::string said = row.said;
    REQUIRE(::send(served, said.data(), said.size(), 0) == static_cast<ssize_t>(said.size()));
    const auto remark = await_refresh(*client, "a", std::chrono::milliseconds(200));
    CHECK((remark ? 0 : remark.error().err) == row.err);
    if (remark) CHECK(*remark == row.remark);
    ::close(served);
    ::close(listener);
  }
}

TEST_CASE("A path is in the innermost mount that it is below") {
  const auto all = mounts({"/mnt", "/mnt/inner", "/mnt2"});
  struct Row {
    const char* path;
    const char* mountpoint;
    const char* rest;
  };
  for (const Row& row : std::vector<Row>{{"/mnt", "/mnt", ""},
                                         {"/mnt/a/b", "/mnt", "a/b"},
                                         {"/mnt/inner", "/mnt/inner", ""},
                                         {"/mnt/inner/x", "/mnt/inner", "x"},
                                         {"/mnt/inner2/x", "/mnt", "inner2/x"},
                                         {"/mnt2/x", "/mnt2", "x"}}) {
    CAPTURE(row.path);
    const auto place = place_in(all, row.path);
    REQUIRE(place);
    CHECK(place->mountpoint == row.mountpoint);
    CHECK(place->path == row.rest);
  }
  for (const char* path : {"/", "/mn", "/mnt3", "/other/mnt", ""}) {
    CAPTURE(path);
    CHECK_FALSE(place_in(all, path));
  }
  CHECK_FALSE(place_in({}, "/mnt"));
  CHECK(place_in(mounts({"/"}), "/a")->path == "a");
}

}  // namespace pailfs::cli
