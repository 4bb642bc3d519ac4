// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <utility>

namespace pailfs::journal {

std::string Log::path_of(std::uint64_t number) const {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return directory_ + "/log." + digits;
}

Result<std::shared_ptr<Segment>> Log::make_segment(std::uint64_t number) const {
  auto file = disk_.create(path_of(number));
  if (!file) return file.error();
  auto segment = std::make_shared<Segment>();
  segment->number = number;
  segment->file = std::move(*file);
  return segment;
}

Log::Appended Log::append(const Record& record) {
  MutexLock lock(mutex_);
  if (buffer_at_ == 0 && buffer_.empty()) {
    Record head;
    head.kind = Record::Kind::follows;
    head.seq = previous_end_;
    buffer_ = encode(head, 0);
  }
  const std::string frame = encode(record, buffer_at_);
  // The bytes are the last field.
  Place place{current_, buffer_at_ + buffer_.size() + frame.size() - record.bytes.size()};
  buffer_ += frame;
  return {open_, std::move(place)};
}

Status Log::perform(const Write& write) const {
  const int file = write.segment->file.get();
  const std::uint64_t end = write.offset + write.bytes.size();
  if (write.new_name) {
    const Status named = disk_.sync_directory(directory_);
    if (!named) return Error{EIO, named.error().text};
  }
  Status written = disk_.write(file, write.bytes, write.offset);
  const bool full = !written && (written.error().err == ENOSPC || written.error().err == EDQUOT);
  if (full && disk_.truncate(file, write.offset)) return written;
  if (written && write.zeros > 0) {
    // If the zeros cannot be written the next batch makes the file longer.
    const std::vector<char> zeros(write.zeros);
    if (!disk_.write(file, zeros, end)) written = disk_.truncate(file, end);
  }
  if (written) written = disk_.sync(file);
  if (written) return {};
  // None of these records is acknowledged, so they must not be read by the next mount if the disk
  // can still remove them.
  static_cast<void>(disk_.truncate(file, write.offset) && disk_.sync(file));
  return Error{EIO, written.error().text};
}

void Log::begin_segment(std::shared_ptr<Segment> next) {
  old_.push_back({current_->number, buffer_at_});
  previous_end_ = buffer_at_;
  current_ = std::move(next);
  current_is_new_ = true;
  buffer_at_ = zeros_to_ = 0;
}

/// Takes the open batch to be written; the next one goes behind it, or to a new segment.
Log::Write Log::begin_write() {
  Write write{current_, std::exchange(buffer_, {}), buffer_at_, 0,
              std::exchange(current_is_new_, false)};
  open_ = std::make_shared<Batch>();
  buffer_at_ += write.bytes.size();
  if (buffer_at_ >= sizes_.segment) {
    if (auto next = make_segment(current_->number + 1)) {
      begin_segment(std::move(*next));
      return write;
    }
  }
  if (buffer_at_ > zeros_to_) {
    zeros_to_ = (buffer_at_ / sizes_.ahead + 1) * sizes_.ahead;
    write.zeros = zeros_to_ - buffer_at_;
  }
  return write;
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
    const Write write = begin_write();
    writing_ = true;
    lock.unlock();
    const Status written = perform(write);
    lock.lock();
    writing_ = false;
    batch->over_ = true;
    batch->status_ = written;
    if (!written) {
      // Records appended meanwhile have their place behind the lost bytes, so they are lost too.
      open_->over_ = true;
      open_->status_ = written;
      buffer_.clear();
      if (current_ == write.segment) {
        buffer_at_ = zeros_to_ = write.offset;
      } else {
        old_.back().bytes = previous_end_ = write.offset;
      }
      current_is_new_ = current_is_new_ || write.new_name;
      open_ = std::make_shared<Batch>();
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
  dropped_.push_back(old_.front().number);
  old_.pop_front();
}

Status Log::clear() {
  MutexLock lock(mutex_);
  while (writing_) change_.wait(mutex_);
  if (buffer_at_ + buffer_.size() > 0) {
    auto next = make_segment(current_->number + 1);
    if (!next) return next.error();
    begin_segment(std::move(*next));
    // Records in the buffer that no thread waits for are not needed either.
    buffer_.clear();
  }
  for (const Old& each : old_) dropped_.push_back(each.number);
  old_.clear();
  return {};
}

Status Log::remove_dropped() {
  for (;;) {
    std::uint64_t number = 0;
    {
      MutexLock lock(mutex_);
      if (dropped_.empty()) return {};
      number = dropped_.front();
    }
    Status removed = disk_.remove(path_of(number));
    if (removed) removed = disk_.sync_directory(directory_);
    if (!removed) return removed;
    MutexLock lock(mutex_);
    dropped_.pop_front();
  }
}

}  // namespace pailfs::journal
