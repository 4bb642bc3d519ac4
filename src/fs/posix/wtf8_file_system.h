// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "pailfs/fs/file_system.h"

#include "fs/format/wtf8.h"

namespace pailfs::fs {

/// A file system whose names are those of another one in WTF-8 (use_wtf8). Targets of symbolic
/// links are content, not names, and stay.
class Wtf8FileSystem final : public FileSystem {
 public:
  explicit Wtf8FileSystem(std::unique_ptr<FileSystem> inner) : inner_(std::move(inner)) {}

  Result<Attr> lookup(InodeId parent, std::string_view name) override {
    return inner_->lookup(parent, encode_wtf8(name));
  }
  void forget(InodeId ino, std::uint64_t count) override { inner_->forget(ino, count); }
  Result<Attr> getattr(InodeId ino, const AtEnd& at_end) override {
    return inner_->getattr(ino, at_end);
  }
  Result<Attr> setattr(InodeId ino, const SetAttr& change) override {
    return inner_->setattr(ino, change);
  }
  Result<std::string> readlink(InodeId ino) override { return inner_->readlink(ino); }

  Result<Attr> mknod(InodeId parent, std::string_view name, mode_t mode, dev_t rdev,
                     const Caller& caller) override {
    return inner_->mknod(parent, encode_wtf8(name), mode, rdev, caller);
  }
  Result<Attr> mkdir(InodeId parent, std::string_view name, mode_t mode,
                     const Caller& caller) override {
    return inner_->mkdir(parent, encode_wtf8(name), mode, caller);
  }
  Result<Attr> symlink(std::string_view target, InodeId parent, std::string_view name,
                       const Caller& caller) override {
    return inner_->symlink(target, parent, encode_wtf8(name), caller);
  }
  Status unlink(InodeId parent, std::string_view name) override {
    return inner_->unlink(parent, encode_wtf8(name));
  }
  Status rmdir(InodeId parent, std::string_view name) override {
    return inner_->rmdir(parent, encode_wtf8(name));
  }
  Status rename(InodeId parent, std::string_view name, InodeId new_parent,
                std::string_view new_name, bool no_replace) override {
    return inner_->rename(parent, encode_wtf8(name), new_parent, encode_wtf8(new_name), no_replace);
  }

  [[nodiscard]] bool has_whole_files() const override { return inner_->has_whole_files(); }
  [[nodiscard]] bool obeys_acls() const override { return inner_->obeys_acls(); }
  Result<OpenResult> open(InodeId ino, int flags, const Caller& caller) override {
    return inner_->open(ino, flags, caller);
  }
  Result<CreateResult> create(InodeId parent, std::string_view name, mode_t mode, int flags,
                              const Caller& caller) override {
    return inner_->create(parent, encode_wtf8(name), mode, flags, caller);
  }
  Result<ReadBytes> read(HandleId handle, std::uint64_t offset, std::size_t size) override {
    return inner_->read(handle, offset, size);
  }
  Result<std::size_t> write(HandleId handle, std::uint64_t offset, std::span<const char> bytes,
                            WriteOrigin origin) override {
    return inner_->write(handle, offset, bytes, origin);
  }
  Status allocate(HandleId handle, const Allocation& what, const Caller& caller) override {
    return inner_->allocate(handle, what, caller);
  }
  Status flush(HandleId handle, const AnotherClose& another_close_comes) override {
    return inner_->flush(handle, another_close_comes);
  }
  Status fsync(HandleId handle) override { return inner_->fsync(handle); }
  void release(HandleId handle) override { inner_->release(handle); }

  Result<HandleId> opendir(InodeId ino) override { return inner_->opendir(ino); }
  Status readdir(HandleId handle, std::uint64_t offset, bool with_attributes,
                 const std::function<bool(const DirEntry&)>& visit) override {
    return inner_->readdir(handle, offset, with_attributes, [&visit](const DirEntry& entry) {
      const std::string name = decode_wtf8(entry.name);
      DirEntry shown = entry;
      shown.name = name;
      return visit(shown);
    });
  }
  void releasedir(HandleId handle) override { inner_->releasedir(handle); }

  StatFs statfs() override { return inner_->statfs(); }

  Result<std::string> getxattr(InodeId ino, std::string_view name) override {
    return inner_->getxattr(ino, name);
  }
  Result<std::vector<std::string>> listxattr(InodeId ino) override {
    return inner_->listxattr(ino);
  }
  Status setxattr(InodeId ino, std::string_view name, std::string_view value, XattrMode mode,
                  const Caller& caller) override {
    return inner_->setxattr(ino, name, value, mode, caller);
  }
  Status removexattr(InodeId ino, std::string_view name) override {
    return inner_->removexattr(ino, name);
  }

  Result<Refreshed> refresh(std::string_view path, const Forgets& forgets) override {
    return inner_->refresh(encode_wtf8(path), forgets);
  }
  Result<Refreshed> refresh(InodeId ino, const Forgets& forgets) override {
    return inner_->refresh(ino, forgets);
  }
  Result<bool> is_there(std::string_view path) override {
    return inner_->is_there(encode_wtf8(path));
  }

  [[nodiscard]] bool keeps_locks() const override { return inner_->keeps_locks(); }
  Status lock(HandleId handle, const Lock& wanted, const LockCalls& calls) override {
    return inner_->lock(handle, wanted, calls);
  }
  Status unlock(HandleId handle, const Lock& wanted) override {
    return inner_->unlock(handle, wanted);
  }
  Result<std::optional<Lock>> find_lock(HandleId handle, const Lock& wanted) override {
    return inner_->find_lock(handle, wanted);
  }
  Status end_locks(HandleId handle, std::uint64_t owner) override {
    return inner_->end_locks(handle, owner);
  }
  void give_locks_back() override { inner_->give_locks_back(); }

  Status sync_all() override { return inner_->sync_all(); }
  void set_read_only(bool read_only) override { inner_->set_read_only(read_only); }
  void change(const LiveSettings& settings) override { inner_->change(settings); }
  Activity activity() override { return inner_->activity(); }

 private:
  const std::unique_ptr<FileSystem> inner_;
};

}  // namespace pailfs::fs
