// SPDX-License-Identifier: Apache-2.0
// Opens the journal's directory and reads the changes that the last mount left in it.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <openssl/evp.h>

#include "pailfs/util/log.h"
#include "pailfs/util/text.h"

#include "journal.h"

namespace pailfs::journal {
namespace {

constexpr std::string_view kFormat = "pailfs journal 1\n";

std::string digest_of(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &length, EVP_sha256(), nullptr);
  return hex(std::string(out.begin(), out.begin() + length)).substr(0, 32);
}

Status refuse_memory(const std::string& path) {
  struct statfs stat {};
  if (::statfs(path.c_str(), &stat) != 0) return system_error(errno, path);
  if (stat.f_type == TMPFS_MAGIC || stat.f_type == RAMFS_MAGIC) {
    return Error{ENOTSUP, path +
                              " is in memory: durability=local needs a disk, which outlives a "
                              "crash"};
  }
  return {};
}

/// The file `identity` names the bucket that the journal is for, readable for people.
Status check_identity(Disk& disk, const std::string& path, const std::string& identity) {
  const std::string wanted = std::string(kFormat) + identity + "\n";
  const std::string file = path + "/identity";
  const auto found = read_file(file, 64U << 10U);
  if (found && *found == wanted) return {};
  if (found && !found->empty()) {
    return Error{EINVAL, file + ": this journal belongs to something else or to another version"};
  }
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd) return system_error(errno, "create " + file);
  const Status written = write_fully(fd.get(), wanted, 0);
  if (!written) return written;
  if (::fsync(fd.get()) != 0) return system_error(errno, "fsync " + file);
  return disk.sync_directory(path);
}

}  // namespace

std::string directory_path(const std::string& cache_directory, const std::string& identity) {
  return cache_directory + "/journal-" + digest_of(identity);
}

bool has_journal(const std::string& cache_directory, const std::string& identity) {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_path(cache_directory, identity), error)) {
    if (!entry.path().filename().string().starts_with("log.")) continue;
    if (entry.file_size(error) > 0) return true;
  }
  return false;
}

Result<Directory> take_directory(const Config& config) {
  Directory directory;
  directory.disk = std::make_shared<Disk>();
  directory.path = directory_path(config.cache_directory, config.identity);
  directory.bodies = directory.path + "/bodies";
  for (const std::string* path : {&directory.path, &directory.bodies}) {
    const Status made = make_private_directory(*path);
    if (!made) return made.error();
  }
  auto conflicts = cache::KeptConflicts::open(directory.path + "/conflicts");
  if (!conflicts) return conflicts.error();
  directory.conflicts = std::move(*conflicts);
  const std::string file = directory.path + "/lock";
  directory.lock = UniqueFd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!directory.lock) return system_error(errno, "open " + file);
  if (::flock(directory.lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{EBUSY, "the journal " + directory.path +
                            " is in use by another mount of the same bucket; give each mount a "
                            "cache directory of its own"};
  }
  if (config.acknowledges && !config.memory_will_do) {
    const Status disk = refuse_memory(directory.path);
    if (!disk) return disk.error();
  }
  const Status known = check_identity(*directory.disk, directory.path, config.identity);
  if (!known) return known.error();
  const Status synced = directory.disk->sync_directory(config.cache_directory);
  if (!synced) return synced.error();
  return directory;
}

Status Journal::open() {
  std::unordered_map<BodyId, Place> places;
  const MonoTime now = clock_.now();
  Sequence last = 0;
  MutexLock lock(mutex_);
  const auto visit = [&](const Record& record, const Place& place) NO_THREAD_SAFETY_ANALYSIS {
    last = std::max({last, record.seq, record.want.body});
    if (record.kind == Record::Kind::done) {
      pending_.replay_done(record.key, record.seq, record.base, record.size);
      if (pending_.find(record.key) == nullptr) segments_.erase(record.key);
      return;
    }
    if (record.has_bytes) places[record.want.body] = place;
    const bool counts = pending_.replay(record.key, record.want, record.seq, record.since,
                                        record.base, record.before, now, now + config_.grace);
    if (counts) segments_[record.key] = place.segment->number;
  };
  auto log = Log::open(directory_.path, *directory_.disk, sizes_, visit);
  if (!log) return log.error();
  log_ = std::move(*log);
  if (!log_->damage().empty()) log_critical(log_->damage());
  static_cast<void>(pending_.take_released());
  take_bodies(places, last);
  next_seq_ = last + 1;
  std::erase_if(segments_, [&](const auto& each) NO_THREAD_SAFETY_ANALYSIS {
    return pending_.find(each.first) == nullptr;
  });
  if (pending_.entries().empty()) return {};
  note_names();
  log_warning("an earlier mount has left " + std::to_string(pending_.entries().size()) +
              " changes (" + human_size(pending_.bytes()) + ") in the journal " + directory_.path +
              "; they are being carried out");
  workers_.start();
  return {};
}

/// The last mount knew some versions by names that the store may not show.
void Journal::note_names() {
  for (const auto& [key, entry] : pending_.entries()) {
    const bool copies = entry.want.kind == Want::Kind::copy;
    for (const Mark& mark : entry.before) {
      if (entry.base == Base::of(mark.etag)) names.note(key, mark.etag, mark);
      if (copies && entry.want.source_etag == mark.etag) {
        names.note(entry.want.source, mark.etag, mark);
      }
    }
  }
}

/// Finds the bodies of waiting changes; removes bodies that no change needs.
void Journal::take_bodies(const std::unordered_map<BodyId, Place>& places, Sequence& last) {
  std::vector<std::pair<store::Key, Sequence>> lost;
  for (const auto& [key, entry] : pending_.entries()) {
    if (entry.want.kind != Want::Kind::body) continue;
    const auto place = places.find(entry.want.body);
    if (place != places.end()) {
      bodies_.keep(entry.want.body, std::make_shared<Body>(place->second, entry.want.size));
      continue;
    }
    auto body = open_body(directory_.bodies, entry.want.body, entry.want.size);
    if (body) {
      bodies_.keep(entry.want.body, std::move(*body));
    } else if (body.error().err == ENOENT) {
      log_error("the journal: " + printable(key) + ": " + body.error().text +
                "; bytes are removed only once they are stored, so it is taken for stored");
      lost.emplace_back(key, entry.seq);
    } else {
      log_critical("the journal: " + printable(key) + ": " + body.error().text);
    }
  }
  for (const auto& [key, seq] : lost) {
    pending_.replay_done(key, seq, {});
    append_done(key, seq, {});
  }
  static_cast<void>(pending_.take_released());
  std::unordered_set<BodyId> needed;
  for (const auto& [key, entry] : pending_.entries()) {
    if (entry.want.kind == Want::Kind::body) needed.insert(entry.want.body);
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.bodies, error)) {
    const auto id = parse_uint(entry.path().filename().string(), 16);
    if (!id) continue;
    last = std::max(last, *id);
    // With a damaged log the body may belong to a damaged record.
    const bool orphan = !needed.contains(*id) && log_->damage().empty();
    if (orphan) static_cast<void>(directory_.disk->remove(entry.path()));
  }
}

Result<std::unique_ptr<JournalStore>> open_journal(const Config& config, store::ObjectStore& store,
                                                   Clock& clock) {
  auto directory = take_directory(config);
  if (!directory) return directory.error();
  auto journal = std::make_unique<Journal>(config, store, clock, std::move(*directory));
  const Status opened = journal->open();
  if (!opened) return opened.error();
  return std::unique_ptr<JournalStore>(std::move(journal));
}

}  // namespace pailfs::journal
