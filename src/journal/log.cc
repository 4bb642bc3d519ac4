// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace pailfs::journal {

std::string Log::path_of(std::uint64_t number) const {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return directory_ + "/log." + digits;
}

Result<std::shared_ptr<Segment>> Log::make_segment(std::uint64_t number) const {
  const std::string path = path_of(number);
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "create " + path);
  auto segment = std::make_shared<Segment>();
  segment->number = number;
  segment->file = std::move(file);
  return segment;
}

Status Log::sync_directory() const {
  const UniqueFd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) {
    return system_error(errno, "fsync " + directory_);
  }
  return {};
}

Log::Appended Log::append(const Record& record) {
  MutexLock lock(mutex_);
  const std::string frame = encode(record, open_->number_);
  // The bytes are the last field.
  Place place{current_, buffer_at_ + buffer_.size() + frame.size() - record.bytes.size()};
  buffer_ += frame;
  return {open_, std::move(place)};
}

Status Log::write_batch(const Segment& segment, const std::string& bytes, std::uint64_t offset,
                        bool new_name) const {
  if (new_name) {
    const Status named = sync_directory();
    if (!named) return named;
  }
  const Status written = write_fully(segment.file.get(), bytes, offset);
  if (!written) {
    const bool full = written.error().err == ENOSPC || written.error().err == EDQUOT;
    const auto end = static_cast<off_t>(offset);
    if (full && ::ftruncate(segment.file.get(), end) == 0) return written;
    return Error{EIO, written.error().text};
  }
  if (::fdatasync(segment.file.get()) != 0) {
    return Error{EIO, system_error(errno, "fdatasync the journal").text};
  }
  return {};
}

Status Log::commit(const std::shared_ptr<Batch>& batch) {
  MutexLock lock(mutex_);
  while (!batch->over_) {
    if (writing_) {
      change_.wait(mutex_);
      continue;
    }
    if (broken_) {
      batch->over_ = true;
      batch->status_ = *broken_;
      break;
    }
    // Not writing and not over: `batch` is the open one, and ours to write.
    const std::shared_ptr<Segment> segment = current_;
    const std::string bytes = std::exchange(buffer_, {});
    const std::uint64_t offset = buffer_at_;
    const bool new_name = std::exchange(current_is_new_, false);
    open_ = std::make_shared<Batch>(batch->number_ + 1);
    buffer_at_ += bytes.size();
    if (buffer_at_ >= kSegmentSize) {
      if (auto next = make_segment(segment->number + 1)) {
        old_.push_back({segment->number, buffer_at_});
        current_ = std::move(*next);
        current_is_new_ = true;
        buffer_at_ = 0;
      }
    }
    writing_ = true;
    lock.unlock();
    const Status written = write_batch(*segment, bytes, offset, new_name);
    lock.lock();
    writing_ = false;
    batch->over_ = true;
    batch->status_ = written;
    if (!written) {
      // What was appended meanwhile counts on a place behind the lost bytes: it is lost too.
      open_->over_ = true;
      open_->status_ = written;
      buffer_.clear();
      if (current_ == segment) buffer_at_ = offset;
      current_is_new_ = current_is_new_ || new_name;
      open_ = std::make_shared<Batch>(open_->number_ + 1);
      if (written.error().err == EIO) broken_ = written.error();
    }
    change_.notify_all();
  }
  return batch->status_;
}

Status Log::commit_all() {
  std::shared_ptr<Batch> batch;
  {
    MutexLock lock(mutex_);
    if (buffer_.empty() && !writing_) return broken_ ? Status(*broken_) : Status();
    batch = open_;
  }
  return commit(batch);
}

std::uint64_t Log::oldest_segment() {
  MutexLock lock(mutex_);
  return old_.empty() ? current_->number : old_.front().number;
}

std::size_t Log::segments() {
  MutexLock lock(mutex_);
  return old_.size() + 1;
}

std::uint64_t Log::bytes() {
  MutexLock lock(mutex_);
  std::uint64_t sum = buffer_at_ + buffer_.size();
  for (const Old& each : old_) sum += each.bytes;
  return sum;
}

void Log::drop_oldest() {
  MutexLock lock(mutex_);
  if (old_.empty()) return;
  static_cast<void>(::unlink(path_of(old_.front().number).c_str()));
  old_.pop_front();
}

Status Log::clear() {
  {
    MutexLock lock(mutex_);
    while (writing_) change_.wait(mutex_);
    if (buffer_at_ + buffer_.size() > 0) {
      auto next = make_segment(current_->number + 1);
      if (!next) return next.error();
      old_.push_back({current_->number, buffer_at_});
      current_ = std::move(*next);
      current_is_new_ = true;
      buffer_at_ = 0;
      // What nobody has waited for is not needed either.
      buffer_.clear();
    }
  }
  while (segments() > 1) drop_oldest();
  return {};
}

}  // namespace pailfs::journal
