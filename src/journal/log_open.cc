// SPDX-License-Identifier: Apache-2.0
// Log::open: reads the records that the last mount left.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "pailfs/util/text.h"

#include "log.h"

namespace pailfs::journal {
namespace {

Result<std::string> read_whole(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return system_error(error.value(), path);
  return read_file(path, size);
}

std::vector<std::uint64_t> numbers_in(const std::string& directory) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("log.")) continue;
    const auto number = parse_uint(name.substr(4));
    if (number) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// Whether a whole record begins anywhere in `bytes` of a batch that began at `from` or later.
bool has_record(std::string_view bytes, std::uint64_t from) {
  for (std::size_t at = bytes.find("PJ1\n"); at != std::string_view::npos;
       at = bytes.find("PJ1\n", at + 1)) {
    const auto found = decode(bytes.substr(at));
    if (found && found->batch_at >= from) return true;
  }
  return false;
}

/// Where the segment before that of `path` ends, by the first record of `path`.
std::uint64_t end_before(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> head{};
  const auto length = file ? read_fully(file.get(), head, 0) : Result<std::size_t>(0);
  const auto found = decode(std::string_view(head.data(), length ? *length : 0));
  return found && found->record.kind == Record::Kind::follows ? found->record.seq : 0;
}

Status copy_file(const std::string& from, const std::string& to) {
  const auto bytes = read_whole(from);
  if (!bytes) return bytes.error();
  const UniqueFd file(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "create " + to);
  const Status written = write_fully(file.get(), *bytes, 0);
  if (!written) return written;
  return ::fsync(file.get()) == 0 ? Status() : Status(system_error(errno, "fsync " + to));
}

/// Shows the records that `bytes`, those of the segment, begin with. How many bytes they take.
std::uint64_t visit_records(std::string_view bytes, const std::shared_ptr<Segment>& segment,
                            const std::function<void(const Record&, const Place&)>& visit) {
  std::uint64_t at = 0;
  for (;;) {
    const auto found = decode(bytes.substr(at));
    if (!found) return at;
    at += found->length;
    if (found->record.kind == Record::Kind::follows) continue;
    visit(found->record, Place{segment, at - found->record.bytes.size()});
  }
}

}  // namespace

/// `good`: number of bytes of segment `from` that were read.
Status Log::set_aside(const std::vector<std::uint64_t>& numbers, std::size_t from,
                      std::uint64_t good) {
  for (std::size_t i = from; i < numbers.size(); ++i) {
    const std::string path = path_of(numbers[i]);
    const std::string aside = directory_ + "/damaged." + std::to_string(numbers[i]);
    const Status copied = copy_file(path, aside);
    if (!copied) return copied;
    if (i == from) continue;
    const Status removed = disk_.remove(path);
    if (!removed) return removed;
  }
  damage_ = "the journal is damaged in " + path_of(numbers[from]) + " at byte " +
            std::to_string(good) +
            ": changes acknowledged after that are not carried out; the files damaged.* beside it "
            "hold what could not be read";
  return {};
}

Status Log::read_all(const std::function<void(const Record&, const Place&)>& visit) {
  const std::vector<std::uint64_t> numbers = numbers_in(directory_);
  const std::uint64_t last = numbers.empty() ? 0 : numbers.back();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::string path = path_of(numbers[i]);
    auto segment = std::make_shared<Segment>();
    segment->number = numbers[i];
    segment->file = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const auto bytes = read_whole(path);
    if (!segment->file) return system_error(errno, "open " + path);
    if (!bytes) return bytes.error();
    const std::uint64_t good = visit_records(*bytes, segment, visit);
    const std::string_view left = std::string_view(*bytes).substr(good);
    MutexLock lock(mutex_);
    old_.push_back({numbers[i], good});
    previous_end_ = good;
    // Everything in front of a later batch had been acknowledged. Unreadable bytes at the end may
    // be of a batch that had not.
    const bool more = has_record(left, good + 1) || end_before(path_of(numbers[i] + 1)) > good;
    if (left.empty() && !more) continue;
    if (more) {
      const Status aside = set_aside(numbers, i, good);
      if (!aside) return aside;
    }
    Status cut = disk_.truncate(segment->file.get(), good);
    if (cut) cut = disk_.sync(segment->file.get());
    if (!cut) return cut;
    if (more) break;
  }
  return begin_segment(last + 1);
}

Status Log::begin_segment(std::uint64_t number) {
  auto segment = make_segment(number);
  if (!segment) return segment.error();
  MutexLock lock(mutex_);
  current_ = std::move(*segment);
  current_is_new_ = true;
  open_ = std::make_shared<Batch>();
  return {};
}

Result<std::unique_ptr<Log>> Log::open(
    const std::string& directory, Disk& disk, const Sizes& sizes,
    const std::function<void(const Record&, const Place&)>& visit) {
  std::unique_ptr<Log> log(new Log(directory, disk, sizes));
  const Status read = log->read_all(visit);
  if (!read) return read.error();
  return log;
}

}  // namespace pailfs::journal
