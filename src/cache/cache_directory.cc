// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/cache_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "hashed_name.h"

namespace pailfs::cache {
namespace {

constexpr std::string_view kFormat = "pailfs cache 1\n";

/// Checks or writes the file with the directory's identity, readable for people. The caller holds
/// the lock.
Status check_identity(const std::string& file, const std::string& identity) {
  const std::string wanted = std::string(kFormat) + identity + "\n";
  const auto found = read_file(file, 64U << 10U);
  if (found && *found == wanted) return {};
  // A crash may have left it empty or cut.
  if (found && !wanted.starts_with(*found)) {
    return Error{EINVAL, file + ": this cache belongs to something else or to another version"};
  }
  const UniqueFd fd(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error(errno, "create " + file);
  return write_fully(fd.get(), wanted, 0);
}

}  // namespace

Result<std::string> CacheDirectory::make_shared(const std::string& cache) {
  std::string all = cache + "/pailfs";
  if (Status made = make_private_directory(all); !made) return made.error();
  return all;
}

Result<CacheDirectory> CacheDirectory::take(const std::string& cache, const std::string& identity) {
  const auto all = make_shared(cache);
  if (!all) return all.error();
  std::string path = *all + "/" + hashed_name(identity);
  if (Status made = make_private_directory(path); !made) return made.error();
  const std::string file = path + "/lock";
  UniqueFd lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return system_error(errno, "open " + file);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(errno, "lock " + file);
    return Error{EBUSY, path + " is in use by another mount of the same bucket"};
  }
  const Status known = check_identity(path + "/identity", identity);
  if (!known) return known.error();
  return CacheDirectory(std::move(path), std::move(lock));
}

void CacheDirectory::clear() const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    const std::string name = entry.path().filename();
    if (name == "lock" || name == "identity") continue;
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace pailfs::cache
