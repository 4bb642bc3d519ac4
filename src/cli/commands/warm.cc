// SPDX-License-Identifier: Apache-2.0
#include "warm.h"

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <map>

#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include "pailfs/util/program_name.h"
#include "pailfs/util/text.h"

#include "cli/run/messages.h"
#include "own_mount.h"
#include "place_in_mount.h"
#include "tree_reader.h"

namespace pailfs::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{5};
/// As many files as a mount fetches ahead of a program by itself.
constexpr unsigned kDefaultJobs = 16;
constexpr unsigned kMostJobs = 256;

/// Takes RapidJSON's events of a status and keeps the numbers of its object "cache".
class CacheMembers final {
 public:
  /// Nothing when there was no such object.
  [[nodiscard]] const std::optional<DiskCache>& cache() const { return cache_; }

  bool Null() { return true; }
  bool Bool(bool /*truth*/) { return true; }
  bool Int(int /*value*/) { return true; }
  bool Int64(std::int64_t /*value*/) { return true; }
  bool Double(double /*value*/) { return true; }
  bool RawNumber(const char* /*text*/, unsigned /*size*/, bool /*copy*/) { return true; }
  bool String(const char* /*text*/, unsigned /*size*/, bool /*copy*/) { return true; }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Uint64(std::uint64_t value) {
    if (depth_ != 2 || above_ != "cache" || !cache_) return true;
    if (key_ == "disk_bytes") {
      cache_->used = true;
      cache_->bytes = value;
    } else if (key_ == "blocks_without_room") {
      cache_->blocks_without_room = value;
    }
    return true;
  }
  bool Key(const char* text, unsigned size, bool /*copy*/) {
    if (depth_ == 1) above_.assign(text, size);
    if (depth_ == 2) key_.assign(text, size);
    return true;
  }
  bool StartObject() {
    ++depth_;
    if (depth_ == 2 && above_ == "cache") cache_.emplace();
    return true;
  }
  bool EndObject(unsigned /*members*/) { return leave(); }
  bool StartArray() {
    ++depth_;
    return true;
  }
  bool EndArray(unsigned /*members*/) { return leave(); }

 private:
  bool leave() {
    --depth_;
    return true;
  }
  int depth_ = 0;
  std::string above_;  // the member of the outermost object
  std::string key_;    // the member of that
  std::optional<DiskCache> cache_;
};

/// Nothing where the mount is another user's or does not answer.
std::optional<DiskCache> ask_disk_cache(const std::string& mountpoint) {
  if (!find_living_mount(mountpoint)) return std::nullopt;
  auto client = ask(mountpoint, "status");
  const auto text = client ? client->rest(kSilence) : Result<std::string>(client.error());
  return text ? read_disk_cache(*text) : std::nullopt;
}

std::string counted(std::uint64_t number, const char* one, const char* many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

std::string describe(const TreeReader::Progress& done, steady_clock::duration took) {
  std::string text = counted(done.files, "file", "files") + " in " +
                     counted(done.directories, "directory", "directories");
  const double seconds = std::chrono::duration<double>(took).count();
  if (done.bytes == 0 || seconds <= 0) return text;
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(done.bytes) / seconds);
  return text + ", " + human_size(done.bytes) + " (" + human_size(rate) + "/s)";
}

/// Reads, and shows on a terminal how far it is.
TreeReader::Progress read_all(const std::vector<std::string>& paths, TreeReader::Wish wish,
                              unsigned jobs) {
  const auto start = steady_clock::now();
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const std::string clear = terminal ? "\r\x1b[K" : "";
  TreeReader reader(
      wish, jobs,
      [&](const TreeReader::Progress& now) {
        if (!terminal) return;
        std::cerr << clear << program_name() << ": " << describe(now, steady_clock::now() - start)
                  << std::flush;
      },
      [&](const std::string& complaint) {
        std::cerr << clear << std::flush;
        say(complaint);
      });
  const TreeReader::Progress done = reader.run(paths);
  std::cerr << clear << std::flush;
  std::cout << "read " << describe(done, steady_clock::now() - start) << "\n";
  return done;
}

}  // namespace

std::optional<DiskCache> read_disk_cache(std::string_view status) {
  std::string text(status);
  CacheMembers members;
  // In its place: the reader needs no memory of its own then.
  rapidjson::InsituStringStream stream(text.data());
  rapidjson::Reader reader;
  if (reader.Parse<rapidjson::kParseInsituFlag>(stream, members).IsError()) return std::nullopt;
  return members.cache();
}

std::string kept_in_vain(const DiskCache& before, const DiskCache& after,
                         std::uint64_t bytes_read) {
  if (bytes_read == 0) return {};
  if (!after.used) {
    return "the mount keeps bytes in memory only, as long as there is room (memory_limit, the "
           "kernel's cache); use_cache=DIR keeps them on disk";
  }
  if (after.blocks_without_room > before.blocks_without_room) {
    return counted(after.blocks_without_room - before.blocks_without_room, "block", "blocks") +
           " did not fit: the disk of use_cache is full, or ensure_diskfree keeps it free";
  }
  if (after.bytes < bytes_read) {
    return "of " + human_size(bytes_read) + " the cache has room for " + human_size(after.bytes) +
           " (cache_size)";
  }
  return {};
}

int run_warm(const Command& command, const Environment& /*environment*/) {
  const std::uint64_t jobs = command.jobs ? parse_uint(*command.jobs).value_or(0) : kDefaultJobs;
  if (jobs < 1 || jobs > kMostJobs) {
    return complain("--jobs=" + printable(command.jobs.value_or("")) +
                        ": it is a number from 1 to " + std::to_string(kMostJobs),
                    Exit::usage);
  }
  std::map<std::string, std::optional<DiskCache>> mounts;
  for (const std::string& typed : command.arguments) {
    const auto place = find_place(typed, kPatience);
    if (!place) return complain(place.error().text, Exit::local);
    mounts.emplace(place->mountpoint, std::nullopt);
  }
  for (auto& [mountpoint, before] : mounts) before = ask_disk_cache(mountpoint);
  const auto wish = command.attributes ? TreeReader::Wish::attributes : TreeReader::Wish::bytes;
  const auto done = read_all(command.arguments, wish, static_cast<unsigned>(jobs));
  for (const auto& [mountpoint, before] : mounts) {
    if (!before) continue;
    const auto after = ask_disk_cache(mountpoint);
    if (!after) continue;
    // What was read in one mount of several is not known.
    const std::uint64_t read = mounts.size() == 1 || !after->used ? done.bytes : 0;
    const std::string remark = kept_in_vain(*before, *after, read);
    if (!remark.empty()) say(printable(mountpoint) + ": " + remark);
  }
  if (done.failures == 0) return 0;
  return complain(counted(done.failures, "name", "names") + " could not be read, see above",
                  Exit::local);
}

}  // namespace pailfs::cli
