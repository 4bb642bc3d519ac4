// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "journal/disk.h"

namespace pailfs::journal {

/// A disk that knows what of its files would outlive a power cut: of a file what it held at its
/// last sync, and of what was written since any sectors, in any order; the names of a directory at
/// its last sync, and any of those made or removed since. One thread at a time.
class CutDisk final : public Disk {
 public:
  static constexpr std::size_t kSector = 512;

  /// What is below `root` now is durable.
  explicit CutDisk(std::string root);

  /// Called before every change and sync.
  std::function<void()> before;

  /// What is left if `survives` says of each thing that was not synced whether it does. Paths below
  /// the root.
  using Image = std::map<std::string, std::string>;
  [[nodiscard]] Image image(const std::function<bool()>& survives) const;

  Result<UniqueFd> create(const std::string& path) override;
  Status write(int file, std::span<const char> bytes, std::uint64_t offset) override;
  Status truncate(int file, std::uint64_t size) override;
  Status sync(int file) override;
  Status sync_directory(const std::string& path) override;
  Status remove(const std::string& path) override;

 private:
  struct Change {
    std::uint64_t offset = 0;
    std::string bytes;  ///< none: the file is cut at `offset`
  };
  struct File {
    std::string durable;
    std::vector<Change> changes;  ///< since the last sync
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;

  void about_to_change() const;
  std::shared_ptr<File> find(int file) const;
  static std::string content(const File& file, const std::function<bool()>& survives);

  const std::string root_;
  Names now_;
  Names durable_;
  std::map<std::uint64_t, std::shared_ptr<File>> by_inode_;
};

/// What survives, thing by thing: nothing in variant 0, everything in 1, some in others.
std::function<bool()> survivors(unsigned variant);

}  // namespace pailfs::journal
