// SPDX-License-Identifier: Apache-2.0
#include "mount.h"

#include <fcntl.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "support/text_io.h"

namespace pailfs::test::shared {
namespace {

using Kind = Step::Kind;

fs::Config config_of(const Shape& shape, const std::string& prefix, const std::string& scratch) {
  fs::Config config;
  config.prefix = prefix;
  config.use_xattr = true;
  config.default_uid = 4321;
  config.default_gid = 5432;
  config.mime_types = "/dev/null";
  config.memory_limit = 64U << 20U;
  config.parallel = 2;
  config.attribute_ttl = std::chrono::seconds(shape.attribute_seconds);
  config.temporary_directory = scratch;
  config.conflicts_directory = scratch + "/conflicts";
  if (shape.parts) config.multipart_size = 16U << 10U;
  return config;
}

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Mount::Mount(std::size_t number, const Shape& shape, Judge& judge, Ledger& ledger,
             store::ObjectStore& client, Clock& clock)
    : number_(number),
      shape_(shape),
      judge_(judge),
      ledger_(ledger),
      clock_(clock),
      noted_(client, ledger, static_cast<int>(number)),
      faults_(noted_),
      scratch_("/dev/shm"),
      config_(config_of(shape, ledger.prefix(), scratch_.path())) {
  start();
}

Mount::~Mount() = default;

void Mount::start() {
  files_ = fs::make_file_system(config_, faults_, clock_);
  driver_ = std::make_unique<DirectDriver>(*files_, fs::Caller{1234, 2345, 1});
  lost_races_ = 0;
}

void Mount::end(bool store) {
  std::set<std::string> kept;
  if (store) {
    for (Slot& slot : slots_) close(slot);
    faults_.clear();  // what is lost now was lost by the service alone
    static_cast<void>(files_->sync_all());
    for (const fs::LostRace& race : files_->activity().last_lost_races) kept.insert(race.path);
  }
  slots_ = {};
  judge_.unmounted(number_, !store, kept);
  driver_.reset();
  files_.reset();
}

void Mount::finish() {
  Step last;
  last.kind = Kind::remount;
  last.mount = number_;
  perform(last, {});
}

void Mount::arm(const Step& step, const std::function<void()>& meanwhile) {
  faults_.clear();
  if (step.meanwhile && meanwhile) {
    Fault fault;
    fault.nth = step.meanwhile_at;
    fault.action = Fault::Action::none;
    meanwhile_ = std::make_shared<Meanwhile>(meanwhile);
    const auto call = [guest = meanwhile_](const StoreCall&) { guest->happen(); };
    (step.meanwhile_after ? fault.after : fault.before) = call;
    faults_.add(fault);
  }
  if (step.lost_reply > 0) {
    Fault fault;
    fault.nth = step.lost_reply;
    fault.action = Fault::Action::apply_then_fail;
    fault.error = Error{ETIMEDOUT, "the reply is lost"};
    faults_.add(fault);
  }
}

void Mount::perform(const Step& step, const std::function<void()>& meanwhile) {
  arm(step, meanwhile);
  if (step.kind <= Kind::read) {
    on_files(step);
  } else if (step.kind <= Kind::close) {
    on_slot(step);
  } else if (step.kind == Kind::remount || step.kind == Kind::kill) {
    end(step.kind == Kind::remount);
    start();
  } else if (step.kind <= Kind::symlink && step.kind != Kind::truncate) {
    on_names(step);
  } else {
    on_attributes(step);
  }
  faults_.clear();
  if (meanwhile_) meanwhile_->end();
  meanwhile_.reset();
}

void Mount::on_files(const Step& step) {
  static constexpr std::array kFlags{O_WRONLY | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT | O_EXCL,
                                     O_WRONLY | O_CREAT | O_APPEND, O_RDWR, O_RDONLY};
  Slot slot;
  if (!open(slot, step.path, kFlags.at(static_cast<std::size_t>(step.kind)))) return;
  if (step.kind == Kind::read) {
    constexpr std::size_t kAll = 1U << 20U;
    show(slot, 0, kAll);
  } else {
    write(slot, step);
  }
  close(slot);
}

void Mount::on_slot(const Step& step) {
  Slot& slot = slots_.at(step.slot);
  if (step.kind == Kind::open) {
    if (slot.fd < 0) open(slot, step.path, step.flags);
    return;
  }
  if (slot.fd < 0) return;
  const bool writes = (slot.flags & O_ACCMODE) != O_RDONLY;
  switch (step.kind) {
    case Kind::write:
      if (writes) write(slot, step);
      break;
    case Kind::cut:
      if (!writes || (slot.flags & O_APPEND) != 0) break;
      cut(slot, step.number * kRecord);
      break;
    case Kind::show:
      show(slot, step.number * kRecord, step.size * kRecord);
      break;
    case Kind::fsync:
      if (writes) {
        const std::uint64_t oldest = slot.content->oldest;
        const int verdict = err(driver_->fsync(slot.fd));
        judge_.flushed(*slot.content, verdict, oldest);
      }
      break;
    default:
      close(slot);
  }
}

bool Mount::open(Slot& slot, const std::string& path, int flags) {
  const auto fd = driver_->open(path, flags, 0644);
  if (!fd) {
    judge_.open_failed(number_, path, flags, fd.error().err);
    return false;
  }
  slot = {*fd, flags, judge_.opened(number_, driver_->inode(*fd), path, flags, is_unstored(path))};
  return true;
}

bool Mount::is_unstored(const std::string& path) const {
  const auto unstored = files_->activity().unstored;
  return std::any_of(unstored.begin(), unstored.end(),
                     [&](const fs::UnstoredFile& file) { return file.path == path; });
}

void Mount::write(Slot& slot, const Step& step) {
  const std::string bytes = records(step.write, static_cast<char>('a' + number_), step.size);
  const bool appends = (slot.flags & O_APPEND) != 0;
  const Status written = appends ? driver_->write(slot.fd, bytes)
                                 : driver_->pwrite(slot.fd, step.number * kRecord, bytes);
  if (written) {
    judge_.edited(*slot.content,
                  {appends ? Edit::Kind::append : Edit::Kind::write, step.number * kRecord, bytes});
  } else {
    judge_.read_failed(*slot.content, err(written));
  }
}

void Mount::cut(Slot& slot, std::uint64_t size) {
  // Stored at once, like truncate(2), with what was written before.
  Content& content = *slot.content;
  const bool dirty = content.is_dirty();
  const std::uint64_t oldest = content.oldest;
  judge_.edited(content, {Edit::Kind::truncate, size});
  const int verdict = err(driver_->ftruncate(slot.fd, size));
  // With what was unstored before it waits for the next attempt; alone it is taken back.
  if (verdict != 0 && !dirty) content.edits.clear();
  judge_.flushed(content, verdict, oldest);
}

void Mount::show(Slot& slot, std::uint64_t offset, std::size_t size) {
  if ((slot.flags & O_ACCMODE) == O_WRONLY) return;
  const auto bytes = driver_->pread(slot.fd, offset, size);
  if (bytes) {
    judge_.read(*slot.content, offset, size, *bytes);
  } else {
    judge_.read_failed(*slot.content, err(bytes));
  }
}

void Mount::close(Slot& slot) {
  if (slot.fd < 0) return;
  const Slot closed = std::exchange(slot, {});
  const bool writes = (closed.flags & O_ACCMODE) != O_RDONLY;
  const std::uint64_t oldest = closed.content->oldest;
  const int verdict = err(driver_->close(closed.fd));
  // The attempt of the release has no verdict: what it stores is seen in the bucket.
  if (writes) judge_.flushed(*closed.content, verdict, oldest);
  if (!judge_.released(closed.content, closed.flags, is_unstored(closed.content->path))) return;
  const fs::Activity now = files_->activity();
  std::optional<std::string> bytes;
  if (now.lost_races > lost_races_ && !now.last_lost_races.back().kept_in.empty()) {
    bytes = file_bytes(now.last_lost_races.back().kept_in);
  }
  lost_races_ = now.lost_races;
  judge_.kept(*closed.content, bytes);
}

void Mount::on_names(const Step& step) {
  switch (step.kind) {
    case Kind::stat: {
      const auto stat = driver_->stat(step.path);
      judge_.stat_done(number_, step.path, err(stat), stat ? stat->size : 0);
      break;
    }
    case Kind::list:
      list(step.path);
      break;
    case Kind::mkdir:
      judge_.made(number_, step.path, err(driver_->mkdir(step.path, 0755)));
      break;
    case Kind::rmdir:
      judge_.removed(number_, step.path, err(driver_->rmdir(step.path)));
      break;
    case Kind::unlink:
      judge_.removed(number_, step.path, err(driver_->unlink(step.path)));
      break;
    case Kind::symlink: {
      const std::string target = records(step.write, static_cast<char>('a' + number_), 1);
      judge_.made(number_, step.path, err(driver_->symlink(target.substr(0, 15), step.path)));
      break;
    }
    default: {
      const bool fresh = step.kind == Kind::rename_new;
      judge_.renamed(number_, step.path, step.other,
                     err(driver_->rename(step.path, step.other, fresh)));
    }
  }
}

void Mount::list(const std::string& directory) {
  const auto names = driver_->readdir(directory);
  if (names) judge_.listed(number_, directory, *names);
}

void Mount::on_attributes(const Step& step) {
  Status done;
  switch (step.kind) {
    case Kind::truncate:
      done = driver_->truncate(step.path, step.number * kRecord);
      break;
    case Kind::chmod:
      done = driver_->chmod(step.path, static_cast<mode_t>(step.number));
      break;
    case Kind::utimens:
      done = driver_->utimens(step.path, std::nullopt,
                              clock_.wall() - std::chrono::seconds(step.write));
      break;
    case Kind::setxattr:
      done = driver_->setxattr(step.path, "user.step", std::to_string(step.write), 0);
      break;
    default: {
      const auto refreshed = files_->refresh(step.path, [](fs::InodeId) {});
      if (refreshed) judge_.refreshed(number_, step.path);
      return;
    }
  }
  judge_.changed(number_, step, err(done));
}

void Mount::compare_all() {
  static_cast<void>(files_->refresh("", [](fs::InodeId) {}));
  judge_.refreshed(number_, "");
  for (const char* directory : {"", "d", "e"}) list(directory);
  for (const std::string& key : ledger_.keys()) {
    if (key.ends_with('/') || key == "l" || key == "d/l" || key == "e/l") continue;
    const auto stat = driver_->stat(key);
    judge_.stat_done(number_, key, err(stat), stat ? stat->size : 0);
    Step read;
    read.kind = Kind::read;
    read.path = key;
    on_files(read);
  }
}

}  // namespace pailfs::test::shared
