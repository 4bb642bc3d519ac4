// SPDX-License-Identifier: Apache-2.0
#include "pailfs/cache/disk_blocks.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "pailfs/cache/block_memory.h"
#include "pailfs/util/crc32c.h"

#include "hashed_name.h"
#include "shared_usage.h"

namespace pailfs::cache {
namespace {

constexpr std::string_view kIndexEnd = ".index";
constexpr std::size_t kNameSize = 16;
constexpr std::array<char, 8> kMagic{'p', 'a', 'i', 'l', 'b', 'l', 'k', '2'};
constexpr std::uint64_t kEntries = 4096;  // where they begin in an index, behind the head
constexpr std::uint32_t kThere = 0x62B10C4B;
/// What a version takes that has hardly a block.
constexpr std::int64_t kIndexBytes = 8192;
/// A tenth of the file system, but no more than this, stays free for other files, above all for
/// unstored bytes.
constexpr std::uint64_t kMostKeptFree = std::uint64_t{10} << 30U;
/// Counted at a time, so that the count is not written for each block.
constexpr std::uint64_t kCredit = 1U << 20U;
/// A sweep makes this part of the bound free, so that the next one is not soon.
constexpr std::uint64_t kSlack = 32;
/// How long a version that is used again and again is not marked as used anew.
constexpr std::int64_t kOften = 1'000'000'000;
/// Most versions of which a bit is kept for each block.
constexpr std::size_t kMostSeen = 4096;
/// Most keys below which versions are to be forgotten; after more of them all are.
constexpr std::size_t kMostForgotten = 64;

struct Head {
  std::array<char, 8> magic = kMagic;
  std::uint32_t crc = 0;  // of the rest, and of the text behind the head
  std::uint32_t text = 0;
  std::uint64_t size = 0;
  std::int64_t made = 0;  // nanoseconds since 1970
};

/// The entry of one block in an index. All zeros: the block is not there.
struct Slot {
  std::uint32_t crc = 0;
  std::uint32_t there = 0;
};

std::uint32_t crc_of_head(std::span<const char> bytes) {
  return crc32c(bytes.subspan(offsetof(Head, text)));
}

/// The head of an index; empty when the text is too long.
std::string head_of(const std::string& text, std::uint64_t size, std::int64_t made) {
  Head head;
  if (text.size() > kEntries - sizeof(head)) return {};
  head.text = static_cast<std::uint32_t>(text.size());
  head.size = size;
  head.made = made;
  std::string bytes(sizeof(head), '\0');
  std::memcpy(bytes.data(), &head, sizeof(head));
  bytes += text;
  head.crc = crc_of_head(bytes);
  std::memcpy(bytes.data(), &head, sizeof(head));
  return bytes;
}

struct Described {
  std::string text;
  std::uint64_t size = 0;
  std::int64_t made = 0;
};

/// What an index says of itself; nothing when it is damaged.
std::optional<Described> read_head(int index) {
  std::string bytes(kEntries, '\0');
  const auto read = read_fully(index, bytes, 0);
  Head head;
  if (!read || *read < sizeof(head)) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof(head));
  if (head.magic != kMagic || head.text > *read - sizeof(head)) return std::nullopt;
  bytes.resize(sizeof(head) + head.text);
  if (crc_of_head(bytes) != head.crc) return std::nullopt;
  return Described{bytes.substr(sizeof(head)), head.size, head.made};
}

std::int64_t nanoseconds_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// More exact than the time that the kernel takes by itself.
void set_used(int fd, std::int64_t now) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const timespec time{static_cast<time_t>(now / kSecond), static_cast<long>(now % kSecond)};
  const std::array<timespec, 2> both{time, time};
  ::futimens(fd, both.data());
}

DiskBlocks::FileId id_of(int fd) {
  struct statx what {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &what) != 0) return {};
  const bool tells = (what.stx_mask & STATX_BTIME) != 0;
  return {what.stx_ino, tells ? what.stx_btime.tv_sec * 1'000'000'000 +
                                    static_cast<std::int64_t>(what.stx_btime.tv_nsec)
                              : 0};
}

/// The file system of the directory, and what must stay free of it.
struct Disk {
  DiskRoom room;
  std::uint64_t free = 0;
  std::uint64_t total = 0;
  [[nodiscard]] bool leaves(std::uint64_t removed, std::uint64_t bytes) const {
    return leaves_room(room, free + removed, total, bytes);
  }
};

std::optional<Disk> look_at_disk(const DiskBlocks::Config& config) {
  struct statvfs info {};
  if (::statvfs(config.directory.c_str(), &info) != 0) return std::nullopt;
  Disk disk;
  disk.free = config.room.pretended_free.value_or(info.f_bavail * info.f_frsize);
  disk.total = info.f_blocks * info.f_frsize;
  disk.room = config.room;
  disk.room.keep_free = std::max(disk.room.keep_free, std::min(disk.total / 10, kMostKeptFree));
  disk.room.pretended_free.reset();
  return disk;
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

/// The files of one version, as a look at the directory shows them.
struct Found {
  std::string name;
  std::uint64_t bytes = 0;
  timespec used{};  // time of its index; a version without an index is removed first
};

/// Those used longest ago first.
std::vector<Found> look_at_versions(const std::string& directory) {
  std::unordered_map<std::string, Found> found;
  for_each_file(directory, [&](const std::string& file) {
    struct stat info {};
    if (::lstat((directory + "/" + file).c_str(), &info) != 0) return;
    Found& version = found[version_of(file)];
    version.bytes += bytes_on_disk(info);
    if (file.size() != kNameSize) version.used = info.st_mtim;
  });
  std::vector<Found> order;
  order.reserve(found.size());
  for (auto& [name, version] : found) {
    version.name = name;
    order.push_back(std::move(version));
  }
  std::sort(order.begin(), order.end(), [](const Found& a, const Found& b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  return order;
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

bool DiskBlocks::Version::is_removed() const {
  struct stat data {};
  return ::fstat(data_.get(), &data) != 0 || data.st_nlink == 0;
}

bool DiskBlocks::Version::take_room(std::uint64_t bytes) {
  if (credit_ < bytes) credit_ += disk_.take_room(*this, bytes);
  if (credit_ < bytes) return false;
  credit_ -= bytes;
  return true;
}

void DiskBlocks::Version::write(std::uint64_t index, const char* bytes) {
  if (full_) return;
  const std::span<const char> block(bytes, block_size(index));
  full_ = !take_room(block.size());
  if (full_) return;
  const Slot slot{crc_of(block, index), kThere};
  std::array<char, sizeof(Slot)> raw{};
  std::memcpy(raw.data(), &slot, sizeof(slot));
  // A block that could not be written, or only in part, does not match its checksum.
  full_ = !write_fully(data_.get(), block, index * kBlockSize) ||
          !write_fully(index_.get(), raw, slot_at(index));
  if (!full_) disk_.saw(*this, index);
}

bool DiskBlocks::Version::claim(std::uint64_t first, std::uint64_t count) {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(slot_at(first));
  range.l_len = static_cast<off_t>(count * sizeof(Slot));
  if (::fcntl(index_.get(), F_OFD_SETLK, &range) == 0) return true;
  // Where the file system knows no locks, each fetches for itself.
  return errno != EAGAIN && errno != EACCES;
}

DiskBlocks::Version::~Version() {
  if (credit_ > 0) disk_.usage_->add(-static_cast<std::int64_t>(credit_), 0);
}

bool DiskBlocks::is_below(std::string_view identity, std::string_view key) {
  if (!identity.starts_with(key)) return false;
  if (key.empty() || key.ends_with('/') || identity.size() == key.size()) return true;
  return identity[key.size()] == '/' || identity[key.size()] == '\0';
}

DiskBlocks::DiskBlocks(Config config)
    : config_([&] {
        // If the directory cannot be made no file can be opened, and so nothing is kept.
        ::mkdir(config.directory.c_str(), S_IRWXU);
        return std::move(config);
      }()),
      usage_(std::make_unique<SharedUsage>(config_.directory)),
      limit_(config_.limit) {}

DiskBlocks::~DiskBlocks() = default;

std::string DiskBlocks::path(const std::string& name) const {
  return config_.directory + "/" + name;
}

std::string DiskBlocks::full_text(const Identity& identity) const {
  return config_.store + '\0' + identity.text;
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::open(const Identity& identity) {
  const std::string text = full_text(identity);
  const std::string name = hashed_name(text);
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  auto version = std::unique_ptr<Version>(new Version(*this, name, identity.size));
  version->index_ = UniqueFd(::open((path(name) + std::string(kIndexEnd)).c_str(), kFlags));
  if (!version->index_) return nullptr;
  version->data_ = UniqueFd(::open(path(name).c_str(), kFlags));
  if (!version->data_) return nullptr;
  const auto found = read_head(version->index_.get());
  if (!found || found->text != text || found->size != identity.size) return nullptr;
  version->made_ = found->made;
  version->file_ = id_of(version->data_.get());
  return version;
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::create(const Identity& identity) {
  const std::string text = full_text(identity);
  const std::int64_t made = nanoseconds_now();
  std::string head = head_of(text, identity.size, made);
  if (head.empty() || identity.size == 0) return nullptr;
  if (auto version = open(identity)) return version;
  // The files are left from another version with this name, or from a crash, or are just being
  // made by another process: what that one writes is lost.
  const std::string name = hashed_name(text);
  unlink_files(name);
  constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_CREAT | O_EXCL;
  auto version = std::unique_ptr<Version>(new Version(*this, name, identity.size));
  version->index_ = UniqueFd(::open((path(name) + std::string(kIndexEnd)).c_str(), kFlags, 0600));
  // Up to the first entry, so that the index takes kIndexBytes from the beginning.
  head.resize(kEntries + sizeof(Slot));
  if (!version->index_ || !write_fully(version->index_.get(), head, 0)) return nullptr;
  version->data_ = UniqueFd(::open(path(name).c_str(), kFlags, 0600));
  if (!version->data_) return nullptr;
  version->made_ = made;
  version->file_ = id_of(version->data_.get());
  const SharedUsage::Count now = usage_->add(kIndexBytes, 1);
  if (now.versions > config_.most_versions) static_cast<void>(sweep({name, 0}));
  return version;
}

void DiskBlocks::touch(const Version& version) {
  const std::int64_t now = nanoseconds_now();
  {
    const MutexLock lock(mutex_);
    if (last_used_ == version.name_ && now - last_time_ < kOften) return;
    last_used_ = version.name_;
    last_time_ = now;
  }
  set_used(version.index_.get(), now);
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::find(const Identity& identity) {
  auto version = open(identity);
  if (!version) return nullptr;
  bool due = false;
  {
    const MutexLock lock(mutex_);
    due = is_due(identity, version->made_);
  }
  if (due) {
    remove(version->name_);
    return nullptr;
  }
  touch(*version);
  return version;
}

std::unique_ptr<DiskBlocks::Version> DiskBlocks::make(const Identity& identity,
                                                      const std::function<bool()>& wanted) {
  count_once();
  auto version = find(identity);
  if (!version) {
    version = create(identity);
    if (version) touch(*version);
  }
  // What is forgotten after this look is removed by forget().
  if (!version || wanted()) return version;
  remove(version->name_);
  return nullptr;
}

void DiskBlocks::set_limit(std::uint64_t bytes) {
  limit_ = bytes;
  static_cast<void>(sweep({}));
}

std::uint64_t DiskBlocks::take_room(const Version& version, std::uint64_t bytes) {
  const auto disk = look_at_disk(config_);
  if (!disk || version.is_removed()) return 0;
  for (const std::uint64_t wanted : {bytes + kCredit, bytes}) {
    const auto now = usage_->add(static_cast<std::int64_t>(wanted), 0);
    if (now.bytes <= limit_ && disk->leaves(0, wanted)) return wanted;
    if (wanted == bytes && sweep({version.name_, bytes})) return bytes;
    usage_->add(-static_cast<std::int64_t>(wanted), 0);
  }
  return 0;
}

bool DiskBlocks::sweep(const Need& need) {
  const auto disk = look_at_disk(config_);
  if (!disk) return false;
  const UniqueFd right = usage_->try_sweep();
  // Another thread or process makes room.
  if (!right) return disk->leaves(0, need.bytes) && usage_->read().bytes <= limit_ + limit_ / 16;
  const std::vector<Found> found = look_at_versions(config_.directory);
  SharedUsage::Count left{need.bytes, found.size()};
  for (const Found& version : found) left.bytes += version.bytes;
  std::uint64_t removed = 0;
  const auto fits = [&](std::uint64_t limit) {
    return left.bytes <= limit && left.versions <= config_.most_versions &&
           disk->leaves(removed, need.bytes);
  };
  std::uint64_t others = 0;
  for (const Found& version : found) others += version.name == need.version ? 0 : version.bytes;
  // Other programs have filled the disk if the removal of all other versions would not make enough
  // room.
  const bool hopeless = !disk->leaves(others, need.bytes);
  const bool must = !fits(limit_);
  for (auto next = found.begin(); must && !hopeless && next != found.end(); ++next) {
    if (fits(limit_ - limit_ / kSlack)) break;
    if (next->name == need.version) continue;
    unlink_files(next->name);
    left.bytes -= next->bytes;
    --left.versions;
    removed += next->bytes;
  }
  usage_->set(left);
  if (hopeless && need.bytes > 0) ++without_room_;
  return fits(limit_);
}

void DiskBlocks::count_once() {
  if (!counted_.exchange(true)) static_cast<void>(sweep({}));
}

void DiskBlocks::unlink_files(const std::string& name) const {
  const std::string data = path(name);
  ::unlink((data + std::string(kIndexEnd)).c_str());
  ::unlink(data.c_str());
}

void DiskBlocks::remove(const std::string& name) {
  std::uint64_t bytes = 0;
  for (const std::string& file : {path(name), path(name) + std::string(kIndexEnd)}) {
    struct stat info {};
    if (::lstat(file.c_str(), &info) == 0) bytes += bytes_on_disk(info);
  }
  if (bytes == 0) return;
  unlink_files(name);
  usage_->add(-static_cast<std::int64_t>(bytes), -1);
  const MutexLock lock(mutex_);
  seen_.erase(name);
}

void DiskBlocks::forget(const Identity& identity) {
  remove(hashed_name(full_text(identity)));
}

void DiskBlocks::forget_below(const std::string& key, std::vector<std::string> but) {
  const std::int64_t now = nanoseconds_now();
  const MutexLock lock(mutex_);
  std::erase_if(forgotten_, [&](const Forgotten& one) { return is_below(one.key, key); });
  if (forgotten_.size() < kMostForgotten) {
    forgotten_.push_back({key, now, std::move(but)});
  } else {
    forgotten_ = {{std::string(), now, std::move(but)}};
  }
}

bool DiskBlocks::is_due(const Identity& identity, std::int64_t made) {
  return std::any_of(forgotten_.begin(), forgotten_.end(), [&](const Forgotten& one) {
    return made <= one.time && is_below(identity.text, one.key) &&
           std::find(one.but.begin(), one.but.end(), identity.text) == one.but.end();
  });
}

void DiskBlocks::clear() {
  const std::string ours = config_.store + '\0';
  std::vector<std::string> names;
  for_each_file(config_.directory, [&](const std::string& file) {
    if (file.size() == kNameSize) return;
    const UniqueFd index(::open(path(file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const auto found = index ? read_head(index.get()) : std::nullopt;
    if (found && found->text.starts_with(ours)) names.push_back(version_of(file));
  });
  for (const std::string& name : names) remove(name);
}

void DiskBlocks::saw(const Version& version, std::uint64_t index) {
  // Without a time of birth a file that was made anew cannot be told from the one before.
  if (version.file_.born == 0) return;
  const MutexLock lock(mutex_);
  if (seen_.size() >= kMostSeen && !seen_.contains(version.name_)) seen_.clear();
  Seen& seen = seen_[version.name_];
  if (seen.made > version.made_) return;
  if (seen.file != version.file_) seen = {version.file_, version.made_, {}, 0};
  seen.blocks.resize((version.size_ - 1) / kBlockSize + 1);
  if (!seen.blocks[index]) ++seen.count;
  seen.blocks[index] = true;
}

UniqueFd DiskBlocks::whole(const Identity& identity) {
  const auto version = find(identity);
  if (!version) return UniqueFd();
  {
    const MutexLock lock(mutex_);
    const auto seen = seen_.find(version->name_);
    if (seen == seen_.end() || seen->second.file != version->file_ ||
        seen->second.count != seen->second.blocks.size())
      return UniqueFd();
  }
  struct stat info {};
  const bool good = ::fstat(version->data_.get(), &info) == 0 && info.st_nlink > 0 &&
                    static_cast<std::uint64_t>(info.st_size) == identity.size;
  return good ? std::move(version->data_) : UniqueFd();
}

std::uint64_t DiskBlocks::size() {
  count_once();
  return usage_->read().bytes;
}

}  // namespace pailfs::cache
