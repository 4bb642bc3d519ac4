// SPDX-License-Identifier: Apache-2.0
#include "fs_world.h"

#include <utility>

#include "catch.h"

namespace pailfs::test {
namespace {

constexpr std::size_t kMost = 64U << 20U;  // of one file that is read whole

std::string error_text(const Error& error) {
  return "error " + std::to_string(error.err);
}

}  // namespace

FsWorld::FsWorld(const fs::Config& config, const StoreLimits& limits)
    : store(clock, limits), faults(store), files(fs::make_file_system(config, faults, clock)) {}

fs::InodeId FsWorld::look(std::string_view name, fs::InodeId parent) const {
  const auto attr = files->lookup(parent, name);
  return attr ? attr->ino : 0;
}

fs::InodeId FsWorld::must_look(std::string_view name, fs::InodeId parent) {
  const auto attr = files->lookup(parent, name);
  REQUIRE(attr);
  return attr->ino;
}

int FsWorld::look_error(std::string_view name, fs::InodeId parent) const {
  const auto attr = files->lookup(parent, name);
  return attr ? 0 : attr.error().err;
}

fs::HandleId FsWorld::open(fs::InodeId ino, int flags) const {
  const auto opened = files->open(ino, flags);
  return opened ? opened->handle : 0;
}

fs::HandleId FsWorld::must_open(fs::InodeId ino, int flags) {
  const auto opened = files->open(ino, flags);
  REQUIRE(opened);
  return opened->handle;
}

int FsWorld::open_error(fs::InodeId ino, int flags) const {
  const auto opened = files->open(ino, flags);
  if (!opened) return opened.error().err;
  files->release(opened->handle);
  return 0;
}

fs::CreateResult FsWorld::create(std::string_view name, int flags, fs::InodeId parent) {
  const auto made = files->create(parent, name, 0644, flags, fs::Caller{});
  REQUIRE(made);
  return *made;
}

void FsWorld::make(std::string_view name, std::string_view text, fs::InodeId parent) {
  REQUIRE(try_make(name, text, parent));
}

Status FsWorld::try_make(std::string_view name, std::string_view text, fs::InodeId parent) const {
  const auto made = files->create(parent, name, 0644, O_WRONLY, fs::Caller{});
  if (!made) return made.error();
  Status written;
  if (!text.empty()) {
    const auto bytes = files->write(made->handle, 0, text);
    if (!bytes) written = bytes.error();
  }
  const Status closed = close(made->handle);
  return written ? closed : written;
}

Status FsWorld::close(fs::HandleId handle) const {
  Status flushed = files->flush(handle);
  files->release(handle);
  return flushed;
}

Status FsWorld::rename(std::string_view from, std::string_view to) const {
  return files->rename(fs::kRootInode, from, fs::kRootInode, to, false);
}

Status FsWorld::cut(fs::InodeId ino, std::uint64_t size) const {
  fs::SetAttr change;
  change.size = size;
  change.by_handle = true;
  const auto done = files->setattr(ino, change);
  return done ? Status() : done.error();
}

std::string FsWorld::read(fs::HandleId handle, std::size_t size, std::uint64_t at) const {
  const auto bytes = files->read(handle, at, size);
  if (!bytes) return error_text(bytes.error());
  std::string out(bytes->size(), '?');
  bytes->copy_to(out);
  return out;
}

std::string FsWorld::read_file(fs::InodeId ino) const {
  const auto opened = files->open(ino, O_RDONLY);
  if (!opened) return error_text(opened.error());
  std::string bytes = read(opened->handle, kMost);
  files->release(opened->handle);
  return bytes;
}

std::vector<std::string> FsWorld::list(fs::InodeId directory) {
  std::vector<std::string> names;
  const auto opened = files->opendir(directory);
  REQUIRE(opened);
  REQUIRE(files->readdir(*opened, 0, false, [&](const fs::DirEntry& entry) {
    if (entry.name != "." && entry.name != "..") names.emplace_back(entry.name);
    return true;
  }));
  files->releasedir(*opened);
  return names;
}

std::string FsWorld::stored(const std::string& key) const {
  const auto object = store.object(key);
  return object ? object->content() : "none";
}

std::string FsWorld::cost(const std::function<void()>& act) {
  store.reset_count();
  act();
  return store.count().text();
}

Error FsWorld::refused(int err, Refusal refusal) {
  Error error{err, "refused"};
  error.refusal = refusal;
  return error;
}

void FsWorld::fail(Verb verb, const Error& error, int nth) {
  Fault fault;
  fault.verb = verb;
  fault.nth = nth;
  fault.error = error;
  faults.add(std::move(fault));
}

void FsWorld::lose(Verb verb, const Error& error, int nth) {
  Fault fault;
  fault.verb = verb;
  fault.nth = nth;
  fault.action = Fault::Action::apply_then_fail;
  fault.error = error;
  faults.add(std::move(fault));
}

void FsWorld::when(Verb verb, std::function<void()> before, std::function<void()> after) {
  Fault fault;
  fault.verb = verb;
  fault.nth = 1;
  fault.action = Fault::Action::none;
  if (before) fault.before = [before = std::move(before)](const StoreCall&) { before(); };
  if (after) fault.after = [after = std::move(after)](const StoreCall&) { after(); };
  faults.add(std::move(fault));
}

void FsWorld::stop(Gate& gate, Verb verb, const std::string& key, bool after) {
  Fault fault;
  fault.verb = verb;
  fault.key = key;
  fault.nth = 1;
  fault.action = Fault::Action::none;
  (after ? fault.after : fault.before) = [&gate](const StoreCall&) { gate.pass(); };
  faults.add(std::move(fault));
}

}  // namespace pailfs::test
