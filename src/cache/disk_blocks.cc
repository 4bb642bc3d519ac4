// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/disk_blocks.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "pailfs/cache/block_memory.h"
#include "pailfs/util/crc32c.h"

#include "hashed_name.h"

namespace pailfs::cache {
namespace {

constexpr std::string_view kIndexEnd = ".index";
constexpr std::size_t kNameSize = 16;
constexpr std::array<char, 8> kMagic{'p', 'a', 'i', 'l', 'b', 'l', 'k', '1'};
constexpr std::uint64_t kEntries = 4096;  // where they begin in an index, behind the head
constexpr std::uint32_t kThere = 0x62B10C4B;
/// A tenth of the file system, but no more than this, stays free for other files, above all for
/// unstored bytes.
constexpr std::uint64_t kMostKeptFree = std::uint64_t{10} << 30U;
/// Most versions of which a bit is kept for each block.
constexpr std::size_t kMostSeen = 4096;
/// Most keys below which versions are to be forgotten; after more of them all are.
constexpr std::size_t kMostForgotten = 64;

struct Head {
  std::array<char, 8> magic = kMagic;
  std::uint32_t crc = 0;  // of the rest, and of the text behind the head
  std::uint32_t text = 0;
  std::uint64_t size = 0;
};

/// The entry of one block in an index. All zeros: the block is not there.
struct Slot {
  std::uint32_t crc = 0;
  std::uint32_t there = 0;
};

/// The head of an index; empty when the identity is too long.
std::string head_of(const DiskBlocks::Identity& identity) {
  Head head;
  if (identity.text.size() > kEntries - sizeof(head)) return {};
  head.text = static_cast<std::uint32_t>(identity.text.size());
  head.size = identity.size;
  std::string bytes(sizeof(head), '\0');
  std::memcpy(bytes.data(), &head, sizeof(head));
  bytes += identity.text;
  constexpr std::size_t kCovered = offsetof(Head, text);
  head.crc = crc32c(std::span<const char>(bytes).subspan(kCovered));
  std::memcpy(bytes.data(), &head, sizeof(head));
  return bytes;
}

/// The version that a file of the directory belongs to; empty for a foreign file.
std::string version_of(std::string_view file) {
  if (file.size() == kNameSize + kIndexEnd.size() && file.ends_with(kIndexEnd))
    file.remove_suffix(kIndexEnd.size());
  const bool ours =
      file.size() == kNameSize && file.find_first_not_of("0123456789abcdef") == file.npos;
  return ours ? std::string(file) : std::string();
}

std::uint64_t bytes_on_disk(const struct stat& info) {
  return static_cast<std::uint64_t>(info.st_blocks) * 512;
}

/// Calls `each(file name)` for every file that is ours.
void for_each_file(const std::string& directory, const auto& each) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view file = static_cast<const char*>(entry->d_name);
    if (!version_of(file).empty()) each(std::string(file));
  }
}

std::uint64_t slot_at(std::uint64_t index) {
  return kEntries + index * sizeof(Slot);
}
/// The checksum of a block, which depends on its index, so that a block in the wrong place does not
/// match.
std::uint32_t crc_of(std::span<const char> bytes, std::uint64_t index) {
  return crc32c(bytes, static_cast<std::uint32_t>(index));
}

}  // namespace

std::uint64_t DiskBlocks::Version::block_size(std::uint64_t index) const {
  return std::min(kBlockSize, size_ - index * kBlockSize);
}

bool DiskBlocks::Version::read(std::uint64_t index, char* bytes) {
  std::array<char, sizeof(Slot)> raw{};
  const auto slot_read = read_fully(index_.get(), raw, slot_at(index));
  if (!slot_read || *slot_read != raw.size()) return false;
  Slot slot;
  std::memcpy(&slot, raw.data(), sizeof(slot));
  if (slot.there != kThere) return false;
  const std::span<char> block(bytes, block_size(index));
  const auto read = read_fully(data_.get(), block, index * kBlockSize);
  if (!read || *read != block.size() || crc_of(block, index) != slot.crc) return false;
  disk_.saw(*this, index);
  return true;
}

void DiskBlocks::Version::write(std::uint64_t index, const char* bytes) {
  if (full_) return;
  const std::span<const char> block(bytes, block_size(index));
  full_ = !disk_.make_room(*this, block.size());
  if (full_) return;
  written_ = true;
  const Slot slot{crc_of(block, index), kThere};
  std::array<char, sizeof(Slot)> raw{};
  std::memcpy(raw.data(), &slot, sizeof(slot));
  // A block that could not be written, or only in part, does not match its checksum.
  full_ = !write_fully(data_.get(), block, index * kBlockSize) ||
          !write_fully(index_.get(), raw, slot_at(index));
  if (!full_) disk_.saw(*this, index);
}

DiskBlocks::Version::~Version() {
  if (!written_) return;
  struct stat data {};
  struct stat index {};
  if (::fstat(data_.get(), &data) != 0 || ::fstat(index_.get(), &index) != 0) return;
  if (data.st_nlink > 0) disk_.count(*this, bytes_on_disk(data) + bytes_on_disk(index));
}

bool DiskBlocks::is_below(std::string_view identity, std::string_view key) {
  if (!identity.starts_with(key)) return false;
  if (key.empty() || key.ends_with('/') || identity.size() == key.size()) return true;
  return identity[key.size()] == '/' || identity[key.size()] == '\0';
}

DiskBlocks::DiskBlocks(Config config) : config_(std::move(config)), limit_(config_.limit) {
  // If the directory cannot be made no file can be opened, and so nothing is kept.
  ::mkdir(config_.directory.c_str(), S_IRWXU);
}

std::string DiskBlocks::path(const std::string& name) const {
  return config_.directory + "/" + name;
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::open(const Identity& identity, bool create) {
  const std::string head = head_of(identity);
  const std::string name = hashed_name(identity.text);
  if (head.empty() || identity.size == 0) return nullptr;
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
  auto version = std::unique_ptr<Version>(new Version(*this, name, identity.size));
  const std::string data = path(name);
  version->index_ = UniqueFd(::open((data + std::string(kIndexEnd)).c_str(), flags, 0600));
  if (!version->index_) return nullptr;
  version->data_ = UniqueFd(::open(data.c_str(), flags, 0600));
  if (!version->data_) return nullptr;
  std::string found(head.size(), '\0');
  const auto read = read_fully(version->index_.get(), found, 0);
  if (!read) return nullptr;
  if (*read == head.size() && found == head) return version;
  // The files are left from another version with this name, or from a crash.
  seen_.erase(name);
  if (!create || ::ftruncate(version->index_.get(), 0) != 0) return nullptr;
  if (!write_fully(version->index_.get(), head, 0)) return nullptr;
  return version;
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::find(const Identity& identity) {
  MutexLock lock(mutex_);
  forget_if_due(identity);
  auto version = open(identity, false);
  if (!version) return nullptr;
  const bool newest = !entries_.empty() && entries_.back().name == version->name_;
  if (const auto known = by_name_.find(version->name_); known != by_name_.end()) {
    entries_.splice(entries_.end(), entries_, known->second);
    version->serial_ = known->second->serial;
  }
  lock.unlock();
  // The next mount orders its versions by these times.
  if (!newest) ::futimens(version->index_.get(), nullptr);
  return version;
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::make(const Identity& identity,
                                                      const std::function<bool()>& wanted) {
  scan();
  MutexLock lock(mutex_);
  if (!wanted()) return nullptr;
  forget_if_due(identity);
  auto version = open(identity, true);
  if (!version) return nullptr;
  const auto [known, fresh] = by_name_.try_emplace(version->name_);
  version->serial_ = fresh ? ++last_serial_ : known->second->serial;
  if (fresh) {
    known->second = entries_.insert(entries_.end(), Entry{version->name_, 0, version->serial_});
    while (entries_.size() > config_.most_versions) remove_oldest();
  } else {
    entries_.splice(entries_.end(), entries_, known->second);
  }
  return version;
}

void DiskBlocks::scan() {
  if (scan_begun_.exchange(true)) return;
  struct Found {
    std::uint64_t bytes = 0;
    timespec used{};  // time of its index; a version without an index is removed first
  };
  std::unordered_map<std::string, Found> found;
  for_each_file(config_.directory, [&](const std::string& file) {
    struct stat info {};
    if (::lstat(path(file).c_str(), &info) != 0) return;
    Found& version = found[version_of(file)];
    version.bytes += bytes_on_disk(info);
    if (file.size() != kNameSize) version.used = info.st_mtim;
  });
  std::vector<std::pair<std::string, Found>> order(found.begin(), found.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.used.tv_sec, a.second.used.tv_nsec) >
           std::pair(b.second.used.tv_sec, b.second.used.tv_nsec);
  });
  MutexLock lock(mutex_);
  for (const auto& [name, version] : order) {
    const auto [known, fresh] = by_name_.try_emplace(name);
    if (!fresh) continue;
    known->second = entries_.insert(entries_.begin(), Entry{name, version.bytes, ++last_serial_});
    bytes_ += version.bytes;
  }
}

DiskBlocks::Entry* DiskBlocks::entry_of(const Version& version) {
  const auto known = by_name_.find(version.name_);
  if (known == by_name_.end() || known->second->serial != version.serial_) return nullptr;
  return &*known->second;
}

void DiskBlocks::count(const Version& version, std::uint64_t bytes) {
  MutexLock lock(mutex_);
  Entry* const entry = entry_of(version);
  if (entry == nullptr) return;
  bytes_ = bytes_ - entry->bytes + bytes;
  entry->bytes = bytes;
}

void DiskBlocks::set_limit(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  limit_ = bytes;
  while (bytes_ > limit_ && !entries_.empty()) remove_oldest();
}

bool DiskBlocks::make_room(const Version& version, std::uint64_t bytes) {
  struct statvfs info {};
  if (::statvfs(config_.directory.c_str(), &info) != 0) return false;
  const std::uint64_t free = config_.room.pretended_free.value_or(info.f_bavail * info.f_frsize);
  const std::uint64_t total = info.f_blocks * info.f_frsize;
  DiskRoom room = config_.room;
  room.keep_free = std::max(room.keep_free, std::min(total / 10, kMostKeptFree));
  room.pretended_free.reset();
  MutexLock lock(mutex_);
  Entry* const entry = entry_of(version);
  if (entry == nullptr) return false;  // removed while it was being filled
  const std::uint64_t before = bytes_;
  const std::uint64_t others = bytes_ - entry->bytes;
  // Other programs have filled the disk if the removal of all other versions would not make enough
  // room.
  if (!leaves_room(room, free + others, total, bytes)) {
    ++without_room_;
    return false;
  }
  const auto has_room = [&]() REQUIRES(mutex_) {
    return bytes_ + bytes <= limit_ && leaves_room(room, free + (before - bytes_), total, bytes);
  };
  while (!has_room()) {
    if (entries_.empty() || entries_.front().name == version.name_) return false;
    remove_oldest();
  }
  entry->bytes += bytes;
  bytes_ += bytes;
  return true;
}

void DiskBlocks::remove_oldest() {
  const Entry oldest = std::move(entries_.front());
  entries_.pop_front();
  by_name_.erase(oldest.name);
  seen_.erase(oldest.name);
  bytes_ -= oldest.bytes;
  unlink_files(oldest.name);
}

void DiskBlocks::unlink_files(const std::string& name) const {
  const std::string data = path(name);
  ::unlink((data + std::string(kIndexEnd)).c_str());
  ::unlink(data.c_str());
}

void DiskBlocks::forget(const Identity& identity) {
  MutexLock lock(mutex_);
  forget_locked(identity);
}

void DiskBlocks::forget_below(const std::string& key, std::vector<std::string> but) {
  scan();
  MutexLock lock(mutex_);
  std::erase_if(forgotten_, [&](const Forgotten& one) { return is_below(one.key, key); });
  if (forgotten_.size() < kMostForgotten) {
    forgotten_.push_back({key, last_serial_, std::move(but)});
  } else {
    forgotten_ = {{std::string(), last_serial_, std::move(but)}};
  }
}

void DiskBlocks::forget_if_due(const Identity& identity) {
  if (forgotten_.empty()) return;
  const auto known = by_name_.find(hashed_name(identity.text));
  if (known == by_name_.end()) return;
  const std::uint64_t serial = known->second->serial;
  const bool due = std::any_of(forgotten_.begin(), forgotten_.end(), [&](const Forgotten& one) {
    return serial <= one.serial && is_below(identity.text, one.key) &&
           std::find(one.but.begin(), one.but.end(), identity.text) == one.but.end();
  });
  if (due) forget_locked(identity);
}

void DiskBlocks::forget_locked(const Identity& identity) {
  const std::string name = hashed_name(identity.text);
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    bytes_ -= known->second->bytes;
    entries_.erase(known->second);
    by_name_.erase(known);
  }
  seen_.erase(name);
  unlink_files(name);  // counted or not: files of an earlier mount are counted later
}

void DiskBlocks::saw(const Version& version, std::uint64_t index) {
  MutexLock lock(mutex_);
  // Nothing is noted for files that are gone. Before the scan, files of an earlier mount have no
  // entry.
  const bool counted = by_name_.contains(version.name_);
  if (counted ? entry_of(version) == nullptr : version.serial_ != 0) return;
  if (seen_.size() >= kMostSeen && !seen_.contains(version.name_)) seen_.clear();
  Seen& seen = seen_[version.name_];
  seen.blocks.resize((version.size_ - 1) / kBlockSize + 1);
  if (!seen.blocks[index]) ++seen.count;
  seen.blocks[index] = true;
}

UniqueFd DiskBlocks::whole(const Identity& identity) {
  const auto version = find(identity);
  if (!version) return UniqueFd();
  MutexLock lock(mutex_);
  const auto seen = seen_.find(version->name_);
  if (seen == seen_.end() || seen->second.count != seen->second.blocks.size()) return UniqueFd();
  struct stat info {};
  const bool good = ::fstat(version->data_.get(), &info) == 0 && info.st_nlink > 0 &&
                    static_cast<std::uint64_t>(info.st_size) == identity.size;
  return good ? std::move(version->data_) : UniqueFd();
}

std::uint64_t DiskBlocks::without_room() {
  const MutexLock lock(mutex_);
  return without_room_;
}

std::uint64_t DiskBlocks::size() {
  scan();
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace pailfs::cache
